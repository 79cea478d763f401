"""Import and export of a whole installation, as one JSON file."""
