"""Payment gateways as the portal sees them: what they are asked and what they may answer (L6-L10).

A gateway shows its own pages for everything that needs a card number; we only keep its tokens (L7).
Calls that move money carry a key of ours and may be repeated with the same key and values: the
gateway then answers as it did the first time.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, cast

from flask import current_app
from sqlalchemy.orm import Session

from app.billing.rules import Decline
from app.lib.registry import Registry


@dataclass(frozen=True)
class Unknown:
    """No answer came: it may or may not have happened, and must be looked up (CP2)."""

    detail: str


@dataclass(frozen=True)
class NotFound:
    """The gateway has never heard of it."""


@dataclass(frozen=True)
class Refused:
    """The gateway will not do this, now or ever: a programming or set-up error, not a decline."""

    detail: str


@dataclass(frozen=True)
class Money:
    """A positive amount in minor units."""

    amount: int
    currency: str


@dataclass(frozen=True)
class Payer:
    """Whose card or money it is: our public id, what to show, and where the gateway may write."""

    id: str
    name: str
    email: str
    language: str


@dataclass(frozen=True)
class CardDetails:
    """What may be kept of a card; `token` is what later charges name."""

    token: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    holder: str


@dataclass(frozen=True)
class Hosted:
    """A page of the gateway where the customer goes on; `ref` names it in later questions."""

    ref: str
    url: str


@dataclass(frozen=True)
class Transfer:
    """No page: the customer transfers the money and quotes `reference`; the operator books it."""

    ref: str
    reference: str


@dataclass(frozen=True)
class Waiting:
    """The customer, or the bank, has not finished yet."""


@dataclass(frozen=True)
class Abandoned:
    """The page was left, or its time is over; nothing was taken and nothing will be."""


@dataclass(frozen=True)
class Paid:
    """The money was taken. `ref` names the payment in refunds, disputes and events."""

    ref: str
    money: Money


@dataclass(frozen=True)
class Declined:
    """The money was not taken; whether another try makes sense is in `reason` (R14)."""

    reason: Decline
    detail: str


@dataclass(frozen=True)
class Refunded:
    """The money goes back to where it came from."""

    ref: str


@dataclass(frozen=True)
class Dispute:
    """A customer's bank took the money back (L10). `won` is None while that is open."""

    ref: str
    payment_ref: str
    money: Money
    won: bool | None


class EventKind(StrEnum):
    """What an event is about; the object itself is read again before anything is done (L9)."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"
    CARD = "card"
    SETUP = "setup"


@dataclass(frozen=True)
class Event:
    """Something happened to the object `ref` at the gateway. Order and number mean nothing.

    `key` is our own key of the payment or refund where the event carries it.
    """

    id: str
    kind: EventKind
    ref: str
    key: str | None = None


class BadEvent(Exception):
    """Not signed by the gateway, too old, or no event at all: answered by 400 (P3, P4)."""


class Gateway(Protocol):
    """One payment gateway.

    `saves_cards` tells whether cards can be saved and charged; without it money comes by transfer.
    """

    name: str
    saves_cards: bool

    def begin_setup(
        self, payer: Payer, *, key: str, done_url: str, cancel_url: str
    ) -> Hosted | Refused | Unknown:
        """A page on which the customer saves a card, confirmed with the bank once (L7)."""
        ...

    def setup(self, ref: str) -> CardDetails | Waiting | Abandoned | Unknown:
        """What came of a page made by `begin_setup`."""
        ...

    def charge(
        self, token: str, money: Money, payer: Payer, *, key: str
    ) -> Paid | Declined | Refused | Unknown:
        """Charge a saved card while the customer is away. The same key charges once."""
        ...

    def begin_payment(
        self, money: Money, payer: Payer, *, key: str, done_url: str, cancel_url: str
    ) -> Hosted | Transfer | Refused | Unknown:
        """A page on which the customer pays, confirming with the bank where it asks for that."""
        ...

    def payment(self, key: str) -> Paid | Declined | Waiting | Abandoned | NotFound | Unknown:
        """What came of the charge or page that was asked for with `key`, found by that key."""
        ...

    def refund(self, payment_ref: str, money: Money, *, key: str) -> Refunded | Refused | Unknown:
        """Give money of a payment back. The same key refunds once (CP17)."""
        ...

    def refunded(self, key: str) -> Refunded | Refused | NotFound | Waiting | Unknown:
        """What came of the refund that was asked for with `key`."""
        ...

    def dispute(self, ref: str) -> Dispute | NotFound | Unknown:
        """A dispute as it stands now."""
        ...

    def card(self, token: str) -> CardDetails | NotFound | Unknown:
        """A saved card as the gateway knows it now; updaters change its expiry silently (A15)."""
        ...

    def forget(self, token: str) -> bool:
        """Make the token worthless; False when the gateway could not be reached."""
        ...

    def read_event(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Event | None:
        """An event from its signed raw body; None for one that is of no interest. BadEvent (L9)."""
        ...

    def events_since(self, instant: datetime) -> list[Event] | Unknown:
        """Events of interest since an instant: what a dead endpoint missed (L9, P5)."""
        ...


@dataclass(frozen=True)
class PaidFor:
    """A renewal that a card was charged for; `price` in minor units."""

    subject: str
    expires_on: date
    price: int


class Above(Protocol):
    """What rooms above billing know of money that moved."""

    def paid_for(self, session: Session, payment_id: int) -> list[PaidFor]:
        """The renewals that a charge is for, the first to expire first; none for a top-up."""
        ...

    def invoices(self, session: Session, tx_ids: Collection[int]) -> Mapping[int, str]:
        """By movement of the ledger, the number of the invoice it is on, where there is one."""
        ...

    def held(self, session: Session) -> Mapping[int, int]:
        """By wallet, what renewals under way have set aside, in minor units."""
        ...


def above() -> Above:
    """What wiring put in place to answer for the rooms above."""
    return cast(Above, current_app.extensions["vigie.above_billing"])


def gateways() -> Registry[Gateway]:
    """The gateways that wiring put in place; the one for new cards first."""
    return cast("Registry[Gateway]", current_app.extensions["vigie.gateways"])
