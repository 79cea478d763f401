"""What tests of events share: charges whose answers are lost, deliveries, what is stored."""

from datetime import timedelta

from sqlalchemy import func, select

from app.billing import events, payment_flows, payments
from app.billing.models import Card, LedgerEntry, Wallet
from app.billing.payment_models import GatewayEvent
from app.billing.payments import Ask
from app.billing.rules import PaymentState, Purpose
from app.db import db, transaction
from app.operator_tasks.service import open_tasks

ADDRESS = "/webhooks/stripe"


def lost_charge(acme, at, key="charge-1") -> int:
    """A charge that Stripe made and whose answer was lost."""
    with transaction() as session:
        card = session.scalars(select(Card).where(Card.organization_id == acme.id)).one()
        ask = Ask(acme.id, 1500, Purpose.TOP_UP, "stripe", key, card)
        payment_id = payments.begin(session, ask, at())
    assert payment_flows.charge(payment_id, at()) is PaymentState.UNKNOWN
    return payment_id


def made_charge(acme, at, key="charge-1") -> int:
    payment_id = lost_charge(acme, at, key)
    assert payment_flows.look_up(payment_id, at())
    return payment_id


def post(app, stripe, event, **more):
    body, headers = stripe.signed(event, **more)
    return app.test_client().post(ADDRESS, data=body, headers=headers)


def latest(stripe, type_):
    return next(e for e in reversed(stripe.objects["events"]) if e["type"] == type_)


def work(app, clock, *, after=timedelta(0)) -> int:
    clock.set(clock.now() + after) if after else None
    with app.app_context():
        return events.work(clock.now(), 0)


def posted(app, acme) -> int:
    with app.app_context():
        wallet = db.session.execute(
            select(Wallet.posted, Wallet.held).where(Wallet.organization_id == acme.id)
        ).one()
        assert wallet.held == 0
        assert db.session.scalar(select(func.coalesce(func.sum(LedgerEntry.amount), 0))) == 0
        return wallet.posted


def inbox(app) -> list[tuple[str, bool]]:
    """`(kind, done)` of all stored events."""
    with app.app_context():
        rows = db.session.execute(
            select(GatewayEvent.kind, GatewayEvent.done_at).order_by(GatewayEvent.id)
        )
        return [(kind, done_at is not None) for kind, done_at in rows]


def tasks(app) -> list[str]:
    with app.app_context():
        return [task.kind for task in open_tasks(db.session)]
