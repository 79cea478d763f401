"""From the bytes of a file to a document of the right shape, or all that is wrong with it."""

import json
from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _
from pydantic import ValidationError

from app.interchange.problems import BadFile, Problem, place
from app.interchange.sentences import problem_of, quoted
from app.interchange.shape import Document

# Text shown around a slip of the pen.
_NEAR = 20
# Longer numbers are out of every range anyway, and slow to read.
_DIGITS = 30


class _Twice(dict[str, Any]):
    """An object of the file in which a key is written twice."""

    key = ""


def read(data: bytes) -> Document:
    """The document, in normal form. Raises BadFile with every problem found."""
    try:
        return Document.model_validate(_parse(_decode(data)))
    except ValidationError as wrong:
        raise BadFile([problem_of(error) for error in wrong.errors(include_url=False)]) from None


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = data.count(b"\n", 0, wrong.start) + 1
        raise BadFile(
            [Problem("", _("line %(line)d: the file is not UTF-8 text here", line=line))]
        ) from None


def _parse(text: str) -> object:
    if not text.strip():
        raise BadFile([Problem("", _("the file is empty"))])
    doubled = False

    def gather(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal doubled
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        doubled = True
        keys = [key for key, _value in pairs]
        marked = _Twice(found)
        marked.key = next(key for key in keys if keys.count(key) > 1)
        return marked

    try:
        tree = json.loads(
            text, object_pairs_hook=gather, parse_int=lambda digits: int(digits[:_DIGITS])
        )
        twice = list(_written_twice(tree, ())) if doubled else []
    except json.JSONDecodeError as wrong:
        raise BadFile([_slip(text, wrong)]) from None
    except RecursionError:
        raise BadFile([Problem("", _("the file is nested too deeply"))]) from None
    if twice:
        raise BadFile(twice)
    return tree


def _slip(text: str, wrong: json.JSONDecodeError) -> Problem:
    if wrong.pos >= len(text.rstrip()):
        return Problem("", _("line %(line)d: the file ends too early", line=wrong.lineno))
    near = text[wrong.pos : wrong.pos + _NEAR].split("\n", maxsplit=1)[0]
    return Problem(
        "",
        _(
            "line %(line)d, column %(column)d: this is not JSON, at %(near)s",
            line=wrong.lineno, column=wrong.colno, near=quoted(near),
        ),
    )  # fmt: skip


def _written_twice(tree: object, at: tuple[str | int, ...]) -> Iterator[Problem]:
    if isinstance(tree, _Twice):
        yield Problem(place((*at, tree.key)), _("the key is written twice"))
    below: Any = ()
    if isinstance(tree, dict):
        below = tree.items()
    elif isinstance(tree, list):
        below = enumerate(tree)
    for step, branch in below:
        yield from _written_twice(branch, (*at, step))
