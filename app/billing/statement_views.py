"""/billing/statement: all movements of a wallet, filtered, page by page or as a file."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from flask_login import login_required

from app.accounts.access import Membership, chosen, require
from app.accounts.installation import terms, today
from app.accounts.rules import Right
from app.billing import csv_columns, words
from app.billing.rules import EntryKind
from app.billing.statements import Filter, statement
from app.db import db
from app.web.htmx import render
from app.web.listing import read_number
from app.web.spreadsheet import download

blueprint = Blueprint("statement", __name__)

PAGE = 50


@blueprint.get("/billing/statement")
@login_required
def index() -> Response:
    """Movements, page by page; the filter is in the address."""
    organization, wanted = _billing(), _filter()
    before = request.args.get("before", type=read_number)
    lines = statement(
        db.session(), organization.organization_id, terms().currency, PAGE + 1,
        before=before, wanted=wanted,
    )  # fmt: skip
    older = lines[PAGE - 1].id if len(lines) > PAGE else None
    fields = _fields(wanted)
    return render(
        "billing/statement.html",
        lines=lines[:PAGE],
        told=words.told,
        about_of=words.about,
        filter=fields,
        kinds=[(kind.value, name) for kind, name in words.KINDS.items()],
        latest=url_for(".index", **fields) if before is not None else None,
        older=url_for(".index", **fields, before=older) if older else None,
        csv=url_for(".as_csv", **fields),
    )


@blueprint.get("/billing/statement.csv")
@login_required
def as_csv() -> Response:
    """The same movements, as a file."""
    organization, currency = _billing(), terms().currency
    parts = csv_columns.parts(organization.organization_id, currency, _filter())
    return download(f"statement-{today()}", csv_columns.head(), parts, csv_columns.cells(currency))


def _billing() -> Membership:
    organization = chosen() or abort(404)
    require(Right.BILL, organization.organization_id)
    return organization


def _filter() -> Filter:
    """What the address asks for; what cannot be understood is as if not there."""
    kind = request.args.get("kind", "")
    return Filter(
        EntryKind(kind) if kind in set(EntryKind) else None,
        request.args.get("since", type=date.fromisoformat),
        request.args.get("until", type=date.fromisoformat),
    )


def _fields(wanted: Filter) -> dict[str, Any]:
    """The filter as an address carries it."""
    values = {
        "kind": wanted.kind.value if wanted.kind else "",
        "since": wanted.since.isoformat() if wanted.since else "",
        "until": wanted.until.isoformat() if wanted.until else "",
    }
    return {name: value for name, value in values.items() if value}
