"""What a stored event brings about, in whatever order they come (P2)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.billing import card_flows, cards, events, payment_flows, payments, refund_flows
from app.billing.models import Card
from app.billing.payment_models import DisputedPayment, Payment, Refund
from app.billing.payments import Ask
from app.billing.rules import EVENT_PATIENCE, PaymentState, Purpose, RefundState
from app.db import db, transaction
from tests.billing.events.world import (
    inbox,
    latest,
    lost_charge,
    made_charge,
    post,
    posted,
    tasks,
    work,
)


@pytest.mark.parametrize(
    ("type_", "thing"),
    [
        ("payment_intent.succeeded", {"id": "pi_x", "metadata": {}}),
        ("payment_intent.succeeded", {"id": "pi_x", "metadata": {"vigie_key": "nobody"}}),
        ("refund.updated", {"id": "re_x", "metadata": {"vigie_key": "nobody"}}),
        ("charge.dispute.created", {"id": "dp_x"}),
        ("payment_method.updated", {"id": "pm_x", "customer": None}),
        ("checkout.session.completed", {"id": "cs_x", "mode": "setup", "metadata": {}}),
    ],
)
def test_an_unknown_object_is_stored_and_does_nothing(app, clock, stripe, acme, type_, thing):
    event = {"id": "evt_x", "object": "event", "type": type_, "data": {"object": thing}}
    assert post(app, stripe, event).status_code == 200
    work(app, clock)
    assert [done for _, done in inbox(app)] == [True]
    assert posted(app, acme) == 0
    assert tasks(app) == []


@pytest.mark.parametrize("order", [("payment_intent.succeeded", "refund.created"),
                                   ("refund.created", "payment_intent.succeeded")])  # fmt: skip
@pytest.mark.parametrize("lost", ["charge", "refund"])
def test_p2_events_in_either_order_end_alike(app, clock, stripe, acme, at, order, lost):
    with app.app_context():
        payment_id = made_charge(acme, at)
        if lost == "refund":
            stripe.faults += ["", "drop-after"]
        refund_flows.refund(payment_id, 1000, at(), idem_key="refund-1", reason="asked")
    for type_ in order:
        assert post(app, stripe, latest(stripe, type_)).status_code == 200
        work(app, clock)
    assert posted(app, acme) == 500
    with app.app_context():
        assert db.session.scalars(select(Payment.state)).all() == [PaymentState.CAPTURED]
        assert db.session.scalars(select(Refund.state)).all() == [RefundState.DONE]
    assert len(stripe.objects["refunds"]) == 1


def test_a_dispute_that_comes_before_its_payment_is_known_waits_for_it(
    app, clock, stripe, acme, at
):
    with app.app_context():
        payment_id = lost_charge(acme, at)
    stripe.take_back(stripe.objects["payment_intents"][-1]["id"])
    post(app, stripe, latest(stripe, "charge.dispute.created"))
    work(app, clock)
    assert inbox(app) == [("dispute", False)]
    with app.app_context():
        assert payment_flows.look_up(payment_id, at())
    assert work(app, clock) == 0, "not before its time"
    assert work(app, clock, after=timedelta(minutes=1)) == 1
    assert posted(app, acme) == 0
    with app.app_context():
        assert db.session.scalars(select(DisputedPayment.amount)).all() == [1500]


def test_an_inquiry_takes_no_money(app, clock, stripe, acme, at):
    with app.app_context():
        made_charge(acme, at)
    stripe.take_back(stripe.objects["payment_intents"][-1]["id"], inquiry=True)
    post(app, stripe, latest(stripe, "charge.dispute.created"))
    assert work(app, clock) == 1
    assert posted(app, acme) == 1500


def test_a_page_that_was_given_up_and_is_paid_after_all_is_credited_though_the_gateway_was_down(
    app, clock, stripe, acme, at
):
    with app.app_context():
        with transaction() as session:
            ask = Ask(acme.id, 2000, Purpose.TOP_UP, "stripe", "page-1")
            payment_id = payments.begin(session, ask, at())
        urls = {"done_url": "https://vigie.example/a", "cancel_url": "https://vigie.example/b"}
        page = payment_flows.send_to_page(payment_id, at(), **urls)
        with transaction() as session:
            payments.abandon(session, payment_id, "left", at())
    stripe.pay(page.ref)
    post(app, stripe, latest(stripe, "checkout.session.completed"))
    stripe.faults += ["500"] * 9
    assert work(app, clock) == 0
    stripe.faults.clear()
    assert posted(app, acme) == 0
    assert work(app, clock, after=timedelta(minutes=5)) == 1
    assert posted(app, acme) == 2000


def test_a_customer_who_never_comes_back_from_the_page_still_has_the_card_once(
    app, clock, stripe, acme, at
):
    with app.app_context():
        card_flows.begin(cards.Wish(acme.id, "form-1", "stripe", auto_debit=True), at())
    stripe.save_card(stripe.objects["checkout/sessions"][-1]["id"])
    for _ in range(2):
        post(app, stripe, latest(stripe, "checkout.session.completed"))
        work(app, clock)
    with app.app_context():
        tokens = db.session.scalars(select(Card.token).order_by(Card.id)).all()
    method = stripe.objects["payment_methods"][-1]
    assert tokens[1:] == [f"{method['customer']}/{method['id']}"]


def test_a_card_that_its_bank_replaced_is_known_anew(app, clock, stripe, acme, bench):
    with app.app_context():
        method = stripe._method("ok", bench._customer, "Ada", (12, 2028))
        with transaction() as session:
            session.scalars(select(Card)).one().token = f"{bench._customer}/{method['id']}"
    stripe.renew_card(method["id"], (6, 2031))
    post(app, stripe, latest(stripe, "payment_method.automatically_updated"))
    assert work(app, clock) == 1
    with app.app_context():
        card = db.session.scalars(select(Card)).one()
        assert (card.exp_month, card.exp_year) == (6, 2031)


def test_a_refund_that_fails_after_all_is_told_to_the_operator(app, clock, stripe, acme, at):
    with app.app_context():
        payment_id = made_charge(acme, at)
        refund_flows.refund(payment_id, 1000, at(), idem_key="refund-1", reason="asked")
    stripe.fail_refund(stripe.objects["refunds"][-1]["id"])
    post(app, stripe, latest(stripe, "refund.failed"))
    assert work(app, clock) == 1
    assert tasks(app) == ["refund_returned"]
    assert posted(app, acme) == 500, "what to do with the money is for a person"


def test_an_event_that_finds_nobody_waits_longer_and_longer_then_the_operator_is_told(
    app, clock, stripe, acme, at
):
    with app.app_context():
        lost_charge(acme, at)
    post(app, stripe, latest(stripe, "payment_intent.succeeded"))
    start, tried_at = clock.now(), []
    with app.app_context():
        for minute in range(6 * 60):
            stripe.faults = ["500"] * 9
            before = len(stripe.requests)
            events.work(start + timedelta(minutes=minute), 0)
            if len(stripe.requests) > before:
                tried_at.append(minute)
    assert tried_at == [0, 1, 6, 21, 81, 261]
    assert len(tried_at) > EVENT_PATIENCE
    assert tasks(app) == ["event_stuck"]
    stripe.faults.clear()
    work(app, clock, after=timedelta(days=1))
    assert posted(app, acme) == 1500
    assert tasks(app) == []


def test_an_event_whose_money_belongs_to_nobody_is_told_and_left_in_the_end(
    app, clock, stripe, acme, at
):
    intent = stripe._intent(700, "eur", "cus_1", {"vigie_key": "of a lost backup"})
    stripe._succeed(intent)
    post(app, stripe, latest(stripe, "payment_intent.succeeded"))
    with app.app_context():
        for day in range(20):
            events.work(clock.now() + timedelta(days=day), 0)
    assert inbox(app) == [("payment", True)]
    assert tasks(app) == ["event_stuck"]
    assert posted(app, acme) == 0
