"""What gateways tell us of: stored once, worked on later by asking the gateway itself (L9).

The webhook and the daily reconciliation use the same door, `store`. Order and repeats mean nothing,
because an event only says which object to look at. One that cannot be worked on is tried again
after growing waits, then told to the operator, and in the end left alone.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.billing.card_flows import settle_setup
from app.billing.payment_flows import settle_payment
from app.billing.payment_models import GatewayEvent, Payment, Refund
from app.billing.ports import (
    Dispute,
    Event,
    EventKind,
    Gateway,
    Paid,
    Refunded,
    Refused,
    Unknown,
    gateways,
)
from app.billing.refund_flows import refresh_card, settle_dispute, settle_refund
from app.billing.rules import EVENT_PATIENCE, PaymentState, RefundState, event_again_after
from app.db import db, insert_once, reading, transaction
from app.operator_tasks.service import close_tasks, open_task

log = logging.getLogger(__name__)

# How far back a day's reconciliation asks: gateways send live events for three days (L9).
LOOK_BACK = timedelta(days=4)
# Events of one tick, and of one transaction that stores them.
BATCH = 500


class GatewaySilent(Exception):
    """A gateway would not list its events; the day's reconciliation is done again."""


class _NotYet(Exception):
    """An event cannot be worked on now."""


@dataclass(frozen=True)
class _Told:
    """A stored event, read before the gateway is asked."""

    id: int
    gateway: str
    event_id: str
    kind: EventKind
    ref: str
    key: str | None


def store(session: Session, gateway: str, event: Event, now: datetime) -> bool:
    """Keep an event in the caller's transaction; whether it is new (CP15, CP16)."""
    return (
        insert_once(
            session, GatewayEvent, gateway=gateway, event_id=event.id, kind=event.kind.value,
            ref=event.ref, key=event.key, received_at=now, next_try_at=now, tries=0,
        )
        is not None
    )  # fmt: skip


def work(now: datetime, _run_id: int) -> int:
    """Work on stored events; the number of those that are done with."""
    with reading() as session:
        due = session.scalars(
            select(GatewayEvent.id)
            .where(GatewayEvent.done_at.is_(None), GatewayEvent.next_try_at <= now)
            .order_by(GatewayEvent.id)
            .limit(BATCH)
        ).all()
    return sum(_worked(event_id, now) for event_id in due)


def reconcile(now: datetime, _run_id: int) -> int:
    """Store what gateways say happened in the last days; the number of events that were missed.

    Raises GatewaySilent after all others were asked (P5).
    """
    missed, silent = 0, []
    for name in gateways():
        events = gateways().get(name).events_since(now - LOOK_BACK)
        if isinstance(events, Unknown):
            silent.append(f"{name}: {events.detail}")
            continue
        for start in range(0, len(events), BATCH):
            with transaction() as session:
                missed += sum(
                    store(session, name, event, now) for event in events[start : start + BATCH]
                )
    if silent:
        raise GatewaySilent("; ".join(silent))
    return missed


def _worked(event_id: int, now: datetime) -> bool:
    with transaction() as session:
        tries = _claim(session, event_id, now)
    if tries is None:
        return False
    with reading() as session:
        told = _told(session, event_id)
    try:
        _settle(told, now)
        problem = None
    except _NotYet as reason:
        problem = str(reason)
    except Exception as failure:  # one poisoned event must not stop the others
        log.exception("event %s of %s could not be worked on", told.event_id, told.gateway)
        db.session.rollback()
        problem = type(failure).__name__
    with transaction() as session:
        _record(session, told, tries, problem, now)
    return problem is None


