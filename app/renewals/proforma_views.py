"""/billing/proformas/<number>/pay: paying a proforma, from the wallet or by what fills it."""

from flask import Blueprint, Response, abort, flash, request, url_for
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse
from wtforms.fields.choices import SelectChoice

from app.accounts.access import actor, require, scope
from app.accounts.installation import Context, terms, today
from app.accounts.rules import Right
from app.billing.means import means_of, split
from app.billing.queries import balance
from app.billing.rules import MIN_CHARGE
from app.billing.top_up_flows import Begun, NoSuchCard, TopUp
from app.db import db
from app.domains.words import too_late
from app.invoices import proformas
from app.invoices.documents import Document, proforma
from app.invoices.rules import ProformaState, state_on
from app.lib.ids import public_id
from app.renewals import early, early_flows
from app.renewals.early_forms import WALLET, PayForm
from app.renewals.verdicts import refresh
from app.web.htmx import go_to, render
from app.web.state import now

blueprint = Blueprint("proforma_payment", __name__)


@blueprint.route("/billing/proformas/<number>/pay", methods=["GET", "POST"])
@login_required
def pay(number: str) -> Response | BaseResponse:
    """By what a proforma is paid; where the wallet holds enough, one click does it."""
    document = proforma(db.session(), scope(), number) or abort(404)
    require(Right.BILL, document.organization_id)
    if _state(document) is not ProformaState.OPEN:
        return _nothing_to_pay(document)
    try:
        # Before anything is charged to fill the wallet for it.
        early.refuse_what_is_lost(db.session(), early_flows.id_of(number), today())
    except early.TooLate as late:
        return _too_late(document, late)
    form, missing = _form(document)
    if not form.is_submitted():
        return _show(document, form, missing)
    if not form.validate():
        return _show(document, form, missing, status=422)
    if form.means.data == WALLET:
        return _from_wallet(document)
    try:
        begun = _top_up(document, form, missing)
    except NoSuchCard:
        form.means.errors = [_("This card can no longer be used. Choose another way to pay.")]
        return _show(document, form, missing, status=422)
    if begun is None:
        abort(400)
    if begun.leave:
        return go_to(f"/billing/payments/{begun.payment}/go")
    if early_flows.has_come(begun.payment):
        return _from_wallet(document)
    return go_to(f"/billing/payments/{begun.payment}")


def _state(document: Document) -> ProformaState:
    assert document.state, "a proforma has a state"
    assert document.expires_on, "a proforma has a last day"
    return state_on(document.state, document.expires_on, today())


def _nothing_to_pay(document: Document) -> BaseResponse:
    """Back to the document, which says what became of it; no card is charged for it any more."""
    if request.method == "POST":
        flash(_("It was paid or cancelled in the meantime: nothing was taken now."), "info")
    return go_to(url_for("invoices.show_proforma", number=document.number))


def _form(document: Document) -> tuple[PayForm, int]:
    """The form, and what the wallet lacks in minor units."""
    held = balance(db.session(), document.organization_id, document.currency).available
    missing = max(0, document.total - held)
    form = PayForm(data={"nonce": public_id()})
    form.means.choices = [SelectChoice(WALLET, _("Wallet"))]
    if missing:
        form.means.choices = means_of(document.organization_id, today())
    if not form.is_submitted() and form.means.choices:
        form.means.data = form.means.choices[0].value
    return form, missing


def _top_up(document: Document, form: PayForm, missing: int) -> Begun | None:
    gateway, card = split(form.means.data)
    amount = max(missing, MIN_CHARGE)
    wish = TopUp(document.organization_id, amount, form.nonce.data, gateway, card)
    return early_flows.top_up_for(document.number, wish, _context())


def _from_wallet(document: Document) -> BaseResponse:
    page = url_for("invoices.show_proforma", number=document.number)
    try:
        early_flows.pay(early_flows.id_of(document.number), _context())
    except proformas.NotOpen:
        flash(_("It was paid or cancelled in the meantime: nothing was taken now."), "info")
    except early.TooLate as late:
        return _too_late(document, late)
    except early.OutOfDate as stale:
        flash(
            _("%(name)s was renewed in the meantime or cannot be renewed any more: nothing was "
              "taken. Cancel this pro forma and order again.", name=stale.subject),
            "error",
        )  # fmt: skip
    except early.Short:
        flash(_("The wallet no longer holds enough: nothing was taken."), "error")
    else:
        refresh(now(), scope())
        flash(_("Paid. What it lists is renewed; here is the state of each."), "success")
    return go_to(page)


def _too_late(document: Document, late: early.TooLate) -> BaseResponse:
    flash(
        _("%(name)s cannot be renewed any more: nothing was taken. %(why)s",
          name=late.subject, why=too_late(late.expires_on, today())),
        "error",
    )  # fmt: skip
    return go_to(url_for("invoices.show_proforma", number=document.number))


def _context() -> Context:
    return Context(now(), terms(), actor())


def _show(document: Document, form: PayForm, missing: int, status: int = 200) -> Response:
    held = balance(db.session(), document.organization_id, document.currency)
    return render(
        "renewals/pay.html", status=status, document=document, form=form, missing=missing,
        to_pay=max(missing, MIN_CHARGE) if missing else document.total, balance=held,
    )  # fmt: skip
