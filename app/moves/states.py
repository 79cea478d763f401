"""The job that tells the hosting server in which state accounts shall be (A11)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.accounts.suspensions import follow
from app.db import transaction
from app.moves.ports import AccountState, hosting
from app.service_states.flows import Source, converge
from app.service_states.ports import Answer


def tell(now: datetime, run_id: int) -> int:
    """Tell the server what it does not know; how many accounts it confirmed."""
    del run_id
    return converge(ACCOUNTS, now)


def follow_all(now: datetime, run_id: int) -> int:
    """Once a day, whatever was missed: nothing should be."""
    del now, run_id
    with transaction() as session:
        follow(session)
    return 0


def _accounts(session: Session, ids: Sequence[int]) -> Mapping[int, AccountState]:
    rows = session.execute(
        select(
            Account.id, Account.public_id, Account.desired_state, Account.desired_revision
        ).where(Account.id.in_(ids))
    )
    return {row.id: AccountState(*row[1:]) for row in rows}


def _tell(wanted: Sequence[AccountState]) -> Sequence[Answer]:
    return hosting().tell(wanted)


ACCOUNTS = Source("hosting", Account, _accounts, _tell)
