"""Lists of documents, cut by key, and what waits for its invoice."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.invoices.models import Invoice, InvoiceLine, Proforma
from app.invoices.rules import DocumentState
from app.web.listing import (
    Found,
    Listing,
    Order,
    Page,
    Selected,
    Wish,
    count,
    read_date,
    read_number,
    read_text,
)

INVOICES = Listing(
    {
        "date": Order(Invoice.issued_on, read_date, Invoice.id),
        "number": Order(Invoice.number, read_text),
        "total": Order(Invoice.total, read_number, Invoice.id),
    },
    usual="-date",
)
PROFORMAS = Listing(
    {
        "date": Order(Proforma.made_on, read_date, Proforma.id),
        "number": Order(Proforma.number, read_text),
        "total": Order(Proforma.total, read_number, Proforma.id),
        "until": Order(Proforma.expires_on, read_date, Proforma.id),
    },
    usual="-date",
)


@dataclass(frozen=True)
class Waiting:
    """What was sold and is not invoiced yet: number of lines, and what was paid, minor units."""

    lines: int
    total: int


def invoices(session: Session, organization_id: int, wish: Wish) -> Page:
    """A page of the issued invoices and credit notes of an organization."""
    found = _issued(organization_id)
    return INVOICES.page(session, found.add_columns(count(found).label("found")), wish)


def invoice_parts(organization_id: int, wish: Wish) -> Iterator[list[Found]]:
    """All of them, some at a time."""
    return INVOICES.parts(_issued(organization_id), wish)


def proformas(session: Session, organization_id: int, wish: Wish) -> Page:
    """A page of the proformas of an organization."""
    found = _asked(organization_id)
    return PROFORMAS.page(session, found.add_columns(count(found).label("found")), wish)


def proforma_parts(organization_id: int, wish: Wish) -> Iterator[list[Found]]:
    """All of them, some at a time."""
    return PROFORMAS.parts(_asked(organization_id), wish)


def waiting(session: Session, organization_id: int) -> Waiting:
    """What stands on drafts of an organization."""
    lines, total = session.execute(
        select(func.count(InvoiceLine.id), func.coalesce(func.sum(InvoiceLine.total), 0))
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(Invoice.organization_id == organization_id, Invoice.state == DocumentState.DRAFT)
    ).one()
    return Waiting(lines, int(total))


def _issued(organization_id: int) -> Selected:
    return select(
        Invoice.number, Invoice.kind, Invoice.issued_on, Invoice.currency, Invoice.net,
        Invoice.vat, Invoice.total, Invoice.client["name"].as_string().label("client"),
    ).where(
        Invoice.organization_id == organization_id, Invoice.state == DocumentState.ISSUED
    )  # fmt: skip


def _asked(organization_id: int) -> Selected:
    return select(
        Proforma.number, Proforma.state, Proforma.made_on, Proforma.expires_on, Proforma.currency,
        Proforma.total, Proforma.client["name"].as_string().label("client"),
    ).where(Proforma.organization_id == organization_id)  # fmt: skip
