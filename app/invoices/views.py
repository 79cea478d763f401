"""/billing/invoices and /billing/proformas: lists, documents, their files."""

from functools import partial

from flask import Blueprint, Response, abort, flash, request, url_for
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import Membership, actor, chosen, require, scope
from app.accounts.installation import today
from app.accounts.rules import Right
from app.db import db, transaction
from app.invoices import csv_columns, documents, proformas, queries, words
from app.invoices.documents import Document
from app.invoices.facturx import xml
from app.invoices.pdf import pdf
from app.invoices.rules import ProformaState, state_on
from app.invoices.sheet import sheet
from app.web.htmx import go_to, render
from app.web.listing import Links
from app.web.listing import show as show_list
from app.web.spreadsheet import download
from app.web.state import now

blueprint = Blueprint("invoices", __name__)


@blueprint.get("/billing/invoices")
@login_required
def index() -> Response:
    """Invoices and credit notes of the chosen organization."""
    organization_id = _billing().organization_id
    wish = queries.INVOICES.wish(request.args)
    page = queries.invoices(db.session(), organization_id, wish)
    links = Links(url_for(".index"), queries.INVOICES, wish, page)
    return show_list(
        "invoices/list.html",
        links,
        rows=page.rows,
        words=words,
        waiting=queries.waiting(db.session(), organization_id),
    )


@blueprint.get("/billing/invoices.csv")
@login_required
def index_as_csv() -> Response:
    """All of them, in the list's order, as a file."""
    wish = queries.INVOICES.wish(request.args)
    parts = queries.invoice_parts(_billing().organization_id, wish)
    head, cells = csv_columns.invoice_head(), csv_columns.invoice_cells
    return download(f"invoices-{today()}", head, parts, cells)


@blueprint.get("/billing/invoices/<number>")
@login_required
def show(number: str) -> Response:
    """One invoice or credit note."""
    document = _invoice(number)
    return render("invoices/invoice.html", document=document, sheet=sheet(document))


@blueprint.get("/billing/invoices/<number>.pdf")
@login_required
def as_pdf(number: str) -> Response:
    """The invoice itself: PDF/A-3 with its XML inside."""
    return _file(_invoice(number), "pdf")


@blueprint.get("/billing/invoices/<number>.xml")
@login_required
def as_xml(number: str) -> Response:
    """Its XML alone, as Factur-X has it."""
    return _file(_invoice(number), "xml")


@blueprint.get("/billing/proformas")
@login_required
def proforma_index() -> Response:
    """Proformas of the chosen organization."""
    wish = queries.PROFORMAS.wish(request.args)
    page = queries.proformas(db.session(), _billing().organization_id, wish)
    links = Links(url_for(".proforma_index"), queries.PROFORMAS, wish, page)
    return show_list(
        "invoices/proformas.html",
        links,
        rows=page.rows,
        words=words,
        state_on=partial(state_on, today=today()),
    )


@blueprint.get("/billing/proformas.csv")
@login_required
def proforma_index_as_csv() -> Response:
    """All of them, in the list's order, as a file."""
    wish = queries.PROFORMAS.wish(request.args)
    parts = queries.proforma_parts(_billing().organization_id, wish)
    cells = partial(csv_columns.proforma_cells, today=today())
    return download(f"proformas-{today()}", csv_columns.proforma_head(), parts, cells)


@blueprint.get("/billing/proformas/<number>")
@login_required
def show_proforma(number: str) -> Response:
    """One proforma, to be paid or cancelled while it is open."""
    document = _proforma(number)
    return render(
        "invoices/proforma.html",
        document=document,
        sheet=sheet(document),
        state=_state(document),
        words=words,
    )


@blueprint.get("/billing/proformas/<number>.pdf")
@login_required
def proforma_as_pdf(number: str) -> Response:
    """The proforma as a file."""
    return _file(_proforma(number), "pdf")


@blueprint.post("/billing/proformas/<number>/cancel")
@login_required
def cancel(number: str) -> BaseResponse:
    """The proforma is not wanted any more."""
    proforma_id = proformas.id_of(db.session(), _proforma(number).number)
    try:
        with transaction() as session:
            proformas.cancel(session, proforma_id, by=actor(), now=now())
    except proformas.NotOpen:
        flash(_("It was paid in the meantime, so it stays as it is."), "warning")
        return go_to(url_for(".show_proforma", number=number))
    flash(_("The pro forma %(number)s is cancelled.", number=number), "success")
    return go_to(url_for(".proforma_index"))


def _billing() -> Membership:
    """The chosen organization, for those who may bill it."""
    organization = chosen() or abort(404)
    require(Right.BILL, organization.organization_id)
    return organization


def _invoice(number: str) -> Document:
    return _seen(documents.document(db.session(), scope(), number))


def _proforma(number: str) -> Document:
    return _seen(documents.proforma(db.session(), scope(), number))


def _seen(document: Document | None) -> Document:
    document = document or abort(404)
    require(Right.BILL, document.organization_id)
    return document


def _state(document: Document) -> ProformaState | None:
    if document.state is None or document.expires_on is None:
        return None
    return state_on(document.state, document.expires_on, today())


def _file(document: Document, kind: str) -> Response:
    made, mimetype = (
        (pdf(document), "application/pdf") if kind == "pdf" else (xml(document), "application/xml")
    )
    answer = Response(made, mimetype=mimetype)
    answer.headers.set("Content-Disposition", "attachment", filename=f"{document.number}.{kind}")
    return answer
