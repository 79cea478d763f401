"""/billing: balance, statement, billing contacts of the chosen organization."""

from flask import Blueprint, Response, abort, flash, request
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import Membership, actor, chosen, may, require, scope
from app.accounts.installation import terms, today
from app.accounts.rules import Right
from app.billing import contacts as service
from app.billing import csv_columns, queries
from app.billing.forms import ContactForm
from app.billing.models import BillingContact
from app.db import db, transaction
from app.web.htmx import go_to, render
from app.web.spreadsheet import download
from app.web.state import now

blueprint = Blueprint("billing", __name__)

LATEST = 10
PAGE = 50


@blueprint.get("/billing")
@login_required
def index() -> Response:
    """The balance, for all members; its latest movements, for those who may bill."""
    organization = chosen() or abort(404)
    may_bill = may(Right.BILL, organization.organization_id)
    return render(
        "billing/index.html",
        balance=queries.balance(db.session(), organization.organization_id, terms().currency),
        may_bill=may_bill,
        lines=_lines(organization, LATEST) if may_bill else [],
    )


@blueprint.get("/billing/statement")
@login_required
def statement() -> Response:
    """All movements, page by page."""
    organization = _billing()
    before = request.args.get("before", type=int)
    lines = _lines(organization, PAGE + 1, before)
    older = lines[PAGE - 1].id if len(lines) > PAGE else None
    return render("billing/statement.html", lines=lines[:PAGE], older=older, newest=before is None)


@blueprint.get("/billing/statement.csv")
@login_required
def statement_as_csv() -> Response:
    """All movements, as a file."""
    organization, currency = _billing(), terms().currency
    parts = csv_columns.parts(organization.organization_id, currency)
    return download(f"statement-{today()}", csv_columns.head(), parts, csv_columns.cells(currency))


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


def _lines(
    organization: Membership, limit: int, before: int | None = None
) -> list[queries.StatementLine]:
    return queries.statement(
        db.session(), organization.organization_id, terms().currency, limit, before
    )


def _contact_page(
    form: ContactForm, found: BillingContact | None = None, status: int = 200
) -> Response:
    return render("billing/contact.html", form=form, contact=found, status=status)
