"""What a wallet will pay, as things stand: the engine's own rules played forward day by day.

Nothing comes in during a forecast, so what cannot be paid once never can; that is why each charge
counts on what earlier ones leave, and why the playing ends by itself when the money does.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from heapq import heappop, heappush
from typing import NamedTuple

from app.lib.dates import add_years_leap_safe
from app.renewals.rules import (
    Block,
    DomainTie,
    blocked_by_domain,
    first_look_on,
    is_attempt_day,
    next_attempt_day,
    payment_order,
    plan,
)
from app.subscriptions.rules import Kind, Verdict, WouldEndInThePast, extend


class ForecastItem(NamedTuple):
    """One subscription that is switched on; `price`, in minor units, is None if not for sale.

    `look_on` is the day on which the engine looks at it next, None when it will not. A mailbox has
    `anchor` and the months `sold` since. `since` and `attempts` are those of `rules.plan`.
    `claimed` tells that this very renewal is under way, its money held already. `elsewhere` is
    None for what this wallet pays; a domain that another pays says whether that one will.
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


@dataclass(frozen=True, slots=True)
class Outlook:
    """What becomes of a subscription's next renewal, and on which day that is decided.

    `missing` is by how much the wallet is short, in minor units, and None where it is not that.
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


def forecast(
    available: int,
    items: Iterable[ForecastItem],
    ties: Mapping[int, DomainTie],
    today: date,
    until: date,
    *,
    told: Callable[[Charge], None] | None = None,
) -> dict[int, Outlook]:
    """The next renewal of each item of one wallet, by subscription (R2, R6, R7, R13a, R18).

    `ties` holds what is known of each item's domain, by the domain's id. Up to `until` an item
    renews again and again; what first comes later is judged by what is left then. Whoever wants
    the charges up to `until` is `told` each, in order; without, nothing is played beyond the last
    verdict. Only the wallet pays yet: cards, and that they expire, come in `_Play.pay` (R13b).
    """
    play = _Play(available, dict(ties), today, until, told)
    for item in items:
        play.add(item)
    play.run()
    return play.outlooks


_Following = tuple[date, date | None]


class _Running:
    """An item on its way through the forecast; has what `payment_order` looks at."""

    __slots__ = ("claimed", "expires_on", "id", "item", "kind", "price", "sold")

    def __init__(self, item: ForecastItem) -> None:
        self.item = item
        self.id = item.id
        self.kind = item.kind
        self.price = item.price or 0
        self.expires_on = item.expires_on
        self.sold = item.sold
        self.claimed = item.claimed


class _Play:
    """The state of a forecast: the money left, each domain, and who is tried on which day."""

    def __init__(
        self,
        available: int,
        ties: dict[int, DomainTie],
        today: date,
        until: date,
        told: Callable[[Charge], None] | None,
    ) -> None:
        self.available = available
        self.ties = ties
        self.today = today
        self.until = until
        self.told = told
        self.outlooks: dict[int, Outlook] = {}
        self.open = 0
        # No less than all that could be charged.
        self.most, self.months = 0, (until - today).days // 28 + 2
        self.repeats = True
        self.days: list[date] = []
        self.on_day: defaultdict[date, list[_Running]] = defaultdict(list)
        # Thousands of mailboxes share their days.
        self.extensions: dict[tuple[date, int, int, date], _Following | None] = {}

    def add(self, item: ForecastItem) -> None:
        day = _first_try_on(item, self.today)
        if day is not None:
            self.open += item.elsewhere is None
            self.most += (item.price or 0) * (1 + self.months // item.months)
            self.try_on(day, _Running(item))
        elif item.elsewhere is None:
            gone = blocked_by_domain(date.min, self.ties[item.domain_id]) is Block.DOMAIN_GONE
            verdict = Verdict.DOMAIN_GONE if gone else Verdict.EXPIRED
            self.outlooks[item.id] = Outlook(verdict, None)

    def try_on(self, day: date, one: _Running) -> None:
        if day not in self.on_day:
            heappush(self.days, day)
        self.on_day[day].append(one)

    def run(self) -> None:
        # Where there is money for everything, later renewals of the same mailbox change nothing.
        self.repeats = bool(self.told) or self.most > self.available
        while self.days and (self.open or self.told):
            day = heappop(self.days)
            for one in sorted(self.on_day.pop(day), key=payment_order):
                self.attempt(one, day)

    def attempt(self, one: _Running, day: date) -> None:
        """Mirrors `service.attempt`, in the same order."""
        item = one.item
        if one.claimed or item.elsewhere:
            one.claimed = False
            self.renew(one, day, self.extended(one, day))
        elif item.elsewhere is False:
            self.stop(one, Verdict.SHORT, day)
        elif item.price is None:
            self.stop(one, Verdict.NO_PRICE, day)
        elif block := self.block(one):
            self.wait(one, block, day)
        elif (following := self.extended(one, day)) is None:
            self.stop(one, Verdict.EXPIRED, day)
        elif not self.pay(one, day):
            self.stop(one, Verdict.SHORT, day, one.price - self.available)
        else:
            self.renew(one, day, following)

    def block(self, one: _Running) -> Block | None:
        tie = self.ties[one.item.domain_id]
        if one.item.kind is Kind.MAILBOX:
            return blocked_by_domain(one.expires_on, tie)
        return Block.DOMAIN_GONE if tie.gone else None

    def wait(self, one: _Running, block: Block, day: date) -> None:
        """A mailbox whose domain may still be renewed is tried again; balances do not come back."""
        again = next_attempt_day(one.item.kind, one.expires_on, day + timedelta(days=1))
        if block is Block.DOMAIN_ENDS_FIRST and again:
            self.try_on(again, one)
            return
        gone = block is Block.DOMAIN_GONE
        self.stop(one, Verdict.DOMAIN_GONE if gone else Verdict.DOMAIN_ENDS, day)

    def pay(self, one: _Running, day: date) -> bool:
        """Take the price whole or not at all; a card would stand in here where the wallet ends."""
        if one.price and one.price > self.available:
            return False
        self.available -= one.price
        if self.told and day <= self.until:
            self.told(Charge(day, one.id, one.price, self.available))
        return True

    def renew(self, one: _Running, day: date, following: _Following | None) -> None:
        item = one.item
        if following is None:
            self.stop(one, Verdict.EXPIRED, day)
            return
        one.expires_on, look = following
        one.sold += item.months
        if item.kind is Kind.DOMAIN:
            tie = self.ties[item.domain_id]
            self.ties[item.domain_id] = replace(tie, paid_through=one.expires_on, failed=False)
        self.settle(item, Outlook(Verdict.WILL_RENEW, day))
        if look and look <= self.until and (self.repeats or item.kind is Kind.DOMAIN):
            self.try_on(look, one)

    def extended(self, one: _Running, day: date) -> _Following | None:
        """The new period's end and the day of the try after it; None if it would end by today."""
        item = one.item
        # Registries add whole years (R8); mailboxes are counted from their anchor (R2).
        start = item.anchor or one.expires_on
        key = (start, one.sold, item.months, day)
        if key not in self.extensions:
            self.extensions[key] = _extended(item, start, one.sold, day)
        return self.extensions[key]

    def stop(self, one: _Running, verdict: Verdict, day: date, missing: int | None = None) -> None:
        """Not renewed, and never again: a domain's mailboxes will meet a failed attempt."""
        item = one.item
        if item.kind is Kind.DOMAIN:
            self.ties[item.domain_id] = replace(self.ties[item.domain_id], failed=True)
        self.settle(item, Outlook(verdict, day, missing))

    def settle(self, item: ForecastItem, outlook: Outlook) -> None:
        """The first outcome is the verdict; later renewals of the same item do not change it."""
        if item.elsewhere is None and item.id not in self.outlooks:
            self.outlooks[item.id] = outlook
            self.open -= 1


def _extended(item: ForecastItem, start: date, sold: int, day: date) -> _Following | None:
    if item.anchor is None:
        expires_on = add_years_leap_safe(start, item.months // 12)
    else:
        try:
            expires_on = extend(start, sold, item.months, day).expires_on
        except WouldEndInThePast:
            return None
    return expires_on, first_look_on(item.kind, expires_on, day)


def _first_try_on(item: ForecastItem, today: date) -> date | None:
    if item.claimed:
        return today
    if item.look_on is None:
        return None
    day = max(item.look_on, today)
    if is_attempt_day(item.kind, item.expires_on, day):
        return day
    planned = plan(item.kind, item.expires_on, day, on_since=item.since, attempts=item.attempts)
    return day if planned.trigger else planned.look_again_on
