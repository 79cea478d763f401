"""A card is read at its gateway before anybody is warned that it ends (A15)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.billing import card_readings
from app.billing.gateways.guard import GuardedGateway
from app.billing.gateways.sandbox_models import SandboxCard
from app.billing.models import Card
from app.billing.payment_models import GatewayEvent
from app.billing.ports import Unknown, gateways
from app.db import reading, transaction
from app.lib.registry import Registry
from tests import make
from tests.alerts.world import alerts, at, events, mails, states, tick_on
from tests.contracts.gateways import stripe_bench

JOBS = ("card_readings", "gateway_events", "alerts", "mails")
# The card of golden A11: 02/2027, warned of from 29 January on.
READ_ON, DAY_BEFORE, OPENS = date(2027, 1, 26), date(2027, 1, 28), date(2027, 1, 29)


class SandboxBank:
    """A card that was saved on the sandbox's page."""

    def __init__(self) -> None:
        self.token = "sandbox:ok:abcdef"
        self.asked: list[str] = []
        self.is_down = False

    def begin(self, monkeypatch) -> None:
        with transaction() as session:
            session.add(
                SandboxCard(token=self.token, brand="visa", last4="4242", exp_month=2,
                            exp_year=2027, holder="Acme")
            )  # fmt: skip
        self._listen(monkeypatch, gateways().get("sandbox"))

    def renew(self, exp) -> None:
        with transaction() as session:
            card = session.get_one(SandboxCard, self.token)
            card.exp_month, card.exp_year = exp

    def _listen(self, monkeypatch, gateway) -> None:
        answer = gateway.card

        def card(token):
            self.asked.append(token)
            return Unknown("down") if self.is_down else answer(token)

        monkeypatch.setattr(gateway, "card", card, raising=False)


class StripeBank(SandboxBank):
    """The same at Stripe's stand-in."""

    def __init__(self, app, bench, monkeypatch) -> None:
        super().__init__()
        self._bench = bench
        self._method = bench.stripe._method("ok", bench._customer, "Acme", (2, 2027))["id"]
        self.token = f"{bench._customer}/{self._method}"
        registry = Registry("gateway")
        registry.register("stripe", GuardedGateway(bench.gateway))
        monkeypatch.setitem(app.extensions, "vigie.gateways", registry)

    def begin(self, monkeypatch) -> None:
        self._listen(monkeypatch, gateways().get("stripe"))

    def renew(self, exp) -> None:
        self._bench.stripe.renew_card(self._method, exp)


@pytest.fixture(params=["sandbox", "stripe"])
def bank(request, app, clock, db_context, monkeypatch):
    """A gateway with Acme's card of February."""
    with stripe_bench(app) as bench:
        bank = SandboxBank() if request.param == "sandbox" else StripeBank(app, bench, monkeypatch)
        bank.begin(monkeypatch)
        acme = make.organization()
        make.owner(acme)
        made = make.card(acme, exp=(2, 2027), token=bank.token)
        with transaction() as session:
            session.get_one(Card, made.id).gateway = request.param
        yield bank


def expiry() -> tuple[int, int]:
    with reading() as session:
        return tuple(session.execute(select(Card.exp_month, Card.exp_year)).one())


def test_an_expiry_that_the_gateway_knows_better_is_never_warned_of(bank):
    bank.renew((2, 2030))
    tick_on(READ_ON, DAY_BEFORE, OPENS, date(2027, 2, 27), jobs=JOBS)
    assert expiry() == (2, 2030)
    assert (states(), mails()) == ([], [])
    assert bank.asked == [bank.token]
    assert events("card.updated") == ["card.updated"]


def test_a_card_that_really_ends_is_read_once_and_warned_of_on_its_day(bank):
    tick_on(READ_ON - timedelta(days=1), jobs=JOBS)
    assert bank.asked == []
    tick_on(READ_ON, DAY_BEFORE, jobs=JOBS)
    assert states() == []
    tick_on(OPENS, OPENS + timedelta(days=3), jobs=JOBS)
    assert states() == ["open"]
    assert bank.asked == [bank.token]
    assert events("card.updated") == []


def test_with_a_gateway_that_is_down_the_warning_comes_in_time_and_goes_when_it_answers(bank):
    bank.renew((2, 2030))
    bank.is_down = True
    tick_on(READ_ON, READ_ON + timedelta(days=1), DAY_BEFORE, OPENS, jobs=JOBS)
    assert states() == ["open"]
    assert len(bank.asked) == 4
    bank.is_down = False
    tick_on(OPENS + timedelta(days=1), jobs=JOBS)
    assert (states(), alerts()[0].resolution) == (["resolved"], "updated")


def test_a_card_that_comes_late_is_read_in_the_tick_that_would_warn(bank):
    bank.renew((2, 2030))
    tick_on(date(2027, 2, 20), jobs=JOBS)
    assert states() == []


def test_its_next_expiry_is_read_anew(bank):
    bank.renew((3, 2027))
    tick_on(READ_ON, jobs=JOBS)
    bank.renew((3, 2031))
    tick_on(date(2027, 2, 27), date(2027, 3, 20), jobs=JOBS)
    assert (states(), len(bank.asked)) == ([], 2)


def test_few_wait_at_once_and_none_of_another_gateway_is_asked(db_context, monkeypatch):
    monkeypatch.setattr(card_readings, "AT_ONCE", 2)
    acme = make.organization()
    for _number in range(3):
        make.card(acme, exp=(2, 2027), token="sandbox:down")
    elsewhere = make.card(acme, exp=(2, 2027), token="tok_elsewhere")
    with transaction() as session:
        session.get_one(Card, elsewhere.id).gateway = "elsewhere"
    now = at(READ_ON)
    assert [card_readings.ask(OPENS + timedelta(days=30), now) for _again in range(2)] == [2, 0]
    with transaction() as session:
        for event in session.scalars(select(GatewayEvent)):
            event.done_at = now
    assert [card_readings.ask(OPENS + timedelta(days=30), now) for _again in range(2)] == [1, 0]
