"""Moves: asked for or due, carried out once, whatever the hosting server answers (A-6)."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.accounts.suspensions import OrganizationSuspended, resume, suspend
from app.db import db, transaction
from app.jobs.service import tick
from app.journal.models import JournalRow
from app.journal.service import HOST
from app.moves import service
from app.moves.models import Move, SandboxAccount, SandboxMove
from app.moves.ports import hosting
from app.moves.rules import MoveState
from app.operator_tasks.service import open_tasks
from app.service_states.rules import ServiceState
from tests import make

NOW = make.NOW


@pytest.fixture
def acme(db_context, clock) -> make.Made:
    return make.organization()


@pytest.fixture
def web(acme) -> make.Made:
    return make.account(acme)


def ask(move: make.Made, tries: int = 0) -> bool:
    with transaction() as session:
        return service.ask_for(session, move.id, tries=tries, by=HOST, now=NOW)


def due(move: make.Made) -> bool:
    with transaction() as session:
        return service.queue_due(session, move.id, by=HOST, now=NOW)


def run(minutes: int = 0) -> None:
    tick(NOW + timedelta(minutes=minutes), "moves")


def row(move: make.Made) -> Move:
    db.session.expire_all()
    return db.session.get_one(Move, move.id)


def states(*moves: make.Made) -> list[MoveState]:
    return [row(move).state for move in moves]


def applied(account: make.Made) -> str:
    db.session.expire_all()
    known = db.session.get(SandboxAccount, account.name)
    return known.applied if known else ""


def rename(move: make.Made, title: str) -> None:
    with transaction() as session:
        session.execute(update(Move).where(Move.id == move.id).values(title=title))


def tasks() -> list[str]:
    return [one.kind for one in open_tasks(db.session())]


def test_nobody_applies_a_move_that_nobody_asked_for(web):
    move = make.move(web)
    run()
    assert states(move) == [MoveState.SCHEDULED]


def test_a_move_that_is_asked_for_is_applied_by_the_next_tick(web):
    move = make.move(web)
    assert ask(move)
    run()
    found = row(move)
    assert (found.state, found.tries, found.lane) == (MoveState.APPLIED, 1, None)
    assert "PHP 8.5: in place" in found.log
    assert applied(web) == "PHP 8.5\n"


def test_the_journal_tells_that_it_was_applied(web, acme):
    ask(make.move(web))
    run()
    told = db.session.execute(
        select(JournalRow.event, JournalRow.organization_id, JournalRow.subject).order_by(
            JournalRow.id
        )
    ).all()
    assert [tuple(one) for one in told] == [
        ("move.queued", acme.id, web.name), ("move.applied", acme.id, web.name)
    ]  # fmt: skip


def test_a_form_sent_twice_asks_once(web):
    move = make.move(web, "PHP 8.5 (fails)")
    assert ask(move)
    assert not ask(move)
    run()
    assert not ask(move, tries=0)
    assert ask(move, tries=1)


def test_a_move_that_is_due_is_queued_once(web):
    move = make.move(web)
    assert due(move)
    assert not due(move)


def test_a_failed_move_leaves_the_account_and_tells_the_operator(web):
    move = make.move(web, "PHP 8.5 (fails)")
    ask(move)
    run()
    found = row(move)
    assert (found.state, found.result) == (MoveState.FAILED, "the new version does not start")
    assert applied(web) == ""
    assert tasks() == ["move_failed"]
    assert not due(move), "it is not tried again by itself"


def test_a_failed_move_can_be_tried_again_and_its_task_closes(web):
    move = make.move(web, "PHP 8.5 (fails)")
    ask(move)
    run()
    rename(move, "PHP 8.5")
    ask(move, tries=1)
    run(1)
    assert states(move) == [MoveState.APPLIED]
    assert tasks() == []


def test_a_refused_move_has_failed(web):
    move = make.move(web, "Windows (refused)")
    ask(move)
    run()
    assert states(move) == [MoveState.FAILED]


def test_a_slow_move_shows_how_far_it_is(web, clock):
    move = make.move(web, "PHP 8.5 (slow)")
    ask(move)
    run()
    assert (row(move).state, row(move).percent) == (MoveState.RUNNING, 0)
    clock.advance(timedelta(seconds=10))
    run()
    assert (row(move).state, row(move).percent) == (MoveState.RUNNING, 50)
    clock.advance(timedelta(seconds=10))
    run()
    assert states(move) == [MoveState.APPLIED]


def test_an_answer_that_is_lost_is_looked_up_and_nothing_is_ordered_again(web):
    move = make.move(web, "PHP 8.5 (lost)")
    ask(move)
    run()
    assert (row(move).state, row(move).silent_since) == (MoveState.RUNNING, NOW)
    run(1)
    assert states(move) == [MoveState.APPLIED]
    assert applied(web) == "PHP 8.5 (lost)\n"
    assert db.session.scalars(select(SandboxMove.orders_seen)).all() == [1]


def test_a_server_that_is_down_is_asked_until_it_answers(web):
    move = make.move(web, "PHP 8.5 (down)")
    ask(move)
    run()
    run(1)
    assert states(move) == [MoveState.RUNNING]
    rename(move, "PHP 8.5")
    run(30)
    assert states(move) == [MoveState.APPLIED]


def test_a_server_that_stays_silent_is_a_task(web):
    move = make.move(web, "PHP 8.5 (down)")
    ask(move)
    for minutes in range(0, 130, 10):
        run(minutes)
    assert tasks() == ["move_silent"]


def test_at_most_so_many_run_at_a_time_and_the_others_wait_their_turn(acme, clock):
    moves = [make.move(make.account(acme), "PHP 8.5 (slow)") for _ in range(3)]
    for move in moves:
        ask(move)
    run()
    assert states(*moves) == [MoveState.RUNNING, MoveState.RUNNING, MoveState.QUEUED]
    clock.advance(timedelta(minutes=1))
    run()
    assert states(*moves) == [MoveState.APPLIED, MoveState.APPLIED, MoveState.RUNNING]


def test_one_account_has_one_move_at_a_time(web, clock):
    moves = [make.move(web, f"PHP 8.{number} (slow)") for number in range(2)]
    for move in moves:
        ask(move)
    run()
    assert states(*moves) == [MoveState.RUNNING, MoveState.QUEUED]


def test_a_move_that_is_called_off_never_runs(web):
    move = make.move(web)
    ask(move)
    with transaction() as session:
        assert service.cancel(session, move.id, by=HOST, now=NOW)
    run()
    assert states(move) == [MoveState.CANCELLED]
    assert not ask(move)


def test_a_running_move_cannot_be_called_off(web):
    move = make.move(web, "PHP 8.5 (slow)")
    ask(move)
    run()
    with transaction() as session:
        assert not service.cancel(session, move.id, by=HOST, now=NOW)


def test_nobody_asks_while_the_organization_is_suspended(web, acme):
    move = make.move(web)
    with transaction() as session:
        suspend(session, acme.id, "inactivity", by=HOST, now=NOW)
    with pytest.raises(OrganizationSuspended):
        ask(move)


def test_a_suspended_organizations_accounts_stop_and_go_on_with_it(web, acme):
    with transaction() as session:
        suspend(session, acme.id, "inactivity", by=HOST, now=NOW)
    tick(NOW, "account_states")
    assert hosting().held(web.name).state is ServiceState.SUSPENDED
    with transaction() as session:
        resume(session, acme.id, "inactivity", by=HOST, now=NOW)
    tick(NOW, "account_states")
    assert hosting().held(web.name).state is ServiceState.ACTIVE
