"""Tables of what renews: the paid-through period, the auto-renewal choice, and prices."""

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

from app.db import Model, UtcDateTime, enum_column
from app.subscriptions.rules import Kind, Status, Verdict

# Switched on, and nobody was told yet what the next renewal costs.
UNANNOUNCED = "auto_renewal AND (announced_months IS NULL OR announced_months <> renewal_months)"


class Subscription(Model):
    """The paid-through period of one domain or mailbox, and its auto-renewal choice.

    `expires_on` is the first day not paid for (R2, half-open). Mailboxes compute it from `anchor`
    and `months`; a domain's comes from its registry (R8), so it has neither. `domain_id` is the
    domain itself, or the one the mailbox lives on, which R18 ties together. `period_months` is the
    length of the running period and `renewal_months` that of the next. `next_slot_on` is the day
    on which the engine looks at it next; NULL means that nothing is to be tried.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        CheckConstraint("(kind = 'domain') = (anchor IS NULL)", name="anchor"),
        CheckConstraint("(kind = 'domain') = (months IS NULL)", name="months"),
        CheckConstraint("NOT auto_renewal OR billed_organization_id IS NOT NULL", name="payer"),
        CheckConstraint("auto_renewal OR next_slot_on IS NULL", name="slot"),
        CheckConstraint("renewal_months BETWEEN 1 AND 120", name="renewal_months"),
        Index(
            "uq_subscriptions_domain",
            "domain_id",
            unique=True,
            sqlite_where=text("kind = 'domain'"),
            postgresql_where=text("kind = 'domain'"),
        ),
        Index(
            "ix_subscriptions_due",
            "next_slot_on",
            sqlite_where=text("next_slot_on IS NOT NULL"),
            postgresql_where=text("next_slot_on IS NOT NULL"),
        ),
        Index("ix_subscriptions_by_expiry", "domain_id", "kind", "expires_on", "id"),
        Index(
            "ix_subscriptions_by_choice", "domain_id", "kind", "auto_renewal", "expires_on", "id"
        ),
        Index("ix_subscriptions_of_organization", "organization_id", "kind", "expires_on", "id"),
        Index("ix_subscriptions_of_payer", "billed_organization_id", "next_slot_on"),
        Index("ix_subscriptions_lapsing", "status", "kind", "expires_on"),
        Index(
            "ix_subscriptions_unannounced",
            "id",
            sqlite_where=text(UNANNOUNCED),
            postgresql_where=text(UNANNOUNCED),
        ),
        Index(
            "ix_subscriptions_short",
            "billed_organization_id",
            sqlite_where=text("verdict = 'short'"),
            postgresql_where=text("verdict = 'short'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Kind] = mapped_column(enum_column(Kind, "kind"))
    subject: Mapped[str] = mapped_column(String(320))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    domain_id: Mapped[int] = mapped_column(ForeignKey("domains.id"))
    anchor: Mapped[date | None]
    months: Mapped[int | None]
    expires_on: Mapped[date]
    status: Mapped[Status] = mapped_column(enum_column(Status, "status"), default=Status.ACTIVE)
    auto_renewal: Mapped[bool] = mapped_column(default=False)
    auto_renewal_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    period_months: Mapped[int]
    renewal_months: Mapped[int]
    billed_organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    billing_contact_id: Mapped[int | None] = mapped_column(ForeignKey("billing_contacts.id"))
    card_id: Mapped[int | None] = mapped_column(ForeignKey("cards.id"))
    next_slot_on: Mapped[date | None]
    # The forecast's last word on the next renewal; NULL while off, or not worked out yet.
    verdict: Mapped[Verdict | None] = mapped_column(enum_column(Verdict, "verdict"))
    # By how much the wallet will be short, in minor units, where that is the verdict.
    missing: Mapped[int | None] = mapped_column(BigInteger)
    # The price last announced for a renewal of so many months (R16); another length has none.
    announced_price: Mapped[int | None] = mapped_column(BigInteger)
    announced_months: Mapped[int | None]
    # Above this price it is not renewed by itself, in minor units; NULL for no limit.
    price_cap: Mapped[int | None] = mapped_column(BigInteger)
    # A row that broke its attempt waits until then, so that it stops nobody else.
    retry_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Price(Model):
    """Catalogue price of `months`, in minor units of the installation's currency.

    `extension` is empty for mailboxes; a domain's `months` are whole years.
    """

    __tablename__ = "prices"
    __table_args__ = (
        UniqueConstraint("kind", "extension", "months"),
        CheckConstraint("price >= 0", name="not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Kind] = mapped_column(enum_column(Kind, "price_kind"))
    extension: Mapped[str] = mapped_column(String(63), default="")
    months: Mapped[int]
    price: Mapped[int] = mapped_column(BigInteger)
