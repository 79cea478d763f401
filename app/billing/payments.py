"""Payments inside a transaction: asked for, paid, declined, or not known yet (L6, CP1-CP5)."""

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.installation import Context
from app.billing import mails
from app.billing import service as billing
from app.billing.models import Card
from app.billing.payment_models import Payment
from app.billing.ports import Declined, Hosted, Paid, Transfer
from app.billing.rules import (
    BY_ITSELF,
    AccountKind,
    Decline,
    EntryKind,
    PaymentState,
    Purpose,
    source_of,
)
from app.db import insert_once
from app.journal.service import record
from app.lib.ids import public_id
from app.operator_tasks.service import close_tasks, open_task

OPEN = (PaymentState.CREATED, PaymentState.WAITING, PaymentState.UNKNOWN)


@dataclass(frozen=True)
class Ask:
    """Money wanted for an organization's wallet: `amount` in minor units of the terms' currency.

    `idem_key` is the payment's name for ever: asked twice, it is one payment.
    """

    organization_id: int
    amount: int
    purpose: Purpose
    gateway: str
    idem_key: str
    card: Card | None = None


def begin(session: Session, ask: Ask, context: Context) -> int | None:
    """Write a payment down before its gateway is called; its id.

    None when the same was asked before, or when the card, or the organization, has paid by itself
    today (R13, R14).
    """
    wallet_id = billing.ensure_wallet(session, ask.organization_id, context.terms.currency)
    return insert_once(
        session,
        Payment,
        public_id=public_id(),
        organization_id=ask.organization_id,
        wallet_id=wallet_id,
        gateway=ask.gateway,
        purpose=ask.purpose,
        state=PaymentState.CREATED,
        amount=ask.amount,
        currency=context.terms.currency,
        refunded=0,
        card_id=ask.card.id if ask.card else None,
        card_told=told(ask.card) if ask.card else None,
        token=ask.card.token if ask.card else None,
        idem_key=ask.idem_key,
        business_date=context.today,
        created_at=context.now,
        looked_up_at=context.now,
        look_ups=0,
    )


def told(card: Card) -> str:
    """A card in few words, kept for when it is no longer there: ``Visa •••• 4242``."""
    return f"{card.brand.capitalize()} •••• {card.last4}"


def capture(session: Session, payment_id: int, paid: Paid, context: Context) -> bool:
    """Credit the wallet with what the gateway took, once (CP3, X4); whether it was this call.

    A payment that had been given up and was paid after all is credited too.
    """
    payment = locked(session, payment_id)
    if payment.state is PaymentState.CAPTURED:
        return False
    if (paid.money.amount, paid.money.currency) != (payment.amount, payment.currency):
        payment.state, payment.problem = PaymentState.UNKNOWN, "another amount was taken"
        open_task(
            session, "payment_differs", payment.public_id, now=context.now,
            asked=payment.amount, taken=paid.money.amount, currency=paid.money.currency,
        )  # fmt: skip
        return False
    if payment.state not in OPEN:
        # Other money may have come by itself that day: this one no longer counts as such.
        payment.purpose = Purpose.TOP_UP
    payment.state, payment.ended_at = PaymentState.CAPTURED, context.now
    payment.gateway_ref, payment.problem, payment.decline = paid.ref, None, None
    payment.tx_id = _credit(session, payment, context)
    billing.funded(session, payment.wallet_id, f"payment:{payment.id}")
    close_tasks(session, "payment_differs", "payment_stuck", subject=payment.public_id,
                now=context.now)  # fmt: skip
    return True


def decline(session: Session, payment_id: int, answer: Declined, context: Context) -> bool:
    """The money was not taken; a card that is refused for good is not charged again (R14)."""
    payment = locked(session, payment_id)
    if payment.state not in OPEN:
        return False
    payment.state, payment.ended_at = PaymentState.DECLINED, context.now
    payment.decline, payment.problem = answer.reason, answer.detail[:300]
    billing.forecast_anew(session, [payment.organization_id])
    if answer.reason is Decline.HARD and payment.card_id is not None:
        session.execute(
            update(Card)
            .where(Card.id == payment.card_id)
            .values(unusable_because=answer.detail[:200])
        )
        tell(session, "card.unusable", payment, context)
    tell(session, "card.declined", payment, context, reason=answer.reason.value)
    if answer.reason is Decline.AUTHENTICATION and payment.purpose in BY_ITSELF:
        mails.ask_to_confirm(session, payment, context)
    return True