def _claim(session: Session, event_id: int, now: datetime) -> int | None:
    """How often it was tried, this time included; None when another process is at it.

    The next try is written down before this one, so that a crash costs a wait and nothing else.
    """
    tries = session.scalar(
        select(GatewayEvent.tries)
        .where(
            GatewayEvent.id == event_id,
            GatewayEvent.done_at.is_(None),
            GatewayEvent.next_try_at <= now,
        )
        .with_for_update(skip_locked=True)
    )
    if tries is None:
        return None
    wait = event_again_after(tries + 1) or timedelta(days=1)
    session.execute(
        update(GatewayEvent)
        .where(GatewayEvent.id == event_id)
        .values(tries=tries + 1, next_try_at=now + wait)
    )
    return tries + 1


def _told(session: Session, event_id: int) -> _Told:
    row = session.get_one(GatewayEvent, event_id)
    return _Told(row.id, row.gateway, row.event_id, EventKind(row.kind), row.ref, row.key)


def _record(session: Session, told: _Told, tries: int, problem: str | None, now: datetime) -> None:
    over = problem is None or event_again_after(tries) is None
    session.execute(
        update(GatewayEvent)
        .where(GatewayEvent.id == told.id)
        .values(done_at=now if over else None, problem=problem and problem[:300])
    )
    if problem is None:
        close_tasks(session, "event_stuck", subject=told.event_id, now=now)
    elif tries >= EVENT_PATIENCE:
        open_task(
            session, "event_stuck", told.event_id, now=now,
            gateway=told.gateway, about=told.kind.value, ref=told.ref, problem=problem,
        )  # fmt: skip


def _settle(told: _Told, now: datetime) -> None:
    """Ask the gateway how the object stands, and record it. Raises _NotYet."""
    if told.gateway not in gateways():
        raise _NotYet(f"no gateway is called {told.gateway} here")
    gateway = gateways().get(told.gateway)
    match told.kind:
        case EventKind.PAYMENT if told.key:
            _settle_payment(gateway, told.key, now)
        case EventKind.REFUND if told.key:
            _settle_refund(gateway, told.key, now)
        case EventKind.DISPUTE:
            _settle_dispute(gateway, told.ref, now)
        case EventKind.CARD:
            _answered(refresh_card(gateway.name, told.ref, now))
        case EventKind.SETUP:
            # One that is still open is asked about again by a job of its own.
            settle_setup(gateway.name, told.ref, now)
        case _:
            # Not one of ours: it carries no key that we gave.
            pass


def _settle_payment(gateway: Gateway, key: str, now: datetime) -> None:
    if _payment_state(key) is PaymentState.CAPTURED or settle_payment(key, now):
        return
    # Nothing was recorded: because there is nothing new, or because nobody answered?
    answer = gateway.payment(key)
    _answered(answer)
    if isinstance(answer, Paid) and _payment_state(key) is not PaymentState.CAPTURED:
        raise _NotYet("it was paid, but no payment here goes with it")


def _settle_refund(gateway: Gateway, key: str, now: datetime) -> None:
    state = _refund_state(key)
    if state is not RefundState.DONE and settle_refund(key, now):
        return
    answer = gateway.refunded(key)
    _answered(answer)
    if isinstance(answer, Refunded) and state in (None, RefundState.FAILED):
        raise _NotYet("it was refunded, but no refund here goes with it")
    if isinstance(answer, Refused) and state is RefundState.DONE:
        # The bank sent the money back to us days later: the customer has it neither here nor there.
        with transaction() as session:
            open_task(session, "refund_returned", key, now=now, detail=answer.detail[:300])


def _settle_dispute(gateway: Gateway, ref: str, now: datetime) -> None:
    if settle_dispute(gateway.name, ref, now):
        return
    answer = gateway.dispute(ref)
    _answered(answer)
    if isinstance(answer, Dispute):
        raise _NotYet("no payment here is the disputed one")


def _answered(answer: object) -> None:
    if isinstance(answer, Unknown):
        raise _NotYet(answer.detail)


def _payment_state(key: str) -> PaymentState | None:
    with reading() as session:
        return session.scalar(select(Payment.state).where(Payment.idem_key == key))


def _refund_state(key: str) -> RefundState | None:
    with reading() as session:
        return session.scalar(select(Refund.state).where(Refund.idem_key == key))
