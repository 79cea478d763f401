"""Refunds, disputes and card data with the outside world: asked of the gateway, then recorded."""

from datetime import datetime, timedelta
from typing import assert_never

from sqlalchemy import select

from app.accounts.installation import Context, terms
from app.billing import cards, refunds
from app.billing.payment_flows import KEYS_LAST
from app.billing.payment_models import Payment, Refund
from app.billing.ports import (
    CardDetails,
    Dispute,
    Money,
    NotFound,
    Refunded,
    Refused,
    Unknown,
    Waiting,
    gateways,
)
from app.billing.rules import RefundState
from app.db import reading, transaction
from app.journal.service import Actor

ASK_AGAIN_AFTER = timedelta(minutes=5)


def refund(
    payment_id: int, amount: int, context: Context, *, idem_key: str, reason: str
) -> RefundState:
    """Give money of a payment back to where it came from. Raises refunds.CannotRefund.

    A key that was used before asks for nothing: it tells how that refund stands (CP17).
    """
    with reading() as session:
        known = session.scalar(select(Refund.id).where(Refund.idem_key == idem_key))
    if known is not None:
        return _known(known, context)
    with transaction() as session:
        refund_id = refunds.begin_refund(
            session, payment_id, amount, context, idem_key=idem_key, reason=reason
        )
    return _send(refund_id, context)


def settle_refund(key: str, now: datetime) -> bool:
    """Look a refund up by its key and record what came of it; whether that ended it."""
    context = Context(now, terms(), Actor())
    with reading() as session:
        refund_id = session.scalar(select(Refund.id).where(Refund.idem_key == key))
    return refund_id is not None and _look_up(refund_id, context)


def settle_dispute(gateway: str, ref: str, now: datetime) -> bool:
    """Read a dispute at its gateway and record how it stands; False when nothing is known of it."""
    answer = gateways().get(gateway).dispute(ref)
    if not isinstance(answer, Dispute):
        return False
    context = Context(now, terms(), Actor())
    with transaction() as session:
        return refunds.note_dispute(session, gateway, answer, context)


def refresh_card(gateway: str, token: str, now: datetime) -> CardDetails | NotFound | Unknown:
    """Read a card at its gateway and keep its present expiry (A15); what the gateway said.

    Imported cards may share a token: all of them follow.
    """
    answer = gateways().get(gateway).card(token)
    if isinstance(answer, CardDetails):
        with transaction() as session:
            by = Context(now, terms(session), Actor())
            cards.follow_gateway(session, gateway, token, answer, by)
    return answer


def recover(now: datetime, run_id: int) -> int:
    """Ask about refunds without a known end; the number of those that ended (CP17)."""
    context = Context(now, terms(), Actor(run_id=run_id))
    with reading() as session:
        due = session.scalars(
            select(Refund.id)
            .where(Refund.state.in_(refunds.OPEN), Refund.looked_up_at <= now - ASK_AGAIN_AFTER)
            .order_by(Refund.id)
        ).all()
    return sum(_recovered(refund_id, context) for refund_id in due)


def _recovered(refund_id: int, context: Context) -> bool:
    with transaction() as session:
        mine = refunds.claim_refund_look_up(session, refund_id, context)
    return mine and _look_up(refund_id, context)


def _known(refund_id: int, context: Context) -> RefundState:
    """How a refund stands; one without an end is looked up, one that ended is never sent again."""
    if _state(refund_id) in refunds.OPEN:
        _look_up(refund_id, context)
    return _state(refund_id)


def _state(refund_id: int) -> RefundState:
    with reading() as session:
        return session.scalars(select(Refund.state).where(Refund.id == refund_id)).one()


def _look_up(refund_id: int, context: Context) -> bool:
    with reading() as session:
        row = session.execute(
            select(Payment.gateway, Refund.idem_key, Refund.created_at)
            .join(Payment, Payment.id == Refund.payment_id)
            .where(Refund.id == refund_id)
        ).one()
    answer = gateways().get(row.gateway).refunded(row.idem_key)
    if isinstance(answer, NotFound):
        if context.now - row.created_at < KEYS_LAST:
            return _send(refund_id, context) in (RefundState.DONE, RefundState.FAILED)
        answer = Refused("the gateway has never heard of this refund")
    if isinstance(answer, Waiting):
        return False
    return _record(refund_id, answer, context) in (RefundState.DONE, RefundState.FAILED)


def _send(refund_id: int, context: Context) -> RefundState:
    with reading() as session:
        row = session.execute(
            select(
                Payment.gateway, Payment.gateway_ref, Payment.currency, Refund.amount,
                Refund.idem_key,
            )
            .join(Payment, Payment.id == Refund.payment_id)
            .where(Refund.id == refund_id)
        ).one()  # fmt: skip
    answer = gateways().get(row.gateway).refund(
        row.gateway_ref, Money(row.amount, row.currency), key=row.idem_key
    )  # fmt: skip
    return _record(refund_id, answer, context)


def _record(refund_id: int, answer: Refunded | Refused | Unknown, context: Context) -> RefundState:
    with transaction() as session:
        match answer:
            case Refunded():
                refunds.finish_refund(session, refund_id, answer, context)
            case Refused(detail):
                refunds.fail_refund(session, refund_id, detail, context)
            case Unknown(detail):
                refunds.leave_refund_open(session, refund_id, detail)
            case _:
                assert_never(answer)
        return session.scalars(select(Refund.state).where(Refund.id == refund_id)).one()