def abandon(session: Session, payment_id: int, why: str, context: Context) -> bool:
    """Nothing was taken and nothing will be: the page was left, or the gateway never asked."""
    payment = locked(session, payment_id)
    if payment.state not in OPEN:
        return False
    payment.state, payment.ended_at, payment.problem = PaymentState.ABANDONED, context.now, why
    billing.forecast_anew(session, [payment.organization_id])
    return True


def leave_open(session: Session, payment_id: int, detail: str) -> None:
    """No answer: nothing new is charged for what it was for until this is known (L6)."""
    payment = locked(session, payment_id)
    if payment.state in (PaymentState.CREATED, PaymentState.UNKNOWN):
        payment.state, payment.problem = PaymentState.UNKNOWN, detail[:300]


def send_customer(session: Session, payment_id: int, page: Hosted | Transfer) -> None:
    """The customer goes on at the gateway's page, or transfers the money."""
    payment = locked(session, payment_id)
    if payment.state is not PaymentState.CREATED:
        return
    payment.state = PaymentState.WAITING
    if isinstance(page, Hosted):
        payment.hosted_url = page.url
    else:
        payment.reference = page.reference


def claim_look_up(session: Session, payment_id: int, context: Context) -> int | None:
    """How often the gateway was asked, this time included; None when another process asks now."""
    return session.scalar(
        update(Payment)
        .where(
            Payment.id == payment_id,
            Payment.state.in_(OPEN),
            Payment.looked_up_at < context.now,
        )
        .values(looked_up_at=context.now, look_ups=Payment.look_ups + 1)
        .returning(Payment.look_ups)
        .execution_options(synchronize_session=False)
    )


def tell_stuck(session: Session, payment_id: int, context: Context) -> None:
    """A payment has had no known end for long: the operator may ask the gateway himself."""
    payment = session.get_one(Payment, payment_id)
    if payment.state is PaymentState.UNKNOWN:
        open_task(session, "payment_stuck", payment.public_id, now=context.now,
                  problem=payment.problem)  # fmt: skip


def locked(session: Session, payment_id: int) -> Payment:
    """The payment, its wallet locked before it as everywhere (L3)."""
    owner = session.scalars(select(Payment.organization_id).where(Payment.id == payment_id)).one()
    billing.lock_wallets(session, [owner])
    return session.scalars(
        select(Payment)
        .where(Payment.id == payment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _credit(session: Session, payment: Payment, context: Context) -> int:
    came_from = source_of(payment.gateway)
    source = billing.ledger_account(session, came_from, payment.gateway, payment.currency)
    wallet = billing.wallet_account(session, payment.wallet_id)
    tx_id = billing.post(
        session,
        kind=_kind_of(payment, came_from),
        ref=called(payment),
        idem_key=f"payment:{payment.id}",
        currency=payment.currency,
        lines=[billing.Line(wallet, payment.amount), billing.Line(source, -payment.amount)],
        business_date=context.today,
        now=context.now,
    )
    billing.credit(session, payment.wallet_id, payment.amount)
    tell(session, "card.charged" if payment.card_id else "wallet.topped_up", payment, context)
    return tx_id


def _kind_of(payment: Payment, came_from: AccountKind) -> EntryKind:
    if payment.purpose in BY_ITSELF:
        return EntryKind.CARD_CHARGE
    return EntryKind.TRANSFER if came_from is AccountKind.BANK else EntryKind.TOP_UP


def tell(
    session: Session,
    event: str,
    payment: Payment,
    context: Context,
    *,
    amount: int | None = None,
    **detail: object,
) -> None:
    """A row of the journal about a payment, or about an `amount` of it."""
    record(
        session, event, organization_id=payment.organization_id, subject=called(payment),
        by=context.by, now=context.now, currency=payment.currency,
        amount=payment.amount if amount is None else amount, **detail,
    )  # fmt: skip


def called(payment: Payment) -> str:
    """What people know it by: its card, the reference they quoted, or else its id."""
    return payment.card_told or payment.reference or payment.public_id
