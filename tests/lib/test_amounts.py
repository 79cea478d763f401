"""What people type as an amount is understood, or refused for a reason; never guessed at."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lib.amounts import BadAmount, Slip, typed
from app.lib.money import LIMIT


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12", 1200), ("12,50", 1250), ("12.50", 1250), ("12,5", 1250), ("12.", 1200), (",5", 50),
        (" 12 ", 1200), ("1 234,50", 123450), ("1\u202f234,50", 123450), ("1\u00a0234.50", 123450),
        ("1’234.50", 123450), ("1,234.50", 123450), ("1.234,50", 123450), ("1,234,567", 123456700),
        ("12 €", 1200), ("€12.50", 1250), ("12,50\u00a0€", 1250), ("12 EUR", 1200), ("0012", 1200),
        ("0,01", 1),
    ],
)  # fmt: skip
def test_an_amount_is_understood_as_it_was_meant(text, amount):
    assert typed(text, "EUR") == amount


@pytest.mark.parametrize(
    ("text", "slip"),
    [
        ("", Slip.EMPTY), ("  ", Slip.EMPTY), ("€", Slip.EMPTY),
        ("-5", Slip.NEGATIVE), ("−5", Slip.NEGATIVE), ("- 5,00 €", Slip.NEGATIVE),
        ("0", Slip.ZERO), ("0,00", Slip.ZERO), ("-0", Slip.NEGATIVE),
        ("12,345", Slip.TOO_MANY_DECIMALS), ("1.234", Slip.TOO_MANY_DECIMALS),
        ("0.001", Slip.TOO_MANY_DECIMALS), ("12.500", Slip.TOO_MANY_DECIMALS),
        ("9" * 30, Slip.TOO_MUCH), ("9" * 100_000, Slip.TOO_MUCH),
        ("NaN", Slip.NOT_A_NUMBER), ("inf", Slip.NOT_A_NUMBER), ("1e5", Slip.NOT_A_NUMBER),
        ("0x10", Slip.NOT_A_NUMBER), ("1_000", Slip.NOT_A_NUMBER), ("12,50,1", Slip.NOT_A_NUMBER),
        ("1,23.50", Slip.NOT_A_NUMBER), ("twelve", Slip.NOT_A_NUMBER), (".", Slip.NOT_A_NUMBER),
        ("½", Slip.NOT_A_NUMBER), ("١٢", Slip.NOT_A_NUMBER), ("+5", Slip.NOT_A_NUMBER),
        ("$12", Slip.OTHER_CURRENCY), ("12 USD", Slip.OTHER_CURRENCY), ("£5", Slip.OTHER_CURRENCY),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused_for_its_reason(text, slip):
    with pytest.raises(BadAmount) as refused:
        typed(text, "EUR")
    assert refused.value.slip is slip


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [("1234", "JPY", 1234), ("1.234", "KWD", 1234), ("12", "KWD", 12000), ("¥12", "JPY", 12)],
)
def test_each_currency_has_its_own_decimals(text, currency, amount):
    assert typed(text, currency) == amount


@pytest.mark.parametrize("text", ["1.5", "1,5"])
def test_a_currency_without_decimals_takes_none(text):
    with pytest.raises(BadAmount) as refused:
        typed(text, "JPY")
    assert refused.value.slip is Slip.TOO_MANY_DECIMALS


def test_the_most_may_be_paid_and_not_a_cent_more():
    assert typed("10 000", "EUR", 1_000_000) == 1_000_000
    with pytest.raises(BadAmount) as refused:
        typed("10 000,01", "EUR", 1_000_000)
    assert refused.value.slip is Slip.TOO_MUCH


@given(st.text())
def test_whatever_is_typed_is_an_amount_or_refused(text):
    with suppress(BadAmount):
        assert 0 < typed(text, "EUR") <= LIMIT


@given(st.integers(1, LIMIT))
def test_what_is_written_is_read_back_however_thousands_are_cut(amount):
    english = f"{amount // 100:,}.{amount % 100:02}"
    german = english.translate({ord(","): ".", ord("."): ","})
    french = english.replace(",", "\u202f").replace(".", ",")
    assert [typed(text, "EUR") for text in (english, german, french)] == [amount] * 3
