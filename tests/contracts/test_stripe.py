"""What is particular to Stripe, on its stand-in: keys that end, searching that lags, pages, words.

Never run against the real Stripe; `test_localstripe.py` tries the little that localstripe knows.
"""

import logging
from datetime import timedelta

import pytest

from app.billing.ports import (
    Abandoned,
    CardDetails,
    Declined,
    Event,
    EventKind,
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
from app.web.state import now
from tests.contracts.gateways import stripe_bench

PAYER = Payer("acme-1", "Acme", "compta@people.example", "fr")
FIFTEEN = Money(1500, "EUR")
URLS = {"done_url": "https://vigie.example/done", "cancel_url": "https://vigie.example/cancel"}


@pytest.fixture
def bench(app, clock):
    with app.app_context(), stripe_bench(app) as bench:
        yield bench


@pytest.fixture
def stripe(bench):
    return bench.stripe


@pytest.fixture
def gateway(bench):
    return bench.gateway


def charge(bench, key="charge-1", behaviour="ok", money=FIFTEEN):
    return bench.gateway.charge(bench.token(behaviour), money, PAYER, key=key)


# ---- Keys: L6


def test_c21_a_key_of_25_hours_is_looked_up_and_never_posted(bench, stripe, gateway, clock):
    assert isinstance(charge(bench, behaviour="timeout"), Unknown)
    clock.advance(timedelta(hours=25))
    posts = list(stripe.posts)
    assert isinstance(gateway.payment("charge-1"), Paid)
    assert gateway.payment("charge-2") == NotFound()
    assert stripe.posts == posts


@pytest.mark.parametrize("age", [timedelta(0), timedelta(minutes=59), timedelta(hours=3)])
def test_a_payment_is_found_at_any_age_although_searching_lags(bench, gateway, clock, age):
    assert isinstance(charge(bench, behaviour="timeout"), Unknown)
    clock.advance(age)
    assert isinstance(gateway.payment("charge-1"), Paid)


def test_c23_the_same_key_with_another_amount_is_an_error_and_nothing_is_charged(bench, stripe):
    assert isinstance(charge(bench), Paid)
    answer = charge(bench, money=Money(1600, "EUR"))
    assert isinstance(answer, Refused)
    assert "IdempotencyError" in answer.detail
    assert len(stripe.objects["payment_intents"]) == 1


def test_a_kept_500_stays_unknown_and_the_payment_is_found(bench, stripe, gateway):
    stripe.faults = ["500-after"]
    assert isinstance(charge(bench), Unknown)
    assert isinstance(charge(bench), Unknown)
    assert isinstance(gateway.payment("charge-1"), Paid)
    assert len(stripe.objects["payment_intents"]) == 1


@pytest.mark.parametrize("fault", ["drop", "drop-after", "500", "503"])
def test_the_sdk_tries_again_with_the_same_key(app, clock, fault, monkeypatch):
    monkeypatch.setattr("stripe.HTTPClient.INITIAL_DELAY", 0.01)
    with app.app_context(), stripe_bench(app, retries=1) as bench:
        bench.stripe.faults = [fault]
        assert isinstance(charge(bench), Paid)
        assert len(bench.stripe.objects["payment_intents"]) == 1


@pytest.mark.parametrize("status", ["401", "403", "409", "429", "500", "503"])
def test_what_says_nothing_of_the_payment_leaves_it_unknown(bench, stripe, gateway, status):
    calls = [
        lambda: charge(bench),
        lambda: gateway.payment("charge-1"),
        lambda: gateway.refunded("refund-1"),
        lambda: gateway.refund("pi_1", FIFTEEN, key="refund-1"),
        lambda: gateway.begin_setup(PAYER, key="setup-1", **URLS),
        lambda: gateway.setup("cs_1"),
        lambda: gateway.dispute("dp_1"),
        lambda: gateway.card("cus_1/pm_1"),
        lambda: gateway.events_since(now()),
    ]
    for call in calls:
        stripe.faults = [status]
        assert isinstance(call(), Unknown)
    stripe.faults = [status]
    assert gateway.forget("cus_1/pm_1") is False


def test_no_answer_in_time_is_unknown(app, clock):
    import socket

    from app.billing.gateways.stripe import StripeGateway

    with app.app_context(), socket.create_server(("127.0.0.1", 0)) as silent:
        api = f"http://127.0.0.1:{silent.getsockname()[1]}"
        gateway = StripeGateway(
            "sk_test_x", "whsec_x", now, shown_name="Vigie", api=api, timeout=(1, 1), retries=0
        )
        assert isinstance(gateway.charge("cus_1/pm_1", FIFTEEN, PAYER, key="k"), Unknown)


# ---- Declines: R14


@pytest.mark.parametrize(
    ("error", "reason", "detail"),
    [
        ({"decline_code": "insufficient_funds"}, Decline.SOFT, "insufficient_funds"),
        ({"decline_code": "do_not_honor"}, Decline.SOFT, "do_not_honor"),
        ({"decline_code": "a_code_of_tomorrow"}, Decline.SOFT, "a_code_of_tomorrow"),
        ({"code": "processing_error"}, Decline.SOFT, "processing_error"),
        ({"code": "expired_card"}, Decline.HARD, "expired_card"),
        ({"decline_code": "stolen_card"}, Decline.HARD, "generic_decline"),
        ({"decline_code": "lost_card"}, Decline.HARD, "generic_decline"),
        (
            {"decline_code": "generic_decline", "advice_code": "do_not_try_again"},
            Decline.HARD,
            "generic_decline",
        ),
        (
            {"code": "authentication_required", "decline_code": "authentication_required"},
            Decline.AUTHENTICATION,
            "authentication_required",
        ),
        (
            {"code": "card_declined", "decline_code": "authentication_required"},
            Decline.AUTHENTICATION,
            "authentication_required",
        ),
        ({}, Decline.SOFT, "generic_decline"),
    ],
)
def test_stripes_codes_say_whether_another_try_makes_sense(error, reason, detail):
    from app.billing.gateways.stripe_answers import declined

    assert declined(error) == Declined(reason, detail)


def test_a_card_of_another_customer_is_dead_to_this_one(bench, stripe, gateway):
    other = stripe._method("ok", stripe.customer(), "Eve", (12, 2030))
    customer = bench.token("ok").partition("/")[0]
    answer = gateway.charge(f"{customer}/{other['id']}", FIFTEEN, PAYER, key="k")
    assert isinstance(answer, Declined)
    assert answer.reason is Decline.HARD


# ---- Customers and pages: L7


def test_an_organization_is_one_customer_for_ever_under_its_present_name(stripe, gateway, clock):
    def begin(payer, key):
        assert isinstance(gateway.begin_setup(payer, key=key, **URLS), Hosted)

    before = len(stripe.objects["customers"])
    begin(PAYER, "setup-1")
    begin(PAYER, "setup-2")
    clock.advance(timedelta(hours=30))
    begin(Payer("acme-1", "Acme & Sons", "new@people.example", "fr"), "setup-3")
    begin(Payer("it's\\odd", "Odd", "", "en"), "setup-4")
    made = stripe.objects["customers"][before:]
    assert [(one["name"], one["email"]) for one in made] == [
        ("Acme & Sons", "new@people.example"),
        ("Odd", None),
    ]


def test_a_page_takes_cards_alone_in_the_wallets_currency_and_the_payers_language(stripe, gateway):
    asked = []
    stripe._session = lambda params, make=stripe._session: asked.append(params) or make(params)
    gateway.begin_setup(PAYER, key="setup-1", **URLS)
    gateway.begin_payment(FIFTEEN, PAYER, key="page-1", **URLS)
    assert [page["allowed_payment_method_types"] for page in asked] == [{"0": "card"}] * 2
    assert [page["locale"] for page in asked] == ["fr", "fr"]
    assert asked[1]["adaptive_pricing"] == {"enabled": "false"}
    assert asked[1]["line_items"]["0"]["price_data"] == {
        "currency": "eur", "unit_amount": "1500", "product_data": {"name": "Vigie"},
    }  # fmt: skip


def test_a_card_that_is_refused_on_the_page_may_be_followed_by_another(stripe, gateway):
    page = gateway.begin_payment(FIFTEEN, PAYER, key="page-1", **URLS)
    stripe.try_to_pay(page.ref)
    assert gateway.payment("page-1") == Waiting()
    stripe.pay(page.ref)
    assert isinstance(gateway.payment("page-1"), Paid)


@pytest.mark.parametrize("tried", [True, False])
def test_a_page_whose_day_is_over_took_nothing(stripe, gateway, clock, tried):
    page = gateway.begin_payment(FIFTEEN, PAYER, key="page-1", **URLS)
    if tried:
        stripe.try_to_pay(page.ref)
    clock.advance(timedelta(hours=24))
    stripe.expire(page.ref)
    assert gateway.payment("page-1") == Abandoned()
    clock.advance(timedelta(days=9))
    # One on which nobody tried is no longer listed; nothing was taken, says either answer.
    assert gateway.payment("page-1") == (Abandoned() if tried else NotFound())


def test_a_setup_page_nobody_made_is_left(gateway):
    assert gateway.setup("cs_nobody") == Abandoned()


def test_a_saved_card_is_named_by_its_customer_too(stripe, gateway):
    page = gateway.begin_setup(PAYER, key="setup-1", **URLS)
    stripe.save_card(page.ref, name=None)
    card = gateway.setup(page.ref)
    assert isinstance(card, CardDetails)
    customer, _, method = card.token.partition("/")
    assert (customer[:4], method[:3], card.holder) == ("cus_", "pm_", "")
    assert len(card.token) <= 120


# ---- Refunds, disputes, events


def test_a_refund_is_found_however_many_there_are(bench, stripe, gateway):
    ref = charge(bench, money=Money(100_000, "EUR")).ref
    first = gateway.refund(ref, Money(1, "EUR"), key="refund-0")
    for number in range(1, 130):
        stripe._refund(
            {"payment_intent": ref, "amount": "1", "metadata": {"vigie_key": f"refund-{number}"}}
        )
    assert gateway.refunded("refund-0") == first
    assert gateway.refunded("refund-x") == NotFound()


def test_a_refund_that_fails_later_says_so(bench, stripe, gateway):
    refund = gateway.refund(charge(bench).ref, FIFTEEN, key="refund-1")
    assert isinstance(refund, Refunded)
    stripe.fail_refund(refund.ref)
    assert gateway.refunded("refund-1") == Refused("lost_or_stolen_card")


def test_an_inquiry_is_no_dispute_until_it_takes_money(bench, stripe, gateway):
    ref = stripe.take_back(charge(bench).ref, inquiry=True)
    assert gateway.dispute(ref) == NotFound()
    stripe.find("disputes", ref)["balance_transactions"] = [{"id": "txn_1"}]
    assert gateway.dispute(ref).won is None


def test_events_say_which_object_to_look_at_and_leave_out_what_is_of_no_interest(
    bench, stripe, gateway
):
    page = gateway.begin_setup(PAYER, key="setup-1", **URLS)
    stripe.save_card(page.ref)
    method = stripe.objects["payment_methods"][-1]
    stripe.renew_card(method["id"], (1, 2032))
    ref = charge(bench).ref
    stripe._happened("payout.paid", {"id": "po_1"})
    found = gateway.events_since(now() - timedelta(days=4))
    assert [(event.kind, event.ref, event.key) for event in reversed(found)] == [
        (EventKind.SETUP, page.ref, "setup-1"),
        (EventKind.CARD, f"{method['customer']}/{method['id']}", None),
        (EventKind.PAYMENT, ref, "charge-1"),
    ]
    assert all(isinstance(event, Event) for event in found)


def test_the_secret_key_is_in_no_answer_and_no_log(bench, stripe, gateway, caplog):
    caplog.set_level(logging.DEBUG)
    for fault in ("401", "500", "drop"):
        stripe.faults = [fault]
        assert "sk_test" not in charge(bench).detail
    assert "sk_test" not in caplog.text
