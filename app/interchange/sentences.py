"""Puts what pydantic found wrong into sentences for the person who wrote the file."""

import json
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from pydantic_core import ErrorDetails

from app.interchange.problems import Problem, place
from app.lib.money import EXPONENTS

_SENTENCES: Mapping[str, Any] = {
    "missing": _l("is missing"),
    "extra_forbidden": _l("unknown key"),
    "string_type": _l("must be text in quotes"),
    "string_unicode": _l("holds half a character that no text can hold"),
    "string_too_short": _l("must not be empty"),
    "string_too_long": _l("must have at most %(max_length)s characters"),
    "int_type": _l("must be a whole number"),
    "greater_than_equal": _l("must be at least %(ge)s"),
    "less_than_equal": _l("must be at most %(le)s"),
    "bool_type": _l("must be true or false"),
    "list_type": _l("must be a list in [ ]"),
    "model_type": _l("must be an object in { }"),
    "model_attributes_type": _l("must be an object in { }"),
    "literal_error": _l("must be %(expected)s"),
    "enum": _l("must be %(expected)s"),
    "union_tag_invalid": _l("must be %(expected)s"),
    "union_tag_not_found": _l("is missing"),
    "too_short": _l("must not be empty"),
    "too_long": _l("must have at most %(max_length)s entries"),
    "day_shape": _l("must be a date written YYYY-MM-DD"),
    "day_missing": _l("there is no such day"),
    "instant_shape": _l("must be an instant with its offset, such as 2027-03-31T09:00:00+02:00"),
    "instant_missing": _l("there is no such instant"),
    "year": _l("the year must be between 1900 and 2999"),
    "version": _l("must be 1, the version of the format"),
    "email": _l("is not an e-mail address"),
    "domain": _l("is not a domain name"),
    "extension": _l("is not an extension such as org or co.uk"),
    "country": _l("must be the two capital letters of a country, such as FR"),
    "timezone": _l("must be the IANA name of a time zone, such as Europe/Paris"),
    "account_id": _l("must not contain /, because it is part of an address"),
}
_BLANK = _l("must hold something to read, on one line")
_UNFORESEEN = _l("is not as it should be")
_DIGITS = _l("must be four digits in quotes")
# Whose value must never be shown.
_SECRET = (["password"], ["token"])
_LONGEST = 60


def problem_of(error: ErrorDetails) -> Problem:
    """The place and the sentence of one of pydantic's errors."""
    steps, kind = list(error["loc"]), error["type"]
    # Between the number of a price and its key, pydantic names the kind of price it took it for.
    if steps[:1] == ["prices"] and steps[2:3] in (["domain"], ["mailbox"]):
        del steps[2]
    if kind.startswith("union_tag"):
        steps.append("kind")
    return Problem(place(steps), _sentence(kind, error, steps))


def _sentence(kind: str, error: ErrorDetails, steps: list[str | int]) -> str:
    context = error.get("ctx", {})
    if kind == "string_pattern_mismatch":
        sentence = str(_DIGITS if steps[-1] == "last4" else _BLANK)
    elif kind == "currency":
        sentence = _("must be one of %(known)s", known=", ".join(sorted(EXPONENTS)))
    else:
        sentence = str(_SENTENCES.get(kind, _UNFORESEEN)) % _plain(context)
    shown = _shown(kind, error, steps)
    return sentence + (_(" (it is %(value)s)", value=shown) if shown else "")


def _plain(context: Mapping[str, Any]) -> dict[str, str]:
    plain = {key: str(value) for key, value in context.items()}
    expected = plain.get("expected") or plain.get("expected_tags")
    if expected:
        plain["expected"] = _choices(expected)
    return plain


def _choices(expected: str) -> str:
    """pydantic's "'a', 'b' or 'c'" in the reader's language."""
    values = expected.replace(" or ", ", ").replace("'", "").split(", ")
    if len(values) == 1:
        return values[0]
    return str(_("%(first)s or %(last)s", first=", ".join(values[:-1]), last=values[-1]))


def _shown(kind: str, error: ErrorDetails, steps: list[str | int]) -> str:
    if kind in ("missing", "extra_forbidden", "union_tag_not_found") or steps[-1:] in _SECRET:
        return ""
    value = error["input"]
    if kind == "union_tag_invalid":
        value = value["kind"]
    return quoted(value) if isinstance(value, str | int | float | None) else ""


def quoted(value: object) -> str:
    """A value as the file writes it, short, and with nothing that could confuse a terminal."""
    text = json.dumps(value, ensure_ascii=False)
    if not text.isprintable():
        text = json.dumps(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
