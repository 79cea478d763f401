"""Alerts and legal notices: for now, the days on which they fall."""
