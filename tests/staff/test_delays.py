"""Delays of alerts on the operator's pages: what a change would do is seen before it is made."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.alerts.delays import delays_of
from app.alerts.models import Alert
from app.alerts.rules import Delays
from app.db import db
from app.jobs.service import tick
from app.journal.models import JournalRow
from tests import make
from tests.pages import fields, send, signed_in, statements

HERE = "/staff/alerts/negative_balance"


@pytest.fixture
def client(app, clock):
    with app.app_context():
        acme = make.organization("Acme", balance=-500)
        make.owner(acme, "Marie")
        tick(clock.now(), "alerts")
        camille = make.operator("Camille")
    return signed_in(app, camille, is_confirmed=True)


def page(client, address: str = HERE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def post(client, html: str, do: str = "preview", **changes):
    return send(client, HERE, html, {**changes, "do": do})


def delays(app, name: str = "negative_balance") -> Delays:
    with app.app_context():
        return delays_of(db.session())[name]


def test_all_types_are_listed_with_their_days_and_how_many_are_open(app, client):
    with statements(app) as sent:
        html = page(client, "/staff/alerts")
    assert len(sent) <= 6, sent
    rows = html.split("<tr>")
    row = next(one for one in rows if "Negative balance" in one)
    for told in ("3, 7, 14, 20", ">21<", ">1<"):
        assert told in row
    assert client.get("/staff/alerts/boredom").status_code == 404


def test_a_preview_tells_what_follows_and_changes_nothing(app, client, clock):
    before = delays(app)
    answer = post(client, page(client), reminders="3, 5", expires="30")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "The deadline of 1 open alert comes later." in html
    assert fields(html, HERE)["reminders"] == "3, 5"
    assert delays(app) == before


def test_what_was_seen_is_saved_once_by_two_clicks(app, client):
    seen = post(client, page(client), reminders="5;3 3", expires="30").get_data(as_text=True)
    for _click in range(2):
        assert post(client, seen, "save").status_code == 303
    assert delays(app) == Delays(reminders=(3, 5), expires=30)
    with app.app_context():
        found = select(JournalRow).where(JournalRow.event == "alert.delays_changed")
        assert db.session.scalars(found).one().user_id is not None
    assert "Changed" in page(client, "/staff/alerts")


def test_nothing_is_saved_that_was_not_previewed(app, client):
    before = delays(app)
    html = page(client)
    assert 'value="save"' not in html
    assert post(client, html, "save", expires="30").status_code == 422
    seen = post(client, html, expires="30").get_data(as_text=True)
    answer = post(client, seen, "save", expires="40")
    assert answer.status_code == 422
    assert "no longer what you saw" in answer.get_data(as_text=True)
    assert fields(answer.get_data(as_text=True), HERE)["expires"] == "40"
    assert delays(app) == before


def test_nothing_is_saved_where_something_else_would_follow_by_now(app, client, clock):
    seen = post(client, page(client), expires="30").get_data(as_text=True)
    with app.app_context():
        make.owner(make.organization("Beta", balance=-100), "Bob")
        tick(clock.now(), "alerts")
    answer = post(client, seen, "save")
    assert answer.status_code == 422
    assert "The deadlines of 2 open alerts come later." in answer.get_data(as_text=True)
    assert post(client, answer.get_data(as_text=True), "save").status_code == 303


def test_who_would_be_suspended_and_reminded_is_told_in_numbers(client, clock, app):
    clock.advance(timedelta(days=12))
    camille = signed_in_again(app)
    html = post(camille, page(camille), reminders="3, 11", expires="10").get_data(as_text=True)
    assert "1 organization is suspended, if it was warned in time." in html
    html = post(camille, page(camille), reminders="3, 12", expires="30").get_data(as_text=True)
    assert "2 people get a mail, at most." in html


def signed_in_again(app):
    with app.app_context():
        other = make.operator("Dominique")
    return signed_in(app, other, is_confirmed=True)


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"expires": "7"}, "expires", "Nobody is suspended in less than 8 days."),
        ({"expires": ""}, "expires", "Enter a number of days."),
        ({"expires": "soon"}, "expires", ""),
        ({"expires": "1" + "0" * 30}, "expires", "No delay is longer than"),
        ({"reminders": "soon"}, "reminders", "Write days separated by commas"),
        ({"reminders": "3, 5000"}, "reminders", "No delay is longer than"),
    ],
)
def test_what_makes_no_sense_is_told_at_its_field_and_kept(app, client, changes, field, told):
    before = delays(app)
    for do in ("preview", "save"):
        answer = post(client, page(client), do, **changes)
        html = answer.get_data(as_text=True)
        assert answer.status_code == 422
        error = html.partition(f'id="{field}-error">')[2].partition("<")[0]
        assert error
        assert told in error
        assert fields(html, HERE)[field] == changes[field]
    assert delays(app) == before


def test_the_defaults_come_back_after_a_preview(app, client):
    seen = post(client, page(client), reminders="5", expires="30").get_data(as_text=True)
    post(client, seen, "save")
    html = post(client, page(client), "defaults", expires="nonsense").get_data(as_text=True)
    assert fields(html, HERE)["reminders"] == "3, 7, 14, 20"
    assert "comes sooner" in html
    assert post(client, html, "save").status_code == 303
    assert delays(app) == Delays(reminders=(3, 7, 14, 20), expires=21)


def test_a_type_shows_only_the_delays_that_it_has(client):
    assert 'name="opens"' not in page(client)
    html = page(client, "/staff/alerts/domain_expiry")
    assert 'name="expires"' not in html
    assert 'value="-31, -15, -7, -3, -1, 1"' in html
    html = page(client, "/staff/alerts/move")
    assert 'name="opens"' not in html


def test_a_minus_may_be_a_real_one(app, client):
    here = "/staff/alerts/move"
    html = page(client, here)
    answer = send(client, here, html, {"reminders": "−14, −2", "do": "preview"})
    seen = answer.get_data(as_text=True)
    assert answer.status_code == 200, seen
    assert send(client, here, seen, {"do": "save"}).status_code == 303
    assert delays(app, "move") == Delays(reminders=(-14, -2))


def test_open_alerts_move_with_what_is_saved(app, client):
    seen = post(client, page(client), expires="30").get_data(as_text=True)
    post(client, seen, "save")
    with app.app_context():
        alert = db.session.scalars(select(Alert)).one()
        assert (alert.deadline_on - alert.opened_on).days == 30
