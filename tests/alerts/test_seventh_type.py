"""A seventh type is one file: the example of docs/adding-an-alert.md, run as it stands."""

import re
import sys
from pathlib import Path

import pytest
from sqlalchemy import update

from app.alerts import preferences
from app.alerts import types as registry
from app.alerts.delays import delays_of
from app.alerts.telling import path_of, tell
from app.db import db, transaction
from app.mailboxes.models import Mailbox
from tests import make
from tests.alerts.world import TODAY, alerts, day, mails, steps, tick_daily, tick_on
from tests.pages import signed_in

DOCUMENT = Path(__file__).parents[2] / "docs" / "adding-an-alert.md"
NAME = "full_mailbox"


@pytest.fixture
def seventh(tmp_path, monkeypatch):
    """The document's example, beside the other types."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / f"{NAME}.py").write_text(code, encoding="utf-8")
    monkeypatch.setattr(registry, "__path__", [*registry.__path__, str(tmp_path)])
    registry.types.cache_clear()
    yield
    sys.modules.pop(f"{registry.__name__}.{NAME}", None)
    vars(registry).pop(NAME, None)
    registry.types.cache_clear()


def full() -> make.Made:
    """The owner of a mailbox that is full."""
    acme = make.organization()
    owner = make.owner(acme, language="en")
    domain = make.domain(acme, "example.fr", expires_on=day(900))
    make.mailbox(domain, acme, used_bytes=3072 * 2**20)
    return owner


def test_it_opens_reminds_and_is_resolved(seventh, db_context):
    full()
    tick_daily(0, 10)
    assert steps() == {"opening": "sent", "+3": "sent", "+10": "sent"}
    assert "info@example.fr is nearly full" in mails()[0].subject
    with transaction() as session:
        session.execute(update(Mailbox).values(used_bytes=0))
    tick_on(day(11))
    assert alerts()[0].resolution == "emptied"


def test_it_is_in_preferences_delays_and_words(seventh, db_context):
    full()
    tick_on(day(0))
    assert NAME in preferences.wanted(db.session(), "marie@people.example")
    assert delays_of(db.session())[NAME].reminders == (3, 10)
    (alert,) = alerts()
    assert path_of(alert) == "/mailboxes/info@example.fr"
    assert tell(alert, TODAY).action == "Show the mailbox"


def test_it_is_on_the_pages(seventh, app, clock):
    with app.app_context():
        owner = full()
        tick_on(day(0))
        (alert,) = alerts()
        db.session.remove()
    client = signed_in(app, owner)
    assert "info@example.fr is nearly full" in client.get("/alerts").text
    assert "Delete what is no longer needed" in client.get(f"/alerts/{alert.public_id}").text
    assert "Mailbox nearly full" in client.get("/profile").text


def test_a_type_whose_file_was_taken_away_is_shown_and_left_alone(app, clock, tmp_path, seventh):
    with app.app_context():
        owner = full()
        tick_on(day(0))
        registry.__path__.pop()
        registry.types.cache_clear()
        tick_on(day(3))
        assert steps() == {"opening": "sent"}
        (alert,) = alerts()
        db.session.remove()
    client = signed_in(app, owner)
    assert "info@example.fr" in client.get("/alerts").text
    assert client.get(f"/alerts/{alert.public_id}").status_code == 200
