"""What a payer's next twelve months look like, gathered by day from the forecast."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.installation import Terms
from app.billing.models import Card
from app.billing.payments import told as card_told
from app.lib.dates import add_months
from app.renewals.due import SOON
from app.renewals.forecast import forecast
from app.renewals.foretold import ENDLESS, CardCharge, Charge, Foretold, Purse, Shortfall
from app.renewals.payers import known_of
from app.renewals.verdicts import MONTHS_AHEAD
from app.subscriptions.models import Subscription

# After 30 days, as on the overview; in months.
HORIZONS = (3, 6, 12)


@dataclass
class Day:
    """What happens on one day; amounts in minor units, `balance` is what is there at its end."""

    day: date
    balance: int
    paid: list[tuple[str, int]] = field(default_factory=list)
    short: list[tuple[str, int, int]] = field(default_factory=list)
    by_card: int = 0
    card: str = ""

    @property
    def total(self) -> int:
        """What the renewals of the day cost."""
        return sum(amount for _name, amount in self.paid)


@dataclass(frozen=True)
class Month:
    """The days of one month on which something happens, and their sums in minor units."""

    first: date
    days: Sequence[Day]

    @property
    def total(self) -> int:
        """What its renewals cost."""
        return sum(day.total for day in self.days)

    @property
    def by_card(self) -> int:
        """What is charged to cards."""
        return sum(day.by_card for day in self.days)

    @property
    def balance(self) -> int:
        """What is there after its last charge."""
        return self.days[-1].balance

    @property
    def is_short(self) -> bool:
        """Whether something cannot be paid in it."""
        return any(day.short for day in self.days)


@dataclass(frozen=True)
class Need:
    """What to pay in so that the wallet alone suffices until a day; zero if it does already."""

    until: date
    amount: int


@dataclass(frozen=True)
class Outlook:
    """The days on which something happens, in order, and what follows from them."""

    today: date
    until: date
    available: int
    days: Sequence[Day]
    needs: Sequence[Need]

    @property
    def first_short(self) -> Day | None:
        """The first day on which something cannot be paid."""
        return next((day for day in self.days if day.short), None)

    @property
    def months(self) -> list[Month]:
        """The same days by month."""
        grouped = groupby(self.days, key=lambda day: day.day.replace(day=1))
        return [Month(first, list(days)) for first, days in grouped]


def outlook(session: Session, payer_id: int, chosen: Terms, now: datetime) -> Outlook:
    """The twelve months as the engine itself would do them, played forward from now."""
    today = chosen.today(now)
    until = add_months(today, MONTHS_AHEAD)
    known = known_of(session, payer_id, today, chosen)
    told: list[Foretold] = []
    forecast(known.purse, known.items, known.ties, today, until, told=told.append)
    endless: list[Foretold] = []
    forecast(Purse(ENDLESS), known.items, known.ties, today, until, told=endless.append)
    names, cards = _names(session, payer_id), _cards(session, payer_id)
    return Outlook(
        today,
        until,
        known.purse.available,
        _by_day(told, names, cards, known.purse.available),
        _needs(endless, known.purse.available, today),
    )


def _by_day(
    told: Sequence[Foretold], names: dict[int, str], cards: dict[int, str], available: int
) -> list[Day]:
    days: dict[date, Day] = {}
    balance = available
    for one in told:
        day = days.setdefault(one.day, Day(one.day, balance))
        match one:
            case Charge():
                balance = one.balance
                day.paid.append((names.get(one.subscription_id, ""), one.amount))
            case CardCharge():
                balance = one.balance
                day.by_card, day.card = one.amount, cards.get(one.card_id, "")
            case Shortfall():
                name = names.get(one.subscription_id, "")
                day.short.append((name, one.amount, one.missing))
        day.balance = balance
    return [days[day] for day in sorted(days)]


def _needs(endless: Sequence[Foretold], available: int, today: date) -> list[Need]:
    paid: defaultdict[date, int] = defaultdict(int)
    for one in endless:
        if isinstance(one, Charge):
            paid[one.day] += one.amount
    found = []
    for until in (today + SOON, *(add_months(today, months) for months in HORIZONS)):
        total = sum(amount for day, amount in paid.items() if day <= until)
        found.append(Need(until, max(0, total - available)))
    return found


def _names(session: Session, payer_id: int) -> dict[int, str]:
    rows = session.execute(
        select(Subscription.id, Subscription.subject).where(
            Subscription.billed_organization_id == payer_id, Subscription.auto_renewal.is_(True)
        )
    )
    return {row.id: row.subject for row in rows}


def _cards(session: Session, payer_id: int) -> dict[int, str]:
    rows = session.scalars(select(Card).where(Card.organization_id == payer_id))
    return {card.id: card_told(card) for card in rows}
