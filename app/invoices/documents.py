"""A document as pages and files show it: read from its frozen row, with the signs it is read by."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.invoices.models import Invoice, InvoiceLine, Proforma, ProformaLine
from app.invoices.rules import DocumentKind, DocumentState, LineKind, ProformaState

PROFORMA = "proforma"


@dataclass(frozen=True)
class Line:
    """What was sold; amounts in minor units, the rate in hundredths of a percent."""

    kind: LineKind
    subject: str
    months: int
    starts_on: date
    ends_on: date
    supplied_on: date | None
    net: int
    category: str
    rate: int
    vat: int
    total: int


@dataclass(frozen=True)
class Share:
    """The part of a document with one VAT category and rate."""

    category: str
    rate: int
    net: int
    vat: int


@dataclass(frozen=True)
class Document:
    """An invoice, credit note or proforma; `kind` is one of those words.

    A credit note reads as what it gives back: its amounts are above zero here, and in its files.
    """

    kind: str
    number: str
    organization_id: int
    dated: date
    currency: str
    language: str
    seller: Mapping[str, str]
    client: Mapping[str, str]
    mentions: Sequence[str]
    lines: Sequence[Line]
    net: int
    vat: int
    total: int
    reason: str = ""
    # Of a credit note: the invoice it names. Of an invoice: the proforma it was.
    names: str | None = None
    names_dated: date | None = None
    # Of a proforma: its last day, and what became of it.
    expires_on: date | None = None
    state: ProformaState | None = None
    # Of an invoice: credit notes about it. Of a paid proforma: its invoice.
    led_to: Sequence[str] = ()

    @property
    def shares(self) -> list[Share]:
        """The VAT breakdown, by category and rate."""
        keys = sorted({(line.category, line.rate) for line in self.lines})
        return [
            Share(
                category,
                rate,
                sum(line.net for line in self.lines if (line.category, line.rate) == key),
                sum(line.vat for line in self.lines if (line.category, line.rate) == key),
            )
            for key in keys
            for category, rate in [key]
        ]


def document(session: Session, organization_ids: Collection[int], number: str) -> Document | None:
    """The issued invoice or credit note of that number, if one of the organizations has it."""
    row = session.scalars(
        select(Invoice).where(
            Invoice.number == number,
            Invoice.organization_id.in_(organization_ids),
            Invoice.state == DocumentState.ISSUED,
        )
    ).one_or_none()
    if row is None:
        return None
    lines = session.scalars(
        select(InvoiceLine).where(InvoiceLine.invoice_id == row.id).order_by(InvoiceLine.position)
    )
    names, names_dated, led_to = _around(session, row)
    return _document(row, list(lines), names, names_dated, led_to)


def proforma(session: Session, organization_ids: Collection[int], number: str) -> Document | None:
    """The proforma of that number, if one of the organizations has it."""
    row = session.scalars(
        select(Proforma).where(
            Proforma.number == number, Proforma.organization_id.in_(organization_ids)
        )
    ).one_or_none()
    if row is None:
        return None
    lines = session.scalars(
        select(ProformaLine)
        .where(ProformaLine.proforma_id == row.id)
        .order_by(ProformaLine.position)
    )
    invoice = session.scalar(select(Invoice.number).where(Invoice.proforma_id == row.id))
    return Document(
        kind=PROFORMA,
        number=row.number,
        dated=row.made_on,
        lines=[_ordered(line) for line in lines],
        net=row.net,
        vat=row.vat,
        total=row.total,
        expires_on=row.expires_on,
        state=row.state,
        led_to=[invoice] if invoice else [],
        **_shared(row),
    )


def _around(session: Session, row: Invoice) -> tuple[str | None, date | None, list[str]]:
    """What the document names, and what names it."""
    if row.credits_id is not None:
        named = session.get_one(Invoice, row.credits_id)
        return named.number, named.issued_on, []
    notes = session.scalars(
        select(Invoice.number)
        .where(Invoice.credits_id == row.id, Invoice.number.is_not(None))
        .order_by(Invoice.id)
    )
    made = session.get(Proforma, row.proforma_id) if row.proforma_id else None
    return (made.number if made else None), (made.made_on if made else None), [
        number for number in notes if number
    ]  # fmt: skip


def _document(
    row: Invoice,
    lines: list[InvoiceLine],
    names: str | None,
    names_dated: date | None,
    led_to: list[str],
) -> Document:
    sign = -1 if row.kind is DocumentKind.CREDIT_NOTE else 1
    return Document(
        kind=row.kind.value,
        number=row.number or "",
        dated=row.issued_on or row.day,
        lines=[_sold(line, sign) for line in lines],
        net=sign * (row.net or 0),
        vat=sign * (row.vat or 0),
        total=sign * (row.total or 0),
        reason=row.reason,
        names=names,
        names_dated=names_dated,
        led_to=led_to,
        **_shared(row),
    )


def _shared(row: Invoice | Proforma) -> dict[str, Any]:
    return {
        "organization_id": row.organization_id,
        "currency": row.currency,
        "language": row.language,
        "seller": row.seller or {},
        "client": row.client or {},
        "mentions": row.mentions,
    }


def _sold(line: InvoiceLine, sign: int) -> Line:
    return Line(
        line.kind, line.subject, line.months, line.starts_on, line.ends_on, line.supplied_on,
        sign * (line.net or 0), line.vat_category or "", line.vat_rate or 0,
        sign * (line.vat or 0), sign * line.total,
    )  # fmt: skip


def _ordered(line: ProformaLine) -> Line:
    return Line(
        line.kind, line.subject, line.months, line.cur_expires_on, line.ends_on, None,
        line.net, line.vat_category, line.vat_rate, line.vat, line.total,
    )  # fmt: skip
