"""What lists and pages say about a subscription, in the reader's language."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, assert_never

from flask_babel import gettext as _
from flask_babel import ngettext

from app.subscriptions.rules import (
    Kind,
    Period,
    Status,
    Verdict,
    grace_ends_on,
    period_of,
    status_on,
    suspension_ends_on,
)
from app.web.i18n import day, money
from app.web.listing import Found


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


def warnings(seen_by: Collection[int]) -> Callable[[Any], str | None]:
    """What says of a row why it cannot be paid, or None where that is not its verdict.

    By how much a wallet is short is told where `payer_id` is one of `seen_by`: it tells a balance.
    """
    known = lru_cache(why_not)

    def warning(row: Any) -> str | None:
        if row.verdict in (None, Verdict.WILL_RENEW):
            return None
        return known(row.verdict, row.missing if row.payer_id in seen_by else None)

    return warning


def why_not(verdict: Verdict, missing: int | None) -> str:
    """Why a subscription that is switched on will not renew; `missing` in minor units if known."""
    match verdict:
        case Verdict.SHORT:
            if missing is None:
                return _("Cannot be paid: the balance is too low")
            return _("Cannot be paid: %(amount)s short", amount=money(missing))
        case Verdict.DOMAIN_ENDS:
            return _("Will not renew: its domain ends before it")
        case Verdict.DOMAIN_GONE:
            return _("Will not renew: the domain is no longer registered with us")
        case Verdict.NO_PRICE:
            return _("Will not renew: there is no price for it")
        case Verdict.TOO_DEAR:
            return _("Will not renew: the price is above your limit")
        case Verdict.EXPIRED:
            return _("Will not renew: it is too late to renew by itself")
        case Verdict.WILL_RENEW:
            return _("Will renew")
        case _:
            assert_never(verdict)


def verdict(row: Found) -> str:
    """The verdict in short; empty while it is being worked out, and where nothing renews here."""
    if row.auto_renewal is False:
        return _("Off")
    if row.verdict is None:
        return ""
    if row.verdict is Verdict.WILL_RENEW:
        return _("Will renew")
    return _("Cannot be paid") if row.verdict is Verdict.SHORT else _("Will not renew")


def frequency(months: int) -> str:
    """How often a mailbox renews."""
    return _("Monthly") if period_of(months) is Period.MONTHLY else _("Yearly")


def years(months: int) -> str:
    """How much a renewal adds to a domain."""
    count = max(1, months // 12)
    return ngettext("%(num)d year", "%(num)d years", count)
