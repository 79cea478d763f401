"""Amounts as people type them: "12", "12,50", "1 234.50", "€ 12"; never guessed at (threat 18)."""

import re
from enum import StrEnum

from app.lib.money import EXPONENTS, LIMIT

_SYMBOLS = {"EUR": "€", "GBP": "£", "JPY": "¥", "USD": "$", "CHF": "Fr."}
# What keyboards and spreadsheets put between thousands: spaces of all widths, apostrophes.
_SPACES = str.maketrans("", "", "  \u00a0\u2007\u2009\u202f\t'’")
_MINUS = str.maketrans(dict.fromkeys("−‒–﹣－", "-"))
_NUMBER = re.compile(r"[0-9]+([.,][0-9]*)?|[.,][0-9]+")
# Thousands cut by one sign, decimals by the other: "1,234.50" or "1.234,50".
_GROUPED = re.compile(r"[0-9]{1,3}(?:(?:,[0-9]{3})+(?:\.[0-9]*)?|(?:\.[0-9]{3})+(?:,[0-9]*)?)")


class Slip(StrEnum):
    """Why a text is not an amount to be paid."""

    EMPTY = "empty"
    NOT_A_NUMBER = "not_a_number"
    NEGATIVE = "negative"
    ZERO = "zero"
    TOO_MANY_DECIMALS = "too_many_decimals"
    TOO_MUCH = "too_much"
    OTHER_CURRENCY = "other_currency"


class BadAmount(ValueError):
    """A text that is no amount to be paid; `slip` says why."""

    def __init__(self, slip: Slip) -> None:
        super().__init__(slip.value)
        self.slip = slip


def typed(text: str, currency: str, most: int = LIMIT) -> int:
    """Minor units of what a person typed: more than zero, at most `most`. Raises BadAmount.

    A comma or a point may stand before the decimals. Nothing is rounded: more decimals than the
    currency has are refused, so that "1.234" is neither 1 nor 1,234.
    """
    bare = _without_currency(text, currency)
    if not bare:
        raise BadAmount(Slip.EMPTY)
    if bare.startswith("-"):
        raise BadAmount(Slip.NEGATIVE)
    whole, decimals = _parts(bare)
    exponent = EXPONENTS[currency]
    if len(decimals) > exponent:
        raise BadAmount(Slip.TOO_MANY_DECIMALS)
    # Digits are counted first: a text of a million digits must not become a number.
    if len(whole) > len(str(LIMIT)):
        raise BadAmount(Slip.TOO_MUCH)
    amount = int((whole or "0") + decimals.ljust(exponent, "0"))
    if amount == 0:
        raise BadAmount(Slip.ZERO)
    if amount > most:
        raise BadAmount(Slip.TOO_MUCH)
    return amount


def _without_currency(text: str, currency: str) -> str:
    """The number alone; OTHER_CURRENCY where another one is named beside it."""
    bare = text.translate(_SPACES).translate(_MINUS)
    names = (currency, _SYMBOLS.get(currency, currency))
    for name in names:
        bare = bare.removeprefix(name).removesuffix(name)
    others = [n for pair in _SYMBOLS.items() for n in pair if n not in names]
    others += [code for code in EXPONENTS if code not in names]
    if any(bare.startswith(name) or bare.endswith(name) for name in others):
        raise BadAmount(Slip.OTHER_CURRENCY)
    return bare


def _parts(bare: str) -> tuple[str, str]:
    """Digits before and after the decimal sign."""
    if _NUMBER.fullmatch(bare):
        whole, _sign, decimals = bare.replace(",", ".").partition(".")
        return whole.lstrip("0"), decimals
    if not _GROUPED.fullmatch(bare):
        raise BadAmount(Slip.NOT_A_NUMBER)
    grouping = re.search("[.,]", bare)
    assert grouping
    whole, _sign, decimals = bare.replace(grouping[0], "").replace(",", ".").partition(".")
    return whole.lstrip("0"), decimals
