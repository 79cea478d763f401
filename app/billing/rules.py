"""Decisions about money: what a wallet can pay, which card is charged, and for how much."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.lib.dates import add_months

# Less is not worth a charge, in minor units (R13b).
MIN_CHARGE = 50
# Above this an amount is a slip of the pen, in minor units.
MAX_TOP_UP = 1_000_000


class AccountKind(StrEnum):
    """Kinds of ledger accounts (L1)."""

    WALLET = "wallet"
    OPENING = "opening"
    REVENUE = "revenue"
    PSP_CLEARING = "psp_clearing"
    BANK = "bank"
    VAT = "vat"
    REFUNDS = "refunds"
    DISPUTES = "disputes"
    ADJUSTMENTS = "adjustments"


class EntryKind(StrEnum):
    """Why money moved."""

    OPENING_BALANCE = "opening_balance"
    RENEWAL = "renewal"
    TOP_UP = "top_up"
    CARD_CHARGE = "card_charge"
    TRANSFER = "transfer"
    REFUND = "refund"
    DISPUTE = "dispute"
    DISPUTE_WON = "dispute_won"
    CORRECTION = "correction"
    VAT = "vat"


class PaymentState(StrEnum):
    """Life of a payment at a gateway (L6). Only `declined` and `abandoned` allow a new one."""

    CREATED = "created"
    WAITING = "waiting"
    UNKNOWN = "unknown"
    CAPTURED = "captured"
    DECLINED = "declined"
    ABANDONED = "abandoned"


class Purpose(StrEnum):
    """What a payment is for: by whom it was asked."""

    FUNDING = "funding"
    TOP_UP = "top_up"
    AUTO_TOP_UP = "auto_top_up"


# Charged while the customer is away: at most once a day (R14).
BY_ITSELF = (Purpose.FUNDING, Purpose.AUTO_TOP_UP)


class Decline(StrEnum):
    """Why a gateway did not take the money (R14)."""

    SOFT = "soft"
    HARD = "hard"
    AUTHENTICATION = "authentication_required"


class RefundState(StrEnum):
    """Life of a refund (L10, CP17)."""

    CREATED = "created"
    UNKNOWN = "unknown"
    DONE = "done"
    FAILED = "failed"


class NotBalanced(Exception):
    """The entries of a movement do not sum to zero, or are fewer than two (L1)."""


@dataclass(frozen=True)
class Balance:
    """A wallet in minor units; only `available` may be spent."""

    posted: int
    held: int
    currency: str

    @property
    def available(self) -> int:
        return self.posted - self.held


@dataclass(frozen=True)
class CardFacts:
    """What decides whether a card can be charged."""

    id: int
    exp_year: int
    exp_month: int
    validated: bool
    auto_debit: bool
    unusable: bool
    rank: int

    def usable_on(self, day: date) -> bool:
        """Whether it may be charged by itself on a day (R13b, R14, A-5)."""
        return (
            self.validated
            and self.auto_debit
            and not self.unusable
            and card_covers(self.exp_month, self.exp_year, day)
        )


def check_balanced(amounts: list[int]) -> None:
    """Raise NotBalanced unless the amounts, in minor units, are a whole movement."""
    if len(amounts) < 2 or sum(amounts) != 0 or 0 in amounts:
        raise NotBalanced(amounts)


def last_valid_day(year: int, month: int) -> date:
    """A card's last valid day: the last one of its month (A-5)."""
    return add_months(date(year, month, 1), 1) - timedelta(days=1)


def last_month_over_by(day: date) -> tuple[int, int]:
    """The latest month of which no day is left after `day`, as year and month (A-5)."""
    last = (day + timedelta(days=1)).replace(day=1) - timedelta(days=1)
    return last.year, last.month


def card_covers(month: int, year: int, first_attempt: date) -> bool:
    """Whether a card is still valid on the day of the first attempt (R22, seed-C)."""
    return last_valid_day(year, month) >= first_attempt


def cards_to_try(
    cards: Iterable[CardFacts], day: date, wanted: Iterable[int | None] = ()
) -> list[CardFacts]:
    """Usable cards in the order in which they are charged: wanted ones, default, backups (R13b).

    `wanted` are cards that services name, the service that is paid first coming first (R22).
    """
    usable = sorted(
        (card for card in cards if card.usable_on(day)), key=lambda card: (card.rank, card.id)
    )
    by_id = {card.id: card for card in usable}
    first = [by_id[number] for number in dict.fromkeys(wanted) if number in by_id]
    return first + [card for card in usable if card not in first]


def to_charge(total: int, available: int) -> int:
    """What a card is charged for items worth `total`: the shortfall, debts included (R13b)."""
    shortfall = total - available
    return max(shortfall, MIN_CHARGE) if shortfall > 0 else 0


def source_of(gateway: str) -> AccountKind:
    """The kind of ledger account that money of a gateway comes from (L1)."""
    return AccountKind.BANK if gateway == "manual" else AccountKind.PSP_CLEARING


# When an open payment is asked about again; the last one goes on for ever.
_WAITS = (5, 5, 15, 60, 360)


def look_up_after(state: PaymentState, look_ups: int) -> timedelta:
    """How long after the last question the gateway is asked again about an open payment (L6).

    A customer on the gateway's page is mostly seen coming back; hours are enough for the others.
    """
    if state is PaymentState.WAITING:
        return timedelta(minutes=60 if look_ups else 15)
    return timedelta(minutes=_WAITS[min(look_ups, len(_WAITS) - 1)])


def accept_age(seconds: int) -> bool:
    """Whether an event signed that long ago is taken: five minutes, either way (L9, P4)."""
    return abs(seconds) <= 300


# Minutes after which an event that could not be worked on is tried again; then it is left (L9).
_EVENT_WAITS = (1, 5, 15, 60, 180, 360, 720, 1440, 1440, 1440)
# Tries after which the operator is told.
EVENT_PATIENCE = 5


def event_again_after(tries: int) -> timedelta | None:
    """How long after its last try, of so many, an event is tried again; None when no more."""
    if tries > len(_EVENT_WAITS):
        return None
    return timedelta(minutes=_EVENT_WAITS[tries - 1])
