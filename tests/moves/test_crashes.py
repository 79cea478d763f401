"""Whatever step kills the process, a move is applied once, and states converge (L8, CP18)."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

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
from tests.fate import at_statements


@pytest.fixture
def fate(app, clock, monkeypatch):
    """A fate that counts every statement, and every call to the servers before and after it."""
    with app.app_context(), at_statements() as fate:
        for guard, names in (
            (hosting(), ("tell", "begin", "progress")),
            (mail_server(), ("tell",)),
        ):
            for name in names:
                monkeypatch.setattr(guard, name, fate.around(getattr(guard, name)))
        yield fate


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
    for step in fate.steps(more_than=10):
        web = make.account(acme)
        move = make.move(web, title)
        now = make.NOW + timedelta(hours=step)
        with transaction() as session:
            service.queue_due(session, move.id, by=HOST, now=now)
        fate.kills(partial(tick, now, "moves"))
        for minutes in (1, 6, 12):
            tick(now + timedelta(minutes=minutes), "moves")
        check_move(move, web, title, state)


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
    for step in fate.steps(more_than=20):
        acme = make.organization()
        web = make.account(acme)
        domain = make.domain(acme)
        mailbox = make.mailbox(domain, acme)
        forwarding = make.forwarding(domain)
        now = make.NOW + timedelta(hours=step)
        with transaction() as session:
            suspend(session, acme.id, "inactivity", by=HOST, now=now)
        fate.kills(partial(all_states, now))
        for minutes in (5, 11):
            all_states(now + timedelta(minutes=minutes))
        for address in (mailbox.name, forwarding.name):
            held = mail_server().held(address)
            assert held is not None
            assert held.state is ServiceState.SUSPENDED
        assert hosting().held(web.name).state is ServiceState.SUSPENDED
        assert isinstance(mail_server().held(mailbox.name), MailboxState)


def all_states(now) -> None:
    for job in ("mail_states", "account_states"):
        tick(now, job)
