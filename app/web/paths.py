"""Addresses that come back from a browser: only paths of the portal itself are followed."""

import re
from urllib.parse import unquote


def local_path(address: str | None) -> str | None:
    """The address if it is a path (and query) of this portal, else None (threat 14)."""
    if not address or not address.startswith("/") or len(address) > 2000:
        return None
    path = re.split(r"[?#]", address, maxsplit=1)[0]
    # Proxies and browsers disagree on how often they decode: judge every reading.
    readings = [path, unquote(path), unquote(unquote(path))]
    if any(_leaves(reading) for reading in readings) or not address.isprintable():
        return None
    return address


def _leaves(path: str) -> bool:
    return path.startswith("//") or "\\" in path or not path.isprintable()
