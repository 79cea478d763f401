"""Domain names, addresses and countries as a file may write them, in the form that is stored."""

import re
from functools import lru_cache

import idna
from babel import Locale

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# The dot-atom of RFC 5321, without the quotes that no mail server of ours would accept.
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_NO_COUNTRY = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"}

COUNTRIES = frozenset(
    code
    for code in map(str, Locale("en").territories)
    if code.isalpha() and code not in _NO_COUNTRY
)


class Malformed(ValueError):
    """It cannot be a name of that kind."""


@lru_cache(4096)
def host(text: str) -> str:
    """A name in lower case with international labels as `xn--…` (IDNA 2008). Raises Malformed."""
    try:
        name = text.lower() if text.isascii() else idna.encode(text, uts46=True).decode()
    except idna.IDNAError:
        raise Malformed(text) from None
    labels = name.split(".")
    if len(name) > 253 or not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        raise Malformed(text)
    return name


def domain(text: str) -> str:
    """A registrable name as it is stored: below an extension. Raises Malformed."""
    name = host(text)
    if "." not in name or len(name.partition(".")[2]) > 63:
        raise Malformed(text)
    return name


def address(text: str) -> str:
    """`local@domain` as mailboxes are stored, in lower case. Raises Malformed."""
    local, name = _split(text)
    return f"{local}@{domain(name)}"


def email(text: str) -> str:
    """Anybody's e-mail address, in lower case but else as people write it. Raises Malformed.

    Test names such as `.example` and `.localhost` are as good as any.
    """
    _local, name = _split(text)
    host(name)
    return text.lower()


def _split(text: str) -> tuple[str, str]:
    local, at, name = text.lower().rpartition("@")
    if not at or len(local) > 64 or len(text) > 254 or not _LOCAL.fullmatch(local):
        raise Malformed(text)
    return local, name
