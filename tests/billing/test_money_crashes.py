"""The process dies at each statement and gateway call of a payment or refund, then starts again.

CP1-CP5 and CP17 of L8; events (CP15, CP16) are in `events/`. After the death the jobs of the
tick look up what is open, and the person, who saw nothing, sends the same once more.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.installation import Context, terms
from app.billing import corrections, payment_flows, refund_flows
from app.billing.checks import differences, uncredited_payments
from app.billing.corrections import Booking
from app.billing.models import LedgerTx, Wallet
from app.billing.payment_models import Payment, Refund
from app.billing.payments import OPEN
from app.billing.ports import gateways
from app.billing.rules import PaymentState, RefundState
from app.billing.top_up_flows import TopUp, top_up
from app.db import db, reading, transaction
from app.journal.models import JournalRow
from app.journal.service import HOST
from tests import make
from tests.billing.fake_gateway import FakeGateway
from tests.fate import Fate, at_statements

AMOUNT, PART = 1200, 500


@pytest.fixture
def fate(db_context):
    with at_statements() as fate:
        yield fate


@pytest.fixture
def bank(fate, monkeypatch):
    """The only gateway; each call to it is two steps, before and after it acted."""
    bank = FakeGateway(name="sandbox", step=fate.step)
    monkeypatch.setattr(gateways(), "_adapters", {"sandbox": bank})
    return bank


def context(minutes: int = 0) -> Context:
    return Context(make.NOW + timedelta(minutes=minutes), terms(), HOST)


def recover(*minutes: int) -> None:
    """The tick's jobs, some minutes after it all began."""
    for later in minutes:
        now = context(later).now
        payment_flows.recover(now, run_id=None)
        refund_flows.recover(now, run_id=None)


def each_step(fate: Fate, prepare: Callable, more_than: int) -> None:
    """Kill the work at its first step, its second one, and so on until it has no more.

    `prepare` returns the work, and the check to make afterwards.
    """
    for step in fate.steps(more_than=more_than):
        work, check = prepare(step)
        db.session.remove()
        fate.kills(work)
        check()
        db.session.remove()
        with reading() as session:
            assert differences(session) == []
            assert uncredited_payments(session) == []


def wallet(acme: make.Made) -> tuple[int, int]:
    with reading() as session:
        row = session.execute(
            select(Wallet.posted, Wallet.held).where(Wallet.organization_id == acme.id)
        ).one()
        return row.posted, row.held


def movements(acme: make.Made, event_: str) -> int:
    with reading() as session:
        return session.scalars(
            select(func.count()).where(
                JournalRow.organization_id == acme.id, JournalRow.event == event_
            )
        ).one()


def charges(bank: FakeGateway, step: int) -> int:
    return len([key for key in bank.charges if f"nonce{step:03}" in key])


@pytest.mark.parametrize("fault", ["none", "lost", "dead"])
def test_cp1_to_cp5_a_top_up_by_card_is_one_charge_and_one_credit(fate, bank, fault):
    def prepare(step):
        acme = make.organization()
        card = make.card(acme)
        wish = TopUp(acme.id, AMOUNT, f"nonce{step:03}", "sandbox", card.name)

        def work():
            bank.fault = fault
            top_up(wish, context())

        def check():
            recover(6, 12)
            bank.fault = "none"
            assert top_up(wish, context(13)) is not None
            recover(30, 60)
            assert charges(bank, step) == 1
            assert wallet(acme) == (AMOUNT, 0)
            assert movements(acme, "card.charged") == 1
            assert open_payments(acme) == []

        return work, check

    each_step(fate, prepare, 12)


def open_payments(acme: make.Made) -> list[PaymentState]:
    with reading() as session:
        rows = session.scalars(
            select(Payment.state).where(Payment.organization_id == acme.id, Payment.state.in_(OPEN))
        )
        return list(rows)


@pytest.mark.parametrize("fault", ["soft", "hard", "authentication"])
def test_a_declined_top_up_takes_nothing_at_whatever_step_it_dies(fate, bank, fault):
    def prepare(step):
        acme = make.organization()
        card = make.card(acme)
        wish = TopUp(acme.id, AMOUNT, f"nonce{step:03}", "sandbox", card.name)

        def work():
            bank.fault = fault
            top_up(wish, context())

        def check():
            recover(6, 12)
            # The customer's second click meets what the first one met.
            top_up(wish, context(13))
            for key in list(bank.pages):
                bank.pay(key)
            recover(30, 100)
            taken = charges(bank, step)
            assert taken <= 1
            assert wallet(acme) == (AMOUNT * taken, 0)
            bank.fault = "none"

        return work, check

    each_step(fate, prepare, 12)


