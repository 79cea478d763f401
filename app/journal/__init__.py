"""Who did what to which object; written with the change, readable by the customer."""
