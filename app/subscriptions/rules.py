"""Periods and their ends: months sold from an anchor, and what follows after expiry (R2-R5)."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.lib.dates import expiry

GRACE_DAYS = 7
SUSPENDED_DAYS = 30


class Kind(StrEnum):
    """What a subscription is for; the order is the order of payment on one day (R13)."""

    DOMAIN = "domain"
    MAILBOX = "mailbox"


class Period(StrEnum):
    """Frequency of a renewal."""

    MONTHLY = "monthly"
    YEARLY = "yearly"


MONTHS = {Period.MONTHLY: 1, Period.YEARLY: 12}


class Status(StrEnum):
    """Where a subscription stands on a day (R4). A domain is only active or expired."""

    ACTIVE = "active"
    GRACE = "grace"
    SUSPENDED = "suspended"
    DELETABLE = "deletable"
    EXPIRED = "expired"


class Verdict(StrEnum):
    """Will the next renewal happen, as things stand? Only for what is switched on."""

    WILL_RENEW = "will_renew"
    SHORT = "short"
    DOMAIN_ENDS = "domain_ends"
    DOMAIN_GONE = "domain_gone"
    NO_PRICE = "no_price"
    EXPIRED = "expired"
    TOO_DEAR = "too_dear"


def price_to_pay(announced: int | None, catalogue: int | None) -> int | None:
    """What a renewal by itself costs: the price last announced, or less (R16); None: not for sale.

    Both in minor units; `announced` is None where nobody was told a price yet.
    """
    if catalogue is None or announced is None:
        return catalogue
    return min(announced, catalogue)


def dearer(catalogue: int | None, price: int) -> int | None:
    """The catalogue's price where a renewal at `price` is cheaper, both in minor units."""
    return catalogue if catalogue is not None and catalogue > price else None


def status_on(kind: Kind, expires_on: date, today: date) -> Status:
    """Status on the business day `today` (R4)."""
    if today < expires_on:
        return Status.ACTIVE
    if kind is Kind.DOMAIN:
        return Status.EXPIRED
    if today < grace_ends_on(expires_on):
        return Status.GRACE
    if today < suspension_ends_on(expires_on):
        return Status.SUSPENDED
    return Status.DELETABLE


def grace_ends_on(expires_on: date) -> date:
    """The first day on which an expired mailbox no longer works (R4)."""
    return expires_on + timedelta(days=GRACE_DAYS)


def suspension_ends_on(expires_on: date) -> date:
    """The first day on which a suspended mailbox may be deleted (R4)."""
    return expires_on + timedelta(days=GRACE_DAYS + SUSPENDED_DAYS)


@dataclass(frozen=True)
class Extension:
    """What one more period makes of a mailbox's subscription."""

    anchor: date
    months: int
    expires_on: date


class WouldEndInThePast(Exception):
    """One more period from the last expiry would end on or before today (R5)."""


def period_of(months: int) -> Period:
    """The frequency whose period lasts `months`."""
    return Period.YEARLY if months >= MONTHS[Period.YEARLY] else Period.MONTHLY


def extend(anchor: date, months: int, more: int, today: date) -> Extension:
    """`more` months on top of `months`, by the anchor (R2), also when it comes late (R5).

    Raises WouldEndInThePast where even that would not reach past today.
    """
    total = months + more
    expires_on = expiry(anchor, total)
    if expires_on <= today:
        raise WouldEndInThePast
    return Extension(anchor, total, expires_on)


def after_renewal(anchor: date, months: int, more: int, today: date) -> Extension:
    """What renewing by hand gives: one more period, or a fresh one if that would be over (R5)."""
    try:
        return extend(anchor, months, more, today)
    except WouldEndInThePast:
        return reactivate(more, today)


def reactivate(months: int, today: date) -> Extension:
    """A fresh period from today, for what expired too long ago to be extended (R5)."""
    return Extension(today, months, expiry(today, months))
