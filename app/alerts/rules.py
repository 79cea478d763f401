"""The days on which alerts open and legal notices must be sent (A-1, A7, R17)."""

from datetime import date, timedelta

from app.lib.dates import add_months

INACTIVE_AFTER_DAYS = 120


def inactivity_opens(last_login: date) -> date:
    """The day on which an unused free plan becomes an alert (A-1)."""
    return last_login + timedelta(days=INACTIVE_AFTER_DAYS)


def tacit_notice_window(refuse_by: date) -> tuple[date, date]:
    """First and last day for the notice of a tacit renewal that can be refused until `refuse_by`.

    No earlier than three months and no later than one month before (R17, code de la consommation
    L215-1).
    """
    return add_months(refuse_by, -3), add_months(refuse_by, -1)


def errp_windows(expires_on: date) -> list[tuple[date, date]]:
    """First and last days of ICANN's three renewal notices: a month, a week, just after (A7)."""
    return [
        (expires_on - timedelta(days=35), expires_on - timedelta(days=26)),
        (expires_on - timedelta(days=10), expires_on - timedelta(days=4)),
        (expires_on, expires_on + timedelta(days=5)),
    ]
