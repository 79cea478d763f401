"""When a job is due, and when the clock cannot be trusted (R12, R21)."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.lib.dates import at, business_date

CLOCK_TOLERANCE = timedelta(minutes=5)


def slot_of(daily_at: time, now: datetime, tz: ZoneInfo) -> str | None:
    """The name of today's slot of a daily job, or None before its hour. Late is not too late."""
    today = business_date(now, tz)
    return today.isoformat() if now >= at(today, daily_at, tz) else None


def went_back(last: datetime | None, now: datetime) -> bool:
    """Whether `now` is so far before the last tick that business days could go backwards (R21)."""
    return last is not None and now < last - CLOCK_TOLERANCE
