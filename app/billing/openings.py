"""Wallets of organizations that arrive with a balance: thousands in a handful of statements."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.billing.models import LedgerAccount, LedgerEntry, LedgerTx, Wallet
from app.billing.rules import AccountKind, EntryKind
from app.billing.service import ledger_account
from app.lib.ids import random_key


@dataclass(frozen=True)
class Opening:
    """An opening balance in minor units, below zero for a debt; `idem_key` lets it in once (L1)."""

    amount: int
    ref: str
    idem_key: str


def open_wallets(
    session: Session,
    openings: Mapping[int, Opening],
    currency: str,
    *,
    business_date: date,
    now: datetime,
) -> None:
    """Make the wallets of new organizations, by id, and post what they begin with.

    Entries come before their transaction rows, as in `service.post`. Raises IntegrityError for an
    organization that has a wallet in the currency, or a key used before.
    """
    if not openings:
        return
    accounts = _wallet_accounts(session, openings, currency)
    moving = [(owner, opening) for owner, opening in openings.items() if opening.amount]
    if not moving:
        return
    source = ledger_account(session, AccountKind.OPENING, "import", currency)
    entries, movements = [], []
    for owner, opening in moving:
        tx_id = random_key()
        entries += [
            {"tx_id": tx_id, "account_id": account_id, "amount": amount, "currency": currency}
            for account_id, amount in (
                (accounts[owner], opening.amount),
                (source, -opening.amount),
            )
        ]
        movements.append(
            {
                "id": tx_id, "kind": EntryKind.OPENING_BALANCE, "ref": opening.ref,
                "business_date": business_date, "at": now, "idem_key": opening.idem_key,
            }
        )  # fmt: skip
    session.execute(insert(LedgerEntry), entries)
    session.execute(insert(LedgerTx), movements)


def _wallet_accounts(
    session: Session, openings: Mapping[int, Opening], currency: str
) -> dict[int, int]:
    """Insert the wallets and their ledger accounts; ids of the accounts by organization."""
    wallets = session.execute(
        insert(Wallet).returning(Wallet.organization_id, Wallet.id),
        [
            {
                "organization_id": owner, "currency": currency, "posted": opening.amount,
                "held": 0, "overdraft": max(0, -opening.amount),
            }
            for owner, opening in openings.items()
        ],
    ).all()  # fmt: skip
    session.execute(
        insert(LedgerAccount),
        [
            {
                "code": f"wallet:{wallet_id}", "kind": AccountKind.WALLET, "currency": currency,
                "wallet_id": wallet_id,
            }
            for _owner, wallet_id in wallets
        ],
    )  # fmt: skip
    rows = session.execute(
        select(Wallet.organization_id, LedgerAccount.id).join(
            LedgerAccount, LedgerAccount.wallet_id == Wallet.id
        )
    )
    return {owner: account_id for owner, account_id in rows if owner in openings}
