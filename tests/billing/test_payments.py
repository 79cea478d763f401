"""Payments whose gateway says something else than was asked: the ledger stays as it was (F4)."""

import pytest
from sqlalchemy import func, select

from app.accounts.installation import Context, terms
from app.billing import payment_flows, payments, refund_flows
from app.billing.models import LedgerTx, Wallet
from app.billing.payment_models import Payment
from app.billing.ports import Declined, Dispute, Money, Paid, Refused, gateways
from app.billing.rules import Decline, PaymentState
from app.billing.top_up_flows import NoSuchCard, TopUp, top_up
from app.db import db, transaction
from app.journal.service import HOST
from app.operator_tasks.service import open_tasks
from tests import make
from tests.billing.fake_gateway import FakeGateway


@pytest.fixture
def bank(db_context, monkeypatch):
    bank = FakeGateway(name="sandbox")
    monkeypatch.setattr(gateways(), "_adapters", {"sandbox": bank})
    return bank


@pytest.fixture
def acme(bank):
    return make.organization("Acme")


def context() -> Context:
    return Context(make.NOW, terms(), HOST)


def books() -> tuple[int, int, int]:
    db.session.rollback()
    posted, held = db.session.execute(select(Wallet.posted, Wallet.held)).one()
    return posted, held, db.session.scalars(select(func.count()).select_from(LedgerTx)).one()


def tasks() -> list[str]:
    db.session.rollback()
    return [task.kind for task in open_tasks(db.session())]


def captured(payment: make.Made, money: Money) -> bool:
    with transaction() as session:
        return payments.capture(session, payment.id, Paid("ch_1", money), context())


@pytest.mark.parametrize("money", [Money(1199, "EUR"), Money(1201, "EUR"), Money(1200, "USD")])
@pytest.mark.parametrize("state", [PaymentState.WAITING, PaymentState.ABANDONED])
def test_another_amount_or_currency_is_not_credited_and_told_to_the_host(acme, money, state):
    payment = make.payment(acme, state=state)
    assert not captured(payment, money)
    assert books() == (0, 0, 0)
    assert tasks() == ["payment_differs"]
    assert db.session.scalars(select(Payment.state)).one() is PaymentState.UNKNOWN
    # Once the gateway tells what was asked, it is credited, and the task is done.
    assert captured(payment, Money(1200, "EUR"))
    assert (books(), tasks()) == ((1200, 0, 1), [])


def test_f4_a_wallet_of_another_currency_is_never_credited(acme):
    payment = make.payment(acme)
    assert captured(payment, Money(1200, "EUR"))
    with transaction() as session:
        refund_flows.refunds.note_dispute(
            session, "sandbox", Dispute("dp", "ch_1", Money(1200, "USD"), None), context()
        )
    assert books() == (1200, 0, 1)
    assert tasks() == ["payment_differs"]


def test_what_was_paid_cannot_be_declined_or_given_up_any_more(acme):
    payment = make.payment(acme)
    captured(payment, Money(1200, "EUR"))
    with transaction() as session:
        late = Declined(Decline.HARD, "stolen")
        assert not payments.decline(session, payment.id, late, context())
        assert not payments.abandon(session, payment.id, "left", context())
    assert books() == (1200, 0, 1)


def test_a_gateway_that_refuses_outright_is_told_to_the_host(acme, bank, monkeypatch):
    card = make.card(acme).name
    monkeypatch.setattr(bank, "charge", lambda *_a, **_k: Refused("no such merchant"))
    begun = top_up(TopUp(acme.id, 1200, "nonce001", "sandbox", card), context())
    assert not begun.leave
    assert books() == (0, 0, 0)
    assert tasks() == ["payment_refused"]


@pytest.mark.parametrize("which", ["foreign", "not_validated", "unusable", "unknown"])
def test_a_card_of_another_organization_or_of_no_use_is_never_charged(acme, bank, which):
    other = make.organization("Other")
    cards = {
        "foreign": make.card(other).name,
        "not_validated": make.card(acme, validated=False).name,
        "unusable": unusable(acme),
        "unknown": "nothing",
    }
    with pytest.raises(NoSuchCard):
        top_up(TopUp(acme.id, 1200, "nonce001", "sandbox", cards[which]), context())
    assert bank.charges == {}
    assert db.session.scalars(select(Payment.id)).all() == []


def unusable(acme: make.Made) -> str:
    from app.billing.models import Card

    made = make.card(acme)
    with transaction() as session:
        session.get_one(Card, made.id).unusable_because = "stolen"
    return made.name


def test_a_payment_that_one_process_cannot_look_up_stops_no_other(acme, bank, monkeypatch):
    first = make.payment(acme)
    second = make.payment(acme)
    with transaction() as session:
        keys = [session.get_one(Payment, one.id).idem_key for one in (first, second)]
    bank.pages = {keys[1]: Money(1200, "EUR")}
    bank.pay(keys[1])
    asked = bank.payment

    def payment(key):
        if key == keys[0]:
            raise RuntimeError("poisoned")
        return asked(key)

    monkeypatch.setattr(bank, "payment", payment)
    later = make.NOW.replace(hour=23)
    assert payment_flows.recover(later, run_id=None) == 1
    assert books() == (1200, 0, 1)
