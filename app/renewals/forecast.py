"""What a wallet will pay, as things stand: the engine's own rules played forward day by day.

Nothing comes in during a forecast but what a usable card is charged, so what cannot be paid once
never can; that is why each renewal counts on what earlier ones leave.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from heapq import heappop, heappush
from typing import NamedTuple

from app.billing.rules import MIN_CHARGE
from app.lib.dates import add_years_leap_safe
from app.renewals.foretold import (
    ENDLESS,
    CardCharge,
    Charge,
    ForecastItem,
    Foretold,
    Outlook,
    Purse,
    Shortfall,
)
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


def forecast(
    purse: Purse,
    items: Iterable[ForecastItem],
    ties: Mapping[int, DomainTie],
    today: date,
    until: date,
    *,
    told: Callable[[Foretold], None] | None = None,
) -> dict[int, Outlook]:
    """The next renewal of each item of one wallet, by subscription (R2, R6, R7, R13, R18).

    `ties` holds what is known of each item's domain, by the domain's id. Up to `until` an item
    renews again and again; what first comes later is judged by what is left then. Whoever wants
    all that happens up to `until` is `told` it, in order; without, nothing is played beyond the
    last verdict.
    """
    played, events = list(items), list[Foretold]()
    play = _Play(purse, dict(ties), today, until, events.append if told else None)
    play.run(played)
    needed = _needed(play, played, ties) if play.short else {}
    if told:
        for one in events:
            if isinstance(one, Shortfall):
                told(one._replace(missing=needed[one.subscription_id]))
            else:
                told(one)
    return {
        number: replace(one, missing=needed.get(number)) if one.verdict is Verdict.SHORT else one
        for number, one in play.outlooks.items()
    }


def _needed(
    play: "_Play", items: Iterable[ForecastItem], ties: Mapping[int, DomainTie]
) -> dict[int, int]:
    """What to pay in for each that is short, by playing it all with money for everything.

    Whatever comes before one that is short takes the money first, also what would not be renewed
    as things stand; cards go on paying what they pay.
    """
    spent, times, needed = 0, Counter[int](), dict[int, int]()

    def note(event: Foretold) -> None:
        nonlocal spent
        if isinstance(event, Charge):
            spent += event.amount
            number = event.subscription_id
            one = play.short.get(number)
            if one and times[number] == one.renewed:
                lacking = spent - play.purse.available - one.by_card
                needed[number] = max(lacking, one.missing)
            times[number] += 1

    last = min(play.until, max(one.day for one in play.short.values()))
    _Play(Purse(ENDLESS), dict(ties), play.today, last, note).run(items)
    return {number: needed.get(number, one.missing) for number, one in play.short.items()}


_Following = tuple[date, date | None]


class _Running:
    """An item on its way through the forecast; has what `payment_order` looks at."""

    __slots__ = ("claimed", "expires_on", "id", "item", "kind", "price", "renewed", "sold")

    def __init__(self, item: ForecastItem) -> None:
        self.item = item
        self.id = item.id
        self.kind = item.kind
        self.price = item.price or 0
        self.expires_on = item.expires_on
        self.sold = item.sold
        self.renewed = 0
        self.claimed = item.claimed


class _Short(NamedTuple):
    """A renewal that could not be paid: its own gap, what cards had paid until then, and how often
    the same service was renewed before."""

    day: date
    missing: int
    by_card: int
    renewed: int


class _Play:
    """The state of a forecast: the money left, each domain, and who is tried on which day."""

    def __init__(
        self,
        purse: Purse,
        ties: dict[int, DomainTie],
        today: date,
        until: date,
        told: Callable[[Foretold], None] | None,
    ) -> None:
        self.purse = purse
        self.available = purse.available
        # What the card is charged on the day being played, for which renewals.
        self.drawn = 0
        self.paid: list[_Running] = []
        # What cards were charged on the days before it; what could not be paid at all.
        self.by_card = 0
        self.short: dict[int, _Short] = {}
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
            dearest = max(item.price or 0, item.later or 0)
            self.most += dearest * (1 + self.months // item.months)
            self.try_on(day, _Running(item))
        elif item.elsewhere is None:
            gone = blocked_by_domain(date.min, self.ties[item.domain_id]) is Block.DOMAIN_GONE
            verdict = Verdict.DOMAIN_GONE if gone else Verdict.EXPIRED
            self.outlooks[item.id] = Outlook(verdict, None)

    def try_on(self, day: date, one: _Running) -> None:
        if day not in self.on_day:
            heappush(self.days, day)
        self.on_day[day].append(one)

    def run(self, items: Iterable[ForecastItem]) -> None:
        for item in items:
            self.add(item)
        # Where there is money for everything, later renewals of the same mailbox change nothing.
        covered = self.most <= self.available or self.purse.card_on(self.until) is not None
        self.repeats = bool(self.told) or not covered
        if self.purse.refill and self.today not in self.on_day:
            heappush(self.days, self.today)
        while self.days and (self.open or self.told):
            day = heappop(self.days)
            for one in sorted(self.on_day.pop(day, ()), key=payment_order):
                self.attempt(one, day)
            self.end(day)

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
        elif item.cap is not None and one.price > item.cap:
            self.stop(one, Verdict.TOO_DEAR, day)
        elif block := self.block(one):
            self.wait(one, block, day)
        elif (following := self.extended(one, day)) is None:
            self.stop(one, Verdict.EXPIRED, day)
        elif not self.pay(one, day):
            missing = one.price - self.available
            charged = self.by_card + self.drawn
            self.short[one.id] = _Short(day, missing, charged, one.renewed)
            self.stop(one, Verdict.SHORT, day)
            if self.told and day <= self.until:
                self.told(Shortfall(day, one.id, one.price, missing))
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
        """Take the price whole or not at all; where the wallet ends, a card stands in (R13b)."""
        missing = one.price - self.available
        if one.price and missing > 0:
            if not one.item.by_card or self.purse.card_on(day) is None:
                return False
            self.drawn += missing
            self.available = one.price
        self.available -= one.price
        one.renewed += 1
        self.paid.append(one)
        return True

    def end(self, day: date) -> None:
        """One charge for all that the day took from a card, then tell what was paid."""
        paid, self.paid = self.paid, []
        named = (one.item.card_id for one in paid)
        card = self.purse.card_on(day, named) if self.drawn or self.purse.refill else None
        if card is not None:
            self.top_up()
        drawn, self.drawn = self.drawn, 0
        self.by_card += drawn
        if self.told is None or day > self.until:
            return
        balance = self.available + sum(one.price for one in paid)
        if card is not None and drawn:
            self.told(CardCharge(day, card.id, drawn, balance))
        for one in paid:
            balance -= one.price
            self.told(Charge(day, one.id, one.price, balance))

    def top_up(self) -> None:
        """What a card is charged beyond the shortfall: its least amount, and the refill wanted."""
        more = max(0, MIN_CHARGE - self.drawn) if self.drawn else 0
        refill = self.purse.refill
        if refill and self.available < refill.below:
            more = max(more, refill.to - self.available)
            more = max(more, MIN_CHARGE - self.drawn)
        self.drawn += more
        self.available += more

    def renew(self, one: _Running, day: date, following: _Following | None) -> None:
        item = one.item
        if following is None:
            self.stop(one, Verdict.EXPIRED, day)
            return
        one.expires_on, look = following
        one.sold += item.months
        one.price = one.price if item.later is None else item.later
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

    def stop(self, one: _Running, verdict: Verdict, day: date) -> None:
        """Not renewed, and never again: a domain's mailboxes will meet a failed attempt."""
        item = one.item
        if item.kind is Kind.DOMAIN:
            self.ties[item.domain_id] = replace(self.ties[item.domain_id], failed=True)
        self.settle(item, Outlook(verdict, day))

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
