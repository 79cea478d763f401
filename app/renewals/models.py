"""Tables of renewals: attempts on slots, and the renewals they led to."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, UtcDateTime, enum_column
from app.renewals.rules import Outcome, RenewalState


class Attempt(Model):
    """One try on one slot; the unique key is R6's, so that a slot is tried once by whoever."""

    __tablename__ = "renewal_attempts"
    __table_args__ = (
        UniqueConstraint("subscription_id", "cur_expires_on", "business_date", "trigger"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"))
    cur_expires_on: Mapped[date]
    business_date: Mapped[date]
    trigger: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[Outcome | None] = mapped_column(enum_column(Outcome, "outcome"))
    reason: Mapped[str | None] = mapped_column(String(60))


class Renewal(Model):
    """One period bought. At most one that has not failed per period: the EPP way (R9)."""

    __tablename__ = "renewals"
    __table_args__ = (
        Index(
            "uq_renewals_period",
            "subscription_id",
            "cur_expires_on",
            unique=True,
            sqlite_where=text("state <> 'failed'"),
            postgresql_where=text("state <> 'failed'"),
        ),
        Index(
            "ix_renewals_open",
            "state",
            sqlite_where=text("state IN ('claimed', 'unknown')"),
            postgresql_where=text("state IN ('claimed', 'unknown')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"))
    attempt_id: Mapped[int] = mapped_column(ForeignKey("renewal_attempts.id"), unique=True)
    cur_expires_on: Mapped[date]
    state: Mapped[RenewalState] = mapped_column(enum_column(RenewalState, "renewal_state"))
    months: Mapped[int]
    wallet_id: Mapped[int] = mapped_column(ForeignKey("wallets.id"), index=True)
    price: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    tx_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_tx.id"), unique=True)
    # The registry's expiry (UTC date) when the renewal was claimed: what `renew` must carry (R9).
    registry_date: Mapped[date | None]
    new_expires_on: Mapped[date | None]
    late_by_us: Mapped[bool] = mapped_column(default=False)
    # The proforma that ordered and paid it, None for what renews by itself or by one click.
    proforma_id: Mapped[int | None] = mapped_column(ForeignKey("proformas.id"), index=True)
    claimed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    looked_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FundedPeriod(Model):
    """A renewal that a card was charged for: what the ceilings on tries are counted by (R14)."""

    __tablename__ = "funded_periods"
    __table_args__ = (
        UniqueConstraint("payment_id", "subscription_id"),
        Index("ix_funded_periods_period", "subscription_id", "cur_expires_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"))
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"))
    cur_expires_on: Mapped[date]
    price: Mapped[int] = mapped_column(BigInteger)


class ProformaPayment(Model):
    """A payment at a gateway that was begun to pay a proforma: it is paid as soon as that came."""

    __tablename__ = "proforma_payments"
    __table_args__ = (UniqueConstraint("payment_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    proforma_id: Mapped[int] = mapped_column(ForeignKey("proformas.id"), index=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"))
