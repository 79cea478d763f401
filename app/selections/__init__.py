"""What a signed-in browser has ticked in a list, kept by the server: ids, or all but some."""
