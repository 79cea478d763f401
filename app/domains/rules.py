"""What registries allow and when a domain's renewal is tried (R7-R11, RFC 5731)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from app.lib.dates import add_months, add_years_leap_safe, days_before

MAX_YEARS = 10
# What becomes of a name that was not renewed, at the most: kept, to be bought back, going (R10).
AUTO_RENEW_GRACE = timedelta(days=45)
REDEMPTION = timedelta(days=30)
PENDING_DELETE = timedelta(days=5)
# So long after its end something may still be done for it, if only by the host.
KEPT = AUTO_RENEW_GRACE + REDEMPTION + PENDING_DELETE
EXTERNAL = "external"
SANDBOX = "sandbox"
PROHIBITING = frozenset(
    {"pendingTransfer", "pendingDelete", "clientRenewProhibited", "serverRenewProhibited"}
)


class DomainStatus(StrEnum):
    """Whether a name is still ours to renew."""

    ACTIVE = "active"
    TRANSFERRING = "transferring"
    GONE = "gone"


class Refusal(StrEnum):
    """Why a registry refuses to renew, in the words of Nomulus' tests."""

    WRONG_DATE = "IncorrectCurrentExpirationDate"
    TOO_LONG = "ExceedsMaxRegistrationYears"
    BAD_UNIT = "BadPeriodUnit"
    PROHIBITED = "StatusProhibits"
    NOT_FOUND = "DoesNotExist"
    NOT_OURS = "NotOwned"
    FEES = "FeesMismatch"


class Refused(Exception):
    """The registry said no; nothing changed there."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True)
class RegistryName:
    """What a registry holds about one name."""

    expires_at: datetime
    statuses: frozenset[str]
    sponsor: str


def current_expiry_date(expires_at: datetime) -> date:
    """The UTC date of the registry's instant, which `renew` must carry (R9)."""
    return expires_at.astimezone(UTC).date()


def renew_at_registry(
    name: RegistryName | None,
    current: date,
    now: datetime,
    *,
    registrar: str,
    years: int = 1,
    unit: str = "y",
) -> datetime:
    """The new expiry instant, or Refused: RFC 5731 §3.2.3 as Nomulus' DomainRenewFlow reads it."""
    if unit != "y":
        raise Refused(Refusal.BAD_UNIT)
    if name is None:
        raise Refused(Refusal.NOT_FOUND)
    if name.sponsor != registrar:
        raise Refused(Refusal.NOT_OURS)
    if name.statuses & PROHIBITING:
        raise Refused(Refusal.PROHIBITED)
    if current_expiry_date(name.expires_at) != current:
        raise Refused(Refusal.WRONG_DATE)
    day = add_years_leap_safe(name.expires_at.date(), years)
    later = datetime.combine(day, name.expires_at.timetz())
    if later > ten_years_from(now):
        raise Refused(Refusal.TOO_LONG)
    return later


def ten_years_from(now: datetime) -> datetime:
    """The latest expiry a registry accepts (R11)."""
    return datetime.combine(add_months(now.date(), 12 * MAX_YEARS), now.timetz())


def years_to_offer(expires_on: date, today: date) -> int:
    """The most whole years that a renewal may add today (R11); 0 when even one is too many."""
    for years in range(MAX_YEARS, 0, -1):
        if add_years_leap_safe(expires_on, years) <= add_months(today, 12 * MAX_YEARS):
            return years
    return 0


def last_day_to_renew(expires_on: date) -> date:
    """The last whole day on which a renewal is still in time (R7)."""
    return days_before(expires_on, 1)


def renewable_until(expires_on: date) -> date:
    """The last day on which a name that has ended can still be renewed at the usual price (R10).

    Later it has to be bought back for more, which is not sold here, or it is lost.
    """
    return expires_on + AUTO_RENEW_GRACE


def is_too_late(expires_on: date, today: date) -> bool:
    """Whether no money may be taken any more for renewing it (R10)."""
    return today > renewable_until(expires_on)


def is_lost(expires_on: date, today: date) -> bool:
    """Whether it can no longer be bought back either (R10)."""
    return today >= expires_on + KEPT


def extension_of(name: str) -> str:
    """What follows the first label: `co.uk` for example.co.uk."""
    return name.partition(".")[2]
