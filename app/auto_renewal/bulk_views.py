"""The auto-renewal of all ticked mailboxes of a domain, and the taking back of changes in bulk."""

from flask import Blueprint, Response, abort, flash, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import login_required
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import actor, billable, organizations_with, person, require, scope
from app.accounts.installation import today
from app.accounts.rules import Right
from app.auto_renewal import bulk, words
from app.auto_renewal.bulk import Different, Done, Order
from app.auto_renewal.bulk_page import BulkPage
from app.auto_renewal.bulk_undo import TooLate, undo_all
from app.auto_renewal.service import Caller, switch_domain_on
from app.db import db, transaction
from app.domains import queries as domains
from app.mailboxes import selecting
from app.renewals.verdicts import refresh
from app.selections.service import clear
from app.subscriptions.rules import Kind
from app.web.htmx import go_to
from app.web.paths import local_path
from app.web.state import now

# Verdicts of more than this take longer than the change itself: the next tick works them out.
FEW = 300

blueprint = Blueprint("bulk_renewal", __name__)


@blueprint.route("/domains/<name>/mailboxes/auto-renewal", methods=["GET", "POST"])
@login_required
def of_mailboxes(name: str) -> Response | BaseResponse:
    """The auto-renewal of the ticked mailboxes: a page, or a dialog where scripts run."""
    page = BulkPage(domains.find(db.session(), scope(), name.lower()) or abort(404))
    if request.method != "POST":
        return page.show(block="dialog")
    require(Right.MANAGE_RENEWALS, page.domain.organization_id)
    if "preview" in request.form:
        return page.show(block="preview")
    done = bulk.done_before(db.session(), page.form.nonce.data, person().user_id)
    if done is None:
        if not page.form.validate() or not page.is_possible():
            return page.show(status=422)
        try:
            done = _change(page)
        except Different:
            return page.afresh().show(status=409, changed=True)
        if done.changed <= FEW:
            refresh(now(), scope())
    _tell(page, done)
    return go_to(page.back)


def _change(page: BulkPage) -> Done:
    ids = selecting.ticked(page.domain.id, page.ticks).subquery().c[0]
    order = Order(
        Kind.MAILBOX,
        page.choice,
        select(ids.label("id"), ids.label("target")),
        page.form.version.data,
        page.form.nonce.data,
    )
    caller, domain_id = _caller(), page.domain.id
    with transaction() as session:
        done = bulk.change_all(session, order, caller)
        if page.form.domain_too.data and page.choice.on:
            switch_domain_on(session, domain_id, page.choice.billed_organization_id, caller)
        clear(session, person().sign_in_id, selecting.scope_of(domain_id))
    return done


def _caller() -> Caller:
    managed = {one.organization_id for one in organizations_with(Right.MANAGE_RENEWALS)}
    return Caller(actor(), billable(), managed, today(), now())


def _tell(page: BulkPage, done: Done) -> None:
    """Say what was done to how many, with the button that takes it back."""
    if not done.changed:
        flash(_("Nothing to change: auto-renewal was set like this already."), "info")
        return
    text = words.done_to_mailboxes(done, on=page.choice.on)
    flash(undo_message(text, done.change_id, page.back), "undo")  # type: ignore[arg-type]


def undo_message(text: str, change_id: int, back: str) -> dict[str, object]:
    """The flash of category "undo" for a change in bulk."""
    return {
        "text": text,
        "label": _("Undo"),
        "url": url_for("bulk_renewal.undo"),
        "fields": {"change": change_id, "next": back},
    }


@blueprint.post("/auto-renewal/undo-bulk")
@login_required
def undo() -> BaseResponse:
    """Bring back what stood before a change in bulk made less than ten minutes ago."""
    back = local_path(request.form.get("next", "")) or "/domains"
    change_id = request.form.get("change", type=int)
    if change_id is None or not 0 < change_id < 2**31:
        abort(400)
    try:
        with transaction() as session:
            undone = undo_all(session, change_id, _caller())
        if undone.number <= FEW:
            refresh(now(), scope())
    except TooLate:
        flash(_("This can no longer be undone here: ten minutes have passed, or it was."), "error")
        return go_to(back)
    text = ngettext(
        "Undone: %(num)d choice is as it was before.",
        "Undone: %(num)d choices are as they were before.",
        undone.number,
    )
    if undone.renewed:
        text += " " + words.stays_renewed(undone.renewed)
    if undone.left:
        text += " " + ngettext(
            "%(num)d was changed again since and stays.",
            "%(num)d were changed again since and stay.",
            undone.left,
        )
    flash(text, "success")
    return go_to(back)
