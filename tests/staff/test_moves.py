"""Moves on the operator's pages: announced once, called off, tried again; journaled as theirs."""

import pytest
from sqlalchemy import select

from app.accounts.suspensions import suspend
from app.alerts.models import Alert
from app.db import db, transaction
from app.jobs.service import tick
from app.journal.models import JournalRow
from app.journal.service import HOST
from app.moves.models import Move
from app.moves.rules import MoveState
from tests import make
from tests.pages import fields, fill, send, signed_in, statements

NEW = "/staff/moves/new"


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        return make.organization("Acme")


@pytest.fixture
def web(app, acme):
    with app.app_context():
        make.owner(acme, "Marie")
        return make.account(acme)


@pytest.fixture
def client(app, clock):
    with app.app_context():
        camille = make.operator("Camille")
    return signed_in(app, camille, is_confirmed=True)


@pytest.fixture
def wanted(web):
    return {
        "account": web.name, "title": "PHP 8.5", "due_on": "2027-04-01",
        "description": "Faster.\n\nAnd safer.", "changes": "PHP 7 is gone.",
    }  # fmt: skip


def page(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def moves(app) -> list[Move]:
    with app.app_context():
        found = list(db.session.scalars(select(Move).order_by(Move.id)))
        db.session.expunge_all()
        return found


def in_state(app, web, state: MoveState, **more) -> str:
    with app.app_context():
        name = make.move(web).name
        with transaction() as session:
            move = session.scalars(select(Move).where(Move.public_id == name)).one()
            move.state = state
            for key, value in more.items():
                setattr(move, key, value)
    return name


def by_whom(app, event: str) -> list[int | None]:
    with app.app_context():
        rows = db.session.scalars(select(JournalRow).where(JournalRow.event == event))
        return [row.user_id for row in rows]


def press(client, name: str, what: str, html: str):
    return send(client, f"/staff/moves/{name}/{what}", html, {})


def test_a_move_is_announced_once_and_those_concerned_are_told(app, client, clock, wanted):
    html = page(client, NEW)
    for _click in range(2):
        assert send(client, NEW, html, wanted).location == "/staff/moves"
    (move,) = moves(app)
    assert (move.title, str(move.due_on)) == ("PHP 8.5", "2027-04-01")
    assert move.description == "Faster.\n\nAnd safer."
    assert [one is not None for one in by_whom(app, "move.announced")] == [True]
    with app.app_context():
        tick(clock.now(), "alerts")
        assert db.session.scalars(select(Alert.type)).all() == ["move"]
    assert "PHP 8.5" in page(client, "/staff/moves")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("account", "nobody", "There is no hosting account of that name."),
        ("account", " ", "Enter the name of a hosting account."),
        ("title", "", "Say in a few words"),
        ("due_on", "", "Choose a day."),
        ("due_on", "2027-03-01", "Choose a day from tomorrow on"),
        ("due_on", "9999-12-31", "Choose a day from tomorrow on"),
        ("due_on", "soon", ""),
        ("title", "x" * 201, ""),
    ],
)
def test_what_makes_no_sense_is_told_at_its_field_and_kept(app, client, wanted, field, value, told):
    answer = fill(client, NEW, wanted | {field: value})
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    error = html.partition(f'id="{field}-error">')[2].partition("<")[0]
    assert error
    assert told in error
    assert fields(html, NEW)["changes"].strip() == "PHP 7 is gone."
    assert moves(app) == []


def test_the_form_may_begin_with_an_account(client, web):
    html = page(client, f"{NEW}?account={web.name}")
    assert fields(html, NEW)["account"] == web.name


def test_open_moves_of_all_customers_are_listed_by_date(app, client, web):
    with app.app_context():
        beta = make.account(make.organization("Beta"), "shop")
        make.move(beta, "Debian 13", make.TODAY)
        for n in range(60):
            make.move(web, f"Move {n:02}")
    in_state(app, web, MoveState.APPLIED, title="Over already")
    in_state(app, web, MoveState.FAILED, title="Went wrong")
    with statements(app) as sent:
        html = page(client, "/staff/moves")
    assert len(sent) <= 6, sent
    assert html.index("Debian 13") < html.index("Move 00")
    assert "Over already" not in html
    assert "Beta" in html
    html = page(client, "/staff/moves?state=failed")
    assert "Went wrong" in html
    assert "Debian 13" not in html
    assert "No move in this state" in page(client, "/staff/moves?state=running")
    assert "Debian 13" in page(client, "/staff/moves?state=applied")


def test_one_is_called_off_once(app, client, web):
    name = in_state(app, web, MoveState.SCHEDULED)
    html = page(client, f"/staff/moves/{name}")
    for _click in range(2):
        assert press(client, name, "cancel", html).status_code == 303
    assert moves(app)[0].state is MoveState.CANCELLED
    assert [one is not None for one in by_whom(app, "move.cancelled")] == [True]
    assert "Called off" in page(client, f"/staff/moves/{name}")


def test_what_runs_is_not_called_off(app, client, web):
    name = in_state(app, web, MoveState.SCHEDULED)
    html = page(client, f"/staff/moves/{name}")
    with app.app_context(), transaction() as session:
        move = session.scalars(select(Move)).one()
        move.state, move.lane = MoveState.RUNNING, 1
    press(client, name, "cancel", html)
    assert moves(app)[0].state is MoveState.RUNNING
    assert "Call it off" not in page(client, f"/staff/moves/{name}")


def test_a_failed_one_is_tried_again_once(app, client, web):
    name = in_state(
        app, web, MoveState.FAILED, tries=1, result="Disk full", log="copying …\nDisk full"
    )
    html = page(client, f"/staff/moves/{name}")
    assert "copying …" in html
    for _click in range(2):
        assert press(client, name, "retry", html).status_code == 303
    assert moves(app)[0].state is MoveState.QUEUED
    assert [one is not None for one in by_whom(app, "move.queued")] == [True]


def test_nothing_is_tried_while_the_customer_is_suspended(app, client, acme, web):
    name = in_state(app, web, MoveState.FAILED, tries=1)
    html = page(client, f"/staff/moves/{name}")
    with app.app_context(), transaction() as session:
        suspend(session, acme.id, "negative_balance", by=HOST, now=make.NOW)
    answer = press(client, name, "retry", html)
    assert answer.status_code == 409
    assert "The customer is suspended" in answer.get_data(as_text=True)
    assert moves(app)[0].state is MoveState.FAILED
    assert client.get("/staff/moves/nothing").status_code == 404
