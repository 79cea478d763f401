"""*Recurring payment*: the auto-renewal of all ticked domains (seed-C)."""

from flask import Blueprint, Response, abort, flash, request
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import actor, billable, chosen, person, require, scope
from app.accounts.installation import today
from app.accounts.rules import Right
from app.auto_renewal import recurring, words
from app.auto_renewal.bulk import Different, Done, done_before
from app.auto_renewal.bulk_views import undo_message
from app.auto_renewal.forms import Boxes
from app.auto_renewal.recurring_page import RecurringPage, boxes_sent
from app.auto_renewal.service import Caller, Refusal, Refused
from app.db import db, transaction
from app.domains import selecting
from app.renewals.verdicts import refresh
from app.selections.service import tick
from app.selections.sets import changed_to
from app.web.htmx import go_to
from app.web.state import now

blueprint = Blueprint("recurring", __name__)


@blueprint.route("/domains/recurring", methods=["GET", "POST"])
@login_required
def of_domains() -> Response | BaseResponse:
    """Recurring payment for the ticked domains of the chosen organization."""
    organization = chosen() or abort(404)
    require(Right.MANAGE_RENEWALS, organization.organization_id)
    if request.method != "POST":
        return RecurringPage(organization).show()
    require(Right.BILL, organization.organization_id)
    boxes = boxes_sent()
    done = done_before(db.session(), request.form.get("nonce"), person().user_id)
    if done is None:
        _keep(organization.organization_id, boxes)
    page = RecurringPage(organization, boxes=boxes)
    if "preview" in request.form:
        return page.show()
    if done is None:
        # What the page counted and what was done to its boxes since: nothing else is confirmed.
        version = page.form.version
        version.data = changed_to(version.data or "", added=boxes.on, removed=boxes.off)
        if not page.form.validate() or page.has_unread_cautions():
            return page.show(status=422)
        try:
            done = _confirm(page)
        except Different:
            again = RecurringPage(organization, boxes=boxes, afresh=True)
            return again.show(status=409, changed=True)
        except Refused as refused:
            field = "card" if refused.refusal is Refusal.CARD else "billing_contact"
            page.form[field].errors = [words.why(refused.refusal)]
            return page.show(status=422)
        refresh(now(), scope())
    _tell(page, done)
    return go_to(page.back)


def _keep(organization_id: int, boxes: Boxes) -> None:
    """What is unticked on the page is unticked in the list, and ticked again likewise."""
    if not boxes.on and not boxes.off:
        return
    scope_name = selecting.scope_of(organization_id)
    with transaction() as session:
        tick(session, person().sign_in_id, scope_name, on=boxes.on, off=boxes.off, now=now())


def _confirm(page: RecurringPage) -> Done:
    form = page.form
    caller = Caller(actor(), billable(), {page.id}, today(), now())
    with transaction() as session:
        return recurring.confirm(
            session, page.choice, sign_in_id=person().sign_in_id, seen=form.version.data,
            nonce=form.nonce.data, caller=caller,
        )  # fmt: skip


def _tell(page: RecurringPage, done: Done) -> None:
    """Say what was done to how many, with the button that takes it back."""
    if not done.changed:
        flash(_("Nothing to change: auto-renewal was set like this already."), "info")
        return
    text = words.done_to_domains(done)
    flash(undo_message(text, done.change_id, page.back), "undo")  # type: ignore[arg-type]
