"""Domain names, what registries allow, and the dates they hold."""
