"""Refunds to the card, and what banks take back: inside a transaction (L10, CP17, P7)."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.installation import Context
from app.billing import payments
from app.billing import service as billing
from app.billing.models import Card
from app.billing.payment_models import DisputedPayment, Payment, Refund
from app.billing.ports import Dispute, Refunded
from app.billing.rules import AccountKind, EntryKind, PaymentState, RefundState
from app.operator_tasks.service import open_task

OPEN = (RefundState.CREATED, RefundState.UNKNOWN)


class CannotRefund(Exception):
    """Nothing was captured, or less than that is left of it, or the wallet no longer has it."""


def begin_refund(
    session: Session, payment_id: int, amount: int, context: Context, *, idem_key: str, reason: str
) -> int:
    """Set money aside that goes back to where it came from; the refund's id. CannotRefund.

    The same key gives the same refund. `amount` in minor units, at most what is captured and not
    refunded yet, and only what the wallet still has.
    """
    payment = payments.locked(session, payment_id)
    known = session.scalar(select(Refund.id).where(Refund.idem_key == idem_key))
    if known is not None:
        return known
    if payment.state is not PaymentState.CAPTURED or not (
        0 < amount <= payment.amount - payment.refunded
    ):
        raise CannotRefund
    try:
        billing.hold(session, payment.wallet_id, amount)
    except billing.NotEnough:
        raise CannotRefund from None
    payment.refunded += amount
    refund = Refund(
        payment_id=payment_id, state=RefundState.CREATED, amount=amount, idem_key=idem_key,
        reason=reason, created_at=context.now, looked_up_at=context.now,
    )  # fmt: skip
    session.add(refund)
    session.flush()
    return refund.id


def finish_refund(session: Session, refund_id: int, answer: Refunded, context: Context) -> bool:
    """Take the money out of the wallet, once; whether it was this call."""
    refund, payment = _open_refund(session, refund_id)
    if refund is None:
        return False
    billing.capture(session, payment.wallet_id, refund.amount)
    refund.tx_id = _move(
        session, payment, EntryKind.REFUND, -refund.amount, context, key=f"refund:{refund.id}"
    )
    refund.state, refund.ended_at, refund.gateway_ref = RefundState.DONE, context.now, answer.ref
    payments.tell(
        session, "payment.refunded", payment, context, amount=refund.amount, reason=refund.reason
    )
    return True


def fail_refund(session: Session, refund_id: int, detail: str, context: Context) -> bool:
    """The gateway will not: the money stays in the wallet, and the operator is told."""
    refund, payment = _open_refund(session, refund_id)
    if refund is None:
        return False
    billing.release(session, payment.wallet_id, refund.amount)
    payment.refunded -= refund.amount
    refund.state, refund.ended_at, refund.problem = RefundState.FAILED, context.now, detail[:300]
    open_task(session, "refund_failed", payment.public_id, now=context.now, detail=detail[:300])
    return True


def leave_refund_open(session: Session, refund_id: int, detail: str) -> None:
    """No answer: the money stays set aside until it is known."""
    refund, _payment = _open_refund(session, refund_id)
    if refund is not None:
        refund.state, refund.problem = RefundState.UNKNOWN, detail[:300]


def claim_refund_look_up(session: Session, refund_id: int, context: Context) -> bool:
    """Whether this process is the one to ask the gateway about a refund now."""
    won = session.execute(
        update(Refund)
        .where(Refund.id == refund_id, Refund.state.in_(OPEN), Refund.looked_up_at < context.now)
        .values(looked_up_at=context.now)
        .returning(Refund.id)
    ).first()
    return won is not None


def note_dispute(session: Session, gateway: str, dispute: Dispute, context: Context) -> bool:
    """Debit a disputed payment once, below zero too; credit it back once if won (L10, P7).

    The card is not charged by itself any more. Nothing that was renewed is undone. False for a
    payment that is none of ours.
    """
    payment_id = session.scalar(
        select(Payment.id).where(
            Payment.gateway == gateway, Payment.gateway_ref == dispute.payment_ref
        )
    )
    if payment_id is None:
        return False
    payment = payments.locked(session, payment_id)
    if dispute.money.currency != payment.currency:
        open_task(session, "payment_differs", payment.public_id, now=context.now,
                  disputed=dispute.money.amount, currency=dispute.money.currency)  # fmt: skip
        return False
    known = session.scalars(
        select(DisputedPayment).where(
            DisputedPayment.gateway == gateway, DisputedPayment.gateway_ref == dispute.ref
        )
    ).one_or_none()
    if known is None:
        known = _open_dispute(session, gateway, payment, dispute, context)
    if dispute.won is not None and known.won is None:
        _close_dispute(session, payment, known, dispute.won, context)
    return True


def _open_dispute(
    session: Session, gateway: str, payment: Payment, dispute: Dispute, context: Context
) -> DisputedPayment:
    known = DisputedPayment(
        payment_id=payment.id, gateway=gateway, gateway_ref=dispute.ref,
        amount=dispute.money.amount, opened_at=context.now,
    )  # fmt: skip
    session.add(known)
    session.flush()
    billing.credit(session, payment.wallet_id, -known.amount)
    key = f"dispute:{known.id}"
    _move(session, payment, EntryKind.DISPUTE, -known.amount, context, key=key)
    if payment.card_id is not None:
        session.execute(update(Card).where(Card.id == payment.card_id).values(auto_debit=False))
    payments.tell(session, "payment.disputed", payment, context, amount=known.amount)
    open_task(session, "payment_disputed", payment.public_id, now=context.now, amount=known.amount)
    return known


def _close_dispute(
    session: Session, payment: Payment, known: DisputedPayment, won: bool, context: Context
) -> None:
    known.won, known.ended_at = won, context.now
    if not won:
        return
    billing.credit(session, payment.wallet_id, known.amount)
    key = f"dispute:{known.id}:won"
    _move(session, payment, EntryKind.DISPUTE_WON, known.amount, context, key=key)
    billing.funded(session, payment.wallet_id, f"dispute:{known.id}")
    payments.tell(session, "payment.dispute_won", payment, context, amount=known.amount)


def _open_refund(session: Session, refund_id: int) -> tuple[Refund | None, Payment]:
    payment_id = session.scalars(select(Refund.payment_id).where(Refund.id == refund_id)).one()
    payment = payments.locked(session, payment_id)
    refund = session.get_one(Refund, refund_id, with_for_update=True, populate_existing=True)
    return (refund if refund.state in OPEN else None), payment


_AGAINST = {
    EntryKind.REFUND: AccountKind.REFUNDS,
    EntryKind.DISPUTE: AccountKind.DISPUTES,
    EntryKind.DISPUTE_WON: AccountKind.DISPUTES,
}


def _move(
    session: Session, payment: Payment, kind: EntryKind, amount: int, context: Context, *, key: str
) -> int:
    wallet = billing.wallet_account(session, payment.wallet_id)
    other = billing.ledger_account(session, _AGAINST[kind], payment.gateway, payment.currency)
    return billing.post(
        session,
        kind=kind,
        ref=payments.called(payment),
        idem_key=key,
        currency=payment.currency,
        lines=[billing.Line(wallet, amount), billing.Line(other, -amount)],
        business_date=context.today,
        now=context.now,
    )
