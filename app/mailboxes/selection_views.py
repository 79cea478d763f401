"""Ticking mailboxes: what the list shows of it, and the address that its bar posts to."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint, Response, abort, request, url_for
from flask_login import login_required
from sqlalchemy import ColumnElement, literal, select
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import person, scope
from app.db import db, transaction
from app.domains import queries as domains
from app.domains.models import Domain
from app.mailboxes import selecting
from app.mailboxes.forms import read_filter, written
from app.mailboxes.queries import MailboxFilter
from app.selections import forms as selections
from app.selections.bar import Bar, bar_of
from app.selections.forms import Wanted
from app.selections.queries import Ticks, ticks
from app.selections.service import keep
from app.web.htmx import go_to, render, wants_part
from app.web.listing import Page, Wish
from app.web.paths import local_path
from app.web.state import now

blueprint = Blueprint("mailbox_selection", __name__)


def tick_columns(
    domain_id: int, found: Ticks, chosen: MailboxFilter, wish: Wish
) -> list[ColumnElement[Any]]:
    """What a page of the list must read to show its ticks: see `bar_below`."""
    # What all that match are is counted exactly only where the offer to tick them may be shown.
    exact = found.matching is None and found.items >= wish.size
    matching = selecting.how_many_match(domain_id, chosen) if exact else literal(0)
    return [
        selecting.is_ticked(found).label("ticked"),
        selecting.how_many(domain_id, found).label("ticked_total"),
        matching.label("matching"),
    ]


def bar_below(name: str, page: Page, back: str) -> Bar | None:
    """The bar of a page that was read with `tick_columns`; None where there are no rows."""
    if not page.rows:
        return None
    first = page.rows[0]
    return bar_of(
        url_for("mailbox_selection.tick", name=name),
        back,
        page.rows,
        number=first.ticked_total,
        matching=max(first.matching, first.total),
    )


@blueprint.post("/domains/<name>/mailboxes/selection")
@login_required
def tick(name: str) -> Response | BaseResponse:
    """Keep what was ticked, tick all that match, untick all, or go on with what is ticked."""
    domain = domains.find(db.session(), scope(), name.lower()) or abort(404)
    path = url_for("mailboxes.of_domain", name=domain.name)
    back = local_path(request.form.get("back", "")) or path
    chosen = read_filter(dict(parse_qsl(urlsplit(back).query)))
    sent = selections.read(request.form, "mailbox")
    with transaction() as session:
        keep(
            session,
            person().sign_in_id,
            selecting.scope_of(domain.id),
            sent,
            filters=written(chosen),
            now=now(),
        )
    if sent.wanted is Wanted.GO:
        return go_to(f"{path}/auto-renewal?{urlencode({'next': back})}")
    if sent.wanted is Wanted.KEEP and wants_part():
        return _bar_now(domain, back, chosen)
    return go_to(back)


def _bar_now(domain: Domain, back: str, chosen: MailboxFilter) -> Response:
    """The bar after a box was ticked, without the list."""
    session, form = db.session(), request.form
    found = ticks(session, person().sign_in_id, selecting.scope_of(domain.id))
    number, matching = session.execute(
        select(selecting.how_many(domain.id, found), selecting.how_many_match(domain.id, chosen))
    ).one()
    after = tuple(text for text in form.getlist("mailbox") if text.isdecimal())
    shown = form.get("shown", type=int) or len(after)
    url = url_for("mailbox_selection.tick", name=domain.name)
    bar = Bar(url, back, shown, after, number, matching)
    return render("mailboxes/bar.html", block="bar", bar=bar, domain=domain)
