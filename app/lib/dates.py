"""Civil days: anchored months, business dates, and the instants at which days begin (R1-R3)."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def add_months(anchor: date, months: int) -> date:
    """The day `months` after `anchor`, clamped to its month's last day (R2).

    Raises ValueError outside the years 1-9999.
    """
    year, month0 = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise ValueError(f"{months} months from {anchor} is outside the calendar")
    return date(year, month0 + 1, min(anchor.day, monthrange(year, month0 + 1)[1]))


def expiry(anchor: date, months: int) -> date:
    """Expiry of a service sold for `months` since `anchor`; never from the last expiry (R2)."""
    return add_months(anchor, months)


def months_until(anchor: date, expires_on: date) -> int | None:
    """The number of months with `expiry(anchor, n) == expires_on`, or None where there is none."""
    months = (expires_on.year - anchor.year) * 12 + expires_on.month - anchor.month
    return months if months >= 0 and add_months(anchor, months) == expires_on else None


def business_date(instant: datetime, tz: ZoneInfo) -> date:
    """The civil day of an aware instant in the installation's zone (R1)."""
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone has no business date")
    return instant.astimezone(tz).date()


def start_of_day(day: date, tz: ZoneInfo) -> datetime:
    """First instant, in UTC, whose local date is `day`, or later where a zone skipped it (R3).

    Where midnight does not exist, `fold=0` reads the skipped midnight with the offset before the
    gap, which is the instant of the jump itself.
    """
    return at(day, time.min, tz)


def at(day: date, local: time, tz: ZoneInfo) -> datetime:
    """The instant, in UTC, at which clocks in `tz` show `local` on `day`.

    Of two such instants the first; where there is none, as much after the jump.
    """
    return datetime.combine(day, local, tz).astimezone(UTC)


def days_before(day: date, count: int) -> date:
    """The day `count` days earlier: J-count."""
    return day - timedelta(days=count)


def add_years_leap_safe(day: date, years: int) -> date:
    """Years added as registries do: 29 February becomes 28 and stays there (R8, RFC 5731)."""
    for _ in range(years):
        day = add_months(day, 12)
    return day
