"""Tables of the sandbox gateway: what a bank would keep. Only the sandbox touches them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.billing.rules import Decline
from app.db import Model, UtcDateTime, enum_column


class PageState(StrEnum):
    """Life of a page; the last three are final."""

    OPEN = "open"
    CONFIRMING = "confirming"
    DONE = "done"
    REFUSED = "refused"
    LEFT = "left"


class SandboxPage(Model):
    """A page on which a customer saves a card, or pays where it has an amount."""

    __tablename__ = "sandbox_pages"

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(64), unique=True)
    idem_key: Mapped[str] = mapped_column(String(80), unique=True)
    payer_id: Mapped[str] = mapped_column(String(64))
    payer_name: Mapped[str] = mapped_column(String(120))
    amount: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    done_url: Mapped[str] = mapped_column(String(500))
    cancel_url: Mapped[str] = mapped_column(String(500))
    state: Mapped[PageState] = mapped_column(enum_column(PageState, "page_state"))
    # What the customer has chosen, while the bank asks for confirmation and afterwards.
    token: Mapped[str | None] = mapped_column(String(120))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SandboxCard(Model):
    """A card that was saved on a page."""

    __tablename__ = "sandbox_cards"

    token: Mapped[str] = mapped_column(String(120), primary_key=True)
    brand: Mapped[str] = mapped_column(String(20))
    last4: Mapped[str] = mapped_column(String(4))
    exp_month: Mapped[int]
    exp_year: Mapped[int]
    holder: Mapped[str] = mapped_column(String(120))
    forgotten: Mapped[bool] = mapped_column(default=False)


class SandboxCharge(Model):
    """An answer to a charge, by its key: taken, or declined for a reason."""

    __tablename__ = "sandbox_charges"
    __table_args__ = (CheckConstraint("refunded BETWEEN 0 AND amount", name="refunds_within"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(64), unique=True)
    idem_key: Mapped[str] = mapped_column(String(80), unique=True)
    token: Mapped[str] = mapped_column(String(120))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    decline: Mapped[Decline | None] = mapped_column(enum_column(Decline, "decline"))
    refunded: Mapped[int] = mapped_column(BigInteger, default=0)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SandboxRefund(Model):
    """Money of a charge given back, by its key."""

    __tablename__ = "sandbox_refunds"

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(64), unique=True)
    idem_key: Mapped[str] = mapped_column(String(80), unique=True)
    charge_id: Mapped[int] = mapped_column(ForeignKey("sandbox_charges.id"), index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SandboxDispute(Model):
    """A charge that the customer's bank took back."""

    __tablename__ = "sandbox_disputes"

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(64), unique=True)
    charge_id: Mapped[int] = mapped_column(ForeignKey("sandbox_charges.id"), index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    won: Mapped[bool | None]


class SandboxEvent(Model):
    """Something that happened here, as the portal is told of it."""

    __tablename__ = "sandbox_events"
    __table_args__ = (Index("ix_sandbox_events_at", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    ref: Mapped[str] = mapped_column(String(120))
    key: Mapped[str | None] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
