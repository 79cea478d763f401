"""What tests of the ledger share: a wallet to move money on, the tables, the bare database."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import psycopg
from sqlalchemy import select

from app.billing import service as billing
from app.billing.models import LedgerEntry, LedgerTx, Wallet
from app.billing.rules import AccountKind, EntryKind
from app.db import db, reading, transaction
from tests import make

TODAY = date(2027, 3, 1)


@dataclass(frozen=True)
class Purse:
    """One organization's wallet with its ledger account, and the account across from it."""

    organization: int
    wallet: int
    account: int
    revenue: int

    def post(self, *amounts: int, key: str, currency: str = "EUR") -> None:
        """Post amounts by turns on the wallet's account and on the one across."""
        turns = (self.account, self.revenue) * len(amounts)
        lines = [billing.Line(*line) for line in zip(turns, amounts, strict=False)]
        with transaction() as session:
            billing.post(
                session, kind=EntryKind.RENEWAL, ref="test", idem_key=key, currency=currency,
                lines=lines, business_date=TODAY, now=make.NOW,
            )  # fmt: skip

    def move(self, change: Callable, amount: int) -> None:
        """Change the wallet, and post what it owns more or less now, in one transaction."""
        with transaction() as session:
            before = session.get_one(Wallet, self.wallet).posted
            change(session, self.wallet, amount)
            session.expire_all()
            moved = session.get_one(Wallet, self.wallet).posted - before
            if moved:
                billing.post(
                    session, kind=EntryKind.RENEWAL, ref="test", currency="EUR",
                    idem_key=f"test-{next(make._numbers)}",
                    lines=[billing.Line(self.account, moved), billing.Line(self.revenue, -moved)],
                    business_date=TODAY, now=make.NOW,
                )  # fmt: skip

    @property
    def money(self) -> tuple[int, int, int]:
        """Posted, held, overdraft."""
        with reading() as session:
            row = session.get_one(Wallet, self.wallet)
            return row.posted, row.held, row.overdraft


def purse(opening: int = 0) -> Purse:
    organization = make.organization(balance=opening)
    with transaction() as session:
        wallet = billing.ensure_wallet(session, organization.id, "EUR")
        return Purse(
            organization.id,
            wallet,
            billing.wallet_account(session, wallet),
            billing.ledger_account(session, AccountKind.REVENUE, "test", "EUR"),
        )


def ledger() -> tuple[list, list]:
    with reading() as session:
        return (
            session.execute(select(LedgerTx.__table__).order_by(LedgerTx.id)).all(),
            session.execute(select(LedgerEntry.__table__).order_by(LedgerEntry.id)).all(),
        )


@contextmanager
def raw() -> Iterator[Callable[[str], object]]:
    """The database as `sqlite3` and `psql` open it, without anything of ours."""
    url = db.engine.url
    if url.get_backend_name() == "sqlite":
        connection = sqlite3.connect(url.database, isolation_level=None)
    else:
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = psycopg.connect(address, autocommit=True)
    try:
        yield connection.execute
    finally:
        connection.close()
