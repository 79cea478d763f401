"""Amounts: read exactly or refused, never rounded and never guessed (L5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lib.money import EXPONENTS, LIMIT, minor


def written(value: int, currency: str) -> str:
    """The decimal text of minor units."""
    exponent = EXPONENTS[currency]
    digits = str(abs(value)).zfill(exponent + 1)
    whole, fraction = digits[: len(digits) - exponent], digits[len(digits) - exponent :]
    return ("-" if value < 0 else "") + whole + (f".{fraction}" if fraction else "")


@given(st.integers(-LIMIT, LIMIT), st.sampled_from(sorted(EXPONENTS)))
def test_what_is_written_is_read_again(value, currency):
    assert minor(written(value, currency), currency) == value


@pytest.mark.parametrize(
    ("text", "currency", "value"),
    [
        ("0", "EUR", 0),
        ("-0", "EUR", 0),
        ("-0.01", "EUR", -1),
        ("007", "EUR", 700),
        ("1.5", "EUR", 150),
        ("1.50000", "EUR", 150),
        ("1.000", "JPY", 1),
        ("0.001", "KWD", 1),
    ],
)
def test_plain_amounts(text, currency, value):
    assert minor(text, currency) == value


@pytest.mark.parametrize(
    "text",
    [
        "", " ", " 1", "1 ", "1\n", "NaN", "inf", "-inf", "1e3", "0x10", "1_000", "1,5", "1.", ".5",
        "--1", "+1", "1-", "1.2.3", "€1", "1 000", "１２", "١٢", "1.２", "²", "1\x00", "None",
        "1.001", "0.009", "10000000000000.01", "9" * 17, "9" * 5000,
    ],
)  # fmt: skip
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match=r"amount|decimals|too much"):
        minor(text, "EUR")


def test_a_fraction_of_the_smallest_coin_is_refused():
    with pytest.raises(ValueError, match="JPY has 0 decimals"):
        minor("1.5", "JPY")


@pytest.mark.parametrize("currency", ["", "eur", "XXX", "EURO"])
def test_an_unknown_currency_is_refused(currency):
    with pytest.raises(ValueError, match="unknown currency"):
        minor("1", currency)


@given(st.text(max_size=12))
def test_no_text_does_anything_but_be_read_or_refused(text):
    try:
        value = minor(text, "EUR")
    except ValueError:
        return
    assert text.isascii()
    assert value == round(float(text) * 100)
