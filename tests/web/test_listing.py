"""Lists cut by key: each row is shown exactly once, in order, whichever way one walks."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Date, Integer, String, column, select, values

from app.web.listing import (
    COUNTED,
    SIZE,
    Links,
    Listing,
    Order,
    Page,
    Wish,
    count,
    read_date,
    read_number,
    read_text,
)

# Few keys, many rows: equal keys lie on both sides of most page ends.
NUMBERS = st.integers(-2, 2)
DAYS = st.dates(date(2027, 2, 26), date(2027, 3, 2))


def table(keys, kind):
    """A table of (key, id) that needs no migration, and its listing; ids fall as keys come."""
    rows = [(key, len(keys) - at) for at, key in enumerate(keys)]
    found = values(column("key", kind), column("id", Integer), name="rows").data(rows).cte()
    read = {Integer: read_number, Date: read_date, String: read_text}[kind]
    listing = Listing({"key": Order(found.c.key, read, found.c.id)}, usual="key")
    return sorted(rows), select(found.c.key, found.c.id), listing


def walk(session, statement, listing, args, size):
    """Every page from the first to the last, then back to the first."""
    forwards = [fetch(session, statement, listing, args, size)]
    while (cursor := forwards[-1].after) is not None:
        forwards.append(fetch(session, statement, listing, args | {"after": cursor}, size))
    backwards = [forwards[-1]]
    while (cursor := backwards[-1].before) is not None:
        backwards.append(fetch(session, statement, listing, args | {"before": cursor}, size))
    return forwards, backwards


def fetch(session, statement, listing, args, size) -> Page:
    return listing.page(session, statement, replace(listing.wish(args), size=size))


def flat(pages):
    return [(row[0], row[1]) for page in pages for row in page.rows]


@pytest.mark.parametrize(("kind", "some"), [(Integer, NUMBERS), (Date, DAYS)])
@pytest.mark.parametrize("sort", ["key", "-key"])
def test_walking_there_and_back_shows_each_row_once_and_in_order(db_context, kind, some, sort):
    @given(keys=st.lists(some, min_size=1, max_size=25), size=st.integers(1, 6))
    @settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
    def walks(keys, size):
        rows, statement, listing = table(keys, kind)
        expected = rows if sort == "key" else rows[::-1]
        forwards, backwards = walk(db_context, statement, listing, {"sort": sort}, size)
        assert flat(forwards) == expected
        assert flat(reversed(backwards)) == expected
        assert all(len(page.rows) == size for page in forwards[:-1])

    walks()


def test_equal_keys_cross_the_end_of_a_page(db_context):
    _rows, statement, listing = table([1, 1, 1], Integer)
    forwards, _backwards = walk(db_context, statement, listing, {}, 2)
    assert [len(page.rows) for page in forwards] == [2, 1]


def test_the_first_page_has_none_before_and_the_last_none_after(db_context):
    _rows, statement, listing = table([1, 2, 3], Integer)
    forwards, backwards = walk(db_context, statement, listing, {}, 2)
    assert (forwards[0].before, forwards[-1].after) == (None, None)
    assert backwards[-1].before is None


def test_no_rows_make_one_empty_page(db_context):
    _rows, statement, listing = table([1], Integer)
    page = fetch(db_context, statement.where(column("id") < 0), listing, {}, 2)
    assert page == Page([], None, None)


BAD = ["", "~", "1", "x~1", "1~x", "9" * 5000, f"{2**63}~1", f"1~{2**63}", "1~1~1", "\0~1"]


@pytest.mark.parametrize("cursor", BAD)
@pytest.mark.parametrize("direction", ["after", "before"])
def test_a_cursor_that_makes_no_sense_shows_the_first_page(db_context, cursor, direction):
    rows, statement, listing = table([1, 2, 3], Integer)
    page = fetch(db_context, statement, listing, {direction: cursor}, 2)
    assert flat([page]) == rows[:2]


@pytest.mark.parametrize("args", [{"after": "9~9"}, {"before": "-9~9"}])
def test_a_place_beyond_the_last_row_shows_the_first_page(db_context, args):
    rows, statement, listing = table([1, 2, 3], Integer)
    page = fetch(db_context, statement, listing, args, 2)
    assert (flat([page]), page.before) == (rows[:2], None)


@pytest.mark.parametrize("text", ["nul\0", "\0"])
def test_a_text_key_without_its_tie_refuses_what_no_database_holds(text):
    listing = Listing({"name": Order(column("name", String), read_text)}, usual="name")
    assert listing.wish({"after": text}).place is None


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({}, Wish("key", False, SIZE)),
        ({"sort": "-key", "size": "200"}, Wish("key", True, 200)),
        ({"sort": "price", "size": "7"}, Wish("key", False, SIZE)),
        ({"sort": "--key", "size": "many"}, Wish("key", False, SIZE)),
        ({"sort": "key", "after": "3~4"}, Wish("key", False, SIZE, (3, 4))),
        ({"before": "3~4"}, Wish("key", False, SIZE, (3, 4), backwards=True)),
    ],
)
def test_an_address_is_read_as_far_as_it_makes_sense(args, expected):
    _rows, _statement, listing = table([1], Integer)
    assert listing.wish(args) == expected


@pytest.mark.parametrize(("rows", "counted"), [(0, 0), (3, 3), (COUNTED, COUNTED)])
def test_a_short_list_is_counted(db_context, rows, counted):
    assert counted_of(db_context, rows, COUNTED) == counted


def test_a_long_list_is_counted_no_further_than_one_too_many(db_context):
    assert counted_of(db_context, 9, most=5) == 6


def counted_of(session, rows, most):
    _rows, statement, _listing = table([1] * (rows + 1), Integer)
    return session.scalar(select(count(statement.where(column("id") <= rows), most)))


@pytest.fixture
def links():
    _rows, _statement, listing = table([1], Integer)
    wish = Wish("key", descending=True, size=25)
    return Links(
        "/things", listing, wish, Page([], "1~2", "3~4"), {"q": "a b"}, {"view": "advanced"}
    )


def test_links_keep_filters_order_and_size(links):
    assert links.next == "/things?q=a+b&view=advanced&sort=-key&size=25&after=3~4"
    assert links.previous == "/things?q=a+b&view=advanced&sort=-key&size=25&before=1~2"


def test_sorting_and_another_size_begin_at_the_first_page(links):
    assert links.sort("key") == "/things?q=a+b&view=advanced&size=25"
    assert links.sizes[1] == (50, "/things?q=a+b&view=advanced&sort=-key", False)


def test_clearing_the_filters_keeps_the_rest(links):
    assert links.cleared == "/things?view=advanced&sort=-key&size=25"


def test_a_usual_list_has_a_plain_address(links):
    usual = Links("/things", links.listing, Wish("key", False, SIZE), Page([], None, None))
    assert (usual.current, usual.next, usual.previous) == ("/things", None, None)
    assert usual.sort("key") == "/things?sort=-key"
