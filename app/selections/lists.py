"""A list whose rows can be ticked: what its page reads, its bar, the answer to the bar's form."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Response, request
from sqlalchemy import ColumnElement, literal, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import person
from app.db import db, transaction
from app.selections import queries
from app.selections.bar import Bar
from app.selections.forms import Sent, Wanted, read
from app.selections.queries import Ticks
from app.selections.service import keep
from app.web.htmx import go_to, render, wants_part
from app.web.listing import Found, Wish
from app.web.paths import local_path
from app.web.state import now

Filters = Mapping[str, str]


# Where nothing is ticked: always the same columns, so that a list's statement can be kept.
_NOT_TICKED = literal(0).label("ticked")
_NOTHING = (literal(0).label("ticked_total"), literal(0).label("matching"))


@dataclass(frozen=True)
class TickedList:
    """One list in this browser. Filters are the fields that its address has for them.

    `scope` names it among a browser's selections, `path` is its address and `url` the one its bar
    posts to; `box` is the name of its boxes and `template` that of the bar alone. Then what its
    queries say: whether a row is ticked, how many rows are, how many the filters find; the filters
    of an address without what makes no sense; and `more` that the page must know even without rows.
    """

    scope: str
    path: str
    url: str
    box: str
    template: str
    is_ticked: Callable[[Ticks], ColumnElement[bool]]
    how_many: Callable[[Ticks], ColumnElement[int]]
    how_many_match: Callable[[Filters], ColumnElement[int]]
    understood: Callable[[Filters], dict[str, str]]
    more: Sequence[ColumnElement[Any]] = ()

    def ticks(self, session: Session) -> Ticks:
        """What is ticked, in one statement."""
        return queries.ticks(session, person().sign_in_id, self.scope)

    def figures(self, found: Ticks, filters: Filters, wish: Wish) -> list[ColumnElement[Any]]:
        """How many rows are ticked and how many there are to tick, for `bar`; and `more`."""
        if found.selection_id is None and not self.more:
            return list(_NOTHING)
        # What all that match are is counted exactly only where the offer to tick them may be shown.
        exact = found.matching is None and found.items >= wish.size
        matching = self.how_many_match(filters) if exact else literal(0)
        number = self.how_many(found).label("ticked_total")
        return [number, matching.label("matching"), *self.more]

    def figures_alone(self, session: Session, found: Ticks, filters: Filters, wish: Wish) -> Found:
        """The same of a page without rows to carry them."""
        return session.execute(select(*self.figures(found, filters, wish))).one()

    def columns(self, found: Ticks, filters: Filters, wish: Wish) -> list[ColumnElement[Any]]:
        """What each row of a page must carry for its box, and for `bar`."""
        if found.selection_id is None:
            return [_NOT_TICKED, *self.figures(found, filters, wish)]
        return [self.is_ticked(found).label("ticked"), *self.figures(found, filters, wish)]

    def bar(self, rows: Sequence[Found], back: str, figures: Found) -> Bar:
        """The bar of a page whose rows were read with `columns`; any of them has the `figures`."""
        was = tuple(str(row.id) for row in rows if row.ticked)
        matching = max(figures.matching, rows[0].total if rows else 0)
        return Bar(self.url, back, len(rows), was, figures.ticked_total, matching)

    def answer(self, goals: Mapping[str, str], **context: Any) -> Response | BaseResponse:
        """Keep what the bar's form says, then go on to one of the `goals` or back to the list.

        `goals` are addresses by what their buttons say; they learn the way back as `next`. With
        htmx a tick is answered by the bar alone, whose template gets `figures` and the `context`.
        """
        wanted_back: str | None = local_path(request.form.get("back", ""))
        back = wanted_back if wanted_back and urlsplit(wanted_back).path == self.path else self.path
        filters = self.understood(dict(parse_qsl(urlsplit(back).query)))
        sent = self._keep(filters)
        goal = goals.get(request.form.get("do", ""))
        if goal:
            return go_to(f"{goal}?{urlencode({'next': back})}")
        if sent.wanted is Wanted.KEEP and wants_part():
            bar, figures = self._bar_now(back, filters)
            return render(self.template, block="bar", bar=bar, figures=figures, **context)
        return go_to(back)

    def _keep(self, filters: Filters) -> Sent:
        sent = read(request.form, self.box)
        with transaction() as session:
            keep(session, person().sign_in_id, self.scope, sent, filters=filters, now=now())
        return sent

    def _bar_now(self, back: str, filters: Filters) -> tuple[Bar, Found]:
        """The bar after a box was ticked, without the list."""
        session, form = db.session(), request.form
        after = tuple(text for text in form.getlist(self.box) if text.isdecimal())
        shown = form.get("shown", type=int) or len(after)
        # As for the page: the offer is only made once the whole page is ticked.
        matching = self.how_many_match(filters) if len(after) >= shown else literal(0)
        number = self.how_many(self.ticks(session))
        figures = session.execute(select(number, matching, *self.more)).one()
        return Bar(self.url, back, shown, after, figures[0], figures[1]), figures
