"""What an auto-renewal choice will lead to, told before it is made (R6, R18, R22)."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.billing.rules import last_valid_day
from app.renewals.rules import DomainTie, blocked_by_domain, first_attempt_day, next_attempt_day
from app.subscriptions.rules import Kind


class Caution(StrEnum):
    """What must be read before a domain's choice is confirmed (R22)."""

    HOLDER_DIFFERS = "holder_differs"
    CARD_ENDS_FIRST = "card_ends_first"


class DomainAdvice(StrEnum):
    """What a mailbox's choice has to know of its domain (R18)."""

    NOT_RENEWED = "not_renewed"
    ENDS_FIRST = "ends_first"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True)
class CardFacts:
    """A card as far as warnings need it."""

    holder: str
    exp_month: int
    exp_year: int


@dataclass(frozen=True)
class Facts:
    """What is true now about one service and the choice looked at; amounts in minor units.

    `price` is that of `months`, None where it is not for sale. `available` is None where the
    reader may not see the payer's wallet. `also` is the price of what is switched on with it.
    `tried_today` tells that today's slot is used up.
    """

    kind: Kind
    expires_on: date
    today: date
    on: bool
    months: int
    price: int | None
    available: int | None
    also: int = 0
    tried_today: bool = False
    tie: DomainTie | None = None
    contact: str | None = None
    card: CardFacts | None = None
    cards_of_payer: int = 0


@dataclass(frozen=True)
class Preview:
    """What the page says before *Update*; amounts in minor units.

    `available` is what the payer's wallet can spend and `missing` what it lacks for the
    charges, 0 when they are covered; both None when not known. `first_charge_on` is None when
    nothing will be charged by itself.
    """

    on: bool
    months: int
    price: int | None
    per_month: int | None
    per_year: int | None
    first_charge_on: date | None
    expired: bool
    available: int | None
    missing: int | None
    cautions: tuple[Caution, ...]
    domain: DomainAdvice | None
    domain_ends_on: date | None


def preview(facts: Facts) -> Preview:
    """The preview of a choice."""
    first = first_charge(facts) if facts.on else None
    return Preview(
        on=facts.on,
        months=facts.months,
        price=facts.price,
        per_month=_rate(facts.price, facts.months, 1),
        per_year=_rate(facts.price, facts.months, 12),
        first_charge_on=first,
        expired=facts.expires_on <= facts.today,
        available=facts.available,
        missing=_missing(facts),
        cautions=cautions(facts),
        domain=advice(facts),
        domain_ends_on=facts.tie.paid_through if facts.tie else None,
    )


def first_charge(facts: Facts) -> date | None:
    """The day of the first attempt, today included unless today's is over (R6, R7)."""
    return next_attempt_day(
        facts.kind, facts.expires_on, facts.today + timedelta(days=facts.tried_today)
    )


def cautions(facts: Facts) -> tuple[Caution, ...]:
    """R22: the holder is not the contact and there are several cards; the card ends early."""
    if not facts.on or facts.card is None:
        return ()
    found = []
    several = facts.cards_of_payer > 1
    if several and facts.contact and not same_name(facts.card.holder, facts.contact):
        found.append(Caution.HOLDER_DIFFERS)
    first = first_charge(facts) or first_attempt_day(facts.kind, facts.expires_on)
    if last_valid_day(facts.card.exp_year, facts.card.exp_month) < first:
        found.append(Caution.CARD_ENDS_FIRST)
    return tuple(found)


def advice(facts: Facts) -> DomainAdvice | None:
    """The seed's warning for a mailbox whose domain does not auto-renew itself, or worse (R18)."""
    tie = facts.tie
    if not facts.on or tie is None or tie.external:
        return None
    if tie.gone:
        return DomainAdvice.GONE
    if blocked_by_domain(facts.expires_on, tie):
        return DomainAdvice.FAILED if tie.auto_renewal else DomainAdvice.ENDS_FIRST
    return None if tie.auto_renewal else DomainAdvice.NOT_RENEWED


def _rate(price: int | None, months: int, per: int) -> int | None:
    """The price of `months` counted for `per` months, rounded half up."""
    return None if price is None else (2 * price * per + months) // (2 * months)


def _missing(facts: Facts) -> int | None:
    if facts.price is None or facts.available is None:
        return None
    return max(0, facts.price + facts.also - facts.available)


def same_name(one: str, other: str) -> bool:
    """Whether two names differ in nothing but capitals and spaces."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
