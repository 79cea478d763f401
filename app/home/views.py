"""The overview, which composes what several rooms know."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response
from flask_login import login_required
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.access import Membership, chosen, may, person, scope
from app.accounts.installation import terms, today
from app.accounts.rules import Right
from app.alerts import queries as alerts
from app.alerts import showing
from app.billing import card_words
from app.billing.card_queries import cards_of
from app.billing.queries import balance
from app.db import db
from app.home import queries
from app.home.rules import need
from app.renewals.due import due_soon
from app.subscriptions import words
from app.subscriptions.rules import Kind, Verdict
from app.web.htmx import go_to, render

blueprint = Blueprint("home", __name__)

# Of longer lists the overview shows the beginning, and how many more there are.
SHOWN = 8
# Renewals that are added up; beyond, the sum is said to be more.
MOST = 1000
# Lists that are named as showing the rest.
PLACES = 4


@blueprint.get("/")
@login_required
def overview() -> Response | BaseResponse:
    """Open alerts, balance, next charges, cards, what ends, counts."""
    organization = chosen()
    if organization is None and person().is_operator:
        return go_to("/staff")
    if organization is None:
        return render("home/nothing.html", name=person().name)
    return _overview(organization)


def _overview(organization: Membership) -> Response:
    session, payer = db.session(), organization.organization_id
    charges, is_all = due_soon(session, payer, terms(), today(), MOST)
    money = balance(session, payer, terms().currency)
    cards = cards_of(session, payer, today())
    card = next((one.told for one in cards if one.usable), None)
    told: dict[str, Any] = {
        "charges": charges,
        "unpaid": queries.unpaid(session, payer, today()),
        "endings": queries.endings(session, payer, today()),
    }
    wanted = need(
        sum(one.price for one in charges),
        sum(one.price for one in charges if one.verdict is Verdict.SHORT),
        money.available,
        has_card=card is not None,
    )
    return render(
        "home/overview.html",
        alerts=[(one, showing.words_of(one)) for one in alerts.worst(session, payer, SHOWN)],
        more_alerts=max(0, organization.open_alerts - SHOWN),
        **showing.helpers(),
        counts=queries.counts(session, payer),
        counted=queries.COUNTED,
        **told,
        warning=words.warnings(scope()),
        shown=SHOWN,
        rest={name: rest_of(rows) for name, rows in told.items()},
        balance=money,
        need=wanted,
        is_more=not is_all,
        card=card,
        cards=cards,
        card_words=card_words,
        may_bill=may(Right.BILL, payer),
        may_renew=may(Right.MANAGE_RENEWALS, payer),
    )


@dataclass(frozen=True)
class Rest:
    """What a list leaves out: how many, on which domains; None stands for domains themselves."""

    number: int
    places: tuple[str | None, ...]


def rest_of(rows: Sequence[queries.Told]) -> Rest:
    """The rest of a list that shows its beginning; of what others own there is no list."""
    left = rows[SHOWN:]
    mine = [one for one in left if one.owner is None]
    places = {None if one.kind is Kind.DOMAIN else one.subject.partition("@")[2] for one in mine}
    return Rest(len(left), tuple(sorted(places, key=lambda place: place or ""))[:PLACES])
