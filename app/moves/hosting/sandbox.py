"""The sandbox hosting server: tables of its own in this database, with faults on demand.

It is part of the product: the demo, trials and tests run on it. A move is done at once, unless its
title ends with one of FAULTS; that of a whole system (LONG_WORK) takes a while too.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.db import transaction
from app.moves.models import SandboxAccount, SandboxMove
from app.moves.ports import (
    AccountState,
    Begun,
    Broken,
    Done,
    MoveOrder,
    NeverBegun,
    Progress,
    Running,
)
from app.service_states.ports import Answer, Applied, Refused, Unknown
from app.service_states.rules import ServiceState

NAME = "sandbox"
SLOW, FAILS, REFUSED, LOST, DOWN = "(slow)", "(fails)", "(refused)", "(lost)", "(down)"
# Title's end -> what happens. "Lost": it is carried out, but the answer to the order is lost.
FAULTS = (SLOW, FAILS, REFUSED, LOST, DOWN)
LONG_WORK = "Debian "
SLOW_TAKES = timedelta(seconds=20)


class SandboxHosting:
    """Carries out what it is told, by its clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def tell(self, wanted: Sequence[AccountState]) -> Sequence[Answer]:
        """Keep each account's state."""
        with transaction() as session:
            for one in wanted:
                row = _account(session, one.name)
                if row.revision <= one.revision:
                    row.state, row.revision = one.state, one.revision
            return [Applied() for _ in wanted]

    def held(self, account: str) -> AccountState | Unknown | None:
        """What was kept."""
        with transaction() as session:
            row = session.get(SandboxAccount, account)
            return AccountState(row.name, row.state, row.revision) if row else None

    def begin(self, order: MoveOrder) -> Begun | Refused | Unknown:
        """Take an order, once for each key."""
        fault = _fault(order.title)
        if fault == DOWN:
            return Unknown("the sandbox hosting server is down")
        if fault == REFUSED:
            return Refused("the sandbox hosting server does not carry out such moves")
        with transaction() as session:
            known = session.get(SandboxMove, order.key)
            if known:
                known.orders_seen += 1
            else:
                self._carry_out(session, order, fault)
        return Unknown("the answer was lost") if fault == LOST else Begun()

    def _carry_out(self, session: Session, order: MoveOrder, fault: str | None) -> None:
        key, account, title = order.key, order.account, order.title
        session.add(SandboxMove(key=key, account=account, title=title, begun_at=self._now()))
        if fault != FAILS:
            row = _account(session, account)
            row.applied = f"{row.applied}{title}\n"

    def progress(self, key: str) -> Progress:
        """What became of an order, by the sandbox's clock."""
        with transaction() as session:
            row = session.get(SandboxMove, key)
            if row is None:
                return NeverBegun()
            title, took = row.title, self._now() - row.begun_at
        if _fault(title) == FAILS:
            return Broken("the new version does not start", "Copy made\nNew version: error\nUndone")
        if _fault(title) == SLOW and took < SLOW_TAKES:
            return Running(max(0, 100 * took // SLOW_TAKES), "Copy made")
        return Done(f"Copy made\n{title}: in place\nChecked: answers")


def _fault(title: str) -> str | None:
    usual = SLOW if title.startswith(LONG_WORK) else None
    return next((fault for fault in FAULTS if title.endswith(fault)), usual)


def _account(session: Session, name: str) -> SandboxAccount:
    row = session.get(SandboxAccount, name)
    if row is None:
        row = SandboxAccount(name=name, state=ServiceState.ACTIVE, revision=0, applied="")
        session.add(row)
        session.flush()
    return row
