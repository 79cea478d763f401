"""When a renewal is tried, what stops it, and in which order things are paid (R6, R7, R13, R18)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from app.lib.dates import add_years_leap_safe, business_date
from app.subscriptions.rules import GRACE_DAYS, Kind

MAILBOX_FIRST_DAY = 5
DOMAIN_ATTEMPT_DAYS = (30, 15, 7, 5, 4, 3, 2, 1)
# Never between 00:00 and 04:00: clocks change then (R6).
SLOT_TIME = time(8, 30)


class Outcome(StrEnum):
    """How an attempt ended (product.md §5)."""

    RENEWED = "renewed"
    UNFUNDED = "unfunded"
    DECLINED = "declined"
    AUTHENTICATION_REQUIRED = "authentication_required"
    UNKNOWN = "unknown"
    BLOCKED = "blocked"


class RenewalState(StrEnum):
    """Life of a renewal: claimed with its money held, then done, failed, or not known yet."""

    CLAIMED = "claimed"
    UNKNOWN = "unknown"
    DONE = "done"
    FAILED = "failed"


class Trigger(StrEnum):
    """What made an attempt (R6)."""

    DAILY = "daily"
    COMPENSATION = "compensation"
    # Followed by what came, as in `funding:payment:7`.
    FUNDING = "funding"
    MANUAL = "manual"


class Block(StrEnum):
    """Why an attempt is not charged though money may be there."""

    DOMAIN_GONE = "domain_gone"
    DOMAIN_ENDS_FIRST = "domain_ends_first"
    TRANSFERRING = "transferring"
    NO_PRICE = "no_price"
    REGISTRY_REFUSED = "registry_refused"
    IN_THE_PAST = "would_end_in_the_past"
    TOO_DEAR = "too_dear"


def attempt_due(now: datetime, expires_on: date, tz: ZoneInfo) -> bool:
    """Whether `now` falls on one of the business days J-5 to J-1 of a mailbox (R6)."""
    return is_attempt_day(Kind.MAILBOX, expires_on, business_date(now, tz))


def is_attempt_day(kind: Kind, expires_on: date, today: date) -> bool:
    """Whether a renewal is tried on `today`: R6's range for mailboxes, R7's days for domains."""
    left = (expires_on - today).days
    if kind is Kind.DOMAIN:
        return left in DOMAIN_ATTEMPT_DAYS
    return 1 <= left <= MAILBOX_FIRST_DAY


def is_in_window(kind: Kind, expires_on: date, today: date) -> bool:
    """Whether money or a card that comes on `today` makes an attempt at once (R6)."""
    return first_attempt_day(kind, expires_on) <= today < expires_on


def next_attempt_day(kind: Kind, expires_on: date, not_before: date) -> date | None:
    """The first attempt day on or after `not_before`, or None when none is left."""
    days = DOMAIN_ATTEMPT_DAYS if kind is Kind.DOMAIN else range(MAILBOX_FIRST_DAY, 0, -1)
    for count in days:
        day = expires_on - timedelta(days=count)
        if day >= not_before:
            return day
    return None


def first_attempt_day(kind: Kind, expires_on: date) -> date:
    """The day before which everything must be in order."""
    longest = DOMAIN_ATTEMPT_DAYS[0] if kind is Kind.DOMAIN else MAILBOX_FIRST_DAY
    return expires_on - timedelta(days=longest)


def owes_compensation(
    kind: Kind, expires_on: date, today: date, *, on_since: date, attempts: int
) -> bool:
    """Whether one late attempt is owed: no slot could run because we were down (R6).

    `on_since` is the business day on which auto-renewal was last switched on, `attempts` how many
    there were for this period. Only mailboxes have a grace in which the late attempt may run.
    """
    return (
        kind is Kind.MAILBOX
        and attempts == 0
        and on_since < expires_on <= today < expires_on + timedelta(days=GRACE_DAYS)
    )


@dataclass(frozen=True)
class DomainTie:
    """What a mailbox's renewal must know of its domain (R18)."""

    external: bool
    gone: bool
    paid_through: date | None
    auto_renewal: bool
    failed: bool


