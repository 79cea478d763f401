"""Bank transfer: the customer quotes a reference, the operator books the money when it is there."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from stdnum.iso7064 import mod_97_10

from app.billing.ports import (
    Abandoned,
    BadEvent,
    CardDetails,
    Declined,
    Dispute,
    Event,
    Hosted,
    Money,
    NotFound,
    Paid,
    Payer,
    Refunded,
    Refused,
    Transfer,
    Unknown,
    Waiting,
)

NAME = "manual"
# Without I, O, 0 and 1, which are taken for each other on the telephone and on paper.
_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_LENGTH = 10
_NO_CARDS = "cards are not taken by bank transfer"


def reference_of(key: str) -> str:
    """What a customer quotes, the same for the same key: ``RF`` and check digits (ISO 11649).

    50 bits of the key's digest; banks accept and check it as a structured reference.
    """
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) >> 14
    body = "".join(_SIGNS[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))
    return f"RF{mod_97_10.calc_check_digits(body + 'RF')}{body}"


class ManualGateway:
    """Money by transfer only: whether it came, nobody here can tell but the operator."""

    name = NAME
    saves_cards = False

    def begin_setup(
        self, payer: Payer, *, key: str, done_url: str, cancel_url: str
    ) -> Hosted | Refused | Unknown:
        """No cards."""
        return Refused(_NO_CARDS)

    def setup(self, ref: str) -> CardDetails | Waiting | Abandoned | Unknown:
        """No cards."""
        return Abandoned()

    def charge(
        self, token: str, money: Money, payer: Payer, *, key: str
    ) -> Paid | Declined | Refused | Unknown:
        """No cards."""
        return Refused(_NO_CARDS)

    def begin_payment(
        self, money: Money, payer: Payer, *, key: str, done_url: str, cancel_url: str
    ) -> Hosted | Transfer | Refused | Unknown:
        """The reference to quote; nothing is kept, the portal's own payment row is the order."""
        reference = reference_of(key)
        return Transfer(reference, reference)

    def payment(self, key: str) -> Paid | Declined | Waiting | Abandoned | NotFound | Unknown:
        """Nobody here knows; the operator books what came."""
        return NotFound()

    def refund(self, payment_ref: str, money: Money, *, key: str) -> Refunded | Refused | Unknown:
        """The operator transfers it himself."""
        return Refused("a bank transfer is given back by hand")

    def refunded(self, key: str) -> Refunded | Refused | NotFound | Waiting | Unknown:
        """Nothing was given back from here."""
        return NotFound()

    def dispute(self, ref: str) -> Dispute | NotFound | Unknown:
        """A transfer cannot be taken back."""
        return NotFound()

    def card(self, token: str) -> CardDetails | NotFound | Unknown:
        """No cards."""
        return NotFound()

    def forget(self, token: str) -> bool:
        """No cards: nothing to forget."""
        return True

    def read_event(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Event | None:
        """Nobody sends events about transfers."""
        raise BadEvent("no events by bank transfer")

    def events_since(self, instant: datetime) -> list[Event] | Unknown:
        """None."""
        return []
