"""Reads cards at their gateway before anybody is warned of their end (A15).

Updaters change an expiry silently. A reading is put among the gateway's events, which are claimed,
worked on outside any transaction and tried again after growing waits: `app.billing.events`.
"""

from datetime import date, datetime

from sqlalchemy import String, cast, exists, func, literal, select, tuple_
from sqlalchemy.orm import Session

from app.billing.events import store
from app.billing.models import Card
from app.billing.payment_models import GatewayEvent
from app.billing.ports import Event, EventKind, gateways
from app.billing.rules import last_month_over_by
from app.db import reading, transaction

# Readings that wait for an answer: with a gateway that is down, a tick tries no more than these.
AT_ONCE = 50
PREFIX = "card-ends:"


def ask(day: date, now: datetime) -> int:
    """Have validated cards read that end by `day`, each once an expiry; how many are new.

    At most AT_ONCE wait at a time, the others follow in later ticks.
    """
    places = [name for name in gateways() if gateways().get(name).saves_cards]
    with reading() as session:
        todo = _unread(session, places, day, AT_ONCE - _waiting(session))
    if not todo:
        return 0
    with transaction() as session:
        return sum(store(session, gateway, event, now) for gateway, event in todo)


def _waiting(session: Session) -> int:
    return session.scalars(
        select(func.count()).where(
            GatewayEvent.done_at.is_(None), GatewayEvent.event_id.startswith(PREFIX)
        )
    ).one()


def _unread(session: Session, places: list[str], day: date, limit: int) -> list[tuple[str, Event]]:
    name = (
        literal(PREFIX) + Card.public_id + ":" + cast(Card.exp_year, String)
        + "-" + cast(Card.exp_month, String)
    )  # fmt: skip
    known = exists().where(GatewayEvent.gateway == Card.gateway, GatewayEvent.event_id == name)
    rows = session.execute(
        select(Card.gateway, Card.token, name.label("name"))
        .where(
            Card.validated,
            Card.gateway.in_(places),
            tuple_(Card.exp_year, Card.exp_month) <= tuple_(*last_month_over_by(day)),
            ~known,
        )
        .order_by(Card.exp_year, Card.exp_month, Card.id)
        .limit(max(limit, 0))
    )
    return [(row.gateway, Event(row.name, EventKind.CARD, row.token)) for row in rows]
