"""Tables of what goes through gateways: payments, refunds, disputes, cards, events (L6-L10)."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.billing.rules import Decline, PaymentState, Purpose, RefundState
from app.db import Model, UtcDateTime, enum_column

# How the key of a payment ends that its customer confirms after a bank refused the saved card.
TO_CONFIRM = ":page"

_BY_ITSELF = "purpose IN ('funding', 'auto_top_up')"
_NOT_IN_VAIN = _BY_ITSELF + " AND state NOT IN ('declined', 'abandoned')"
_OPEN = "state IN ('created', 'waiting', 'unknown')"


class Payment(Model):
    """Money asked of a gateway for a wallet; committed with its key before the gateway is called.

    By itself a card is charged once a day at most, and an organization pays once a day (R13, R14).
    """

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("refunded BETWEEN 0 AND amount", name="refunds_within"),
        UniqueConstraint("gateway", "gateway_ref"),
        Index("ix_payments_of_organization", "organization_id", "id"),
        Index(
            "uq_payments_card_day",
            "card_id",
            "business_date",
            unique=True,
            sqlite_where=text(_BY_ITSELF),
            postgresql_where=text(_BY_ITSELF),
        ),
        Index(
            "uq_payments_organization_day",
            "organization_id",
            "business_date",
            unique=True,
            sqlite_where=text(_NOT_IN_VAIN),
            postgresql_where=text(_NOT_IN_VAIN),
        ),
        Index("ix_payments_open", "state", sqlite_where=text(_OPEN), postgresql_where=text(_OPEN)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(64), unique=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    wallet_id: Mapped[int] = mapped_column(ForeignKey("wallets.id"), index=True)
    gateway: Mapped[str] = mapped_column(String(20))
    purpose: Mapped[Purpose] = mapped_column(enum_column(Purpose, "purpose"))
    state: Mapped[PaymentState] = mapped_column(enum_column(PaymentState, "payment_state"))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    refunded: Mapped[int] = mapped_column(BigInteger, default=0)
    # What the card was, which may be removed later; the token as sent, for the same call again.
    card_id: Mapped[int | None] = mapped_column(
        ForeignKey("cards.id", ondelete="SET NULL"), index=True
    )
    card_told: Mapped[str | None] = mapped_column(String(60))
    token: Mapped[str | None] = mapped_column(String(120))
    idem_key: Mapped[str] = mapped_column(String(80), unique=True)
    gateway_ref: Mapped[str | None] = mapped_column(String(120))
    hosted_url: Mapped[str | None] = mapped_column(String(2000))
    # What a customer quotes in a bank transfer.
    reference: Mapped[str | None] = mapped_column(String(40), unique=True)
    decline: Mapped[Decline | None] = mapped_column(enum_column(Decline, "decline"))
    problem: Mapped[str | None] = mapped_column(String(300))
    business_date: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    looked_up_at: Mapped[datetime] = mapped_column(UtcDateTime)
    look_ups: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tx_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("ledger_tx.id"), unique=True)


class Refund(Model):
    """Money of a payment on its way back to the card; held until that is known (L10)."""

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        Index("ix_refunds_open", "state", sqlite_where=text("state IN ('created', 'unknown')"),
              postgresql_where=text("state IN ('created', 'unknown')")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), index=True)
    state: Mapped[RefundState] = mapped_column(enum_column(RefundState, "refund_state"))
    amount: Mapped[int] = mapped_column(BigInteger)
    idem_key: Mapped[str] = mapped_column(String(80), unique=True)
    gateway_ref: Mapped[str | None] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(200))
    problem: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    looked_up_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tx_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("ledger_tx.id"), unique=True)


class DisputedPayment(Model):
    """A payment that a bank took back (L10): debited once, credited once again if won."""

    __tablename__ = "disputes"
    __table_args__ = (UniqueConstraint("gateway", "gateway_ref"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), index=True)
    gateway: Mapped[str] = mapped_column(String(20))
    gateway_ref: Mapped[str] = mapped_column(String(120))
    amount: Mapped[int] = mapped_column(BigInteger)
    won: Mapped[bool | None]
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CardSetup(Model):
    """A customer's way to the gateway's page and back, to save a card (L7)."""

    __tablename__ = "card_setups"
    __table_args__ = (
        Index("ix_card_setups_open", "created_at", sqlite_where=text("ended_at IS NULL"),
              postgresql_where=text("ended_at IS NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(64), unique=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    gateway: Mapped[str] = mapped_column(String(20))
    gateway_ref: Mapped[str | None] = mapped_column(String(120))
    hosted_url: Mapped[str | None] = mapped_column(String(2000))
    # Whether the card may be charged while the customer is away, as they were asked before (L7).
    auto_debit: Mapped[bool]
    card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id", ondelete="SET NULL"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    looked_up_at: Mapped[datetime] = mapped_column(UtcDateTime)
    look_ups: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ForgottenCard(Model):
    """A token of a removed card that the gateway is still to be told about."""

    __tablename__ = "forgotten_cards"

    id: Mapped[int] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(String(20))
    token: Mapped[str] = mapped_column(String(120))
    removed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GatewayEvent(Model):
    """An event a gateway sent, or that was fetched from it: stored once, worked on later (L9)."""

    __tablename__ = "gateway_events"
    __table_args__ = (
        UniqueConstraint("gateway", "event_id"),
        Index("ix_gateway_events_open", "next_try_at", sqlite_where=text("done_at IS NULL"),
              postgresql_where=text("done_at IS NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    gateway: Mapped[str] = mapped_column(String(20))
    event_id: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(20))
    ref: Mapped[str] = mapped_column(String(120))
    key: Mapped[str | None] = mapped_column(String(80))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str | None] = mapped_column(String(300))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
