"""The ledger, and the wallets that project it: all money moves through `post` (L1-L5)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, SQLColumnExpression, case, insert, select, update
from sqlalchemy.orm import Session

from app.billing.models import LedgerAccount, LedgerEntry, LedgerTx, Wallet
from app.billing.rules import AccountKind, EntryKind, NotBalanced, check_balanced
from app.db import insert_once
from app.lib.ids import random_key


class NotEnough(Exception):
    """The wallet's available money does not reach; nothing was changed."""


@dataclass(frozen=True)
class Line:
    """One entry to write: minor units on a ledger account; credits of the account are positive."""

    account_id: int
    amount: int


def ensure_wallet(session: Session, organization_id: int, currency: str) -> int:
    """The id of the organization's wallet in a currency, made empty where there is none."""
    insert_once(
        session, Wallet, organization_id=organization_id, currency=currency,
        posted=0, held=0, overdraft=0,
    )  # fmt: skip
    wallet_id = session.scalars(
        select(Wallet.id).where(
            Wallet.organization_id == organization_id, Wallet.currency == currency
        )
    ).one()
    insert_once(
        session, LedgerAccount, code=f"wallet:{wallet_id}", kind=AccountKind.WALLET,
        currency=currency, wallet_id=wallet_id,
    )  # fmt: skip
    return wallet_id


def forecast_anew(
    session: Session, organization_ids: Collection[int] | Select[int] | None = None
) -> None:
    """Have what these organizations' wallets will pay worked out again; without ids, all of them.

    Wallets are locked in the order of their ids: who also moves money calls this first, so that no
    two transactions wait for each other in a circle.
    """
    wallets = select(Wallet.id).order_by(Wallet.id).with_for_update()
    if organization_ids is not None:
        wallets = wallets.where(Wallet.organization_id.in_(organization_ids))
    session.execute(
        update(Wallet)
        .where(Wallet.id.in_(wallets))
        .values(forecast_due=True)
        .execution_options(synchronize_session=False)
    )


def lock_wallets(session: Session, organization_ids: Collection[int]) -> None:
    """Lock these organizations' wallets: before any payment of theirs, in the order of ids (L3)."""
    session.execute(
        select(Wallet.id)
        .where(Wallet.organization_id.in_(organization_ids))
        .order_by(Wallet.id)
        .with_for_update()
    ).all()


def funded(session: Session, wallet_id: int, by: str) -> None:
    """Something came that may pay what could not be paid today, such as ``payment:7`` (R6)."""
    session.execute(
        update(Wallet)
        .where(Wallet.id == wallet_id)
        .values(funded_by=by, forecast_due=True)
        .execution_options(synchronize_session=False)
    )


def forecast_is_done(session: Session, organization_id: int, currency: str) -> None:
    """What the wallet will pay is worked out; to be said in the transaction that stores it."""
    session.execute(
        update(Wallet)
        .where(Wallet.organization_id == organization_id, Wallet.currency == currency)
        .values(forecast_due=False)
        .execution_options(synchronize_session=False)
    )


def ledger_account(session: Session, kind: AccountKind, name: str, currency: str) -> int:
    """The id of a ledger account that is no wallet, such as revenue of mailboxes."""
    code = f"{kind.value}:{name}:{currency}"
    found = session.scalar(select(LedgerAccount.id).where(LedgerAccount.code == code))
    if found is None:
        insert_once(session, LedgerAccount, code=code, kind=kind, currency=currency, wallet_id=None)
        found = session.scalars(select(LedgerAccount.id).where(LedgerAccount.code == code)).one()
    return found


def wallet_account(session: Session, wallet_id: int) -> int:
    """The id of the ledger account of a wallet."""
    return session.scalars(
        select(LedgerAccount.id).where(LedgerAccount.wallet_id == wallet_id)
    ).one()


def post(
    session: Session,
    *,
    kind: EntryKind,
    ref: str,
    idem_key: str,
    currency: str,
    lines: list[Line],
    business_date: date,
    now: datetime,
) -> int:
    """Write one balanced movement; returns its id. Wallet rows are not touched here.

    Entries go first and the transaction row last: the database checks the sum when it arrives and
    accepts no entry afterwards. Raises NotBalanced; IntegrityError when `idem_key` was used before.
    """
    check_balanced([line.amount for line in lines])
    tx_id = random_key()
    session.execute(
        insert(LedgerEntry),
        [
            {
                "tx_id": tx_id,
                "account_id": line.account_id,
                "amount": line.amount,
                "currency": currency,
            }
            for line in lines
        ],
    )
    session.execute(
        insert(LedgerTx).values(
            id=tx_id, kind=kind, ref=ref, business_date=business_date, at=now, idem_key=idem_key
        )
    )
    return tx_id


def debit(session: Session, wallet_id: int, amount: int) -> None:
    """Take money that is there, in one conditional statement; NotEnough otherwise (L3)."""
    _spend(session, wallet_id, amount, posted=-amount, held=0)


def hold(session: Session, wallet_id: int, amount: int) -> None:
    """Set money aside while a registry is asked; NotEnough when it is not there (L4)."""
    _spend(session, wallet_id, amount, posted=0, held=amount)


def capture(session: Session, wallet_id: int, amount: int) -> None:
    """Take what `hold` set aside. The renewal's state makes sure that this happens once."""
    _settle(session, wallet_id, amount, posted=-amount)


def release(session: Session, wallet_id: int, amount: int) -> None:
    """Give back what `hold` set aside."""
    _settle(session, wallet_id, amount, posted=0)


def credit(session: Session, wallet_id: int, amount: int) -> None:
    """Add to (or, for an operator's entry, take from) a wallet, below zero too where it must."""
    session.execute(
        update(Wallet)
        .where(Wallet.id == wallet_id)
        .values(_with_overdraft(Wallet.posted + amount, Wallet.held))
        .execution_options(synchronize_session=False)
    )


def _with_overdraft(
    posted: SQLColumnExpression[int], held: SQLColumnExpression[int]
) -> dict[str, SQLColumnExpression[int] | bool]:
    missing = held - posted
    overdraft = case((missing > 0, missing), else_=0)
    return {"posted": posted, "held": held, "overdraft": overdraft, "forecast_due": True}


def _refuse_negative(amount: int) -> None:
    if amount < 0:
        raise ValueError("a negative amount cannot be spent")


def _spend(session: Session, wallet_id: int, amount: int, *, posted: int, held: int) -> None:
    _refuse_negative(amount)
    done = session.execute(
        update(Wallet)
        .where(Wallet.id == wallet_id, Wallet.posted - Wallet.held >= amount)
        .values(posted=Wallet.posted + posted, held=Wallet.held + held, forecast_due=True)
        .returning(Wallet.id)
        .execution_options(synchronize_session=False)
    ).first()
    if done is None:
        raise NotEnough


def _settle(session: Session, wallet_id: int, amount: int, *, posted: int) -> None:
    _refuse_negative(amount)
    done = session.execute(
        update(Wallet)
        .where(Wallet.id == wallet_id, Wallet.held >= amount)
        .values(_with_overdraft(Wallet.posted + posted, Wallet.held - amount))
        .returning(Wallet.id)
        .execution_options(synchronize_session=False)
    ).first()
    if done is None:
        raise NotBalanced("more was to be settled than is held")
