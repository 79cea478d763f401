"""/billing/forecast: the next twelve months as the engine would do them, drawn and listed."""

from collections.abc import Callable, Iterator

from flask import Blueprint, Response, abort
from flask_babel import gettext as _
from flask_login import login_required

from app.accounts.access import Membership, chosen, require
from app.accounts.installation import terms, today
from app.accounts.rules import Right
from app.billing.words import as_typed
from app.db import db
from app.renewals.chart import chart
from app.renewals.outlook import Day, Outlook, outlook
from app.web.htmx import render
from app.web.spreadsheet import Cell, decimal, download
from app.web.state import now

blueprint = Blueprint("forecast", __name__)

# Names shown of one day before the rest is folded away.
NAMED = 3


@blueprint.get("/billing/forecast")
@login_required
def show() -> Response:
    """What is charged when, from what, and whether the money lasts."""
    found = _outlook(_billing())
    return render(
        "renewals/forecast.html", found=found, chart=chart(found) if found.days else None,
        named=NAMED, as_typed=lambda amount: as_typed(amount, terms().currency),
    )  # fmt: skip


@blueprint.get("/billing/forecast.csv")
@login_required
def as_csv() -> Response:
    """Every charge of the twelve months, as a file."""
    found, currency = _outlook(_billing()), terms().currency
    head = [_("Date"), _("What"), _("Amount"), _("Currency"), _("Paid by"), _("Balance after")]
    return download(f"forecast-{today()}", head, iter([list(_lines(found))]), _cells(currency))


Line = tuple[Day, str, int, str]


def _lines(found: Outlook) -> Iterator[Line]:
    for day in found.days:
        if day.by_card:
            yield day, day.card, day.by_card, _("Card")
        for name, amount in day.paid:
            yield day, name, -amount, _("Wallet")
        for name, price, _missing in day.short:
            yield day, name, -price, _("Cannot be paid")


def _cells(currency: str) -> Callable[[Line], list[Cell]]:
    def cells(line: Line) -> list[Cell]:
        day, what, amount, means = line
        balance = decimal(day.balance, currency)
        return [day.day, what, decimal(amount, currency), currency, means, balance]

    return cells


def _outlook(organization: Membership) -> Outlook:
    return outlook(db.session(), organization.organization_id, terms(), now())


def _billing() -> Membership:
    organization = chosen() or abort(404)
    require(Right.BILL, organization.organization_id)
    return organization
