"""Tables of documents. What is issued is frozen by triggers (`migrations/versions/0004_*`)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
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
from app.invoices.rules import DocumentKind, DocumentState, LineKind, ProformaState


class InvoiceSeries(Model):
    """The next number of a series in a year, and the date of its last document (L13).

    The row is locked and moved on in the transaction of the document that takes the number.
    """

    __tablename__ = "invoice_series"
    __table_args__ = (
        UniqueConstraint("code", "year"),
        CheckConstraint("next_number >= 1", name="next"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(4))
    year: Mapped[int]
    next_number: Mapped[int]
    last_date: Mapped[date]


class Invoice(Model):
    """An invoice or credit note; amounts are minor units, below zero on credit notes.

    A draft gathers the lines of one day (or of one proforma) and has neither number nor amounts.
    `seller` and `client` hold everything that the document says of them, as it was when issued.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        CheckConstraint("(state = 'draft') = (number IS NULL)", name="numbered"),
        CheckConstraint("(state = 'draft') = (issued_on IS NULL)", name="dated"),
        CheckConstraint("state = 'draft' OR seller IS NOT NULL", name="seller"),
        CheckConstraint("state = 'draft' OR client IS NOT NULL", name="client"),
        CheckConstraint("state = 'draft' OR net + vat = total", name="sums"),
        CheckConstraint("(kind = 'credit_note') = (credits_id IS NOT NULL)", name="credits"),
        Index("ix_invoices_of_organization", "organization_id", "issued_on", "id"),
        Index(
            "ix_invoices_drafts",
            "day",
            "id",
            sqlite_where=text("state = 'draft'"),
            postgresql_where=text("state = 'draft'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[DocumentKind] = mapped_column(enum_column(DocumentKind, "document_kind"))
    state: Mapped[DocumentState] = mapped_column(enum_column(DocumentState, "document_state"))
    number: Mapped[str | None] = mapped_column(String(20), unique=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("billing_contacts.id"))
    # The business day whose sales it gathers. Of what renews by itself there is one invoice a key.
    day: Mapped[date]
    day_key: Mapped[str | None] = mapped_column(String(80), unique=True)
    proforma_id: Mapped[int | None] = mapped_column(ForeignKey("proformas.id"), unique=True)
    currency: Mapped[str] = mapped_column(String(3))
    credits_id: Mapped[int | None] = mapped_column(ForeignKey("invoices.id"), index=True)
    reason: Mapped[str] = mapped_column(String(200), default="")
    issued_on: Mapped[date | None]
    issued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    language: Mapped[str] = mapped_column(String(2), default="fr")
    seller: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    client: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    # Codes of what the law wants to be said, such as reverse_charge; see words.py.
    mentions: Mapped[list[str]] = mapped_column(JSON, default=list)
    # Whose VAT it bears: names the ledger account where that is owed (L1).
    vat_country: Mapped[str | None] = mapped_column(String(2))
    net: Mapped[int | None] = mapped_column(BigInteger)
    vat: Mapped[int | None] = mapped_column(BigInteger)
    total: Mapped[int | None] = mapped_column(BigInteger)


class InvoiceLine(Model):
    """One thing sold, or on a credit note taken back. `total` is what was paid for it.

    `vat_category` is a code of EN 16931 (S, AE, E, O), `vat_rate` in hundredths of a percent.
    `renewal_id` has no foreign key, because renewals are in a higher room.
    """

    __tablename__ = "invoice_lines"
    __table_args__ = (
        UniqueConstraint("invoice_id", "position"),
        CheckConstraint("net IS NULL OR net + vat = total", name="sums"),
        CheckConstraint("net IS NULL OR quantity * unit_net = net", name="price"),
        CheckConstraint("quantity <> 0", name="quantity"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    position: Mapped[int]
    kind: Mapped[LineKind] = mapped_column(enum_column(LineKind, "line_kind"))
    subject: Mapped[str] = mapped_column(String(320))
    months: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    supplied_on: Mapped[date]
    quantity: Mapped[int] = mapped_column(default=1)
    unit_net: Mapped[int | None] = mapped_column(BigInteger)
    net: Mapped[int | None] = mapped_column(BigInteger)
    vat_category: Mapped[str | None] = mapped_column(String(2))
    vat_rate: Mapped[int | None]
    vat: Mapped[int | None] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)
    renewal_id: Mapped[int | None] = mapped_column(unique=True)
    # Of a credit note: the line that is taken back, once at most.
    credits_line_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_lines.id"), unique=True)


class Proforma(Model):
    """A request for payment, no invoice: its numbers are a series of their own, never a fiscal one.

    What it says of seller, client and VAT is as it was when it was made.
    """

    __tablename__ = "proformas"
    __table_args__ = (
        CheckConstraint("net + vat = total", name="sums"),
        Index("ix_proformas_of_organization", "organization_id", "made_on", "id"),
        Index(
            "ix_proformas_open",
            "expires_on",
            "id",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(64), unique=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    state: Mapped[ProformaState] = mapped_column(enum_column(ProformaState, "proforma_state"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("billing_contacts.id"))
    # Made by the engine, not by a person.
    automatic: Mapped[bool]
    currency: Mapped[str] = mapped_column(String(3))
    made_on: Mapped[date]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The last day on which it can be paid.
    expires_on: Mapped[date]
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    language: Mapped[str] = mapped_column(String(2))
    seller: Mapped[dict[str, Any]] = mapped_column(JSON)
    client: Mapped[dict[str, Any]] = mapped_column(JSON)
    mentions: Mapped[list[str]] = mapped_column(JSON)
    net: Mapped[int] = mapped_column(BigInteger)
    vat: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)


class ProformaLine(Model):
    """One period that is ordered. `open` while its proforma is: one open order a period."""

    __tablename__ = "proforma_lines"
    __table_args__ = (
        UniqueConstraint("proforma_id", "position"),
        Index(
            "uq_proforma_lines_order",
            "subscription_id",
            "cur_expires_on",
            unique=True,
            sqlite_where=text("open"),
            postgresql_where=text("open"),
        ),
        CheckConstraint("net + vat = total", name="sums"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    proforma_id: Mapped[int] = mapped_column(ForeignKey("proformas.id"))
    position: Mapped[int]
    open: Mapped[bool] = mapped_column(default=True)
    # Subscriptions are in a higher room: no foreign key.
    subscription_id: Mapped[int]
    cur_expires_on: Mapped[date]
    kind: Mapped[LineKind] = mapped_column(enum_column(LineKind, "proforma_line_kind"))
    subject: Mapped[str] = mapped_column(String(320))
    months: Mapped[int]
    ends_on: Mapped[date]
    net: Mapped[int] = mapped_column(BigInteger)
    vat_category: Mapped[str] = mapped_column(String(2))
    vat_rate: Mapped[int]
    vat: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)


class VatRate(Model):
    """The standard rate of a country or territory from a day on, in hundredths of a percent."""

    __tablename__ = "vat_rates"
    __table_args__ = (CheckConstraint("rate BETWEEN 0 AND 10000", name="rate"),)

    country: Mapped[str] = mapped_column(String(2), primary_key=True)
    from_date: Mapped[date] = mapped_column(primary_key=True)
    rate: Mapped[int]