@pytest.mark.parametrize("fault", ["none", "lost"])
def test_a_payment_on_the_banks_page_is_credited_once(fate, bank, fault):
    def prepare(step):
        acme = make.organization()
        wish = TopUp(acme.id, AMOUNT, f"nonce{step:03}", "sandbox")
        name = f"top-up:{wish.nonce}"

        def work():
            bank.fault = fault
            top_up(wish, context())
            bank.pay(name)
            payment_flows.settle_payment(name, context(1).now)

        def check():
            bank.fault = "none"
            top_up(wish, context(2))
            bank.pay(name)
            recover(20, 40)
            payment_flows.settle_payment(name, context(41).now)
            assert wallet(acme) == (AMOUNT * charges(bank, step), 0)
            assert movements(acme, "wallet.topped_up") == charges(bank, step)

        return work, check

    each_step(fate, prepare, 25)


@pytest.mark.parametrize(("fault", "ends"), [
    ("none", RefundState.DONE), ("lost", RefundState.DONE), ("dead", RefundState.DONE),
    ("soft", RefundState.FAILED),
])  # fmt: skip
def test_cp17_a_refund_happens_once_or_not_at_all(fate, bank, fault, ends):
    def prepare(step):
        acme = make.organization()
        card = make.card(acme)
        bank.fault = "none"
        top_up(TopUp(acme.id, AMOUNT, f"nonce{step:03}", "sandbox", card.name), context())
        with reading() as session:
            payment_id = session.scalars(
                select(Payment.id).where(Payment.organization_id == acme.id)
            ).one()

        def refund(minutes: int) -> RefundState:
            return refund_flows.refund(
                payment_id, PART, context(minutes), idem_key=f"refund-{acme.id}", reason="x"
            )

        def work():
            bank.fault = fault
            refund(1)

        def check():
            if fault != "soft":
                bank.fault = "none"
            recover(8, 16)
            state = refund(17)
            given = bank.charges[f"top-up:nonce{step:03}"].given_back
            assert given == (PART if state is RefundState.DONE else 0)
            assert wallet(acme) == (AMOUNT - given, 0)
            assert movements(acme, "payment.refunded") == (1 if given else 0)
            with reading() as session:
                kept = session.execute(
                    select(Refund.state, Payment.refunded)
                    .join(Payment, Payment.id == Refund.payment_id)
                    .where(Refund.payment_id == payment_id)
                ).one()
            assert tuple(kept) == (state, given)
            # A bank that refused while nobody listened may have changed its mind when asked again.
            assert state is ends or fault == "soft"

        return work, check

    each_step(fate, prepare, 15)


def test_p7_a_dispute_is_debited_once_and_credited_once(fate, bank):
    def prepare(step):
        acme = make.organization()
        card = make.card(acme)
        wish = TopUp(acme.id, AMOUNT, f"nonce{step:03}", "sandbox", card.name)
        top_up(wish, context())
        ref = bank.take_back(wish.key)

        def work():
            refund_flows.settle_dispute("sandbox", ref, context(1).now)

        def check():
            for minutes in (2, 3):
                refund_flows.settle_dispute("sandbox", ref, context(minutes).now)
            assert wallet(acme) == (0, 0)
            bank.decide(ref, won=True)
            for minutes in (4, 5):
                refund_flows.settle_dispute("sandbox", ref, context(minutes).now)
            assert wallet(acme) == (AMOUNT, 0)
            assert movements(acme, "payment.disputed") == 1
            assert movements(acme, "payment.dispute_won") == 1

        return work, check

    each_step(fate, prepare, 12)


def test_what_the_host_books_is_booked_once(fate, bank):
    def prepare(step):
        acme = make.organization()
        booking = Booking(acme.id, -PART, "x", f"key-{acme.id}")

        def work():
            with transaction() as session:
                corrections.correct(session, booking, context())

        def check():
            for _again in range(2):
                work()
            assert wallet(acme) == (-PART, 0)
            with reading() as session:
                keys = select(func.count()).where(LedgerTx.idem_key == f"correction:key-{acme.id}")
                assert session.scalar(keys) == 1

        return work, check

    each_step(fate, prepare, 8)
