"""Pages of mailboxes: those of a domain, and one of them."""

from functools import partial

from flask import Blueprint, Response, abort, request, url_for
from flask_login import login_required

from app.accounts.access import may, scope
from app.accounts.installation import today
from app.accounts.rules import Right
from app.db import db
from app.domains import queries as domains
from app.mailboxes import queries
from app.mailboxes.forms import read_filter, written
from app.mailboxes.forwarding_views import forwarded
from app.mailboxes.words import MIB, how_many, space
from app.subscriptions import words
from app.subscriptions.queries import prices
from app.subscriptions.rules import Kind, grace_ends_on, suspension_ends_on
from app.web.htmx import render, wants_part
from app.web.listing import Links
from app.web.listing import show as show_list

blueprint = Blueprint("mailboxes", __name__)


@blueprint.get("/domains/<name>/mailboxes")
@login_required
def of_domain(name: str) -> Response:
    """The mailboxes of a domain, then its forwardings."""
    session = db.session()
    domain = domains.find(session, scope(), name.lower()) or abort(404)
    narrowed = read_filter(request.args)
    wish = queries.LISTING.wish(request.args)
    page = queries.page(session, domain.id, narrowed, wish)
    path = url_for(".of_domain", name=domain.name)
    links = Links(path, queries.LISTING, wish, page, written(narrowed))
    return show_list(
        "mailboxes/list.html",
        links,
        domain=domain,
        rows=page.rows,
        how_many=how_many(page),
        mib=MIB,
        space=space,
        standing=partial(words.standing, Kind.MAILBOX, today=today()),
        may_renew=may(Right.MANAGE_RENEWALS, domain.organization_id),
        **({} if wants_part() else forwarded(session, domain)),
    )


# A local part may hold a slash (RFC 5322, atext).
@blueprint.get("/mailboxes/<path:address>")
@login_required
def show(address: str) -> Response:
    """One mailbox and its configuration."""
    session = db.session()
    mailbox = queries.described(session, scope(), address.lower()) or abort(404)
    return render(
        "mailboxes/show.html",
        mailbox=mailbox,
        price=prices(session).of(Kind.MAILBOX, "", mailbox.renewal_months),
        frequency=words.frequency(mailbox.renewal_months),
        standing=words.standing(Kind.MAILBOX, mailbox.expires_on, today()),
        works_until=grace_ends_on(mailbox.expires_on),
        kept_until=suspension_ends_on(mailbox.expires_on),
        mib=MIB,
        space=space,
        may_renew=may(Right.MANAGE_RENEWALS, mailbox.organization_id),
    )
