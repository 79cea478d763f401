"""Rows of a list: markup is made once for those that are alike, and filled in for each.

A template's macros, called for each of fifty rows, cost more than all the rest of a page.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import date
from typing import Any

from markupsafe import Markup, escape

_BLANK = re.compile("\x02([a-z_]+)\x03")
_MARKUP = re.compile("[&<>\"']")
# What holds no markup, or only markup that was meant.
_SAFE = frozenset({int, date, Markup})


class Blank:
    """Stands for a row's values while the markup is made: ``{{ blank.address }}``."""

    def __getattr__(self, name: str) -> Markup:
        return Markup(f"\x02{name}\x03")  # noqa: S704 - a name from a template


def filled(
    macro: Callable[[Any, Blank], str],
    rows: Iterable[tuple[Hashable, Mapping[str, object]]],
) -> Markup:
    """The markup of all rows by a macro that takes what a row is like and a `Blank`.

    Each row is what it has in common with others, by which its markup is chosen, and its own
    values, which take the places of the blanks; they are escaped here.
    """
    known: dict[Hashable, str] = {}
    written = []
    for like, values in rows:
        pattern = known.get(like)
        if pattern is None:
            pattern = known[like] = _pattern(macro(like, Blank()))
        # Most texts need no escaping, and to look costs a fifth of making them markup.
        written.append(
            pattern
            % {
                name: value
                if type(value) in _SAFE or (type(value) is str and not _MARKUP.search(value))
                else escape(value)
                for name, value in values.items()
            }
        )
    return Markup("".join(written))  # noqa: S704 - by a macro, and escaped


def breakable(name: str) -> Markup:
    """A long address or name, which may break before its @ and after its dots."""
    broken = (str(escape(name)) if _MARKUP.search(name) else name).replace("@", "<wbr>@")
    broken = broken.replace(".", ".<wbr>")
    return Markup(broken)  # noqa: S704 - escaped above


def _pattern(markup: str) -> str:
    return _BLANK.sub(r"%(\1)s", str(markup).replace("%", "%%"))
