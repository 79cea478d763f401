"""The statement of a wallet: its movements, each with the balance after it, all or filtered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session

from app.billing.models import LedgerAccount, LedgerEntry, LedgerTx, Wallet
from app.billing.payment_models import DisputedPayment, Payment, Refund
from app.billing.ports import above
from app.billing.rules import EntryKind

_DISPUTE = "dispute:"


@dataclass(frozen=True)
class Filter:
    """Which movements: of one kind, and of business days from `since` to `until`, both included."""

    kind: EntryKind | None = None
    since: date | None = None
    until: date | None = None


EVERYTHING = Filter()


@dataclass(frozen=True)
class StatementLine:
    """One movement of a wallet, in minor units, with the balance after it.

    `payment` is the public id of what came or went by it, `invoice` the number of that it is on.
    """

    id: int
    at: datetime
    business_date: date
    kind: EntryKind
    ref: str
    amount: int
    after: int
    payment: str | None = None
    invoice: str | None = None


def statement(
    session: Session,
    organization_id: int,
    currency: str,
    limit: int,
    *,
    before: int | None = None,
    wanted: Filter = EVERYTHING,
) -> list[StatementLine]:
    """Movements of a wallet that the filter lets through, newest first.

    `before` is the id of the last line already seen; without it the list begins with the latest.
    """
    wallet = session.execute(
        select(LedgerAccount.id, Wallet.posted)
        .join(Wallet, Wallet.id == LedgerAccount.wallet_id)
        .where(Wallet.organization_id == organization_id, Wallet.currency == currency)
    ).one_or_none()
    if wallet is None:
        return []
    which = _conditions(wanted)
    if before is not None:
        which.append(LedgerEntry.id < before)
    rows = session.execute(
        select(
            LedgerEntry.id, LedgerTx.id.label("tx_id"), LedgerTx.at, LedgerTx.business_date,
            LedgerTx.kind, LedgerTx.ref, LedgerTx.idem_key, LedgerEntry.amount,
            func.coalesce(Payment.public_id, _refunded()).label("payment"),
        )
        .join(LedgerTx, LedgerTx.id == LedgerEntry.tx_id)
        .outerjoin(Payment, Payment.tx_id == LedgerTx.id)
        .where(LedgerEntry.account_id == wallet.id, *which)
        .order_by(LedgerEntry.id.desc())
        .limit(limit)
    ).all()  # fmt: skip
    if not rows:
        return []
    after = _balances(session, wallet.id, wallet.posted, [row.id for row in rows])
    disputed = _disputed(session, rows)
    invoices = above().invoices(session, [row.tx_id for row in rows])
    return [
        StatementLine(
            row.id, row.at, row.business_date, row.kind, row.ref, row.amount,
            after[row.id], row.payment or disputed.get(row.tx_id), invoices.get(row.tx_id),
        )
        for row in rows
    ]  # fmt: skip


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.kind:
        found.append(LedgerTx.kind == wanted.kind)
    if wanted.since:
        found.append(LedgerTx.business_date >= wanted.since)
    if wanted.until:
        found.append(LedgerTx.business_date <= wanted.until)
    return found


def _refunded() -> ColumnElement[str | None]:
    """The payment that a movement gave back."""
    paid = Payment.__table__.alias("refunded_payment")
    return (
        select(paid.c.public_id)
        .join(Refund, Refund.payment_id == paid.c.id)
        .where(Refund.tx_id == LedgerTx.id)
        .scalar_subquery()
    )


def _balances(session: Session, account_id: int, newest: int, ids: list[int]) -> Mapping[int, int]:
    """The balance after each of these entries, whatever lies between them.

    Only what is not older than the last of them is read; the first page reads nothing else.
    """
    later = (
        select(
            LedgerEntry.id,
            (
                func.sum(LedgerEntry.amount).over(order_by=LedgerEntry.id.desc())
                - LedgerEntry.amount
            ).label("since"),
        )
        .where(LedgerEntry.account_id == account_id, LedgerEntry.id >= ids[-1])
        .subquery()
    )
    rows = session.execute(select(later.c.id, later.c.since).where(later.c.id.in_(ids)))
    return {row.id: newest - int(row.since) for row in rows}


def _disputed(session: Session, rows: Iterable[Row[*tuple[object, ...]]]) -> dict[int, str]:
    """By movement, the payment that a bank took back or gave back: its key names the dispute."""
    disputes = {
        row.tx_id: int(row.idem_key.removeprefix(_DISPUTE).partition(":")[0])
        for row in rows
        if row.kind in (EntryKind.DISPUTE, EntryKind.DISPUTE_WON)
    }
    if not disputes:
        return {}
    paid = session.execute(
        select(DisputedPayment.id, Payment.public_id)
        .join(Payment, Payment.id == DisputedPayment.payment_id)
        .where(DisputedPayment.id.in_(disputes.values()))
    )
    found = {row.id: row.public_id for row in paid}
    return {tx_id: found[number] for tx_id, number in disputes.items() if number in found}
