"""Whatever step kills the process, a move is applied once, and states converge (L8, CP18)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from app.accounts.suspensions import suspend
from app.db import db, transaction
from app.jobs.service import tick
from app.journal.models import JournalRow
from app.journal.service import HOST
from app.mailboxes.ports import MailboxState, mail_server
from app.moves import service
from app.moves.models import Move, SandboxAccount, SandboxMove
from app.moves.ports import hosting
from app.moves.rules import MoveState
from app.service_states.rules import ServiceState
from tests import make


class Killed(BaseException):
    """The process is gone; nothing may catch it."""


class Fate:
    """Counts steps, and kills at one of them."""

    def __init__(self) -> None:
        self.seen, self.at = 0, 0

    def step(self, *_event: object, **_more: object) -> None:
        self.seen += 1
        if self.seen == self.at:
            raise Killed

    def kills(self, step: int, work: Callable[[], object]) -> bool:
        """Run `work` and die at its `step`; False when it has fewer steps."""
        self.seen, self.at = 0, step
        try:
            work()
        except Killed:
            return True
        finally:
            self.at = 0
            db.session.remove()
        return False


def around(fate: Fate, call: Callable) -> Callable:
    def stepping(*args: object, **kwargs: object) -> object:
        fate.step()
        answer = call(*args, **kwargs)
        fate.step()
        return answer

    return stepping


@pytest.fixture
def fate(app, clock, monkeypatch):
    """A fate that counts every statement, and every call to the servers before and after it."""
    fate = Fate()
    with app.app_context():
        for guard, names in (
            (hosting(), ("tell", "begin", "progress")),
            (mail_server(), ("tell",)),
        ):
            for name in names:
                monkeypatch.setattr(guard, name, around(fate, getattr(guard, name)))
        event.listen(db.engine, "before_cursor_execute", fate.step)
        yield fate
        event.remove(db.engine, "before_cursor_execute", fate.step)


@pytest.mark.parametrize(
    ("title", "state"),
    [
        ("PHP 8.5", MoveState.APPLIED),
        ("PHP 8.5 (lost)", MoveState.APPLIED),
        ("PHP 8.5 (fails)", MoveState.FAILED),
    ],
)
def test_whatever_step_kills_the_process_a_move_ends_once(fate, title, state):
    acme = make.organization()
    step = 0
    while True:
        step += 1
        web = make.account(acme)
        move = make.move(web, title)
        now = make.NOW + timedelta(hours=step)
        with transaction() as session:
            service.queue_due(session, move.id, by=HOST, now=now)
        died = fate.kills(step, lambda now=now: tick(now, "moves"))
        for minutes in (1, 6, 12):
            tick(now + timedelta(minutes=minutes), "moves")
        check_move(move, web, title, state)
        if not died:
            break
    assert step > 10, "moves cannot have so few steps: what is counted?"


def check_move(move: make.Made, web: make.Made, title: str, state: MoveState) -> None:
    db.session.remove()
    found = db.session.get_one(Move, move.id)
    assert (found.state, found.lane, found.tries) == (state, None, 1)
    account = db.session.get(SandboxAccount, web.name)
    done = f"{title}\n" if state is MoveState.APPLIED else ""
    assert (account.applied if account else "") == done
    orders = select(SandboxMove.orders_seen).where(SandboxMove.account == web.name)
    assert db.session.scalars(orders).all() == [1]
    told = select(JournalRow.event).where(
        JournalRow.subject == web.name, JournalRow.event.in_(["move.applied", "move.failed"])
    )
    assert db.session.scalars(told).all() == [f"move.{state.value}"]
    db.session.remove()


def test_whatever_step_kills_the_process_a_suspension_reaches_the_servers(fate):
    step = 0
    while True:
        step += 1
        acme = make.organization()
        web = make.account(acme)
        domain = make.domain(acme)
        mailbox = make.mailbox(domain, acme)
        forwarding = make.forwarding(domain)
        now = make.NOW + timedelta(hours=step)
        with transaction() as session:
            suspend(session, acme.id, "inactivity", by=HOST, now=now)
        died = fate.kills(step, lambda now=now: all_states(now))
        for minutes in (5, 11):
            all_states(now + timedelta(minutes=minutes))
        for address in (mailbox.name, forwarding.name):
            held = mail_server().held(address)
            assert held is not None
            assert held.state is ServiceState.SUSPENDED
        assert hosting().held(web.name).state is ServiceState.SUSPENDED
        assert isinstance(mail_server().held(mailbox.name), MailboxState)
        if not died:
            break
    assert step > 20, "states cannot have so few steps: what is counted?"


def all_states(now) -> None:
    for job in ("mail_states", "account_states"):
        tick(now, job)
