"""The paid-through period and the auto-renewal choice of anything that renews; prices."""
