"""What a forecast is given, and what it tells: services, a purse, what becomes of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from app.billing.rules import CardFacts, cards_to_try
from app.renewals.funding import Refill
from app.subscriptions.rules import Kind, Verdict

# More than any wallet holds.
ENDLESS = 10**15


class ForecastItem(NamedTuple):
    """One subscription that is switched on; `price`, in minor units, is None if not for sale.

    `look_on` is the day on which the engine looks at it next, None when it will not. A mailbox has
    `anchor` and the months `sold` since. `since` and `attempts` are those of `rules.plan`.
    `claimed` tells that this very renewal is under way, its money held already. `elsewhere` is
    None for what this wallet pays; a domain that another pays says whether that one will. `by_card`
    is false where no card may be tried for it by itself any more (R14); `card_id` is one it names.
    `later` is the price of the renewals after this one, where it rises (R16); `cap` the most that
    its owner wants to pay.
    """

    id: int
    kind: Kind
    domain_id: int
    expires_on: date
    look_on: date | None
    months: int
    price: int | None
    anchor: date | None = None
    sold: int = 0
    since: date = date.min
    attempts: int = 0
    claimed: bool = False
    elsewhere: bool | None = None
    by_card: bool = True
    card_id: int | None = None
    later: int | None = None
    cap: int | None = None


@dataclass(frozen=True)
class Purse:
    """What there is to pay with: minor units in the wallet, and cards that are charged (R13)."""

    available: int
    cards: tuple[CardFacts, ...] = ()
    refill: Refill | None = None

    def card_on(self, day: date, wanted: Iterable[int | None] = ()) -> CardFacts | None:
        """The card that is charged on a day, if one can be."""
        return next(iter(cards_to_try(self.cards, day, wanted)), None)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What becomes of a subscription's next renewal, and on which day that is decided.

    `missing` is what has to be paid in for it to be paid, in minor units, also for what is due
    before it; None where money is not what is missing.
    """

    verdict: Verdict
    day: date | None
    missing: int | None = None


class Charge(NamedTuple):
    """A renewal that is paid; `amount` and `balance`, the rest after it, in minor units."""

    day: date
    subscription_id: int
    amount: int
    balance: int


class CardCharge(NamedTuple):
    """A card that is charged; `amount` and `balance`, what is there after it, in minor units."""

    day: date
    card_id: int
    amount: int
    balance: int


class Shortfall(NamedTuple):
    """A renewal that cannot be paid; amounts in minor units, `missing` as in Outlook."""

    day: date
    subscription_id: int
    amount: int
    missing: int


Foretold = Charge | CardCharge | Shortfall
