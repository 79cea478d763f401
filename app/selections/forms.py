"""The form below a list: which rows of the page were ticked, and which are now."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from werkzeug.datastructures import MultiDict

# More rows than any page has; beyond it, "all that match" is what a person means.
MOST = 500


class Wanted(StrEnum):
    """What the button says; the first is what ticking a box does by itself, or going on."""

    KEEP = "keep"
    MATCHING = "matching"
    CLEAR = "clear"


@dataclass(frozen=True)
class Sent:
    """What to tick and to untick: only the boxes that were touched on this page.

    So an old tab undoes nothing that was ticked in a newer one.
    """

    wanted: Wanted
    on: frozenset[int]
    off: frozenset[int]


def read(form: MultiDict[str, str], name: str) -> Sent:
    """What a form asks for; `name` is that of its boxes. What is no number is left out.

    A script names the boxes that were `touched`; without one, they are those that differ from
    how the page was made (`was`).
    """
    after = _numbers(form.getlist(name))
    if "touched" in form:
        touched = _numbers(form["touched"].split(","))
    else:
        touched = after ^ _numbers(form.get("was", "").split(","))
    wanted = form.get("do", "")
    return Sent(
        Wanted(wanted) if wanted in set(Wanted) else Wanted.KEEP,
        frozenset(touched & after),
        frozenset(touched - after),
    )


def _numbers(texts: Iterable[str]) -> set[int]:
    found = {int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 19}
    return set(sorted(found)[:MOST])
