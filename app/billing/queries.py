"""Reads of money: balances, what the ledger says of them, contacts, cards."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.billing.models import BillingContact, Card, LedgerAccount, LedgerEntry, LedgerTx, Wallet
from app.billing.rules import Balance


def balance(session: Session, organization_id: int, currency: str) -> Balance:
    """The organization's wallet in a currency; an empty one where there is none."""
    row = session.execute(
        select(Wallet.posted, Wallet.held).where(
            Wallet.organization_id == organization_id, Wallet.currency == currency
        )
    ).first()
    return Balance(row.posted, row.held, currency) if row else Balance(0, 0, currency)


def contacts(session: Session, organization_id: int) -> list[BillingContact]:
    """Billing contacts of an organization, its default one first."""
    return list(
        session.scalars(
            select(BillingContact)
            .where(BillingContact.organization_id == organization_id)
            .order_by(BillingContact.is_default.desc(), BillingContact.name, BillingContact.id)
        )
    )


def cards(session: Session, organization_id: int) -> list[Card]:
    """Cards of an organization."""
    return list(
        session.scalars(
            select(Card).where(Card.organization_id == organization_id).order_by(Card.id)
        )
    )


@dataclass(frozen=True)
class StatementLine:
    """One movement of a wallet, in minor units, with the balance after it."""

    at: object
    business_date: object
    kind: str
    ref: str
    amount: int
    after: int


def statement(
    session: Session, organization_id: int, currency: str, limit: int
) -> list[StatementLine]:
    """The latest movements of a wallet, newest first, each with the balance after it."""
    after = balance(session, organization_id, currency).posted
    rows = session.execute(
        select(LedgerTx.at, LedgerTx.business_date, LedgerTx.kind, LedgerTx.ref, LedgerEntry.amount)
        .join(LedgerEntry, LedgerEntry.tx_id == LedgerTx.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .join(Wallet, Wallet.id == LedgerAccount.wallet_id)
        .where(Wallet.organization_id == organization_id, Wallet.currency == currency)
        .order_by(LedgerEntry.id.desc())
        .limit(limit)
    ).all()
    lines = []
    for row in rows:
        lines.append(
            StatementLine(row.at, row.business_date, row.kind.value, row.ref, row.amount, after)
        )
        after -= row.amount
    return lines


def wallets_that_differ_for_staff(session: Session) -> list[tuple[int, int, int]]:
    """`(wallet id, posted, sum of entries)` wherever a balance is not its entries' sum (L3)."""
    total = func.coalesce(func.sum(LedgerEntry.amount), 0)
    rows = session.execute(
        select(Wallet.id, Wallet.posted, total)
        .outerjoin(LedgerAccount, LedgerAccount.wallet_id == Wallet.id)
        .outerjoin(LedgerEntry, LedgerEntry.account_id == LedgerAccount.id)
        .group_by(Wallet.id, Wallet.posted)
        .having(total != Wallet.posted)
    )
    return [(wallet_id, posted, int(entries)) for wallet_id, posted, entries in rows]
