"""The auto-renewal page of one mailbox or domain, and the taking back of what was changed there."""

from flask import Blueprint, Response, abort, current_app, flash, request, url_for
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import actor, billable, organizations_with, person, require, scope
from app.accounts.installation import today
from app.accounts.rules import Right
from app.auto_renewal import queries, service, words
from app.auto_renewal.page import ChoicePage, name_of_payer
from app.auto_renewal.queries import Renewable
from app.auto_renewal.service import Caller, Change, Refusal, Refused
from app.auto_renewal.undo import VALID_FOR, seal, unseal
from app.db import db, transaction
from app.domains import queries as domains
from app.renewals.verdicts import refresh
from app.web.htmx import go_to, render
from app.web.state import now

blueprint = Blueprint("auto_renewal", __name__)


@blueprint.route("/mailboxes/<path:address>/auto-renewal", methods=["GET", "POST"])
@login_required
def of_mailbox(address: str) -> Response | BaseResponse:
    """The auto-renewal of one mailbox."""
    return _answer(queries.of_mailbox(db.session(), scope(), address.lower()))


@blueprint.route("/domains/<name>/auto-renewal", methods=["GET", "POST"])
@login_required
def of_domain(name: str) -> Response | BaseResponse:
    """The auto-renewal of one domain; for a name registered elsewhere, why there is none."""
    service = queries.of_domain(db.session(), scope(), name.lower())
    if service is None and request.method != "POST":
        domain = domains.find(db.session(), scope(), name.lower()) or abort(404)
        return render("auto_renewal/elsewhere.html", domain=domain.name)
    return _answer(service)


@blueprint.post("/auto-renewal/undo")
@login_required
def undo() -> BaseResponse:
    """Bring back what stood before a change made less than ten minutes ago."""
    order = unseal(request.form.get("undo", ""), user_id=person().user_id, secret=_secret())
    if order is None:
        abort(400)
    if order.until < now():
        flash(_("Ten minutes have passed: this can no longer be undone here."), "error")
        return go_to(order.back)
    try:
        with transaction() as session:
            service.undo(session, order.changes, caller=_caller())
            changed = [one.subscription_id for one in order.changes]
            renewed = queries.renewed_since(session, changed, order.until - VALID_FOR)
        refresh(now(), scope())
    except Refused:
        flash(_("This was not undone: it was changed again in the meantime."), "error")
    else:
        told = [_("Undone. Auto-renewal is as it was before.")]
        flash(" ".join(told + [words.stays_renewed(renewed)] * bool(renewed)), "success")
    return go_to(order.back)


def _answer(service: Renewable | None) -> Response | BaseResponse:
    page = ChoicePage(service or abort(404))
    if request.method != "POST":
        return _show(page)
    require(Right.MANAGE_RENEWALS, page.service.organization_id)
    if "preview" in request.form:
        page.forgive()
        return _show(page)
    if not page.form.validate() or page.has_unread_cautions():
        return _show(page, status=422)
    try:
        changes = _update(page)
    except Refused as refused:
        return _explain(page, refused.refusal)
    refresh(now(), scope())
    _tell(page, changes)
    return go_to(page.back)


def _update(page: ChoicePage) -> list[Change]:
    if page.is_outdated():
        raise Refused(Refusal.CHANGED_MEANWHILE)
    domain_too = not page.is_domain and page.form.domain_too.data
    choice, seen = page.choice(), page.form.version.data
    with transaction() as session:
        return service.change_auto_renewal(
            session,
            page.service.subscription_id,
            choice,
            seen=seen,
            caller=_caller(),
            domain_too=domain_too,
        )


def _caller() -> Caller:
    managed = {one.organization_id for one in organizations_with(Right.MANAGE_RENEWALS)}
    return Caller(actor(), billable(), managed, today(), now())


def _show(page: ChoicePage, *, status: int = 200, changed: bool = False) -> Response:
    return render(
        "auto_renewal/choice.html",
        block="preview",
        status=status,
        page=page,
        form=page.form,
        service=page.service,
        changed=changed,
        length=words.length,
        present_payer=name_of_payer(page.service.choice.billed_organization_id),
    )


def _explain(page: ChoicePage, refusal: Refusal) -> Response:
    """The page again, with the person's input and the reason beside the field it is about."""
    if refusal is Refusal.NOT_YOURS:
        abort(403)
    if refusal is Refusal.CHANGED_MEANWHILE:
        return _show_what_changed(page)
    field = {
        Refusal.PAYER: "billed_organization",
        Refusal.CONTACT: "billing_contact",
        Refusal.CARD: "card",
        Refusal.NO_PRICE: "years" if page.is_domain else "period",
    }.get(refusal, "on")
    page.form[field].errors = [words.why(refusal)]
    return _show(page, status=422)


def _show_what_changed(page: ChoicePage) -> Response:
    find = queries.of_domain if page.is_domain else queries.of_mailbox
    fresh = ChoicePage(find(db.session(), scope(), page.service.name) or abort(404))
    fresh.form.version.data = service.version(fresh.service.choice)
    return _show(fresh, status=409, changed=True)


def _tell(page: ChoicePage, changes: list[Change]) -> None:
    """Say what was done, with the button that takes it back."""
    if not changes:
        flash(_("Nothing to change: auto-renewal was set like this already."), "info")
        return
    words = {"name": page.service.name, "domain": page.service.domain}
    if not page.form.on.data:
        text = _("Auto-renewal is off for %(name)s.", **words)
    elif len(changes) > 1:
        text = _("Auto-renewal is on for %(name)s and for %(domain)s.", **words)
    else:
        text = _("Auto-renewal is on for %(name)s.", **words)
    token = seal(changes, user_id=person().user_id, back=page.back, now=now(), secret=_secret())
    flash(
        {"text": text, "label": _("Undo"), "url": url_for(".undo"), "fields": {"undo": token}},  # type: ignore[arg-type]
        "undo",
    )


def _secret() -> str:
    return str(current_app.secret_key)
