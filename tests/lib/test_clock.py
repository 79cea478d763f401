"""The clock is one, and always tells UTC."""

from datetime import UTC, datetime, timedelta

from app.lib.clock import FixedClock, SystemClock


def test_the_machines_clock_is_aware_and_in_utc():
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert before <= now <= datetime.now(UTC)


def test_a_fixed_clock_moves_only_when_told():
    clock = FixedClock(datetime.fromisoformat("2027-03-01T09:00:00+01:00"))
    assert clock.now() == clock.now() == datetime(2027, 3, 1, 8, tzinfo=UTC)
    assert clock.now().tzinfo is UTC
    clock.advance(timedelta(hours=1))
    assert clock.now() == datetime(2027, 3, 1, 9, tzinfo=UTC)
    clock.set(datetime.fromisoformat("2027-01-01T00:00:00+01:00"))
    assert clock.now() == datetime(2026, 12, 31, 23, tzinfo=UTC)
