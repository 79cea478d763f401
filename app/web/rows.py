"""Rows of a list: markup is made once for those that are alike, and filled in for each.

A template's macros, called for each of fifty rows, cost more than all the rest of a page.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import date
from typing import Any

from flask import current_app
from jinja2.runtime import Macro
from markupsafe import Markup, escape

from app.web.i18n import language

_BLANK = re.compile("\x02([a-z_]+)\x03")
_MARKUP = re.compile("[&<>\"']")
# What holds no markup, or only markup that was meant.
_SAFE = frozenset({int, date, Markup})


class Blank:
    """Stands for a row's values while the markup is made: ``{{ blank.address }}``."""

    def __getattr__(self, name: str) -> Markup:
        return Markup(f"\x02{name}\x03")  # noqa: S704 - a name from a template


# Patterns of all pages, by macro and language; far more than there are people at one time.
_KEPT: dict[Hashable, str] = {}
MOST = 2000


def kept(macro: Macro, like: tuple[object, ...], **values: object) -> Markup:
    """The markup of a macro that depends on the language and on what it is given, and on nothing
    else: made once for each `like` and filled in with `values`, as rows are.
    """
    key = (macro.name, language(), *(tuple(a) if isinstance(a, list) else a for a in like))
    pattern = None if current_app.debug else _KEPT.get(key)
    if pattern is None:
        if len(_KEPT) >= MOST:
            _KEPT.clear()
        pattern = _KEPT[key] = _pattern(macro(*like, Blank()))
    return Markup(_filled(pattern, values))  # noqa: S704 - by a macro, and escaped


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
        written.append(_filled(pattern, values))
    return Markup("".join(written))  # noqa: S704 - by a macro, and escaped


def breakable(name: str) -> Markup:
    """A long address or name, which may break before its @ and after its dots."""
    broken = (str(escape(name)) if _MARKUP.search(name) else name).replace("@", "<wbr>@")
    broken = broken.replace(".", ".<wbr>")
    return Markup(broken)  # noqa: S704 - escaped above


def _filled(pattern: str, values: Mapping[str, object]) -> str:
    # Most texts need no escaping, and to look costs a fifth of making them markup.
    return pattern % {
        name: value
        if type(value) in _SAFE or (type(value) is str and not _MARKUP.search(value))
        else escape(value)
        for name, value in values.items()
    }


def _pattern(markup: str) -> str:
    return _BLANK.sub(r"%(\1)s", str(markup).replace("%", "%%"))
