"""Pages of mailboxes: those of a domain, and one of them."""

from functools import partial

from flask import Blueprint, Response, abort, request
from flask_login import login_required

from app.accounts.access import may, membership_in, organizations_with, person, scope
from app.accounts.installation import today
from app.accounts.rules import Right
from app.db import db
from app.domains import queries as domains
from app.mailboxes import csv_columns, queries
from app.mailboxes.forms import read_filter, written
from app.mailboxes.forwarding_views import forwarded
from app.mailboxes.selection_views import tickable
from app.mailboxes.words import MIB, how_many, rows, space
from app.service_states.words import on_its_way, state_name
from app.subscriptions import words
from app.subscriptions.filters import expiry_choices, payer_choices, verdict_choices
from app.subscriptions.queries import prices
from app.subscriptions.rules import Kind, dearer, grace_ends_on, suspension_ends_on
from app.web.htmx import render, wants_part
from app.web.listing import Links
from app.web.listing import show as show_list
from app.web.rows import filled
from app.web.spreadsheet import download

blueprint = Blueprint("mailboxes", __name__)


@blueprint.get("/domains/<name>/mailboxes")
@login_required
def of_domain(name: str) -> Response:
    """The mailboxes of a domain, then its forwardings."""
    session = db.session()
    narrowed = read_filter(request.args)
    domain, total, by_trigrams = queries.domain(session, scope(), name.lower(), narrowed) or abort(
        404
    )
    wish, filters = queries.LISTING.wish(request.args), written(narrowed)
    boxes = tickable(domain)
    ticks = boxes.ticks(session)
    page = queries.page(
        session, domain.id, narrowed, wish, total, *boxes.columns(ticks, filters, wish),
        by_trigrams=by_trigrams,
    )  # fmt: skip
    figures = page.rows[0] if page.rows else boxes.figures_alone(session, ticks, filters, wish)
    links = Links(boxes.path, queries.LISTING, wish, page, filters)
    standing = partial(words.standing, Kind.MAILBOX, today=today())
    may_renew = may(Right.MANAGE_RENEWALS, domain.organization_id)
    return show_list(
        "mailboxes/list.html",
        links,
        domain=domain,
        rows=list(rows(page.rows, standing, words.warnings(scope()))),
        filled=filled,
        bar=boxes.bar(page.rows, links.current, figures),
        how_many=how_many(page),
        space=space,
        may_renew=may_renew,
        may_pay=may_renew and bool(organizations_with(Right.BILL)),
        expiry_choices=expiry_choices(),
        verdict_choices=verdict_choices(),
        payer_choices=_payers(),
        **({} if wants_part() else forwarded(session, domain)),
    )


@blueprint.get("/domains/<name>/mailboxes.csv")
@login_required
def of_domain_as_csv(name: str) -> Response:
    """All mailboxes of a domain that the filters find, in the list's order."""
    domain = domains.find(db.session(), scope(), name.lower()) or abort(404)
    wish = queries.LISTING.wish(request.args)
    parts = queries.parts(domain.id, read_filter(request.args), wish)
    name = f"mailboxes-{domain.name}-{today()}"
    return download(name, csv_columns.head(), parts, csv_columns.cells())


def _payers() -> list[tuple[str, str]]:
    """Who might pay; for most people it is one and the same, and there is nothing to choose."""
    memberships = person().memberships
    return payer_choices(memberships) if len(memberships) > 1 else []


# A local part may hold a slash (RFC 5322, atext).
@blueprint.get("/mailboxes/<path:address>")
@login_required
def show(address: str) -> Response:
    """One mailbox and its configuration."""
    session = db.session()
    mailbox = queries.described(session, scope(), address.lower()) or abort(404)
    catalogue, months = prices(session), mailbox.renewal_months
    price = catalogue.to_pay(
        Kind.MAILBOX, "", months, mailbox.announced_price, mailbox.announced_months
    )
    return render(
        "mailboxes/show.html",
        mailbox=mailbox,
        price=price,
        later=dearer(catalogue.of(Kind.MAILBOX, "", months), price or 0),
        frequency=words.frequency(mailbox.renewal_months),
        standing=words.standing(Kind.MAILBOX, mailbox.expires_on, today()),
        verdict=words.verdict(mailbox),
        warning=words.warnings(scope())(mailbox),
        works_until=grace_ends_on(mailbox.expires_on),
        kept_until=suspension_ends_on(mailbox.expires_on),
        mib=MIB,
        space=space,
        state=state_name(mailbox.desired_state),
        on_its_way=on_its_way(mailbox.applied_state, mailbox.desired_state),
        may_renew=may(Right.MANAGE_RENEWALS, mailbox.organization_id),
        owner=membership_in(mailbox.organization_id),
    )
