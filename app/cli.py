"""The host's commands."""

from flask import Flask


def register_commands(app: Flask) -> None:
    """Add `flask tick`, `import`, `export`, `doctor`, `demo`."""
