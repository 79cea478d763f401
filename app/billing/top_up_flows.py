"""Paying into a wallet: by a saved card at once, on the gateway's page, or by bank transfer."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.installation import Context
from app.billing import payment_flows, payments
from app.billing.models import Card
from app.billing.payment_models import TO_CONFIRM, Payment
from app.billing.payments import Ask
from app.billing.ports import Hosted
from app.billing.rules import Decline, PaymentState, Purpose
from app.db import reading, transaction
from app.web.state import settings


class NoSuchCard(Exception):
    """The card is another organization's, was removed meanwhile, or cannot be charged."""


@dataclass(frozen=True)
class TopUp:
    """What a customer sent off: `amount` in minor units, by a saved card or by a gateway.

    `nonce` names the form, so that sending it twice is one payment. With `card_id` the card is
    charged at once; without it the customer goes on at the gateway.
    """

    organization_id: int
    amount: int
    nonce: str
    gateway: str
    card_id: str | None = None

    @property
    def key(self) -> str:
        """The payment's name for ever."""
        return _key(self.nonce)


@dataclass(frozen=True)
class Begun:
    """The payment it became, by public id; `leave` tells that the gateway's page comes next."""

    payment: str
    leave: bool
    repeated: bool = False


def top_up(wish: TopUp, context: Context) -> Begun | None:
    """Begin a payment and take it as far as it goes without its customer.

    None when the nonce belongs to another organization. Raises NoSuchCard.
    """
    if (known := already([wish.organization_id], wish.nonce)) is not None:
        return known
    with transaction() as session:
        payment_id = payments.begin(session, _ask(session, wish), context)
    if payment_id is None:
        return already([wish.organization_id], wish.nonce)
    if wish.card_id is None:
        return _by_page(payment_id, context)
    if _needs_customer(payment_id, payment_flows.charge(payment_id, context)):
        return top_up(replace(wish, nonce=f"{wish.nonce}{TO_CONFIRM}", card_id=None), context)
    return Begun(_public_id(payment_id), leave=False)


def cancel(session: Session, payment_id: int, context: Context) -> bool:
    """Give up a bank transfer that is waited for; money that comes after all is still booked."""
    waits = session.scalar(
        select(Payment.id).where(
            Payment.id == payment_id,
            Payment.state == PaymentState.WAITING,
            Payment.reference.is_not(None),
        )
    )
    return waits is not None and payments.abandon(session, payment_id, "cancelled", context)


def addresses(public_id: str) -> tuple[str, str]:
    """Where the gateway sends its customer back: once done, and when they turn back."""
    back = f"{settings().public_url}/billing/payments/{public_id}/return"
    return back, back


def _ask(session: Session, wish: TopUp) -> Ask:
    card = _card(session, wish) if wish.card_id else None
    return Ask(
        wish.organization_id, wish.amount, Purpose.TOP_UP, card.gateway if card else wish.gateway,
        wish.key, card,
    )  # fmt: skip


def _card(session: Session, wish: TopUp) -> Card:
    card = session.scalars(
        select(Card).where(
            Card.public_id == wish.card_id,
            Card.organization_id == wish.organization_id,
            Card.validated,
            Card.unusable_because.is_(None),
        )
    ).one_or_none()
    if card is None:
        raise NoSuchCard
    return card


def _by_page(payment_id: int, context: Context) -> Begun:
    name = _public_id(payment_id)
    done_url, cancel_url = addresses(name)
    page = payment_flows.send_to_page(payment_id, context, done_url=done_url, cancel_url=cancel_url)
    return Begun(name, leave=isinstance(page, Hosted))


def _key(nonce: str) -> str:
    return f"top-up:{nonce}"


def already(organization_ids: Collection[int], nonce: str) -> Begun | None:
    """The payment that this form became when it was sent before, or what followed from it."""
    key = _key(nonce)
    with reading() as session:
        rows = session.execute(
            select(Payment.public_id, Payment.state, Payment.hosted_url)
            .where(
                Payment.organization_id.in_(organization_ids),
                Payment.idem_key.in_((key, f"{key}{TO_CONFIRM}")),
            )
            .order_by(Payment.id.desc())
        ).first()
    if rows is None:
        return None
    waits = rows.state is PaymentState.WAITING and rows.hosted_url is not None
    return Begun(rows.public_id, leave=waits, repeated=True)


def _needs_customer(payment_id: int, state: PaymentState) -> bool:
    if state is not PaymentState.DECLINED:
        return False
    with reading() as session:
        decline = session.scalar(select(Payment.decline).where(Payment.id == payment_id))
    return decline is Decline.AUTHENTICATION


def _public_id(payment_id: int) -> str:
    with reading() as session:
        return session.scalars(select(Payment.public_id).where(Payment.id == payment_id)).one()
