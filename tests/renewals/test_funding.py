"""Cards: charged once a day for all that is due, never twice, never for nothing (R13, R14)."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from app.billing.models import Card, LedgerEntry, Wallet
from app.billing.payment_models import Payment
from app.billing.rules import Decline, PaymentState
from app.db import db, transaction
from app.jobs.service import tick
from app.journal.models import JournalRow
from app.renewals.models import Attempt
from app.renewals.rules import Outcome
from app.subscriptions.models import Price, Subscription
from app.subscriptions.rules import Verdict
from tests import make
from tests.renewals.test_engine import EXPIRY, at

FIRST = EXPIRY - timedelta(days=5)


def yearly_box(acme: make.Made, **more) -> make.MadeService:
    domain = make.domain(acme, expires_on=date(2030, 1, 1))
    return make.mailbox(domain, acme, on=True, expires_on=EXPIRY, renewal_months=12, **more)


@pytest.fixture(autouse=True)
def usual_prices(db_context):
    make.usual_prices()


def outcomes(made: make.MadeService) -> list[tuple[str, Outcome]]:
    db.session.rollback()
    rows = db.session.execute(
        select(Attempt.trigger, Attempt.outcome)
        .where(Attempt.subscription_id == made.subscription_id)
        .order_by(Attempt.id)
    )
    return [(trigger, outcome) for trigger, outcome in rows]


def payments(acme: make.Made) -> list[tuple[int, PaymentState]]:
    db.session.rollback()
    rows = db.session.execute(
        select(Payment.amount, Payment.state)
        .where(Payment.organization_id == acme.id)
        .order_by(Payment.id)
    )
    return [(amount, state) for amount, state in rows]


def posted(acme: make.Made) -> int:
    db.session.rollback()
    wallet = db.session.execute(
        select(Wallet.posted, Wallet.held).where(Wallet.organization_id == acme.id)
    ).one()
    assert wallet.held == 0
    assert db.session.scalar(select(func.coalesce(func.sum(LedgerEntry.amount), 0))) == 0
    return wallet.posted


def golden_f1() -> list[tuple[list, dict]]:
    lines = (Path(__file__).parent.parent / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    return next(row for row in map(json.loads, lines) if row["id"] == "F1")["cases"]


@pytest.mark.parametrize(("given", "expected"), golden_f1())
def test_f1_wallet_first_then_one_charge_for_the_shortfall(given, expected):
    balance, [[_kind, ends, price]], card = given
    expires_on = date.fromisoformat(ends)
    with transaction() as session:
        session.execute(update(Price).where(Price.months == 12).values(price=price))
    acme = make.organization(balance=balance)
    if card == "ok":
        make.card(acme)
    domain = make.domain(acme, expires_on=date(2030, 1, 1))
    made = make.mailbox(domain, acme, on=True, expires_on=expires_on, renewal_months=12)
    tick(at(expires_on - timedelta(days=5)))
    outcome = Outcome.RENEWED if expected["renewed"] else Outcome.UNFUNDED
    assert outcomes(made) == [("daily", outcome)]
    assert sum(amount for amount, _state in payments(acme)) == expected["card"]
    assert posted(acme) == expected["left"]


def test_several_items_of_a_day_are_one_charge():
    acme = make.organization(balance=700)
    make.card(acme)
    boxes = [yearly_box(acme) for _ in range(3)]
    name = make.domain(acme, on=True, expires_on=FIRST + timedelta(days=30))
    tick(at(FIRST))
    assert [outcomes(one)[0][1] for one in (*boxes, name)] == [Outcome.RENEWED] * 4
    assert payments(acme) == [(3 * 1000 + 1500 - 700, PaymentState.CAPTURED)]
    assert posted(acme) == 0


def test_a_debt_alone_is_not_charged():
    acme = make.organization(balance=-500)
    make.card(acme)
    gone = make.domain(acme, expires_on=date(2027, 1, 1))
    make.mailbox(gone, acme, on=True, expires_on=EXPIRY, renewal_months=12)
    tick(at(FIRST))
    assert payments(acme) == []


def test_a_soft_decline_is_tried_again_next_day_and_five_times_at_most():
    acme = make.organization()
    make.card(acme, token="sandbox:declined")
    name = make.domain(acme, on=True, expires_on=FIRST + timedelta(days=30))
    for left in range(30, 0, -1):
        tick(at(name_end(name) - timedelta(days=left)))
    assert {outcome for _trigger, outcome in outcomes(name)} == {Outcome.DECLINED}
    assert len(outcomes(name)) == 8
    assert payments(acme) == [(1500, PaymentState.DECLINED)] * 5


def name_end(made: make.MadeService) -> date:
    return db.session.get_one(Subscription, made.subscription_id).expires_on


def test_a_hard_decline_is_never_tried_again_on_that_card():
    acme = make.organization()
    card = make.card(acme, token="sandbox:stolen")
    made = yearly_box(acme)
    for day in range(4):
        tick(at(FIRST + timedelta(days=day)))
    assert payments(acme) == [(1000, PaymentState.DECLINED)]
    assert outcomes(made)[0] == ("daily", Outcome.DECLINED)
    assert db.session.get_one(Card, card.id).unusable_because
    assert db.session.get_one(Subscription, made.subscription_id).verdict is Verdict.SHORT


def test_a_backup_card_pays_the_same_day():
    acme = make.organization()
    make.card(acme, token="sandbox:declined")
    make.card(acme, token="sandbox:ok")
    made = yearly_box(acme)
    tick(at(FIRST))
    assert outcomes(made) == [("daily", Outcome.RENEWED)]
    states = [state for _amount, state in payments(acme)]
    assert states == [PaymentState.DECLINED, PaymentState.CAPTURED]


def test_where_the_bank_wants_the_customer_no_card_is_tried_again_for_that_renewal():
    acme = make.organization()
    make.card(acme, token="sandbox:sca")
    make.card(acme, token="sandbox:ok")
    made = yearly_box(acme)
    for day in range(4):
        tick(at(FIRST + timedelta(days=day)))
    assert [outcome for _trigger, outcome in outcomes(made)] == [
        Outcome.AUTHENTICATION_REQUIRED
    ] * 4
    assert payments(acme) == [(1000, PaymentState.DECLINED)]
    assert db.session.scalars(select(Payment.decline)).all() == [Decline.AUTHENTICATION]


def test_a_charge_without_an_answer_is_looked_up_before_anything_new():
    acme = make.organization()
    make.card(acme, token="sandbox:timeout")
    made = yearly_box(acme)
    tick(at(FIRST))
    assert outcomes(made) == [("daily", Outcome.UNKNOWN)]
    assert payments(acme) == [(1000, PaymentState.UNKNOWN)]
    tick(at(FIRST, 10))
    number = db.session.scalars(select(Payment.id)).one()
    assert outcomes(made)[1:] == [(f"funding:payment:{number}", Outcome.RENEWED)]
    assert payments(acme) == [(1000, PaymentState.CAPTURED)]
    assert posted(acme) == 0


def test_a_gateway_that_is_down_charges_nothing_twice_and_is_given_up_in_the_end():
    acme = make.organization()
    make.card(acme, token="sandbox:down")
    made = yearly_box(acme)
    for day in range(7):
        for hour in (9, 12, 18):
            tick(at(FIRST + timedelta(days=day), hour))
    assert Outcome.RENEWED not in {outcome for _trigger, outcome in outcomes(made)}
    assert posted(acme) == 0


def test_a_card_of_another_organization_pays_nothing_f8():
    acme, other = make.organization("Acme"), make.organization("Other")
    make.card(other)
    made = yearly_box(acme)
    tick(at(FIRST))
    assert outcomes(made) == [("daily", Outcome.UNFUNDED)]
    assert payments(other) == []


def test_a_top_up_in_the_window_makes_one_attempt_at_once():
    acme = make.organization()
    made = yearly_box(acme)
    tick(at(FIRST))
    with transaction() as session:
        session.execute(select(Wallet.id))
    make.money(acme, 2000)
    with transaction() as session:
        wallet = session.scalars(select(Wallet).where(Wallet.organization_id == acme.id)).one()
        wallet.funded_by = "payment:77"
    for minutes in (1, 2):
        tick(at(FIRST, 9) + timedelta(minutes=minutes))
    assert outcomes(made) == [
        ("daily", Outcome.UNFUNDED),
        ("funding:payment:77", Outcome.RENEWED),
    ]
    assert posted(acme) == 1000


def test_a_wallet_whose_balance_is_in_doubt_charges_no_card():
    acme = make.organization()
    make.card(acme)
    made = yearly_box(acme)
    with transaction() as session:
        wallet = session.scalars(select(Wallet).where(Wallet.organization_id == acme.id)).one()
        wallet.posted += 10
    tick(at(FIRST, 5))
    tick(at(FIRST))
    assert outcomes(made) == [("daily", Outcome.UNFUNDED)]
    assert payments(acme) == []


def test_an_automatic_top_up_is_part_of_the_days_one_charge():
    acme = make.organization(balance=400)
    make.card(acme)
    yearly_box(acme)
    with transaction() as session:
        wallet = session.scalars(select(Wallet).where(Wallet.organization_id == acme.id)).one()
        wallet.auto_top_up_below, wallet.auto_top_up_to = 500, 3000
    tick(at(FIRST - timedelta(days=1), 8))
    assert payments(acme) == []
    tick(at(FIRST - timedelta(days=1), 10))
    assert payments(acme) == [(2600, PaymentState.CAPTURED)]
    tick(at(FIRST))
    assert payments(acme) == [(2600, PaymentState.CAPTURED)]
    assert posted(acme) == 2000


def test_what_a_card_paid_is_told_to_the_customer():
    acme = make.organization()
    make.card(acme)
    yearly_box(acme)
    tick(at(FIRST))
    told = db.session.scalars(
        select(JournalRow.event).where(JournalRow.run_id.is_not(None)).order_by(JournalRow.id)
    ).all()
    assert told == ["card.charged", "renewal.attempted", "wallet.debited", "mailbox.renewed"]
