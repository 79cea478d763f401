"""Benches for the contract of gateways: each gateway, and how a test plays its customer and bank.

A further gateway adds a class and a line in BENCHES; a bench that cannot do something leaves it out
of `can`, and the tests that need it are skipped.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import Protocol

from flask import Flask

from app.billing.gateways import manual, sandbox, sandbox_bank, sandbox_events, sandbox_pages
from app.billing.gateways.sandbox_models import PageState, SandboxCard
from app.billing.gateways.stripe import StripeGateway
from app.billing.ports import Gateway
from app.db import transaction
from app.web.state import now
from tests.contracts.stripe_server import serve
from tests.contracts.stripe_stand_in import WEBHOOK_SECRET, StripeStandIn

CARDS, PAGES, TRANSFERS, REFUNDS, DISPUTES, EVENTS = (
    "cards", "pages", "transfers", "refunds", "disputes", "events",
)  # fmt: skip


class Bench(Protocol):
    """A gateway under test. Tokens, pages and disputes are only asked of those that can."""

    gateway: Gateway
    can: frozenset[str]

    def token(self, behaviour: str) -> str:
        """A card that behaves as product.md §4 says: ok, declined, stolen, sca, timeout, down."""
        ...

    def save_card(self, ref: str) -> None:
        """The customer saves a good card on a setup page: Ada, 12/2030."""
        ...

    def renew_card(self, token: str, exp: tuple[int, int]) -> None:
        """The card's bank replaces it, without telling the customer's merchants (A15)."""
        ...

    def pay(self, ref: str) -> None:
        """The customer pays on a payment page."""
        ...

    def refuse(self, ref: str) -> None:
        """The payment on a page is refused for good."""
        ...

    def leave(self, ref: str) -> None:
        """The customer leaves a page by its way back."""
        ...

    def take_back(self, payment_ref: str) -> str:
        """The customer's bank opens a dispute; its name."""
        ...

    def end_dispute(self, ref: str, *, won: bool) -> None:
        """The bank decides a dispute."""
        ...

    def latest_event(self, age: float = 0) -> tuple[bytes, dict[str, str]]:
        """The latest event as it is posted to us, signed `age` seconds ago."""
        ...


class SandboxBench:
    """The sandbox, without its guard."""

    can = frozenset({CARDS, PAGES, REFUNDS, DISPUTES, EVENTS})

    def __init__(self) -> None:
        self.gateway = sandbox.SandboxGateway(now)

    def token(self, behaviour):
        return f"sandbox:{behaviour}"

    def save_card(self, ref):
        self._choose(ref)

    def renew_card(self, token, exp):
        with transaction() as session:
            card = session.get_one(SandboxCard, token)
            card.exp_month, card.exp_year = exp

    def pay(self, ref):
        self._choose(ref)

    def refuse(self, ref):
        self._end(ref, PageState.REFUSED)

    def leave(self, ref):
        self._end(ref, PageState.LEFT)

    def take_back(self, payment_ref):
        with transaction() as session:
            return sandbox_bank.take_back(session, payment_ref, now())

    def end_dispute(self, ref, *, won):
        with transaction() as session:
            sandbox_bank.end_dispute(session, ref, now(), won=won)

    def latest_event(self, age=0):
        return sandbox_events.signed(
            self.gateway.events_since(now() - timedelta(days=4))[-1], now() - timedelta(seconds=age)
        )

    def _choose(self, ref):
        with transaction() as session:
            page = sandbox_pages.find(session, ref, now())
            card = sandbox_pages.Choice("ok", "Ada", 12, 2030)
            sandbox_pages.choose(session, page, card, now())

    def _end(self, ref, state):
        with transaction() as session:
            page = sandbox_pages.find(session, ref, now())
            sandbox_pages.end(session, page, state, now())


class ManualBench:
    """Bank transfers."""

    can = frozenset({TRANSFERS})

    def __init__(self) -> None:
        self.gateway = manual.ManualGateway()


class StripeBench:
    """Stripe's adapter on a stand-in; the SDK tries once, so that a lost answer is lost."""

    can = frozenset({CARDS, PAGES, REFUNDS, DISPUTES, EVENTS})

    def __init__(self, stand_in: StripeStandIn, api: str, *, retries: int = 0) -> None:
        self.stripe = stand_in
        self.gateway = StripeGateway(
            "sk_test_stand_in", WEBHOOK_SECRET, now,
            shown_name="Vigie", api=api, timeout=(2, 2), retries=retries,
        )  # fmt: skip
        self._customer = stand_in.customer()

    def token(self, behaviour):
        return f"{self._customer}/pm_{behaviour}"

    def save_card(self, ref):
        self.stripe.save_card(ref)

    def renew_card(self, token, exp):
        self.stripe.renew_card(token.partition("/")[2], exp)

    def pay(self, ref):
        self.stripe.pay(ref)

    def refuse(self, ref):
        self.stripe.try_to_pay(ref)
        self.stripe.expire(ref)

    def leave(self, ref):
        # Stripe does not end a page that is left; its day does.
        self.stripe.expire(ref)

    def take_back(self, payment_ref):
        return self.stripe.take_back(payment_ref)

    def end_dispute(self, ref, *, won):
        self.stripe.end_dispute(ref, won=won)

    def latest_event(self, age=0):
        return self.stripe.signed(self.stripe.objects["events"][-1], age)


@contextmanager
def stripe_bench(app: Flask, *, retries: int = 0) -> Iterator[StripeBench]:
    """The adapter and a stand-in that keeps the application's time."""
    stand_in = StripeStandIn(app.extensions["vigie"].clock.now)
    with serve(stand_in) as api:
        yield StripeBench(stand_in, api, retries=retries)


BENCHES: dict[str, Callable[[Flask], AbstractContextManager[Bench]]] = {
    "sandbox": lambda _app: nullcontext(SandboxBench()),
    "manual": lambda _app: nullcontext(ManualBench()),
    "stripe": stripe_bench,
}
