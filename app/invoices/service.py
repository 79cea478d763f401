"""Invoices and credit notes, inside the caller's transaction: gather, issue, take back."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from app.billing.rules import AccountKind, EntryKind
from app.billing.service import Line, ledger_account, post
from app.db import insert_once
from app.invoices import drawing_up
from app.invoices.drawing_up import Sold
from app.invoices.models import Invoice, InvoiceLine
from app.invoices.numbering import take_number
from app.invoices.parties import Issuer
from app.invoices.rules import DocumentKind, DocumentState, Item, day_key
from app.journal.service import Actor, record
from app.lib.ids import public_id
from app.operator_tasks.service import close_tasks, open_task


class NothingToCredit(Exception):
    """The invoice is no issued invoice, or all of these lines were taken back before."""


def add_line(
    session: Session,
    *,
    organization_id: int,
    contact_id: int | None,
    currency: str,
    item: Item,
    today: date,
    renewal_id: int | None = None,
    proforma_id: int | None = None,
) -> int:
    """Put what was sold on a draft: the proforma's, else the one of payer, contact and day.

    Returns the draft's id. A renewal that is on an invoice already stays where it is. `contact_id`
    None is the payer's default contact. Locks the draft: call it after wallets were locked.
    """
    if renewal_id is not None and (known := _invoice_of(session, renewal_id)):
        return known
    draft = None
    if proforma_id is not None:
        draft = _draft(session, Invoice.proforma_id == proforma_id)
        if draft is None and not _exists(session, Invoice.proforma_id == proforma_id):
            draft = _new_draft(
                session, organization_id, contact_id, currency, today, proforma_id=proforma_id
            )
    if draft is None:
        draft = _draft_of_day(session, organization_id, contact_id, currency, today)
    _put(session, draft, item, today, renewal_id)
    return draft.id


def issue(
    session: Session,
    *,
    organization_id: int,
    contact_id: int | None,
    currency: str,
    items: Sequence[Item],
    issuer: Issuer,
    by: Actor,
    today: date,
    now: datetime,
) -> int:
    """An invoice at once, of these items alone; its id. See `close` for what may go wrong."""
    draft = _new_draft(session, organization_id, contact_id, currency, today)
    for item in items:
        _put(session, draft, item, today, None)
    close(session, draft.id, issuer=issuer, by=by, today=today, now=now)
    return draft.id


def close(
    session: Session, invoice_id: int, *, issuer: Issuer, by: Actor, today: date, now: datetime
) -> str | None:
    """Issue a draft: work out VAT, freeze both parties, take the next number; its number.

    Twice is as once. None, and a task for the operator, where the host's own data are missing: the
    draft waits. The date is that of the number (L13); lines keep the day of supply. Locks the
    series until the end of the transaction: call it last. Raises TooEarly, NoRate.
    """
    draft = _locked(session, invoice_id)
    if draft.state is DocumentState.ISSUED:
        return draft.number
    if issuer.missing:
        open_task(session, "seller_unknown", "seller", now=now, settings=list(issuer.missing))
        return None
    close_tasks(session, "seller_unknown", subject="seller", now=now)
    client = drawing_up.client_of(session, draft.organization_id, draft.contact_id)
    applies = drawing_up.treatment_of(client, issuer)
    lines = _lines(session, draft.id)
    sold = [Sold(line.total, line.supplied_on) for line in lines]
    for line, share in zip(lines, drawing_up.amounts(session, sold, applies), strict=True):
        line.unit_net = line.net = share.net
        line.vat, line.vat_category, line.vat_rate = share.vat, share.category, share.rate
    draft.language = drawing_up.language_of(session, draft.organization_id, issuer.language)
    draft.seller, draft.client = issuer.seller.stated(draft.language), asdict(client)
    draft.mentions = [applies.mention] if applies.mention else []
    draft.vat_country = applies.rate_of
    return _number(session, draft, lines, by=by, today=today, now=now)


def credit(
    session: Session,
    invoice_id: int,
    *,
    by: Actor,
    today: date,
    now: datetime,
    line_ids: Collection[int] | None = None,
    reason: str = "",
) -> int:
    """A credit note that takes back an invoice, or some of its lines; its id (L13).

    It says what the invoice said, with the signs turned, and moves no money. Raises
    NothingToCredit where no such line is left, TooEarly.
    """
    original = _locked(session, invoice_id)
    taken = select(InvoiceLine.credits_line_id).where(InvoiceLine.credits_line_id.is_not(None))
    lines = [
        line
        for line in _lines(session, invoice_id, InvoiceLine.id.not_in(taken))
        if line_ids is None or line.id in line_ids
    ]
    issued = original.state is DocumentState.ISSUED and original.kind is DocumentKind.INVOICE
    if not issued or not lines:
        raise NothingToCredit(invoice_id)
    note = _turned(session, original, today, reason)
    turned = [_turned_line(note, place, line) for place, line in enumerate(lines, 1)]
    session.add_all(turned)
    _number(session, note, turned, by=by, today=today, now=now)
    return note.id


def _number(
    session: Session,
    document: Invoice,
    lines: list[InvoiceLine],
    *,
    by: Actor,
    today: date,
    now: datetime,
) -> str:
    """Sum the lines and make the document final; from here on the database refuses changes."""
    document.net = sum(line.net or 0 for line in lines)
    document.vat = sum(line.vat or 0 for line in lines)
    document.total = document.net + document.vat
    # Lines first: those of an issued document can no longer be written.
    session.flush()
    document.number = take_number(session, document.kind.series, today)
    document.state = DocumentState.ISSUED
    document.issued_on, document.issued_at = today, now
    session.flush()
    _owe_vat(session, document, lines, today, now)
    record(
        session, f"{document.kind.value}.issued", organization_id=document.organization_id,
        subject=document.number, by=by, now=now, total=document.total, currency=document.currency,
    )  # fmt: skip
    return document.number


def _owe_vat(
    session: Session, document: Invoice, lines: list[InvoiceLine], today: date, now: datetime
) -> None:
    """What of the revenue is the state's: once a document, turned round by a credit note (L1)."""
    owed: defaultdict[tuple[str, int], int] = defaultdict(int)
    for line in lines:
        owed[line.kind.value, line.vat_rate or 0] += line.vat or 0
    entries = []
    for (kind, rate), amount in owed.items():
        if amount:
            country = f"{document.vat_country}:{rate}"
            revenue = ledger_account(session, AccountKind.REVENUE, kind, document.currency)
            state = ledger_account(session, AccountKind.VAT, country, document.currency)
            entries += [Line(revenue, -amount), Line(state, amount)]
    if entries:
        post(
            session, kind=EntryKind.VAT, ref=document.number or "", lines=entries,
            idem_key=f"vat:{document.id}", currency=document.currency, business_date=today, now=now,
        )  # fmt: skip


