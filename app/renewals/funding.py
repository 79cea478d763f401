"""What a card is charged so that the renewals due on one wallet can be paid (R13, R14)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from app.billing.rules import to_charge
from app.renewals.rules import DomainTie, blocked_by_domain, payment_order
from app.subscriptions.rules import Kind

# Declined this often, a renewal is left to its owner (R14).
MOST_CHARGES = 5


@dataclass(frozen=True)
class Wanted:
    """A renewal to be paid now; `price` in minor units.

    `by_card` is false where its card may not be tried again (R14); `card_id` is the one it names.
    """

    id: int
    kind: Kind
    expires_on: date
    price: int
    domain_id: int
    by_card: bool = True
    card_id: int | None = None


@dataclass(frozen=True)
class Refill:
    """A wallet's automatic top-up: to `to` where less than `below` would be left."""

    below: int
    to: int


@dataclass(frozen=True)
class Bill:
    """What is to be charged, in minor units, and which renewals it is for; nothing if zero."""

    amount: int
    renewals: list[Wanted]


def payable(wanted: Iterable[Wanted], ties: Mapping[int, DomainTie]) -> list[Wanted]:
    """In the order of payment, without those that something stops other than money (R13, R18).

    A domain that is paid in the same go does not stop its mailboxes.
    """
    known, found = dict(ties), []
    for one in sorted(wanted, key=payment_order):
        tie = known[one.domain_id]
        if one.kind is Kind.DOMAIN and not tie.gone:
            known[one.domain_id] = replace(tie, paid_through=date.max, failed=False)
            found.append(one)
        elif one.kind is Kind.MAILBOX and blocked_by_domain(one.expires_on, tie) is None:
            found.append(one)
    return found


def bill(wanted: Iterable[Wanted], available: int, refill: Refill | None = None) -> Bill:
    """One charge for all that the wallet cannot pay (R13b); `wanted` in the order of payment.

    What may not be charged to a card counts only as far as the wallet itself can pay it.
    """
    total, renewals = 0, []
    for one in wanted:
        if one.by_card:
            renewals.append(one)
        if one.by_card or one.price <= available - total:
            total += one.price
    # A debt alone is no reason to charge by itself: it is settled with what comes due.
    amount = to_charge(total, available) if total else 0
    if refill and available - total < refill.below:
        amount = max(amount, refill.to - (available - total))
    return Bill(amount, renewals)
