"""Webhooks and reconciliation, Stripe's adapter on its stand-in (L9, P1-P5, X4, CP15, CP16)."""

import json
import threading
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from app.accounts.installation import Context, terms
from app.billing import card_flows, cards, events, payment_flows, payments, refund_flows
from app.billing.gateways.guard import GuardedGateway
from app.billing.gateways.manual import ManualGateway
from app.billing.models import Card, LedgerEntry, Wallet
from app.billing.payment_models import DisputedPayment, GatewayEvent, Payment, Refund
from app.billing.payments import Ask
from app.billing.rules import EVENT_PATIENCE, PaymentState, Purpose, RefundState
from app.db import db, transaction
from app.journal.service import Actor
from app.lib.registry import Registry
from app.operator_tasks.service import open_tasks
from tests import make
from tests.contracts.gateways import stripe_bench
from tests.fate import at_statements

ADDRESS = "/webhooks/stripe"


@pytest.fixture
def bench(app, clock, monkeypatch):
    """Stripe's stand-in, in the place of the application's gateways."""
    with stripe_bench(app) as bench:
        registry = Registry("gateway")
        registry.register("stripe", GuardedGateway(bench.gateway))
        registry.register("manual", GuardedGateway(ManualGateway()))
        monkeypatch.setitem(app.extensions, "vigie.gateways", registry)
        yield bench


@pytest.fixture
def stripe(bench):
    return bench.stripe


@pytest.fixture
def at(app, clock):
    """What flows are told; made anew for each, since the clock may have moved."""
    return lambda: Context(clock.now(), terms(), Actor())


@pytest.fixture
def acme(app, bench):
    """An organization with a card whose charge succeeds while its answer is lost."""
    with app.app_context():
        acme = make.organization()
        make.card(acme, token=bench.token("timeout"))
        with transaction() as session:
            session.scalars(select(Card)).one().gateway = "stripe"
        return acme


def lost_charge(acme, at, key="charge-1") -> int:
    """A charge that Stripe made and whose answer was lost."""
    with transaction() as session:
        card = session.scalars(select(Card).where(Card.organization_id == acme.id)).one()
        ask = Ask(acme.id, 1500, Purpose.TOP_UP, "stripe", key, card)
        payment_id = payments.begin(session, ask, at())
    assert payment_flows.charge(payment_id, at()) is PaymentState.UNKNOWN
    return payment_id


def made_charge(acme, at, key="charge-1") -> int:
    payment_id = lost_charge(acme, at, key)
    assert payment_flows.look_up(payment_id, at())
    return payment_id


def post(app, stripe, event, **more):
    body, headers = stripe.signed(event, **more)
    return app.test_client().post(ADDRESS, data=body, headers=headers)


def latest(stripe, type_):
    return next(e for e in reversed(stripe.objects["events"]) if e["type"] == type_)


def work(app, clock, *, after=timedelta(0)) -> int:
    clock.set(clock.now() + after) if after else None
    with app.app_context():
        return events.work(clock.now(), 0)


def posted(app, acme) -> int:
    with app.app_context():
        wallet = db.session.execute(
            select(Wallet.posted, Wallet.held).where(Wallet.organization_id == acme.id)
        ).one()
        assert wallet.held == 0
        assert db.session.scalar(select(func.coalesce(func.sum(LedgerEntry.amount), 0))) == 0
        return wallet.posted


def inbox(app) -> list[tuple[str, bool]]:
    """`(kind, done)` of all stored events."""
    with app.app_context():
        rows = db.session.execute(
            select(GatewayEvent.kind, GatewayEvent.done_at).order_by(GatewayEvent.id)
        )
        return [(kind, done_at is not None) for kind, done_at in rows]


def tasks(app) -> list[str]:
    with app.app_context():
        return [task.kind for task in open_tasks(db.session)]


# ---- The door


def test_p1_the_same_event_twice_is_answered_twice_and_has_one_effect(app, clock, stripe, acme, at):
    with app.app_context():
        lost_charge(acme, at)
    event = latest(stripe, "payment_intent.succeeded")
    assert [post(app, stripe, event).status_code for _ in range(2)] == [200, 200]
    assert posted(app, acme) == 0, "the answer does not wait for the work"
    work(app, clock)
    assert post(app, stripe, event).status_code == 200
    work(app, clock)
    assert posted(app, acme) == 1500
    assert inbox(app) == [("payment", True)]


def test_the_answer_is_plain_and_sets_no_cookie(app, stripe, acme, at):
    with app.app_context():
        lost_charge(acme, at)
    answer = post(app, stripe, stripe.objects["events"][-1])
    assert (answer.status_code, answer.get_data(as_text=True)) == (200, "ok\n")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("wrong", ["wrong", "missing", "rewritten", "old", "ahead", "bytes"])
