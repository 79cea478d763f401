"""Pages of forwardings: the list, a new one, changing and removing one."""

from typing import assert_never

from flask import Blueprint, Response, abort, flash, request, url_for
from flask_babel import gettext as _
from flask_login import login_required
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Field

from app.accounts.access import actor, may_change, require_to_change, scope
from app.db import db, transaction
from app.domains import queries as domains
from app.domains.models import Domain
from app.mailboxes import forwardings
from app.mailboxes.forwarding_forms import DestinationsForm, NewForwardingForm
from app.mailboxes.forwardings import AlreadyGone
from app.mailboxes.rules import Refusal, Refused
from app.web.htmx import go_to, render
from app.web.state import now

blueprint = Blueprint("forwardings", __name__)

PAGE = 100
# On the tab, below the mailboxes.
FIRST = 20


def forwarded(session: Session, domain: Domain) -> dict[str, object]:
    """What the block of forwardings on the domain's tab shows: the first ones."""
    lines = forwardings.forwardings_of(session, domain.id, limit=FIRST + 1)
    return {
        "forwardings": lines[:FIRST],
        "more": len(lines) > FIRST,
        "may_manage": may_change(domain.organization_id),
    }


@blueprint.get("/domains/<name>/forwardings")
@login_required
def of_domain(name: str) -> Response:
    """All forwardings of a domain, a page at a time."""
    domain = _domain(name)
    after = request.args.get("after", "").replace("\0", "")
    lines = forwardings.forwardings_of(db.session(), domain.id, limit=PAGE + 1, after=after)
    return render(
        "mailboxes/forwardings.html",
        domain=domain,
        forwardings=lines[:PAGE],
        may_manage=may_change(domain.organization_id),
        more=False,
        first=bool(after),
        next_after=lines[PAGE - 1].address if len(lines) > PAGE else None,
    )


@blueprint.route("/domains/<name>/forwardings/new", methods=["GET", "POST"])
@login_required
def new(name: str) -> Response | BaseResponse:
    """Add a forwarding."""
    domain = _managed(name)
    form = NewForwardingForm()
    if request.method != "POST":
        return _show_new(domain, form)
    form.keep_local_part(domain.name)
    if not form.validate():
        return _show_new(domain, form, status=422)
    local, addresses, by = form.local.data, form.addresses, actor()
    try:
        with transaction() as session:
            address = forwardings.add(session, domain.id, local, addresses, by=by, now=now())
    except Refused as refused:
        _explain(form.local, form.destinations, refused)
        return _show_new(_managed(name), form, status=422)
    flash(_("Mail to %(address)s is forwarded from now on.", address=address), "success")
    return _back(name)


@blueprint.route("/domains/<name>/forwardings/<path:address>/edit", methods=["GET", "POST"])
@login_required
def edit(name: str, address: str) -> Response | BaseResponse:
    """Change where a forwarding leads."""
    domain, address = _managed(name), address.lower()
    form = DestinationsForm()
    if request.method != "POST":
        line = forwardings.find(db.session(), domain.id, address) or abort(404)
        form.destinations.data = "\n".join(line.destinations)
        return _show_edit(domain, address, form)
    if not form.validate():
        return _show_edit(domain, address, form, status=422)
    addresses, by = form.addresses, actor()
    try:
        with transaction() as session:
            forwardings.change(session, domain.id, address, addresses, by=by, now=now())
    except AlreadyGone:
        return _say_it_is_gone(name, address)
    except Refused as refused:
        _explain(form.destinations, form.destinations, refused)
        return _show_edit(_managed(name), address, form, status=422)
    flash(_("The destinations of %(address)s are saved.", address=address), "success")
    return _back(name)


@blueprint.route("/domains/<name>/forwardings/<path:address>/remove", methods=["GET", "POST"])
@login_required
def remove(name: str, address: str) -> Response | BaseResponse:
    """Remove a forwarding, after asking."""
    domain, address = _managed(name), address.lower()
    if request.method != "POST":
        line = forwardings.find(db.session(), domain.id, address)
        if line is None:
            return _say_it_is_gone(name, address)
        return render("mailboxes/remove_forwarding.html", domain=domain, line=line)
    by = actor()
    try:
        with transaction() as session:
            forwardings.remove(session, domain.id, address, by=by, now=now())
    except AlreadyGone:
        return _say_it_is_gone(name, address)
    flash(
        _("%(address)s is removed: mail to it is no longer forwarded.", address=address), "success"
    )
    return _back(name)


def _domain(name: str) -> Domain:
    return domains.find(db.session(), scope(), name.lower()) or abort(404)


def _managed(name: str) -> Domain:
    domain = _domain(name)
    require_to_change(domain.organization_id)
    return domain


def _back(name: str) -> BaseResponse:
    return go_to(url_for("mailboxes.of_domain", name=name.lower(), _anchor="forwardings"))


def _say_it_is_gone(name: str, address: str) -> BaseResponse:
    flash(_("%(address)s is not forwarded: it was removed already.", address=address), "info")
    return _back(name)


def _show_new(domain: Domain, form: NewForwardingForm, *, status: int = 200) -> Response:
    return render("mailboxes/new_forwarding.html", status=status, domain=domain, form=form)


def _show_edit(
    domain: Domain, address: str, form: DestinationsForm, *, status: int = 200
) -> Response:
    return render(
        "mailboxes/edit_forwarding.html", status=status, domain=domain, address=address, form=form
    )


def _explain(address: Field, destinations: Field, refused: Refused) -> None:
    """Put the reason beside the field that it is about."""
    match refused.refusal:
        case Refusal.IS_MAILBOX:
            field, text = address, _("This address is a mailbox. Choose another one.")
        case Refusal.TAKEN:
            field, text = address, _("This address is forwarded already. Change that one instead.")
        case Refusal.TO_ITSELF:
            field, text = destinations, _("An address cannot be forwarded to itself.")
        case Refusal.CIRCLE:
            field, text = (
                destinations,
                _(
                    "Mail would go round in circles: %(address)s leads back here.",
                    address=refused.through,
                ),
            )
        case _:
            assert_never(refused.refusal)
    field.errors = [text]
