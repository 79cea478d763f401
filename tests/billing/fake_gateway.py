"""A bank of the tests that fails as it is told, and knows what really happened to the money."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from app.billing.ports import (
    Abandoned,
    Declined,
    Dispute,
    Hosted,
    Money,
    NotFound,
    Paid,
    Payer,
    Refunded,
    Refused,
    Unknown,
    Waiting,
)
from app.billing.rules import Decline
from app.db import require_no_transaction

NAME = "fake"
# What a call may meet: nothing, a lost answer, a dead line, a bank that says no.
FAULTS = ("none", "lost", "dead", "soft", "hard", "authentication")
_DECLINES = {
    "soft": Decline.SOFT, "hard": Decline.HARD, "authentication": Decline.AUTHENTICATION,
}  # fmt: skip


@dataclass
class Charge:
    """Money that was taken, in minor units."""

    ref: str
    money: Money
    given_back: int = 0
    disputed: bool | None = None


@dataclass
class FakeGateway:
    """Answers by key, as a gateway must; `fault` is what the next call meets."""

    name: str = NAME
    saves_cards: bool = True
    fault: str = "none"
    step: Callable[[], None] = lambda: None
    charges: dict[str, Charge] = field(default_factory=dict)
    declines: dict[str, Declined] = field(default_factory=dict)
    pages: dict[str, Money] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    refunds: dict[str, tuple[str, int]] = field(default_factory=dict)
    disputes: dict[str, Dispute] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def charge(
        self, token: str, money: Money, payer: Payer, *, key: str
    ) -> Paid | Declined | Unknown:
        """Charge, decline, or lose the question or the answer. A key answers as it did first."""
        fault = self._call()
        if fault == "dead":
            return Unknown("the line is dead")
        if key not in self.charges and key not in self.declines:
            if fault in _DECLINES:
                self.declines[key] = Declined(_DECLINES[fault], fault)
            else:
                self.charges[key] = Charge(f"ch_{key}", money)
        assert key in self.declines or self.charges[key].money == money
        self.step()
        return Unknown("the answer is lost") if fault == "lost" else self._outcome(key)

    def begin_payment(
        self, money: Money, payer: Payer, *, key: str, done_url: str, cancel_url: str
    ) -> Hosted | Unknown:
        """A page, which `pay` or `leave` ends."""
        fault = self._call()
        if fault == "dead":
            return Unknown("the line is dead")
        self.pages[key] = money
        self.step()
        if fault == "lost":
            return Unknown("the answer is lost")
        return Hosted(f"page_{key}", f"https://bank.example/{key}")

    def pay(self, key: str) -> None:
        """The customer pays on a page."""
        if key in self.pages and key not in self.left and key not in self.charges:
            self.charges[key] = Charge(f"ch_{key}", self.pages[key])

    def payment(self, key: str) -> Paid | Declined | Waiting | Abandoned | NotFound | Unknown:
        """What became of a key."""
        if self._call() in ("dead", "lost"):
            return Unknown("the line is dead")
        self.step()
        return self._outcome(key)

    def refund(self, payment_ref: str, money: Money, *, key: str) -> Refunded | Refused | Unknown:
        """Give back once a key, never more than is left."""
        fault = self._call()
        if fault == "dead":
            return Unknown("the line is dead")
        if fault in _DECLINES:
            return Refused(fault)
        charge = next(one for one in self.charges.values() if one.ref == payment_ref)
        with self.lock:
            if key not in self.refunds:
                assert charge.given_back + money.amount <= charge.money.amount
                charge.given_back += money.amount
                self.refunds[key] = (f"re_{key}", money.amount)
        assert self.refunds[key][1] == money.amount
        self.step()
        return Unknown("the answer is lost") if fault == "lost" else Refunded(self.refunds[key][0])

    def refunded(self, key: str) -> Refunded | NotFound | Unknown:
        """What became of a refund."""
        if self._call() in ("dead", "lost"):
            return Unknown("the line is dead")
        self.step()
        return Refunded(self.refunds[key][0]) if key in self.refunds else NotFound()

    def take_back(self, key: str) -> str:
        """The customer's bank takes a payment back; the dispute's name."""
        charge = self.charges[key]
        ref = f"dp_{key}"
        self.disputes.setdefault(ref, Dispute(ref, charge.ref, charge.money, None))
        return ref

    def decide(self, ref: str, *, won: bool) -> None:
        """The dispute ends, once."""
        known = self.disputes[ref]
        if known.won is None:
            self.disputes[ref] = Dispute(ref, known.payment_ref, known.money, won)

    def dispute(self, ref: str) -> Dispute | NotFound | Unknown:
        """A dispute as it stands."""
        if self._call() in ("dead", "lost"):
            return Unknown("the line is dead")
        return self.disputes.get(ref, NotFound())

    def kept(self) -> int:
        """What the host has of all that was taken."""
        taken = sum(one.money.amount - one.given_back for one in self.charges.values())
        return taken - sum(
            one.money.amount for one in self.disputes.values() if one.won is not True
        )

    def _call(self) -> str:
        require_no_transaction()
        self.step()
        fault, self.fault = self.fault, "none"
        return fault

    def _outcome(self, key: str) -> Paid | Declined | Waiting | Abandoned | NotFound:
        if key in self.charges:
            return Paid(self.charges[key].ref, self.charges[key].money)
        if key in self.declines:
            return self.declines[key]
        if key in self.left:
            return Abandoned()
        return Waiting() if key in self.pages else NotFound()
