"""Tables of money: wallets, the double-entry ledger, billing contacts, cards."""

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

from app.billing.rules import AccountKind, EntryKind
from app.db import Model, UtcDateTime, enum_column


class Wallet(Model):
    """Prepaid money of one organization in one currency: a projection of the ledger (L3).

    `posted` is the sum of the wallet's ledger entries and `held` what running operations have set
    aside, both in minor units. `overdraft` is how far below zero an invoice, a dispute or an
    operator's entry has taken it; nothing that spends may.
    """

    __tablename__ = "wallets"
    __table_args__ = (
        UniqueConstraint("organization_id", "currency"),
        CheckConstraint("posted - held >= -overdraft", name="no_overspending"),
        CheckConstraint("held >= 0", name="holds_positive"),
        Index(
            "ix_wallets_to_forecast",
            "id",
            sqlite_where=text("forecast_due"),
            postgresql_where=text("forecast_due"),
        ),
        Index(
            "ix_wallets_in_debt",
            "organization_id",
            sqlite_where=text("posted < 0"),
            postgresql_where=text("posted < 0"),
        ),
        Index(
            "ix_wallets_funded",
            "id",
            sqlite_where=text("funded_by IS NOT NULL"),
            postgresql_where=text("funded_by IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    currency: Mapped[str] = mapped_column(String(3))
    posted: Mapped[int] = mapped_column(BigInteger, default=0)
    held: Mapped[int] = mapped_column(BigInteger, default=0)
    overdraft: Mapped[int] = mapped_column(BigInteger, default=0)
    # Something changed since the renewals it pays were last forecast.
    forecast_due: Mapped[bool] = mapped_column(default=True)
    # The top-up or card that came and may pay what could not be paid today (R6): `payment:7`.
    funded_by: Mapped[str | None] = mapped_column(String(40))
    # Topped up by card to `auto_top_up_to` where less than `auto_top_up_below` is left; or neither.
    auto_top_up_below: Mapped[int | None] = mapped_column(BigInteger)
    auto_top_up_to: Mapped[int | None] = mapped_column(BigInteger)


class LedgerAccount(Model):
    """One side of an entry: a wallet, a kind of revenue, the opening balance."""

    __tablename__ = "ledger_accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[AccountKind] = mapped_column(enum_column(AccountKind, "account_kind"))
    currency: Mapped[str] = mapped_column(String(3))
    wallet_id: Mapped[int | None] = mapped_column(ForeignKey("wallets.id"), unique=True)


class LedgerEntry(Model):
    """An amount on one account. Written before its transaction row, which seals it.

    The key to `ledger_tx` is checked at commit, so entries without a sealed transaction can never
    be committed; see the triggers in `migrations/`.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (CheckConstraint("amount <> 0", name="not_zero"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    tx_id: Mapped[int] = mapped_column(
        BigInteger,
        ForeignKey("ledger_tx.id", deferrable=True, initially="DEFERRED"),
        index=True,
    )
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_accounts.id"), index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))


class LedgerTx(Model):
    """A movement of money whose entries sum to zero; never changed, only reversed (L1, L2)."""

    __tablename__ = "ledger_tx"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[EntryKind] = mapped_column(enum_column(EntryKind, "entry_kind"))
    ref: Mapped[str] = mapped_column(String(120))
    business_date: Mapped[date]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    idem_key: Mapped[str] = mapped_column(String(160), unique=True)


class BillingContact(Model):
    """The name, address and VAT id an invoice is made out to."""

    __tablename__ = "billing_contacts"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(64), unique=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(200))
    postcode: Mapped[str] = mapped_column(String(20))
    city: Mapped[str] = mapped_column(String(100))
    country: Mapped[str] = mapped_column(String(2))
    vat_id: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str] = mapped_column(String(254))
    is_default: Mapped[bool] = mapped_column(default=False)


class Card(Model):
    """A card at the payment gateway: brand, last four digits, expiry, holder, token; no number.

    The one of the lowest `rank` is the default, the others are its backups in that order (R13b).
    """

    __tablename__ = "cards"
    __table_args__ = (
        CheckConstraint("exp_month BETWEEN 1 AND 12", name="month"),
        Index("ix_cards_by_expiry", "exp_year", "exp_month"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(64), unique=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    gateway: Mapped[str] = mapped_column(String(20), default="sandbox", server_default="sandbox")
    brand: Mapped[str] = mapped_column(String(20))
    last4: Mapped[str] = mapped_column(String(4))
    exp_month: Mapped[int]
    exp_year: Mapped[int]
    holder: Mapped[str] = mapped_column(String(120))
    # What the organization calls it, where it has several.
    label: Mapped[str | None] = mapped_column(String(60))
    token: Mapped[str] = mapped_column(String(120))
    validated: Mapped[bool] = mapped_column(default=False)
    auto_debit: Mapped[bool] = mapped_column(default=False)
    rank: Mapped[int] = mapped_column(default=0, server_default="0")
    # Why the bank refused it for good (R14), None while it may be charged.
    unusable_because: Mapped[str | None] = mapped_column(String(200))
