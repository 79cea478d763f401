"""Payments with the outside world: written down (commit), asked of the gateway, recorded (L6).

Each step may be the last before a crash. What is left open is looked up by its key before anything
else is asked; the same key charges once, whoever sends it and how often.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.installation import Context, terms
from app.billing import payments, queries
from app.billing.payment_models import Payment
from app.billing.ports import (
    Abandoned,
    Declined,
    Gateway,
    Hosted,
    Money,
    NotFound,
    Paid,
    Payer,
    Refused,
    Transfer,
    Unknown,
    Waiting,
    gateways,
)
from app.billing.rules import Decline, PaymentState, look_up_after
from app.db import db, reading, transaction
from app.journal.service import Actor
from app.operator_tasks.service import open_task

log = logging.getLogger(__name__)

# After this a gateway may have forgotten a key, and the same call could charge again (L6, C21).
KEYS_LAST = timedelta(hours=23)
# How often an unanswered payment is asked about before the operator is told.
PATIENCE = 5


@dataclass(frozen=True)
class _Call:
    """What a call to the gateway needs, read before it so that no transaction is open."""

    id: int
    gateway: Gateway
    key: str
    money: Money
    payer: Payer
    token: str | None
    # Whether the card is still there: a removed one is not charged again.
    has_card: bool
    state: PaymentState
    created_at: datetime


def charge(payment_id: int, context: Context, *, again: bool = False) -> PaymentState:
    """Send a charge that `payments.begin` wrote down; its state afterwards.

    Sent `again`, it may have been charged the first time, so that a refusal leaves it open.
    """
    with reading() as session:
        call = _call_of(session, payment_id)
    answer = _charged(call)
    with transaction() as session:
        match answer:
            case Paid():
                payments.capture(session, payment_id, answer, context)
            case Declined():
                payments.decline(session, payment_id, answer, context)
            case Refused(detail) if not again:
                _refused(session, payment_id, detail, context)
            case Refused(detail) | Unknown(detail):
                payments.leave_open(session, payment_id, detail)
            case _:
                assert_never(answer)
        return _state(session, payment_id)


def send_to_page(
    payment_id: int, context: Context, *, done_url: str, cancel_url: str
) -> Hosted | Transfer | None:
    """Have the gateway make its page for a payment; None when it could not."""
    with reading() as session:
        call = _call_of(session, payment_id)
    page = call.gateway.begin_payment(
        call.money, call.payer, key=call.key, done_url=done_url, cancel_url=cancel_url
    )
    with transaction() as session:
        match page:
            case Hosted() | Transfer():
                payments.send_customer(session, payment_id, page)
                return page
            case Refused(detail):
                _refused(session, payment_id, detail, context)
            case Unknown(detail):
                payments.leave_open(session, payment_id, detail)
            case _:
                assert_never(page)
    return None


def settle_payment(key: str, now: datetime) -> bool:
    """Look a payment up by its key and record what came of it, once; whether that ended it."""
    context = Context(now, terms(), Actor())
    with reading() as session:
        payment_id = session.scalar(select(Payment.id).where(Payment.idem_key == key))
    return payment_id is not None and look_up(payment_id, context)


def look_up(payment_id: int, context: Context) -> bool:
    """Ask the gateway what came of a payment, and record it; whether that ended it."""
    with reading() as session:
        call = _call_of(session, payment_id)
    answer = call.gateway.payment(call.key)
    if isinstance(answer, NotFound):
        return _never_arrived(call, context)
    with transaction() as session:
        match answer:
            case Paid():
                return payments.capture(session, payment_id, answer, context)
            case Declined():
                return payments.decline(session, payment_id, answer, context)
            case Abandoned():
                return payments.abandon(session, payment_id, "abandoned", context)
            case Waiting():
                return False
            case Unknown(detail):
                payments.leave_open(session, payment_id, detail)
                return False
            case _:
                assert_never(answer)


def recover(now: datetime, run_id: int) -> int:
    """Ask about payments without a known end; the number of those that ended."""
    context = Context(now, terms(), Actor(run_id=run_id))
    with reading() as session:
        due = [
            payment_id
            for payment_id, state, looked_up_at, look_ups in _open(session)
            if now >= looked_up_at + look_up_after(state, look_ups)
        ]
    return sum(_recovered(payment_id, context) for payment_id in due)


def _recovered(payment_id: int, context: Context) -> bool:
    """One of them; whatever breaks is told to the operator and stops nobody else."""
    with transaction() as session:
        asks = payments.claim_look_up(session, payment_id, context)
    if asks is None:
        return False
    try:
        ended = look_up(payment_id, context)
    except Exception:  # one poisoned payment must not stop the others
        log.exception("payment %s could not be looked up", payment_id)
        db.session.rollback()
        ended, asks = False, PATIENCE
    if not ended and asks >= PATIENCE:
        with transaction() as session:
            payments.tell_stuck(session, payment_id, context)
    return ended


def _open(session: Session) -> list[tuple[int, PaymentState, datetime, int]]:
    rows = session.execute(
        select(Payment.id, Payment.state, Payment.looked_up_at, Payment.look_ups)
        .where(Payment.state.in_(payments.OPEN), Payment.reference.is_(None))
        .order_by(Payment.id)
    )
    return [(row.id, row.state, row.looked_up_at, row.look_ups) for row in rows]


def _call_of(session: Session, payment_id: int) -> _Call:
    payment = session.get_one(Payment, payment_id)
    return _Call(
        payment.id,
        gateways().get(payment.gateway),
        payment.idem_key,
        Money(payment.amount, payment.currency),
        queries.payer(session, payment.organization_id),
        payment.token,
        payment.card_id is not None,
        payment.state,
        payment.created_at,
    )


def _charged(call: _Call) -> Paid | Declined | Refused | Unknown:
    if call.token is None:
        return Refused("no card was named")
    return call.gateway.charge(call.token, call.money, call.payer, key=call.key)


def _never_arrived(call: _Call, context: Context) -> bool:
    """The gateway knows nothing: send again while its keys last, else it never happened (C21)."""
    if call.has_card and context.now - call.created_at < KEYS_LAST:
        return charge(call.id, context, again=True) in (
            PaymentState.CAPTURED,
            PaymentState.DECLINED,
        )
    with transaction() as session:
        return payments.abandon(session, call.id, "never arrived", context)


def _refused(session: Session, payment_id: int, detail: str, context: Context) -> None:
    """A refusal is our mistake, not the card's: nothing was taken; the operator is told (C23)."""
    payments.decline(session, payment_id, Declined(Decline.SOFT, detail), context)
    payment = session.get_one(Payment, payment_id)
    open_task(session, "payment_refused", payment.public_id, now=context.now, detail=detail[:300])


def _state(session: Session, payment_id: int) -> PaymentState:
    return session.scalars(select(Payment.state).where(Payment.id == payment_id)).one()