def blocked_by_domain(expires_on: date, tie: DomainTie) -> Block | None:
    """Why a mailbox is not renewed for its domain's sake, or None (R18)."""
    if tie.external:
        return None
    if tie.gone or tie.paid_through is None:
        return Block.DOMAIN_GONE
    if tie.paid_through <= expires_on and (not tie.auto_renewal or tie.failed):
        return Block.DOMAIN_ENDS_FIRST
    return None


@dataclass(frozen=True)
class Item:
    """One thing due for payment."""

    id: int
    kind: Kind
    expires_on: date
    price: int


class Payable(Protocol):
    """What `payment_order` looks at."""

    @property
    def id(self) -> int: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def expires_on(self) -> date: ...
    @property
    def price(self) -> int: ...


def payment_order(item: Payable) -> tuple[date, int, int, int]:
    """Sort key of R13: soonest first, domain before mailbox, cheapest, oldest."""
    return (item.expires_on, 0 if item.kind is Kind.DOMAIN else 1, item.price, item.id)


@dataclass(frozen=True)
class Plan:
    """What the engine does with one subscription today, and when it looks again."""

    trigger: Trigger | None
    look_again_on: date | None


def plan(kind: Kind, expires_on: date, today: date, *, on_since: date, attempts: int) -> Plan:
    """Try today, or wait, or give up for this period (R6, R7).

    `on_since` is the business day on which auto-renewal was switched on, `attempts` how many
    attempts there were for the period that ends on `expires_on`.
    """
    if is_attempt_day(kind, expires_on, today):
        trigger = Trigger.DAILY
    elif owes_compensation(kind, expires_on, today, on_since=on_since, attempts=attempts):
        trigger = Trigger.COMPENSATION
    else:
        return Plan(None, next_attempt_day(kind, expires_on, today))
    return Plan(trigger, next_attempt_day(kind, expires_on, today + timedelta(days=1)))


def first_look_on(kind: Kind, expires_on: date, today: date) -> date | None:
    """When the engine next has something to do for a period paid through `expires_on`."""
    return next_attempt_day(kind, expires_on, today + timedelta(days=1))


class Reading(StrEnum):
    """What a registry's date says about a renewal that is under way (CP7-CP9, R10)."""

    NOT_YET = "not_yet"
    DONE = "done"
    STRANGE = "strange"


def read_registry(before: date, years: int, found: date) -> Reading:
    """Compare the registry's expiry (UTC date) with what it was when the renewal was claimed.

    A registry that auto-renewed by itself shows the same date as our own renewal of one year: the
    period is there, and no second one must be ordered (R10).
    """
    if found == before:
        return Reading.NOT_YET
    return Reading.DONE if found == add_years_leap_safe(before, years) else Reading.STRANGE


def paid_through(registry_expiry: datetime, tz: ZoneInfo) -> date:
    """The day a domain is paid through: the earlier of the registry's day (UTC) and ours.

    The last attempt must come before both, whichever side of UTC the installation is on.
    """
    return min(registry_expiry.astimezone(UTC).date(), business_date(registry_expiry, tz))


@dataclass(frozen=True)
class PaidPeriod:
    """A period `[starts_on, ends_on)` that was paid for, `price` in minor units."""

    starts_on: date
    ends_on: date
    price: int


def to_give_back(periods: Iterable[PaidPeriod], leaves_on: date) -> int:
    """What was paid for the days from `leaves_on` on, in minor units (R17).

    By days, each period on its own; what does not come out even is rounded up, for the customer.
    """
    return sum(_unserved(period, leaves_on) for period in periods)


def _unserved(period: PaidPeriod, leaves_on: date) -> int:
    days = (period.ends_on - period.starts_on).days
    left = (period.ends_on - max(leaves_on, period.starts_on)).days
    return -(-period.price * max(left, 0) // days) if days > 0 else 0