def test_p3_p4_what_the_gateway_did_not_just_sign_is_refused_and_not_kept(
    app, stripe, acme, at, wrong
):
    with app.app_context():
        lost_charge(acme, at)
    body, headers = stripe.signed(
        stripe.objects["events"][-1], {"old": 301, "ahead": -301}.get(wrong, 0)
    )
    if wrong == "wrong":
        headers["Stripe-Signature"] = headers["Stripe-Signature"][:-4] + "0000"
    elif wrong == "missing":
        headers = {}
    elif wrong == "rewritten":
        body = json.dumps(json.loads(body), indent=1).encode()
    elif wrong == "bytes":
        body = b"\xff\xfe"
    answer = app.test_client().post(ADDRESS, data=body, headers=headers)
    assert answer.status_code == 400
    assert inbox(app) == []


@pytest.mark.parametrize(
    "signed", ["text", [], {}, {"object": "event"}, {"object": "event", "type": "refund.created"}]
)
def test_what_is_signed_but_no_event_is_no_error_of_ours(app, stripe, signed):
    assert post(app, stripe, signed).status_code in (200, 400)
    assert inbox(app) == []


def test_a_huge_body_is_not_read(app, stripe):
    answer = post(app, stripe, {"object": "event", "padding": "x" * 300_000})
    assert answer.status_code == 413
    assert inbox(app) == []


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("post", "/webhooks/nobody", 404),
        ("post", "/webhooks/manual", 400),
        ("get", ADDRESS, 405),
    ],
)
def test_other_doors_are_shut(app, bench, method, address, status):
    assert getattr(app.test_client(), method)(address).status_code == status


def test_an_event_of_no_interest_is_answered_and_not_kept(app, stripe):
    event = {"id": "evt_1", "object": "event", "type": "payout.paid", "data": {"object": {}}}
    assert post(app, stripe, event).status_code == 200
    assert inbox(app) == []


# ---- The work


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


# ---- Reconciliation


def test_p5_what_a_dead_endpoint_missed_for_five_days_is_found(app, clock, stripe, acme, at):
    start = clock.now()
    refs = []
    with app.app_context():
        for number in range(5):
            made_charge(acme, at, f"charge-{number}")
            refs.append(stripe.objects["payment_intents"][-1]["id"])
        for day, ref in enumerate(refs, start=1):
            clock.set(start + timedelta(days=day))
            stripe.take_back(ref)
            if day in (4, 5):
                events.reconcile(clock.now(), 0)
                events.work(clock.now(), 0)
        assert events.reconcile(clock.now(), 0) == 0, "found once"
        assert len(db.session.scalars(select(DisputedPayment.id)).all()) == 5
    assert posted(app, acme) == 0


def test_many_missed_events_come_page_by_page(app, clock, stripe, at):
    for number in range(230):
        stripe._happened("payment_intent.succeeded", {"id": f"pi_{number}", "metadata": {}})
        stripe._happened("payout.paid", {"id": f"po_{number}"})
    with app.app_context():
        assert events.reconcile(clock.now(), 0) == 230
        assert events.work(clock.now(), 0) == 230


def test_a_gateway_that_lists_nothing_makes_the_run_fail_so_that_it_is_done_again(
    app, clock, stripe, bench
):
    stripe.faults = ["500"]
    with app.app_context(), pytest.raises(events.GatewaySilent):
        events.reconcile(clock.now(), 0)


# ---- Races and deaths


def at_once(*works):
    """Run each in a thread of its own, all at the same time; what they returned."""
    barrier, results = threading.Barrier(len(works)), []

    def run(work):
        barrier.wait()
        results.append(work())

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_eight_deliveries_and_eight_workers_at_once_have_one_effect(app, clock, stripe, acme, at):
    with app.app_context():
        lost_charge(acme, at)
    event = latest(stripe, "payment_intent.succeeded")
    assert at_once(*[lambda: post(app, stripe, event).status_code] * 8) == [200] * 8
    assert len(inbox(app)) == 1
    assert sum(at_once(*[lambda: work(app, clock)] * 8)) == 1
    assert posted(app, acme) == 1500


def test_x4_a_webhook_and_the_lookup_credit_the_same_payment_once(app, clock, stripe, acme, at):
    with app.app_context():
        payment_id = lost_charge(acme, at)
    post(app, stripe, latest(stripe, "payment_intent.succeeded"))

    def look_up():
        with app.app_context():
            return payment_flows.look_up(payment_id, at())

    at_once(look_up, lambda: work(app, clock), look_up, lambda: work(app, clock))
    assert posted(app, acme) == 1500
    assert inbox(app) == [("payment", True)]


def test_cp15_cp16_whatever_step_kills_delivery_or_work_there_is_one_effect(
    app, clock, stripe, acme, at
):
    with app.app_context(), at_statements() as fate:
        for step in fate.steps(more_than=15):
            lost_charge(acme, at, f"charge-{step}")
            event = latest(stripe, "payment_intent.succeeded")
            fate.kills(partial(_deliver_and_work, app, clock, event))
            # The gateway saw no 200, or the process came back: both go on as ever.
            _deliver_and_work(app, clock, event)
            work(app, clock, after=timedelta(minutes=6))
            assert posted(app, acme) == step * 1500
            assert {done for _, done in inbox(app)} == {True}


def _deliver_and_work(app, clock, event):
    """What the view and the job do, without a client: its context would be this one."""
    from app.billing.gateways.stripe_events import event_of

    with transaction() as session:
        events.store(session, "stripe", event_of(event), clock.now())
    events.work(clock.now(), 0)
