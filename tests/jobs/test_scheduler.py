"""The metronome: ticks in a thread, survives what a tick meets, stops when asked (R12)."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app import create_app
from app.db import db
from app.jobs import scheduler
from app.jobs.service import Job, Schedule, last_tick

PATIENCE = 10


@pytest.fixture
def ticking(app, settings):
    """An application of its own, on the test's database, whose schedule counts."""
    own = create_app(settings.model_copy(update={"tick_seconds": 1, "scheduler": True}))
    ticks: list[datetime] = []
    own.extensions["vigie.schedule"] = Schedule(
        (Job("count", lambda now, _run: ticks.append(now) or 0),), lambda: ZoneInfo("Europe/Paris")
    )
    yield own, ticks
    with own.app_context():
        db.engine.dispose()


def test_it_ticks_until_it_is_stopped(ticking):
    app, ticks = ticking
    metronome = scheduler.start(app)
    try:
        end = time.monotonic() + PATIENCE
        while len(ticks) < 2 and time.monotonic() < end:
            time.sleep(0.02)
    finally:
        metronome.shutdown()
    seen = len(ticks)
    assert seen >= 2
    with app.app_context():
        assert last_tick() == ticks[-1]
    time.sleep(1.2)
    assert len(ticks) == seen


def test_it_does_nothing_where_the_settings_say_no(app, settings):
    own = create_app(settings.model_copy(update={"scheduler": False}))
    assert scheduler.start(own) is None


def test_it_survives_whatever_a_tick_meets(ticking, caplog):
    app, _ticks = ticking
    app.extensions["vigie.schedule"] = None
    scheduler._tick(app)
    assert "tick failed" in caplog.text


def test_it_goes_on_after_a_clock_that_went_back(ticking, monkeypatch, caplog):
    app, ticks = ticking
    clock = app.extensions["vigie"].clock
    future = datetime.now(UTC) + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: future)
    scheduler._tick(app)
    monkeypatch.setattr(clock, "now", lambda: future - timedelta(hours=1))
    scheduler._tick(app)
    assert "the clock went back" in caplog.text
    monkeypatch.setattr(clock, "now", lambda: future + timedelta(hours=1))
    scheduler._tick(app)
    assert ticks == [future, future + timedelta(hours=1)]
