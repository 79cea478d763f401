"""Several processes at once: a payment is credited once, and money goes back once (X4, P6, P7)."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from app.accounts.installation import Context, terms
from app.billing import corrections, payment_flows, payments, refund_flows
from app.billing.checks import differences, uncredited_payments
from app.billing.corrections import Booking
from app.billing.models import LedgerTx, Wallet
from app.billing.payment_models import Payment, Refund
from app.billing.ports import Money, Paid, gateways
from app.billing.refunds import CannotRefund
from app.billing.rules import PaymentState
from app.billing.top_up_flows import TopUp, top_up
from app.db import db, transaction
from app.journal.service import HOST
from tests import make
from tests.billing.fake_gateway import FakeGateway
from tests.renewals.test_races import RACERS, race

AMOUNT = 1200


@pytest.fixture
def bank(app, monkeypatch):
    bank = FakeGateway(name="sandbox")
    with app.app_context():
        monkeypatch.setattr(gateways(), "_adapters", {"sandbox": bank})
        yield bank


@pytest.fixture
def acme(bank):
    return make.organization("Acme")


def context() -> Context:
    return Context(make.NOW, terms(), HOST)


def at_once(app, work: Callable[[], object]) -> list[Exception]:
    db.session.remove()
    raised = race(app, work)
    assert differences(db.session()) == []
    assert uncredited_payments(db.session()) == []
    return raised


def wallet() -> tuple[int, int]:
    return tuple(db.session.execute(select(Wallet.posted, Wallet.held)).one())


def count(model: type) -> int:
    return db.session.scalars(select(func.count()).select_from(model)).one()


def lost_payment(acme, bank) -> TopUp:
    """A charge whose answer was lost."""
    wish = TopUp(acme.id, AMOUNT, "nonce001", "sandbox", make.card(acme).name)
    bank.fault = "lost"
    top_up(wish, context())
    assert db.session.scalars(select(Payment.state)).one() is PaymentState.UNKNOWN
    return wish


def test_x4_eight_that_settle_the_same_payment_credit_it_once(app, acme, bank):
    wish = lost_payment(acme, bank)
    assert at_once(app, lambda: payment_flows.settle_payment(wish.key, make.NOW)) == []
    assert (wallet(), count(LedgerTx), len(bank.charges)) == ((AMOUNT, 0), 1, 1)


def test_x4_an_answer_and_the_events_credit_a_payment_once(app, acme, bank):
    lost_payment(acme, bank)
    number = db.session.scalars(select(Payment.id)).one()
    paid = Paid("ch_1", Money(AMOUNT, "EUR"))
    results = []

    def capture():
        with transaction() as session:
            results.append(payments.capture(session, number, paid, context()))

    assert at_once(app, capture) == []
    assert sorted(results) == [False] * (RACERS - 1) + [True]
    assert wallet() == (AMOUNT, 0)


def test_eight_clicks_on_one_form_are_one_payment(app, acme, bank):
    wish = TopUp(acme.id, AMOUNT, "nonce001", "sandbox", make.card(acme).name)
    begun = []
    assert at_once(app, lambda: begun.append(top_up(wish, context()))) == []
    assert len({one.payment for one in begun}) == 1
    assert len([one for one in begun if not one.repeated]) == 1
    assert (wallet(), len(bank.charges)) == ((AMOUNT, 0), 1)


def test_eight_top_ups_at_once_are_all_credited(app, acme, bank):
    card, turn = make.card(acme).name, threading.Lock()
    nonces = [f"nonce{n:03}" for n in range(RACERS)]

    def work():
        with turn:
            nonce = nonces.pop()
        top_up(TopUp(acme.id, AMOUNT, nonce, "sandbox", card), context())

    assert at_once(app, work) == []
    assert (wallet(), count(LedgerTx)) == ((AMOUNT * RACERS, 0), RACERS)


def taken(acme, bank) -> int:
    top_up(TopUp(acme.id, AMOUNT, "nonce001", "sandbox", make.card(acme).name), context())
    return db.session.scalars(select(Payment.id)).one()


def test_p6_refunds_at_once_never_exceed_what_was_captured(app, acme, bank):
    make.money(acme, 100_000)
    payment_id, turn, keys = taken(acme, bank), threading.Lock(), list(range(RACERS))

    def work():
        with turn:
            key = f"refund-{keys.pop()}"
        refund_flows.refund(payment_id, 500, context(), idem_key=key, reason="x")

    raised = at_once(app, work)
    assert [type(one) for one in raised] == [CannotRefund] * (RACERS - 2)
    assert (wallet(), count(Refund)) == ((100_000 + AMOUNT - 1000, 0), 2)
    assert bank.charges["top-up:nonce001"].given_back == 1000


def test_one_refund_asked_for_eight_times_at_once_is_one_refund(app, acme, bank):
    payment_id = taken(acme, bank)
    raised = at_once(
        app,
        lambda: refund_flows.refund(payment_id, 500, context(), idem_key="once", reason="x"),
    )
    assert raised == []
    assert (wallet(), count(Refund)) == ((AMOUNT - 500, 0), 1)


def test_p7_a_dispute_told_eight_times_at_once_is_debited_once(app, acme, bank):
    taken(acme, bank)
    ref = bank.take_back("top-up:nonce001")
    settle = lambda: refund_flows.settle_dispute("sandbox", ref, make.NOW)  # noqa: E731
    assert at_once(app, settle) == []
    assert wallet() == (0, 0)
    bank.decide(ref, won=True)
    assert at_once(app, settle) == []
    assert wallet() == (AMOUNT, 0)


def test_a_booking_sent_eight_times_at_once_is_one(app, acme, bank):
    booking, results = Booking(acme.id, -700, "x", "key"), []

    def work():
        with transaction() as session:
            results.append(corrections.correct(session, booking, context()))

    assert at_once(app, work) == []
    assert sorted(results) == [False] * (RACERS - 1) + [True]
    assert wallet() == (-700, 0)
