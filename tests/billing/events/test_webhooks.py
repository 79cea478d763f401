"""What the door lets in: what the gateway just signed, once, and no more (P1, P3, P4)."""

import json

import pytest

from tests.billing.events.world import ADDRESS, inbox, latest, lost_charge, post, posted, work


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
