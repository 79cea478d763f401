"""Whatever a bank does, and however often: the books agree with it in the end (L1-L6, L10, P6, P7).

A customer pays, spends, gets money back; the line dies before or after the bank acted, events come
twice, late, or never. `FakeGateway` knows what really happened.
"""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from app.accounts.installation import Context, terms
from app.billing import corrections, payment_flows, payments, refund_flows, refunds
from app.billing import service as billing
from app.billing.checks import differences, uncredited_payments
from app.billing.models import Card, LedgerEntry, LedgerTx, Wallet
from app.billing.payment_models import Payment, Refund
from app.billing.payments import Ask
from app.billing.ports import gateways
from app.billing.rules import AccountKind, EntryKind, PaymentState, Purpose, RefundState
from app.db import reading, transaction
from app.journal.service import HOST
from tests import make
from tests.billing.fake_gateway import FAULTS, NAME, FakeGateway

AMOUNTS = st.integers(1, 2000)
FAULT = st.sampled_from(FAULTS)
PICK = st.integers(0, 1000)


class Books(RuleBasedStateMachine):
    """One organization, its card, and a bank that misbehaves."""

    registry: dict[str, object]

    @initialize()
    def begin(self) -> None:
        self.bank = FakeGateway()
        self.registry[NAME] = self.bank
        self.now, self.number, self.others = make.NOW, 0, 0
        self.acme = make.organization("Acme")
        self.card = make.card(self.acme, token=f"tok-{self.acme.id}").id
        with transaction() as session:
            self.wallet = billing.ensure_wallet(session, self.acme.id, "EUR")

    def context(self, later: timedelta = timedelta(minutes=1)) -> Context:
        self.now += later
        return Context(self.now, terms(), HOST)

    def new_key(self) -> str:
        self.number += 1
        return f"books-{self.acme.id}-{self.number}"

    def keys(self, *states: PaymentState) -> list[tuple[int, str]]:
        with reading() as session:
            rows = session.execute(
                select(Payment.id, Payment.idem_key)
                .where(Payment.wallet_id == self.wallet, Payment.state.in_(states))
                .order_by(Payment.id)
            )
            return [(row.id, row.idem_key) for row in rows]

    def begun(self, amount: int, *, by_card: bool) -> int:
        key, context = self.new_key(), self.context()
        with transaction() as session:
            card = session.get_one(Card, self.card) if by_card else None
            ask = Ask(self.acme.id, amount, Purpose.TOP_UP, NAME, key, card)
            first = payments.begin(session, ask, context)
            assert payments.begin(session, ask, context) is None
        assert first is not None
        return first

    @rule(amount=AMOUNTS, fault=FAULT)
    def pays_by_card(self, amount: int, fault: str) -> None:
        payment_id, self.bank.fault = self.begun(amount, by_card=True), fault
        payment_flows.charge(payment_id, self.context())

    @rule(amount=AMOUNTS, fault=st.sampled_from(("none", "lost", "dead")))
    def goes_to_the_page(self, amount: int, fault: str) -> None:
        payment_id, self.bank.fault = self.begun(amount, by_card=False), fault
        payment_flows.send_to_page(payment_id, self.context(), done_url="/", cancel_url="/")

    @rule(pick=PICK, pays=st.booleans())
    def ends_the_page(self, pick: int, pays: bool) -> None:
        open_pages = [key for key in self.bank.pages if key not in self.bank.left]
        if open_pages:
            key = open_pages[pick % len(open_pages)]
            if pays:
                self.bank.pay(key)
            elif key not in self.bank.charges:
                self.bank.left.add(key)

    @rule(pick=PICK, fault=FAULT, times=st.integers(1, 3))
    def an_event_comes(self, pick: int, fault: str, times: int) -> None:
        if known := self.keys(*PaymentState):
            self.bank.fault = fault
            for _again in range(times):
                payment_flows.settle_payment(known[pick % len(known)][1], self.context().now)

    @rule(hours=st.sampled_from((0, 1, 30)))
    def the_janitor_comes(self, hours: int) -> None:
        now = self.context(timedelta(hours=hours, minutes=6)).now
        payment_flows.recover(now, run_id=None)
        refund_flows.recover(now, run_id=None)

    @rule(pick=PICK, amount=AMOUNTS, fault=FAULT, again=st.booleans())
    def is_refunded(self, pick: int, amount: int, fault: str, again: bool) -> None:
        taken = self.keys(PaymentState.CAPTURED)
        if not taken:
            return
        payment_id, self.bank.fault = taken[pick % len(taken)][0], fault
        key, context = self.new_key(), self.context()
        try:
            for _again in range(1 + again):
                refund_flows.refund(payment_id, amount, context, idem_key=key, reason="x")
        except refunds.CannotRefund:
            self.bank.fault = "none"

    @rule(pick=PICK, times=st.integers(1, 2), won=st.sampled_from((None, True, False)))
    def is_disputed(self, pick: int, times: int, won: bool | None) -> None:
        taken = [
            key for _id, key in self.keys(PaymentState.CAPTURED)
            if not self.bank.charges[key].given_back
        ]  # fmt: skip
        if taken:
            ref = self.bank.take_back(taken[pick % len(taken)])
            if won is not None:
                self.bank.decide(ref, won=won)
            for _again in range(times):
                refund_flows.settle_dispute(NAME, ref, self.context().now)

    @rule(amount=AMOUNTS)
    def spends(self, amount: int) -> None:
        context = self.context()
        try:
            with transaction() as session:
                billing.debit(session, self.wallet, amount)
                revenue = billing.ledger_account(session, AccountKind.REVENUE, "test", "EUR")
                wallet = billing.wallet_account(session, self.wallet)
                billing.post(
                    session, kind=EntryKind.RENEWAL, ref="x.org", idem_key=self.new_key(),
                    currency="EUR", business_date=context.today, now=context.now,
                    lines=[billing.Line(wallet, -amount), billing.Line(revenue, amount)],
                )  # fmt: skip
            self.others -= amount
        except billing.NotEnough:
            pass

    @rule(amount=st.integers(-500, 500).filter(bool), twice=st.booleans())
    def is_corrected(self, amount: int, twice: bool) -> None:
        booking = corrections.Booking(self.acme.id, amount, "x", self.new_key())
        for _again in range(1 + twice):
            with transaction() as session:
                corrections.correct(session, booking, self.context())
        self.others += amount

    @invariant()
    def the_books_agree(self) -> None:
        if not hasattr(self, "wallet"):
            return
        with reading() as session:
            assert session.scalar(select(func.sum(LedgerEntry.amount))) in (0, None)
            assert differences(session) == []
            assert uncredited_payments(session) == []
            wallet = session.get_one(Wallet, self.wallet)
            assert wallet.overdraft == max(0, wallet.held - wallet.posted)
            for payment in session.scalars(select(Payment).where(Payment.wallet_id == self.wallet)):
                self.check_payment(session, payment)

    def check_payment(self, session, payment: Payment) -> None:
        charge = self.bank.charges.get(payment.idem_key)
        keys = select(func.count()).where(LedgerTx.idem_key == f"payment:{payment.id}")
        captured = payment.state is PaymentState.CAPTURED
        assert session.scalar(keys) == captured
        assert not captured or charge is not None
        alive = select(func.coalesce(func.sum(Refund.amount), 0)).where(
            Refund.payment_id == payment.id, Refund.state != RefundState.FAILED
        )
        assert session.scalar(alive) == payment.refunded <= payment.amount
        assert not charge or charge.given_back <= payment.refunded

    def teardown(self) -> None:
        """The line is repaired: everything is told again, and nothing is missing or too much."""
        if not hasattr(self, "wallet"):
            return
        self.bank.fault = "none"
        for _round in range(3):
            self.the_janitor_comes(1)
        for _id, key in self.keys(*PaymentState):
            payment_flows.settle_payment(key, self.context().now)
        for ref in self.bank.disputes:
            refund_flows.settle_dispute(NAME, ref, self.context().now)
        self.the_books_agree()
        with reading() as session:
            wallet = session.get_one(Wallet, self.wallet)
            assert wallet.held == 0
            assert wallet.posted == self.bank.kept() + self.others
            open_ones = {state for _id, state in session.execute(self.open_states())}
            assert open_ones <= {PaymentState.WAITING, PaymentState.UNKNOWN}

    def open_states(self):
        return select(Payment.id, Payment.state).where(
            Payment.wallet_id == self.wallet, Payment.state.in_(payments.OPEN)
        )


@pytest.mark.slow
def test_whatever_a_bank_does_the_books_agree_with_it(db_context, monkeypatch):
    registry = gateways()
    monkeypatch.setattr(registry, "_adapters", dict(registry._adapters))
    Books.registry = registry._adapters
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            suppress_health_check=list(HealthCheck),
            deadline=None,
        ),
    )
