"""People, organizations, members, rights, hosting accounts, signing in."""
