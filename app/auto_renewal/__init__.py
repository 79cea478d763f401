"""The auto-renewal choice of a mailbox or domain: its page, its preview, its undoing."""
