"""What was sold, taken back: a credit note, and the money in the wallet again (L10, L13)."""

from collections import defaultdict
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.billing import service as billing
from app.billing.rules import AccountKind, EntryKind
from app.invoices import service
from app.invoices.models import Invoice, InvoiceLine
from app.journal.service import Actor, record


class NoInvoice(LookupError):
    """No issued invoice has that number."""


def give_back(
    session: Session, number: str, *, reason: str, by: Actor, today: date, now: datetime
) -> str:
    """Credit all that is left of an invoice, to its client's wallet; the credit note's number.

    What was renewed stays renewed. Raises NoInvoice, service.NothingToCredit, rules.TooEarly.
    """
    invoice = session.scalars(select(Invoice).where(Invoice.number == number)).one_or_none()
    if invoice is None:
        raise NoInvoice(number)
    wallet_id = billing.ensure_wallet(session, invoice.organization_id, invoice.currency)
    # Wallets are locked before documents, as everywhere (L3).
    billing.lock_wallets(session, [invoice.organization_id])
    note = session.get_one(
        Invoice, service.credit(session, invoice.id, by=by, today=today, now=now, reason=reason)
    )
    paid: defaultdict[str, int] = defaultdict(int)
    for line in session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == note.id)):
        paid[line.kind.value] -= line.total
    total = sum(paid.values())
    entries = [billing.Line(billing.wallet_account(session, wallet_id), total)]
    for kind, amount in paid.items():
        revenue = billing.ledger_account(session, AccountKind.REVENUE, kind, note.currency)
        entries.append(billing.Line(revenue, -amount))
    billing.post(
        session,
        kind=EntryKind.REFUND,
        ref=note.number or "",
        idem_key=f"credit-note:{note.id}",
        currency=note.currency,
        lines=entries,
        business_date=today,
        now=now,
    )
    billing.credit(session, wallet_id, total)
    record(
        session, "wallet.corrected", organization_id=invoice.organization_id,
        subject=note.number or "", by=by, now=now, amount=total, currency=note.currency,
        reason=reason,
    )  # fmt: skip
    return note.number or ""