def _locked(session: Session, invoice_id: int) -> Invoice:
    return session.scalars(
        select(Invoice)
        .where(Invoice.id == invoice_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _draft_of_day(
    session: Session, organization_id: int, contact_id: int | None, currency: str, day: date
) -> Invoice:
    """The day's draft; where it was issued meanwhile, the one of the first day that has none."""
    while True:
        key = day_key(organization_id, contact_id, currency, day)
        mine = Invoice.day_key == key
        if not _exists(session, mine):
            # Two renewals of a payer may come here at once: the second one waits, and finds it.
            insert_once(
                session, Invoice, public_id=public_id(), kind=DocumentKind.INVOICE,
                state=DocumentState.DRAFT, organization_id=organization_id, contact_id=contact_id,
                currency=currency, day=day, day_key=key, reason="", language="fr", mentions=[],
            )  # fmt: skip
        if draft := _draft(session, mine):
            return draft
        day += timedelta(days=1)


def _draft(session: Session, which: ColumnElement[bool]) -> Invoice | None:
    return session.scalars(
        select(Invoice)
        .where(which, Invoice.state == DocumentState.DRAFT)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _exists(session: Session, which: ColumnElement[bool]) -> bool:
    return session.scalar(select(exists().where(which))) is True


def _new_draft(
    session: Session,
    organization_id: int,
    contact_id: int | None,
    currency: str,
    day: date,
    *,
    proforma_id: int | None = None,
) -> Invoice:
    draft = Invoice(
        public_id=public_id(),
        kind=DocumentKind.INVOICE,
        state=DocumentState.DRAFT,
        organization_id=organization_id,
        contact_id=contact_id,
        currency=currency,
        day=day,
        proforma_id=proforma_id,
    )
    session.add(draft)
    session.flush()
    return draft


def _put(
    session: Session, draft: Invoice, item: Item, supplied_on: date, renewal_id: int | None
) -> None:
    last = session.scalar(
        select(func.max(InvoiceLine.position)).where(InvoiceLine.invoice_id == draft.id)
    )
    session.add(
        InvoiceLine(
            invoice_id=draft.id,
            position=(last or 0) + 1,
            kind=item.kind,
            subject=item.subject,
            months=item.months,
            starts_on=item.starts_on,
            ends_on=item.ends_on,
            supplied_on=supplied_on,
            total=item.price,
            renewal_id=renewal_id,
        )
    )
    session.flush()


def _invoice_of(session: Session, renewal_id: int) -> int | None:
    return session.scalar(
        select(InvoiceLine.invoice_id).where(InvoiceLine.renewal_id == renewal_id)
    )


def _lines(session: Session, invoice_id: int, *where: ColumnElement[bool]) -> list[InvoiceLine]:
    return list(
        session.scalars(
            select(InvoiceLine)
            .where(InvoiceLine.invoice_id == invoice_id, *where)
            .order_by(InvoiceLine.position)
        )
    )


def _turned(session: Session, original: Invoice, today: date, reason: str) -> Invoice:
    """A draft credit note with the parties and the words of the invoice it names."""
    note = Invoice(
        public_id=public_id(),
        kind=DocumentKind.CREDIT_NOTE,
        state=DocumentState.DRAFT,
        organization_id=original.organization_id,
        contact_id=original.contact_id,
        currency=original.currency,
        day=today,
        credits_id=original.id,
        reason=reason,
        language=original.language,
        seller=original.seller,
        client=original.client,
        mentions=original.mentions,
        vat_country=original.vat_country,
    )
    session.add(note)
    session.flush()
    return note


def _turned_line(note: Invoice, position: int, line: InvoiceLine) -> InvoiceLine:
    return InvoiceLine(
        invoice_id=note.id,
        position=position,
        kind=line.kind,
        subject=line.subject,
        months=line.months,
        starts_on=line.starts_on,
        ends_on=line.ends_on,
        supplied_on=line.supplied_on,
        quantity=-line.quantity,
        unit_net=line.unit_net,
        net=-(line.net or 0),
        vat_category=line.vat_category,
        vat_rate=line.vat_rate,
        vat=-(line.vat or 0),
        total=-line.total,
        credits_line_id=line.id,
    )
