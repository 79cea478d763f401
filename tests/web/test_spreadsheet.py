"""CSV files: what spreadsheets read, and nothing that they would run (S1)."""

import csv
from decimal import Decimal
from io import StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.web.spreadsheet import decimal, harmless

# Excel takes the full-width signs too.
SIGNS = "=+-@\t\r\n\0＝＋－＠"
CUTS = ",;\t\r\n"
texts = st.text(st.sampled_from(f"{SIGNS}{CUTS} '\"aé") | st.characters(codec="utf-8"))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "\0x", " =1+1"])
def test_a_formula_gets_a_quote_in_front(cell):
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "info@example.org", "a-b", "Acme & Co.", "1 + 1", "'=1"])
def test_what_is_no_formula_stays_as_it_is(cell):
    assert harmless(cell) == cell


@given(texts)
@example("a;=1+1")
@example("a\n =1")
def test_no_program_finds_a_formula_however_it_cuts_the_line(text):
    safe = harmless(text)
    assert not safe.startswith(tuple(SIGNS))
    for cut in CUTS:
        assert not any(part.strip().startswith(tuple("=+-@")) for part in safe.split(cut))


@given(texts)
def test_nothing_of_a_text_is_lost(text):
    left = iter(harmless(text))
    assert all(sign in left for sign in text)


@given(texts)
def test_a_harmless_text_is_left_alone(text):
    assert harmless(harmless(text)) == harmless(text)


@given(st.lists(texts, min_size=2, max_size=4), st.sampled_from(",;"))
def test_every_text_comes_back_out_of_the_file(row, delimiter):
    file = StringIO(newline="")
    csv.writer(file, delimiter=delimiter, lineterminator="\r\n").writerow(map(harmless, row))
    file.seek(0)
    assert next(csv.reader(file, delimiter=delimiter)) == [harmless(text) for text in row]


def test_amounts_have_the_decimals_of_their_currency():
    assert decimal(1500, "EUR") == Decimal("15.00")
    assert str(decimal(-5, "TND")) == "-0.005"
    assert str(decimal(1500, "JPY")) == "1500"
    assert decimal(None, "EUR") is None
