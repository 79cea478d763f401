"""The nightly check: balances are the sums of their entries, holds of what is under way (L3).

While a wallet differs, its cards are not charged by themselves (`queries.wallet_is_in_doubt`);
renewals that its money pays go on. The task closes by itself once the difference is gone.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, cast, func, literal, select, update
from sqlalchemy.orm import Session

from app.billing.models import LedgerAccount, LedgerEntry, LedgerTx, Wallet
from app.billing.payment_models import Payment, Refund
from app.billing.ports import above
from app.billing.refunds import OPEN
from app.billing.rules import PaymentState
from app.db import transaction
from app.operator_tasks.service import close_tasks, open_task, open_tasks

_TASK, _UNCREDITED = "balance_differs", "payment_uncredited"
_WALLET = "wallet:"


@dataclass(frozen=True)
class Difference:
    """A wallet whose `posted` are not its `entries`' sum, or `held` not that of its `holds`."""

    wallet_id: int
    posted: int
    entries: int
    held: int
    holds: int


def check_balances(now: datetime, run_id: int) -> int:
    """Recompute all wallets, and each payment's credit; tasks are opened and closed; how many."""
    with transaction() as session:
        suspects = {one.wallet_id for one in differences(session)}
        # Under their locks nothing of theirs is half done: what still differs then, differs.
        found = differences(session, _locked(session, suspects)) if suspects else []
        for one in found:
            open_task(
                session, _TASK, f"{_WALLET}{one.wallet_id}", now=now, posted=one.posted,
                entries=one.entries, held=one.held, holds=one.holds, run=run_id,
            )  # fmt: skip
        uncredited = uncredited_payments(session)
        for name in uncredited:
            open_task(session, _UNCREDITED, name, now=now, run=run_id)
        standing = {f"{_WALLET}{one.wallet_id}" for one in found} | set(uncredited)
        _close_others(session, standing, now)
        _forecast(session, {one.wallet_id for one in found})
    return len(found) + len(uncredited)


def differences(session: Session, wallet_ids: Collection[int] | None = None) -> list[Difference]:
    """Wallets that do not agree with what they stand for; of these ids, or all."""
    entries = (
        select(func.coalesce(func.sum(LedgerEntry.amount), 0))
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(LedgerAccount.wallet_id == Wallet.id)
        .scalar_subquery()
    )
    refunds = (
        select(func.coalesce(func.sum(Refund.amount), 0))
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Payment.wallet_id == Wallet.id, Refund.state.in_(OPEN))
        .scalar_subquery()
    )
    statement = select(
        Wallet.id, Wallet.posted, entries.label("entries"), Wallet.held, refunds.label("refunds")
    ).order_by(Wallet.id)
    if wallet_ids is not None:
        statement = statement.where(Wallet.id.in_(wallet_ids))
    renewals = above().held(session)
    rows = [
        Difference(r.id, r.posted, int(r.entries), r.held, int(r.refunds) + renewals.get(r.id, 0))
        for r in session.execute(statement)
    ]
    return [one for one in rows if (one.posted, one.held) != (one.entries, one.holds)]


def uncredited_payments(session: Session) -> list[str]:
    """Public ids of payments that were taken and are not in the ledger exactly once."""
    credited = (
        select(func.count())
        .select_from(LedgerTx)
        .join(LedgerEntry, LedgerEntry.tx_id == LedgerTx.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(
            LedgerTx.id == Payment.tx_id,
            LedgerTx.idem_key == literal("payment:") + cast(Payment.id, String),
            LedgerAccount.wallet_id == Payment.wallet_id,
            LedgerEntry.amount == Payment.amount,
        )
        .scalar_subquery()
    )
    return list(
        session.scalars(
            select(Payment.public_id)
            .where(Payment.state == PaymentState.CAPTURED, credited != 1)
            .order_by(Payment.id)
        )
    )


def _locked(session: Session, wallet_ids: Collection[int]) -> Collection[int]:
    return session.scalars(
        select(Wallet.id).where(Wallet.id.in_(wallet_ids)).order_by(Wallet.id).with_for_update()
    ).all()


def _close_others(session: Session, standing: set[str], now: datetime) -> None:
    """What is right again may be charged again; its forecast counts cards from now on."""
    gone = [
        task for task in open_tasks(session)
        if task.kind in (_TASK, _UNCREDITED) and task.subject not in standing
    ]  # fmt: skip
    for task in gone:
        close_tasks(session, task.kind, subject=task.subject, now=now)
    _forecast(session, {int(t.subject.removeprefix(_WALLET)) for t in gone if t.kind == _TASK})


def _forecast(session: Session, wallet_ids: Collection[int]) -> None:
    session.execute(
        update(Wallet)
        .where(Wallet.id.in_(wallet_ids))
        .values(forecast_due=True)
        .execution_options(synchronize_session=False)
    )
