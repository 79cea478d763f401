"""/billing: balance and billing contacts of the chosen organization."""

from flask import Blueprint, Response, abort, flash, request
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import Membership, actor, chosen, may, require, scope, shown_for
from app.accounts.installation import Context, terms, today
from app.accounts.rules import Right
from app.billing import auto_top_up as auto
from app.billing import contacts as service
from app.billing import queries, words
from app.billing.forms import ContactForm
from app.billing.models import BillingContact
from app.billing.payment_queries import charged_by_itself, open_payments
from app.billing.statements import statement
from app.billing.top_up_forms import AutoTopUpForm
from app.db import db, transaction
from app.web.htmx import go_to, render
from app.web.state import now

blueprint = Blueprint("billing", __name__)

LATEST = 10


@blueprint.get("/billing")
@login_required
def index() -> Response:
    """The balance, for all members; how it is filled and its movements, for those who may bill."""
    organization = chosen() or abort(404)
    return balance_page(organization, _auto_form(organization))


@blueprint.post("/billing/auto-top-up")
@login_required
def automatic() -> Response | BaseResponse:
    """Switch the automatic top-up on, change it, or switch it off."""
    form = AutoTopUpForm()
    organization = shown_for(form.organization.data)
    require(Right.BILL, organization.organization_id)
    wanted = None
    if "off" not in request.form:
        if not form.validate():
            return balance_page(organization, form, status=422)
        wanted = form.wanted()
    with transaction() as session:
        context = Context(now(), terms(session), actor())
        changed = auto.switch(session, organization.organization_id, wanted, context)
    if changed and wanted:
        flash(_("Automatic top-up is switched on."), "success")
    elif changed:
        flash(_("Automatic top-up is switched off."), "success")
    return go_to("/billing")


def balance_page(organization: Membership, form: AutoTopUpForm, status: int = 200) -> Response:
    """The page of the balance, with the form of the automatic top-up as it stands."""
    session, owner, currency = db.session(), organization.organization_id, terms().currency
    may_bill = may(Right.BILL, owner)
    return render(
        "billing/index.html",
        status=status,
        form=form,
        balance=queries.balance(session, owner, currency),
        automatic=auto.auto_top_up(session, owner, currency),
        card=charged_by_itself(session, owner, today()) if may_bill else None,
        open=open_payments(session, owner) if may_bill else [],
        may_bill=may_bill,
        payment_state=words.state,
        payment_tone=words.tone,
        lines=statement(session, owner, currency, LATEST) if may_bill else [],
        told=words.told,
        about_of=words.about,
    )


@blueprint.get("/billing/contacts")
@login_required
def contacts() -> Response:
    """To whom invoices are made out."""
    organization = _billing()
    found = queries.contacts(db.session(), organization.organization_id)
    return render("billing/contacts.html", contacts=found)


@blueprint.route("/billing/contacts/new", methods=["GET", "POST"])
@login_required
def new_contact() -> Response | BaseResponse:
    """A further billing contact."""
    organization = _billing()
    form = ContactForm()
    if not form.is_submitted():
        form.country.data = "FR"
        return _contact_page(form)
    if not form.validate():
        return _contact_page(form, status=422)
    with transaction() as session:
        service.add(
            session, organization.organization_id, form.details(),
            is_default=form.default.data, by=actor(), now=now(),
        )  # fmt: skip
    flash(_("The billing contact is saved."), "success")
    return go_to("/billing/contacts")


@blueprint.route("/billing/contacts/<public_id>", methods=["GET", "POST"])
@login_required
def contact(public_id: str) -> Response | BaseResponse:
    """One billing contact, to change."""
    found = queries.contact(db.session(), scope(), public_id) or abort(404)
    organization_id, is_default = found.organization_id, found.is_default
    require(Right.BILL, organization_id)
    form = ContactForm(obj=found, data={"default": is_default})
    if not form.is_submitted():
        return _contact_page(form, found)
    if not form.validate():
        return _contact_page(form, found, status=422)
    with transaction() as session:
        service.change(
            session, organization_id, public_id, form.details(),
            is_default=form.default.data, by=actor(), now=now(),
        )  # fmt: skip
    flash(_("The billing contact is saved."), "success")
    return go_to("/billing/contacts")


def _billing() -> Membership:
    """The chosen organization, for those who may bill it."""
    organization = chosen() or abort(404)
    require(Right.BILL, organization.organization_id)
    return organization


def _auto_form(organization: Membership) -> AutoTopUpForm:
    currency = terms().currency
    known = auto.auto_top_up(db.session(), organization.organization_id, currency)
    return AutoTopUpForm(
        formdata=None,
        data={
            "organization": organization.public_id,
            "below": words.as_typed(known.below, currency) if known else "",
            "to": words.as_typed(known.to, currency) if known else "",
        },
    )


def _contact_page(
    form: ContactForm, found: BillingContact | None = None, status: int = 200
) -> Response:
    return render("billing/contact.html", form=form, contact=found, status=status)
