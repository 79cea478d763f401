"""Reads of payments: one, those without an end, and the cards a top-up may be paid with."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.accounts.models import Organization
from app.billing.models import Card
from app.billing.payment_models import TO_CONFIRM, DisputedPayment, Payment, Refund
from app.billing.payments import OPEN, told
from app.billing.ports import gateways
from app.billing.queries import chargeable_cards
from app.billing.rules import (
    Decline,
    PaymentState,
    Purpose,
    RefundState,
    card_covers,
    cards_to_try,
    last_valid_day,
)

# Open payments on the page of the balance: those that were left on a bank's page may be many.
MOST_OPEN = 10


@dataclass(frozen=True)
class PaymentFacts:
    """A payment as its page tells of it; amounts in minor units of `currency`."""

    id: int
    public_id: str
    organization_id: int
    organization: str
    gateway: str
    purpose: Purpose
    state: PaymentState
    amount: int
    currency: str
    refunded: int
    card_told: str | None
    hosted_url: str | None
    reference: str | None
    decline: Decline | None
    business_date: date
    created_at: datetime
    ended_at: datetime | None
    # Whether its bank refused the saved card without its holder, who goes on at the bank (R14).
    to_confirm: bool


def payment_of(
    session: Session, organization_ids: Collection[int], public_id: str
) -> PaymentFacts | None:
    """The payment of that id if one of the organizations made it."""
    statement = _facts().where(
        Payment.public_id == public_id, Payment.organization_id.in_(organization_ids)
    )
    row = session.execute(statement).one_or_none()
    return PaymentFacts(*row) if row else None


def payment_for_staff(session: Session, name: str) -> PaymentFacts | None:
    """The payment of that public id, or that waits for a transfer with that reference."""
    bare = "".join(name.split())
    statement = _facts().where((Payment.public_id == bare) | (Payment.reference == bare.upper()))
    row = session.execute(statement).one_or_none()
    return PaymentFacts(*row) if row else None


def open_payments(session: Session, organization_id: int) -> list[PaymentFacts]:
    """Payments of an organization that have no end yet, newest first; of many, the latest."""
    statement = (
        _facts()
        .where(Payment.organization_id == organization_id, Payment.state.in_(OPEN))
        .order_by(Payment.id.desc())
        .limit(MOST_OPEN)
    )
    return [PaymentFacts(*row) for row in session.execute(statement)]


def latest_payments_for_staff(
    session: Session, number: int, *, organization_id: int | None = None, only_open: bool = False
) -> list[PaymentFacts]:
    """Payments of everybody, or of one organization, newest first."""
    statement = _facts().order_by(Payment.id.desc()).limit(number)
    if organization_id is not None:
        statement = statement.where(Payment.organization_id == organization_id)
    if only_open:
        statement = statement.where(Payment.state.in_(OPEN))
    return [PaymentFacts(*row) for row in session.execute(statement)]


def paid_since(session: Session, payment: PaymentFacts) -> int:
    """What the organization has paid in since a payment of its was declined, in minor units."""
    amounts = session.scalars(
        select(Payment.amount).where(
            Payment.organization_id == payment.organization_id,
            Payment.id > payment.id,
            Payment.state == PaymentState.CAPTURED,
        )
    )
    return sum(amounts)


def paid_lately(session: Session, organization_id: int, since: datetime) -> PaymentFacts | None:
    """What was last paid in by hand, or may have been, if that was begun since then."""
    statement = (
        _facts()
        .where(
            Payment.organization_id == organization_id,
            Payment.purpose == Purpose.TOP_UP,
            Payment.state.in_((PaymentState.CAPTURED, PaymentState.UNKNOWN)),
            Payment.created_at >= since,
        )
        .order_by(Payment.id.desc())
        .limit(1)
    )
    row = session.execute(statement).one_or_none()
    return PaymentFacts(*row) if row else None


@dataclass(frozen=True)
class Going:
    """Money of a payment that went back, or is on its way: to the card, or by its bank."""

    at: datetime
    amount: int
    by_bank: bool
    ended: bool
    won: bool | None = None


def what_went_back(session: Session, payment_id: int) -> list[Going]:
    """Refunds and disputes of a payment, in order; refunds that failed took nothing."""
    refunds = session.execute(
        select(Refund.created_at, Refund.amount, Refund.state).where(
            Refund.payment_id == payment_id, Refund.state != RefundState.FAILED
        )
    )
    disputes = session.execute(
        select(DisputedPayment.opened_at, DisputedPayment.amount, DisputedPayment.won).where(
            DisputedPayment.payment_id == payment_id
        )
    )
    gone = [
        Going(r.created_at, r.amount, by_bank=False, ended=r.state is RefundState.DONE)
        for r in refunds
    ] + [
        Going(d.opened_at, d.amount, by_bank=True, ended=d.won is not None, won=d.won)
        for d in disputes
    ]
    return sorted(gone, key=lambda one: one.at)


@dataclass(frozen=True)
class CardToPayWith:
    """A saved card that may be charged now."""

    public_id: str
    told: str
    label: str | None
    last_day: date


def cards_to_pay_with(session: Session, organization_id: int, today: date) -> list[CardToPayWith]:
    """Saved cards of an organization that can be charged today, the default one first (R13b)."""
    rows = session.scalars(
        select(Card)
        .where(
            Card.organization_id == organization_id,
            Card.validated,
            Card.unusable_because.is_(None),
            Card.gateway.in_(list(gateways())),
        )
        .order_by(Card.rank, Card.id)
    )
    return [
        CardToPayWith(
            card.public_id, told(card), card.label, last_valid_day(card.exp_year, card.exp_month)
        )
        for card in rows
        if card_covers(card.exp_month, card.exp_year, today)
    ]


def charged_by_itself(session: Session, organization_id: int, today: date) -> str | None:
    """The card that is charged first when the wallet runs short, in few words (R13b)."""
    facts = cards_to_try(chargeable_cards(session, organization_id), today)
    return told(session.get_one(Card, facts[0].id)) if facts else None


def page_gateway() -> str | None:
    """The gateway on whose page one may pay with any card; None where none is in place."""
    known = gateways()
    return next((name for name in known if known.get(name).saves_cards), None)


def transfer_gateway() -> str | None:
    """The gateway that takes bank transfers; None where none is in place."""
    known = gateways()
    return next((name for name in known if not known.get(name).saves_cards), None)


def _facts() -> Select[*tuple[Any, ...]]:
    return select(
        Payment.id, Payment.public_id, Payment.organization_id, Organization.name, Payment.gateway,
        Payment.purpose, Payment.state, Payment.amount, Payment.currency, Payment.refunded,
        Payment.card_told, Payment.hosted_url, Payment.reference, Payment.decline,
        Payment.business_date, Payment.created_at, Payment.ended_at,
        Payment.idem_key.endswith(TO_CONFIRM),
    ).join(Organization, Organization.id == Payment.organization_id)  # fmt: skip
