"""Civil days: anchored months, and the instants at which days begin (R1-R3, D13)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.lib.dates import (
    add_months,
    add_years_leap_safe,
    at,
    business_date,
    days_before,
    expiry,
    months_until,
    start_of_day,
)

PARIS = ZoneInfo("Europe/Paris")
ANCHORS = st.dates(date(1990, 1, 1), date(2100, 12, 31))
MONTHS = st.integers(0, 600)
# Zones where clocks have jumped over midnight, over a whole day, or back across it.
ODD_ZONES = (
    "Africa/Cairo", "America/Havana", "America/Santiago", "America/Sao_Paulo", "America/St_Johns",
    "Asia/Amman", "Asia/Beirut", "Asia/Gaza", "Asia/Tehran", "Atlantic/Azores", "Pacific/Apia",
)  # fmt: skip


def walked(anchor: date, months: int) -> date:
    """The oracle: step from one first of the month to the next, then take the last day there is."""
    first = anchor.replace(day=1)
    for _ in range(months):
        first = (first + timedelta(days=31)).replace(day=1)
    days = [first + timedelta(days=n) for n in range(anchor.day)]
    return max(day for day in days if day.month == first.month)


@given(ANCHORS, MONTHS)
def test_an_expiry_is_the_anchors_day_or_the_months_last(anchor, months):
    assert expiry(anchor, months) == walked(anchor, months)


@given(ANCHORS, MONTHS)
def test_months_until_undoes_expiry(anchor, months):
    assert months_until(anchor, expiry(anchor, months)) == months


@given(ANCHORS, st.integers(-800, 3000))
def test_months_until_finds_what_there_is_and_nothing_else(anchor, days):
    day = anchor + timedelta(days=days)
    there = [n for n in range(max(0, days // 31 - 1), days // 28 + 2) if walked(anchor, n) == day]
    assert months_until(anchor, day) == (there[0] if there else None)


@given(ANCHORS, MONTHS)
def test_no_renewal_ever_shortens_a_period(anchor, months):
    assert timedelta(28) <= expiry(anchor, months + 1) - expiry(anchor, months) <= timedelta(31)


@pytest.mark.parametrize(("anchor", "months"), [(date(9999, 12, 1), 1), (date(1, 1, 1), -1)])
def test_months_outside_the_calendar_are_refused(anchor, months):
    with pytest.raises(ValueError, match="outside the calendar"):
        add_months(anchor, months)


def test_a_registrys_29_february_never_comes_back():
    assert add_years_leap_safe(date(2028, 2, 29), 4) == date(2032, 2, 28)
    assert expiry(date(2028, 2, 29), 48) == date(2032, 2, 29)


def test_days_before():
    assert days_before(date(2027, 3, 3), 5) == date(2027, 2, 26)


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("Europe/Paris", date(2027, 3, 28), "2027-03-27T23:00Z"),
        ("UTC", date(2027, 3, 28), "2027-03-28T00:00Z"),
        # Midnight does not exist: the day begins at one.
        ("America/Havana", date(2027, 3, 14), "2027-03-14T05:00Z"),
        ("Africa/Cairo", date(2027, 4, 30), "2027-04-29T22:00Z"),
        ("America/Santiago", date(2027, 9, 5), "2027-09-05T04:00Z"),
        ("Asia/Beirut", date(2027, 3, 28), "2027-03-27T22:00Z"),
        # Midnight happens twice, or the evening before does: the first midnight counts.
        ("America/Havana", date(2027, 11, 7), "2027-11-07T04:00Z"),
        ("Asia/Beirut", date(2027, 10, 31), "2027-10-30T22:00Z"),
        # Samoa had no 30 December 2011: what should begin then begins with the 31st.
        ("Pacific/Apia", date(2011, 12, 29), "2011-12-29T10:00Z"),
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00Z"),
        ("Pacific/Apia", date(2011, 12, 31), "2011-12-30T10:00Z"),
    ],
)
def test_a_day_begins(zone, day, begins):
    assert start_of_day(day, ZoneInfo(zone)) == datetime.fromisoformat(begins)


@given(st.sampled_from(ODD_ZONES), st.dates(date(1990, 1, 1), date(2037, 12, 31)))
def test_the_start_of_a_day_is_the_first_instant_that_shows_it_or_a_later_one(zone, day):
    tz = ZoneInfo(zone)
    start = start_of_day(day, tz)
    assert start.astimezone(tz).date() >= day
    quarters = [start - timedelta(minutes=15 * n + 1) for n in range(120)]
    assert all(earlier.astimezone(tz).date() < day for earlier in quarters)


@given(st.sampled_from(ODD_ZONES), st.dates(date(1990, 1, 1), date(2037, 12, 31)))
def test_half_past_eight_is_on_its_day_everywhere(zone, day):
    tz = ZoneInfo(zone)
    if day == date(2011, 12, 30) and zone == "Pacific/Apia":
        return
    assert at(day, time(8, 30), tz).astimezone(tz).replace(tzinfo=None) == datetime.combine(
        day, time(8, 30)
    )


@pytest.mark.parametrize(
    ("day", "local", "instant"),
    [
        (date(2027, 3, 27), time(8, 30), "2027-03-27T07:30Z"),
        (date(2027, 3, 28), time(8, 30), "2027-03-28T06:30Z"),
        # 02:30 is skipped in spring (03:30 is shown instead) and shown twice in autumn.
        (date(2027, 3, 28), time(2, 30), "2027-03-28T01:30Z"),
        (date(2027, 10, 31), time(2, 30), "2027-10-31T00:30Z"),
        (date(2027, 10, 31), time(8, 30), "2027-10-31T07:30Z"),
    ],
)
def test_a_local_time_on_days_when_clocks_change(day, local, instant):
    assert at(day, local, PARIS) == datetime.fromisoformat(instant)


@given(st.integers(0, 2**32))
def test_an_instant_is_on_the_day_that_has_begun(seconds):
    instant = datetime.fromtimestamp(seconds, UTC)
    today = business_date(instant, PARIS)
    assert start_of_day(today, PARIS) <= instant < start_of_day(today + timedelta(1), PARIS)


def test_an_instant_without_a_zone_is_on_no_day():
    with pytest.raises(ValueError, match="zone"):
        business_date(datetime(2027, 3, 1), PARIS)  # noqa: DTZ001
