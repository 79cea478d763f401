"""What waits for an operator: listed in words, settled once."""

import pytest
from sqlalchemy import func, select

from app.db import db
from app.journal.models import JournalRow
from tests import make
from tests.pages import send, signed_in


@pytest.fixture
def client(app, clock):
    with app.app_context():
        camille = make.operator("Camille")
    return signed_in(app, camille, is_confirmed=True)


def test_tasks_are_told_in_words_with_what_is_known(app, client):
    with app.app_context():
        make.task("mail_failed", "lost@people.example")
    page = client.get("/staff").get_data(as_text=True)
    assert "A mail could not be delivered." in page
    assert "Your domain expires" in page


def test_a_task_leads_to_where_it_is_looked_into(app, client):
    with app.app_context():
        make.task("mail_failed", "lost+1@people.example")
        name = make.move(make.account(make.organization())).name
        make.task("move_failed", name)
    html = client.get("/staff").get_data(as_text=True)
    for where in ("/staff/mails?q=lost%2B1@people.example", f"/staff/moves/{name}"):
        assert f'href="{where}"' in html
        assert client.get(where).status_code == 200


def test_a_settled_task_is_gone_and_two_clicks_are_one(app, client):
    with app.app_context():
        number = make.task()
    html = client.get("/staff").get_data(as_text=True)
    for _click in range(2):
        assert send(client, f"/staff/tasks/{number}/done", html, {}).status_code == 303
    assert "Nothing to do" in client.get("/staff").get_data(as_text=True)
    with app.app_context():
        settled = select(func.count()).where(JournalRow.event == "task.settled")
        assert db.session.scalar(settled) == 1
