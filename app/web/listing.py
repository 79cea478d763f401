"""A sorted list, page by page: what its address asks for, the rows, and links to its other pages.

Pages are cut by key, not by number: the next one begins after the last row's sort key. So the
hundredth page costs what the first does, and rows that come and go never shift the others.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any, TypeAlias
from urllib.parse import urlencode

from flask import Response
from sqlalchemy import (
    Label,
    Row,
    ScalarSelect,
    Select,
    SQLColumnExpression,
    bindparam,
    func,
    select,
    tuple_,
)
from sqlalchemy.orm import Session

from app.db import reading
from app.web.htmx import render, wants_part

SIZES = (25, 50, 100, 200)
SIZE = 50
# Counting further would cost more than the page itself.
COUNTED = 1000
# Rows of a whole list that are in memory at one time.
PART = 500
# A statement and a row of whatever columns.
Selected: TypeAlias = Select[*tuple[Any, ...]]
Found: TypeAlias = Row[*tuple[Any, ...]]

_BETWEEN = "~"
_INT64 = 2**63


@dataclass(frozen=True)
class Order:
    """One way to sort. `read` makes a key of its text, and raises ValueError where it cannot.

    `tie` is a unique number that decides between equal keys; None where the key is unique itself.
    Columns must not be NULL.
    """

    key: SQLColumnExpression[Any]
    read: Callable[[str], object]
    tie: SQLColumnExpression[int] | None = None

    @property
    def columns(self) -> tuple[SQLColumnExpression[Any], ...]:
        """What rows are sorted by, which names each row once."""
        return (self.key,) if self.tie is None else (self.key, self.tie)

    def cursor(self, row: Found) -> str:
        """The place of a row, as an address carries it."""
        return _BETWEEN.join(str(value) for value in row[-len(self.columns) :])

    def place(self, cursor: str) -> tuple[object, ...]:
        """The values that `cursor` made its text of; ValueError for any other text."""
        if self.tie is None:
            return (self.read(cursor),)
        key, _between, tie = cursor.rpartition(_BETWEEN)
        return (self.read(key), read_number(tie))


def read_text(text: str) -> str:
    """A text key. PostgreSQL refuses NUL in a text."""
    if "\0" in text:
        raise ValueError("a text holds no NUL")
    return text


def read_number(text: str) -> int:
    """A whole-number key, within 64 bits."""
    number = int(text)
    if not -_INT64 <= number < _INT64:
        raise ValueError("a number has 64 bits")
    return number


def read_date(text: str) -> date:
    """A civil date key."""
    return date.fromisoformat(text)


@dataclass(frozen=True)
class Wish:
    """What an address asks of a list; a cursor that makes no sense has been left out."""

    sort: str
    descending: bool
    size: int
    place: tuple[object, ...] | None = None
    backwards: bool = False


@dataclass(frozen=True)
class Page:
    """Rows of one page; `before` and `after` are the cursors of its neighbours, if any."""

    rows: list[Found]
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Listing:
    """The orders of one list under the names they have in addresses, and the usual one.

    A minus sign in front of a name, `usual` too, asks for descending order.
    """

    orders: Mapping[str, Order]
    usual: str

    def wish(self, args: Mapping[str, str]) -> Wish:
        """What `args` of an address ask for; what cannot be understood is as if not there."""
        sort = args.get("sort", self.usual)
        if sort.removeprefix("-") not in self.orders:
            sort = self.usual
        name = sort.removeprefix("-")
        backwards = "before" in args and "after" not in args
        place = _place(self.orders[name], args.get("before" if backwards else "after"))
        return Wish(
            name, sort.startswith("-"), _size(args.get("size")), place, backwards and bool(place)
        )

    def page(self, session: Session, statement: Selected, wish: Wish, **values: object) -> Page:
        """The rows of `statement` that the wish asks for, in one statement.

        `values` are those of its parameters. A place after which nothing is left any more shows
        the first page.
        """
        order = self.orders[wish.sort]
        rows = _rows(session, statement, order, wish, values)
        if not rows and wish.place:
            first = Wish(wish.sort, wish.descending, wish.size)
            return self.page(session, statement, first, **values)
        more = len(rows) > wish.size
        rows = rows[: wish.size]
        if wish.backwards:
            rows.reverse()
        has_before, has_after = (more, True) if wish.backwards else (bool(wish.place), more)
        return Page(
            rows,
            order.cursor(rows[0]) if has_before else None,
            order.cursor(rows[-1]) if has_after else None,
        )

    def parts(self, statement: Selected, wish: Wish, size: int = PART) -> Iterator[list[Found]]:
        """All rows of `statement` in the wish's order, `size` at a time.

        Each part is a read of its own: no transaction is open while somebody takes it in, however
        slow they are. What changes its place meanwhile may be left out or come twice.
        """
        order = self.orders[wish.sort]
        wish, more = Wish(wish.sort, wish.descending, size), True
        while more:
            with reading() as session:
                rows = _rows(session, statement, order, wish, {})
            more = len(rows) > size
            yield rows[:size]
            if more:
                wish = replace(wish, place=order.place(order.cursor(rows[size - 1])))


def _rows(
    session: Session, statement: Selected, order: Order, wish: Wish, values: Mapping[str, object]
) -> list[Found]:
    falling = wish.descending != wish.backwards
    cut = _cut(statement, order, wish.size + 1, falling=falling, placed=bool(wish.place))
    place = {f"place_{index}": value for index, value in enumerate(wish.place or ())}
    # Plain rows: the session would look at each of their columns for objects of its own.
    return list(session.connection().execute(cut, {**values, **place}))


@lru_cache(maxsize=128)
def _cut(statement: Selected, order: Order, most: int, *, falling: bool, placed: bool) -> Selected:
    """Kept, as a list that keeps its statement asks for the same again and again."""
    columns = order.columns
    keys: list[Label[Any]] = [column.label(None) for column in columns]
    if placed:
        place = [bindparam(f"place_{index}", type_=key.type) for index, key in enumerate(keys)]
        here, there = tuple_(*columns), tuple_(*place)
        statement = statement.where(here < there if falling else here > there)
    return (
        statement.add_columns(*keys)
        .order_by(*(column.desc() if falling else column.asc() for column in columns))
        .limit(most)
    )


def _place(order: Order, cursor: str | None) -> tuple[object, ...] | None:
    try:
        return order.place(cursor) if cursor else None
    except ValueError:
        return None


def _size(text: str | None) -> int:
    return next((size for size in SIZES if str(size) == text), SIZE)


def count(statement: Selected, most: int = COUNTED) -> ScalarSelect[int]:
    """How many rows `statement` finds, as a column; `most` + 1 stands for more than `most`."""
    found = statement.limit(most + 1).subquery()
    return select(func.count()).select_from(found).scalar_subquery()


@dataclass(frozen=True)
class Links:
    """Addresses of a list's other pages and orders, which all keep its filters.

    `choices` is what is kept although it leaves no row out, such as a view.
    """

    path: str
    listing: Listing
    wish: Wish
    page: Page
    filters: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def current(self) -> str:
        """This very page."""
        if not self.wish.place:
            return self.to()
        cursor = _BETWEEN.join(str(value) for value in self.wish.place)
        return self.to(**{"before" if self.wish.backwards else "after": cursor})

    @property
    def way_back(self) -> str:
        """The query of an address that comes back to this page; empty for the plain list."""
        return "" if self.current == self.path else "?" + urlencode({"next": self.current})

    @property
    def cleared(self) -> str:
        """The list without its filters."""
        return self.to(**dict.fromkeys(self.filters, ""))

    @property
    def download(self) -> str:
        """All rows, with these filters in this order, as a file."""
        fields = {**self.filters, "sort": self.fields.get("sort", "")}
        return _address(f"{self.path}.csv", fields)

    @property
    def previous(self) -> str | None:
        """The page before this one."""
        return self.to(before=self.page.before) if self.page.before else None

    @property
    def next(self) -> str | None:
        """The page after this one."""
        return self.to(after=self.page.after) if self.page.after else None

    @property
    def sizes(self) -> list[tuple[int, str, bool]]:
        """Page sizes on offer: size, address, whether it is this one; none for a short list."""
        page = self.page
        if len(page.rows) <= SIZES[0] and not page.before and not page.after:
            return []
        return [
            (size, self.to(size="" if size == SIZE else str(size)), size == self.wish.size)
            for size in SIZES
        ]

    @property
    def fields(self) -> dict[str, str]:
        """What a form that filters anew must send along: choices, order and size."""
        wish = self.wish
        sort = f"-{wish.sort}" if wish.descending else wish.sort
        unusual = {"sort": sort} if sort != self.listing.usual else {}
        if wish.size != SIZE:
            unusual["size"] = str(wish.size)
        return {**self.choices, **unusual}

    def filter(self, name: str) -> str:
        """What a filter is set to; empty where it is not."""
        return self.filters.get(name, "")

    def sort(self, name: str) -> str:
        """The list sorted by `name`, the other way round if it is so already."""
        sort = f"-{name}" if self.direction(name) == "asc" else name
        return self.to(sort="" if sort == self.listing.usual else sort)

    def direction(self, name: str) -> str:
        """``asc`` or ``desc`` where the list is sorted by `name`, else ``none``."""
        if name != self.wish.sort:
            return "none"
        return "desc" if self.wish.descending else "asc"

    def to(self, **changes: str) -> str:
        """The list from its beginning with some fields changed; an empty text leaves one out."""
        return _address(self.path, {**self.filters, **self.fields, **changes})


def _address(path: str, fields: Mapping[str, str]) -> str:
    kept = {name: value for name, value in fields.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path


def show(template: str, links: Links, **context: Any) -> Response:
    """The page of a list, or only its block `list` when htmx asks for a part."""
    answer = render(template, block="list", links=links, **context)
    if wants_part():
        # A filter form sends its empty fields too: the address leaves them out.
        answer.headers["HX-Push-Url"] = links.current
    return answer
