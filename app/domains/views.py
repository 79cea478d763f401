"""Pages of domains: the list, one domain, its history."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from flask_login import login_required

from app.accounts.access import Membership, chosen, may, person, scope
from app.accounts.installation import terms, today
from app.accounts.rules import Right
from app.db import db
from app.domains import csv_columns, paying, queries
from app.domains import words as domain_words
from app.domains.forms import read_filter, written
from app.domains.rules import last_day_to_renew
from app.domains.selection_views import tickable
from app.journal.words import tell
from app.subscriptions import words
from app.subscriptions.filters import expiry_choices, payer_choices, verdict_choices
from app.subscriptions.queries import prices
from app.subscriptions.rules import Kind
from app.web.htmx import render, wants_part
from app.web.listing import Found, Links
from app.web.listing import show as show_list
from app.web.spreadsheet import download

blueprint = Blueprint("domains", __name__)

ADVANCED = "advanced"


@blueprint.get("/domains")
@login_required
def index() -> Response:
    """The domains of the chosen organization, in the simple or the advanced view."""
    organization = chosen()
    if organization is None:
        return render("domains/none.html")
    session = db.session()
    narrowed = read_filter(request.args)
    wish, filters = queries.LISTING.wish(request.args), written(narrowed)
    organization_id = organization.organization_id
    boxes = tickable(organization_id)
    ticks = boxes.ticks(session)
    page = queries.page(
        session, organization_id, narrowed, wish, *boxes.columns(ticks, filters, wish),
        seen_by=scope(),
    )  # fmt: skip
    figures = page.rows[0] if page.rows else boxes.figures_alone(session, ticks, filters, wish)
    view = {"view": ADVANCED} if request.args.get("view") == ADVANCED else {}
    links = Links(boxes.path, queries.LISTING, wish, page, filters, view)
    return show_list(
        "domains/list.html",
        links,
        rows=page.rows,
        bar=boxes.bar(page.rows, links.current, figures),
        figures=figures,
        how_many=domain_words.how_many(page),
        at_most=domain_words.at_most,
        advanced=bool(view),
        **({} if wants_part() else _choices(organization)),
        prices=prices(session) if page.rows else None,
        may_bill=may(Right.BILL, organization_id),
        **_words(organization_id),
    )


@blueprint.get("/domains.csv")
@login_required
def index_as_csv() -> Response:
    """All domains that the filters find, in the list's order, with all the advanced view tells."""
    organization = chosen() or abort(404)
    wish = queries.LISTING.wish(request.args)
    parts = queries.parts(
        organization.organization_id, read_filter(request.args), wish, seen_by=scope()
    )
    cells = csv_columns.cells(prices(db.session()), terms().currency)
    return download(f"domains-{today()}", csv_columns.head(), parts, cells)


@blueprint.get("/domains/<name>")
@login_required
def show(name: str) -> Response:
    """One domain: its configuration, and what lives on it."""
    domain = _domain(name)
    usual = resting = None
    if domain.auto_renewal and domain.payer_id in scope():
        usual = paying.usual(db.session(), domain.payer_id, today())
        if domain.card_id is not None:
            resting = paying.resting(db.session(), domain.payer_id, domain.card_id, today())
    return render(
        "domains/show.html",
        domain=domain,
        usual=usual,
        resting=domain_words.resting(resting) if resting else None,
        at_most=domain_words.at_most,
        prices=prices(db.session()),
        later_price_of=domain_words.later_price_of,
        too_late=domain_words.too_late(domain.expires_on, today()),
        **_words(domain.organization_id),
    )


@blueprint.get("/domains/<name>/history")
@login_required
def history(name: str) -> Response:
    """What happened to a domain and to what lives on it, the latest first."""
    domain = _domain(name)
    wish = queries.HISTORY.wish(request.args)
    page = queries.history(db.session(), domain.organization_id, domain.name, wish)
    links = Links(url_for(".history", name=domain.name), queries.HISTORY, wish, page)
    return show_list(
        "domains/history.html",
        links,
        domain=domain,
        rows=page.rows,
        tell=tell,
    )


def _choices(organization: Membership) -> dict[str, Any]:
    """What the filters offer, which stay as they are while htmx swaps the list."""
    kinds = queries.kinds(db.session(), organization.organization_id)
    return {
        "extensions": kinds.extensions,
        "expiry_choices": expiry_choices(),
        "verdict_choices": verdict_choices(),
        "payer_choices": payer_choices(person().memberships, kinds.payers),
    }


def _domain(name: str) -> Found:
    return queries.described(db.session(), scope(), name.lower()) or abort(404)


def _words(organization_id: int) -> dict[str, Any]:
    return {
        "standing": partial(words.standing, Kind.DOMAIN, today=today()),
        "price_of": domain_words.price_of,
        "seen": scope(),
        "warning": words.warnings(scope()),
        "verdict": words.verdict,
        "years": words.years,
        "last_day_to_renew": last_day_to_renew,
        "may_renew": may(Right.MANAGE_RENEWALS, organization_id),
    }
