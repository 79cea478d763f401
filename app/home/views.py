"""Pages that compose what several rooms know: the overview, and hosting accounts."""

from flask import Blueprint, Response, abort
from flask_login import login_required

from app.accounts.access import Membership, chosen, may, person, scope
from app.accounts.installation import terms, today
from app.accounts.rules import Right
from app.billing.queries import balance
from app.db import db
from app.home import queries
from app.subscriptions import words
from app.web.htmx import render

blueprint = Blueprint("home", __name__)

# Of longer lists the overview shows the beginning, and how many more there are.
SHOWN = 8


@blueprint.get("/")
@login_required
def overview() -> Response:
    """Balance, next charges, what ends, counts."""
    organization = chosen()
    if organization is None:
        return render("home/nothing.html", name=person().name)
    return _overview(organization)


def _overview(organization: Membership) -> Response:
    session, payer = db.session(), organization.organization_id
    charges = queries.next_charges(session, payer, today())
    money = balance(session, payer, terms().currency)
    due = sum(charge.price or 0 for charge in charges)
    return render(
        "home/overview.html",
        counts=queries.counts(session, payer),
        counted=queries.COUNTED,
        charges=charges,
        unpaid=queries.unpaid(session, payer, today()),
        warning=words.warnings(scope()),
        endings=queries.endings(session, payer, today()),
        shown=SHOWN,
        balance=money,
        due=due,
        missing=max(0, due - money.available),
        may_bill=may(Right.BILL, payer),
        may_renew=may(Right.MANAGE_RENEWALS, payer),
    )


@blueprint.get("/accounts")
@login_required
def accounts() -> Response:
    """Hosting accounts of the chosen organization."""
    organization = chosen() or abort(404)
    found = queries.hosting_accounts(db.session(), [organization.organization_id])
    return render("home/accounts.html", accounts=found)


@blueprint.get("/accounts/<name>")
@login_required
def account(name: str) -> Response:
    """One hosting account: plan, domains on it, planned moves."""
    found = queries.hosting_accounts(db.session(), scope(), name)
    if not found:
        abort(404)
    return render(
        "home/account.html", account=found[0], domains=queries.domains_on(db.session(), found[0].id)
    )
