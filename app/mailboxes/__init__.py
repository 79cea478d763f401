"""Mailboxes and forwardings."""
