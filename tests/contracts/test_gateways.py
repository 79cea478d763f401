"""What every gateway promises, whoever it is; skipped only where it cannot do such a thing."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from app.billing.ports import (
    Abandoned,
    BadEvent,
    CardDetails,
    Declined,
    Dispute,
    EventKind,
    Hosted,
    Money,
    NotFound,
    Paid,
    Payer,
    Refunded,
    Refused,
    Transfer,
    Unknown,
    Waiting,
)
from app.billing.rules import Decline
from app.web.state import now
from tests.contracts.gateways import (
    BENCHES,
    CARDS,
    DISPUTES,
    EVENTS,
    PAGES,
    REFUNDS,
    TRANSFERS,
    Bench,
)

PAYER = Payer("acme-1", "Acme", "compta@people.example", "en")
FIFTEEN = Money(1500, "EUR")
DONE, CANCEL = "https://vigie.example/done", "https://vigie.example/cancel"
_keys = (f"contract-{number}" for number in itertools.count(1))


@pytest.fixture(params=BENCHES)
def bench(request, app, clock) -> Bench:
    needs = [mark.args[0] for mark in request.node.iter_markers("needs")]
    with app.app_context(), BENCHES[request.param](app) as bench:
        missing = set(needs) - bench.can
        if missing:
            pytest.skip(f"{request.param} has no {', '.join(sorted(missing))}")
        yield bench


@pytest.fixture
def key() -> str:
    return next(_keys)


needs = pytest.mark.needs


def charge(bench, behaviour, key, money=FIFTEEN):
    return bench.gateway.charge(bench.token(behaviour), money, PAYER, key=key)


def setup_page(bench, key):
    return bench.gateway.begin_setup(PAYER, key=key, done_url=DONE, cancel_url=CANCEL)


def payment_page(bench, key, money=FIFTEEN):
    return bench.gateway.begin_payment(money, PAYER, key=key, done_url=DONE, cancel_url=CANCEL)


def test_its_name_is_the_one_it_is_known_by(request, bench):
    assert bench.gateway.name == request.node.callspec.params["bench"]
    assert bench.gateway.saves_cards == (CARDS in bench.can)


# ---- Cards


@needs(CARDS)
def test_a_card_is_saved_on_a_page_and_can_be_charged(bench, key):
    page = setup_page(bench, key)
    assert isinstance(page, Hosted)
    assert bench.gateway.setup(page.ref) == Waiting()
    bench.save_card(page.ref)
    card = bench.gateway.setup(page.ref)
    assert isinstance(card, CardDetails)
    assert (card.holder, card.exp_month, card.exp_year, len(card.last4)) == ("Ada", 12, 2030, 4)
    assert bench.gateway.setup(page.ref) == card
    assert bench.gateway.card(card.token) == card
    paid = bench.gateway.charge(card.token, FIFTEEN, PAYER, key=f"{key}-charge")
    assert isinstance(paid, Paid)


@needs(CARDS)
def test_a_card_that_its_bank_replaced_is_read_with_its_new_expiry(bench, key):
    page = setup_page(bench, key)
    bench.save_card(page.ref)
    before = bench.gateway.setup(page.ref)
    bench.renew_card(before.token, (6, 2033))
    assert bench.gateway.card(before.token) == replace(before, exp_month=6, exp_year=2033)
    assert isinstance(bench.gateway.card(f"{before.token}x"), NotFound)


@needs(CARDS)
def test_the_same_key_opens_the_same_setup_page(bench, key):
    assert setup_page(bench, key) == setup_page(bench, key)
    other = Payer("other-2", "Other", "b@people.example", "en")
    refused = bench.gateway.begin_setup(other, key=key, done_url=DONE, cancel_url=CANCEL)
    assert isinstance(refused, Refused)


@needs(CARDS)
def test_a_setup_page_that_is_left_saves_no_card(bench, key):
    page = setup_page(bench, key)
    bench.leave(page.ref)
    assert bench.gateway.setup(page.ref) == Abandoned()


@needs(CARDS)
def test_a_forgotten_card_is_charged_no_more(bench, key):
    page = setup_page(bench, key)
    bench.save_card(page.ref)
    token = bench.gateway.setup(page.ref).token
    assert bench.gateway.forget(token)
    assert bench.gateway.forget(token)
    answer = bench.gateway.charge(token, FIFTEEN, PAYER, key=f"{key}-charge")
    assert isinstance(answer, Declined | Refused)
    assert isinstance(bench.gateway.card(token), NotFound)


# ---- Charges


@needs(CARDS)
def test_a_good_card_pays_and_the_same_key_charges_once(bench, key):
    first = charge(bench, "ok", key)
    assert isinstance(first, Paid)
    assert first.money == FIFTEEN
    assert charge(bench, "ok", key) == first
    assert bench.gateway.payment(key) == first


@needs(CARDS)
@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [("declined", Decline.SOFT), ("stolen", Decline.HARD), ("sca", Decline.AUTHENTICATION)],
)
def test_a_card_that_is_declined_says_whether_another_try_makes_sense(
    bench, key, behaviour, reason
):
    answer = charge(bench, behaviour, key)
    assert isinstance(answer, Declined)
    assert answer.reason is reason
    assert answer.detail
    looked_up = bench.gateway.payment(key)
    assert isinstance(looked_up, Declined)
    assert looked_up.reason is reason


@needs(CARDS)
def test_a_lost_answer_is_found_by_its_key_and_charged_once(bench, key):
    assert isinstance(charge(bench, "timeout", key), Unknown)
    found = bench.gateway.payment(key)
    assert isinstance(found, Paid)
    assert charge(bench, "timeout", key) == found
    assert bench.gateway.payment(key) == found


@needs(CARDS)
def test_an_unreachable_gateway_is_unknown_and_took_nothing(bench, key):
    assert isinstance(charge(bench, "down", key), Unknown)
    assert isinstance(bench.gateway.payment(key), NotFound | Unknown)


@needs(CARDS)
@pytest.mark.parametrize("other", [Money(1600, "EUR"), Money(1500, "USD")])
def test_the_same_key_with_other_values_is_refused_and_changes_nothing(bench, key, other):
    first = charge(bench, "ok", key)
    assert isinstance(charge(bench, "ok", key, other), Refused)
    assert bench.gateway.payment(key) == first


@needs(CARDS)
def test_a_card_that_does_not_exist_is_no_decline(bench, key):
    answer = bench.gateway.charge("nonsense", FIFTEEN, PAYER, key=key)
    assert isinstance(answer, Refused)
    assert not isinstance(bench.gateway.payment(key), Paid)


def test_a_key_that_was_never_used_is_not_found(bench, key):
    assert bench.gateway.payment(key) == NotFound()
    assert bench.gateway.refunded(key) == NotFound()


# ---- Pages on which customers pay


@needs(PAGES)
def test_a_payment_page_waits_and_is_paid_once(bench, key):
    page = payment_page(bench, key)
    assert isinstance(page, Hosted)
    assert bench.gateway.payment(key) == Waiting()
    bench.pay(page.ref)
    paid = bench.gateway.payment(key)
    assert isinstance(paid, Paid)
    assert paid.money == FIFTEEN
    assert bench.gateway.payment(key) == paid


@needs(PAGES)
def test_the_same_key_opens_the_same_payment_page(bench, key):
    assert payment_page(bench, key) == payment_page(bench, key)
    assert isinstance(payment_page(bench, key, Money(1600, "EUR")), Refused)


@needs(PAGES)
def test_a_payment_page_that_is_left_took_nothing(bench, key):
    bench.leave(payment_page(bench, key).ref)
    assert bench.gateway.payment(key) == Abandoned()


@needs(PAGES)
def test_a_payment_that_is_refused_on_its_page_took_nothing(bench, key):
    bench.refuse(payment_page(bench, key).ref)
    assert isinstance(bench.gateway.payment(key), Declined | Abandoned)


# ---- Transfers


@needs(TRANSFERS)
def test_a_transfer_has_a_reference_that_stays_the_same(bench, key):
    from stdnum import iso11649

    transfer = payment_page(bench, key)
    assert isinstance(transfer, Transfer)
    assert payment_page(bench, key) == transfer
    assert iso11649.is_valid(transfer.reference)
    assert payment_page(bench, next(_keys)) != transfer


def test_a_gateway_without_cards_refuses_them(bench, key):
    if CARDS in bench.can:
        pytest.skip("has cards")
    assert isinstance(setup_page(bench, key), Refused)
    assert bench.gateway.setup("anything") == Abandoned()
    assert isinstance(bench.gateway.charge("any", FIFTEEN, PAYER, key=key), Refused)
    assert bench.gateway.card("any") == NotFound()
    assert bench.gateway.forget("any")


# ---- Refunds


@needs(REFUNDS)
def test_money_is_given_back_once_a_key_and_never_more_than_was_taken(bench, key):
    paid = charge(bench, "ok", key)
    ten = Money(1000, "EUR")
    first = bench.gateway.refund(paid.ref, ten, key=f"{key}-r1")
    assert isinstance(first, Refunded)
    assert bench.gateway.refund(paid.ref, ten, key=f"{key}-r1") == first
    assert bench.gateway.refunded(f"{key}-r1") == first
    assert isinstance(bench.gateway.refund(paid.ref, ten, key=f"{key}-r2"), Refused)
    rest = bench.gateway.refund(paid.ref, Money(500, "EUR"), key=f"{key}-r3")
    assert isinstance(rest, Refunded)


@needs(REFUNDS)
def test_a_refund_of_other_money_or_of_nothing_is_refused(bench, key):
    paid = charge(bench, "ok", key)
    assert isinstance(bench.gateway.refund(paid.ref, Money(100, "USD"), key=f"{key}-r1"), Refused)
    assert isinstance(bench.gateway.refund("nonsense", FIFTEEN, key=f"{key}-r2"), Refused)


def test_a_gateway_without_refunds_refuses_them(bench, key):
    if REFUNDS in bench.can:
        pytest.skip("has refunds")
    assert isinstance(bench.gateway.refund("any", FIFTEEN, key=key), Refused)


# ---- Disputes


@needs(DISPUTES)
def test_a_dispute_is_read_as_it_stands(bench, key):
    paid = charge(bench, "ok", key)
    ref = bench.take_back(paid.ref)
    assert bench.gateway.dispute(ref) == Dispute(ref, paid.ref, FIFTEEN, None)
    bench.end_dispute(ref, won=True)
    assert bench.gateway.dispute(ref) == Dispute(ref, paid.ref, FIFTEEN, True)


def test_a_dispute_nobody_opened_is_not_found(bench):
    assert bench.gateway.dispute("nonsense") == NotFound()


# ---- Events


@needs(EVENTS)
def test_an_event_names_its_object_and_our_key(bench, key):
    paid = charge(bench, "ok", key)
    body, headers = bench.latest_event()
    event = bench.gateway.read_event(body, headers, now())
    assert (event.kind, event.ref, event.key) == (EventKind.PAYMENT, paid.ref, key)
    assert event in bench.gateway.events_since(now() - timedelta(days=4))


@needs(EVENTS)
def test_events_are_listed_from_an_instant_on(bench, key, clock):
    charge(bench, "ok", key)
    assert bench.gateway.events_since(now() + timedelta(hours=1)) == []


@needs(EVENTS)
@pytest.mark.parametrize("age", [299, -299])
def test_an_event_is_taken_for_five_minutes(bench, key, age):
    charge(bench, "ok", key)
    body, headers = bench.latest_event(age)
    assert bench.gateway.read_event(body, headers, now()) is not None


@needs(EVENTS)
@pytest.mark.parametrize("wrong", ["old", "ahead", "unsigned", "changed", "rewritten", "garbage"])
def test_an_event_that_is_not_the_gateways_is_refused(bench, key, wrong):
    charge(bench, "ok", key)
    body, headers = bench.latest_event({"old": 301, "ahead": -301}.get(wrong, 0))
    if wrong == "unsigned":
        headers = {}
    elif wrong == "garbage":
        headers = dict.fromkeys(headers, "t=1,t,=,v1=ü")
    elif wrong == "changed":
        body = body.replace(key.encode(), b"x" + key.encode())
    elif wrong == "rewritten":
        body = body.replace(b", ", b",").replace(b": ", b":") + b" "
    with pytest.raises(BadEvent):
        bench.gateway.read_event(body, headers, now())


def test_a_gateway_without_events_takes_none(bench):
    if EVENTS in bench.can:
        pytest.skip("has events")
    with pytest.raises(BadEvent):
        bench.gateway.read_event(b"{}", {}, now())
    assert bench.gateway.events_since(now()) == []
