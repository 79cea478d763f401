"""What lists and pages say about a subscription, in the reader's language."""

from dataclasses import dataclass
from datetime import date
from typing import assert_never

from flask_babel import gettext as _
from flask_babel import ngettext

from app.subscriptions.rules import (
    Kind,
    Period,
    Status,
    grace_ends_on,
    period_of,
    status_on,
    suspension_ends_on,
)
from app.web.i18n import day


@dataclass(frozen=True)
class Standing:
    """What is wrong with a subscription, and how bad it is: ``amber`` or ``red``."""

    status: Status
    tone: str
    text: str


def standing(kind: Kind, expires_on: date | None, today: date) -> Standing | None:
    """The words beside an expiry date that has passed (R4); None while all is well."""
    if expires_on is None:
        return None
    status = status_on(kind, expires_on, today)
    match status:
        case Status.ACTIVE:
            return None
        case Status.GRACE:
            until = day(grace_ends_on(expires_on))
            text = _("Expired – works until %(date)s", date=until)
            return Standing(status, "amber", text)
        case Status.SUSPENDED:
            until = day(suspension_ends_on(expires_on))
            text = _("Expired – suspended, kept until %(date)s", date=until)
            return Standing(status, "red", text)
        case Status.DELETABLE:
            return Standing(status, "red", _("Expired – may be deleted"))
        case Status.EXPIRED:
            return Standing(status, "red", _("Expired"))
        case _:
            assert_never(status)


def frequency(months: int) -> str:
    """How often a mailbox renews."""
    return _("Monthly") if period_of(months) is Period.MONTHLY else _("Yearly")


def years(months: int) -> str:
    """How much a renewal adds to a domain."""
    count = max(1, months // 12)
    return ngettext("%(num)d year", "%(num)d years", count)
