"""What must not be possible with sign-ins: threats 7, 8, 9 and 14 of the rules."""

import time
from datetime import timedelta
from statistics import median, stdev

import pytest
from sqlalchemy import select

from app.accounts import limits
from app.accounts.models import SignIn, SignInFailure
from app.db import db, transaction
from app.lib.ids import digest
from tests import make
from tests.pages import csrf_token, sign_in, signed_in, submit

WRONG = "a wrong password"


@pytest.fixture
def marie(app, clock):
    with app.app_context():
        return make.owner(make.organization(), "Marie")


def cookie_of(client):
    return client.get_cookie("vigie", domain="localhost").value


def replay(app, cookie):
    other = app.test_client()
    other.set_cookie("vigie", cookie, domain="localhost")
    return other


def from_(address):
    return {"environ_overrides": {"REMOTE_ADDR": address}}


def test_nothing_of_the_cookie_before_signing_in_survives(client, marie):
    client.get("/login")
    with client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
        token_before = cookie["csrf_token"]
    sign_in(client, marie)
    client.get("/")
    with client.session_transaction() as cookie:
        assert "planted" not in cookie
        assert cookie["csrf_token"] != token_before


def test_each_sign_in_has_a_token_of_its_own_of_which_a_digest_is_kept(app, marie):
    tokens = []
    for client in (app.test_client(), app.test_client()):
        sign_in(client, marie)
        with client.session_transaction() as cookie:
            tokens.append(cookie["_user_id"])
    assert tokens[0] != tokens[1]
    with app.app_context():
        kept = set(db.session.scalars(select(SignIn.token_hash)))
    assert kept == {digest(token) for token in tokens}


def test_an_old_cookie_is_dead_after_signing_out(app, client, marie):
    sign_in(client, marie)
    old = cookie_of(client)
    assert replay(app, old).get("/").status_code == 200
    submit(client, "/logout", {})
    assert replay(app, old).get("/").status_code == 303


def test_an_old_cookie_is_dead_after_the_password_changed(app, client, marie):
    sign_in(client, marie)
    old = cookie_of(client)
    here = signed_in(app, marie)
    fields = {"current": make.PASSWORD, "password": "a quite new password"}
    submit(here, "/profile/password", fields, page="/profile")
    assert replay(app, old).get("/").status_code == 303


def test_a_sign_in_ends_by_itself(app, client, marie, clock):
    sign_in(client, marie)
    clock.advance(timedelta(days=14))
    assert client.get("/").status_code == 303


def test_an_unknown_address_is_answered_like_a_wrong_password(client, marie):
    answers = [
        submit(client, "/login", {"email": email, "password": WRONG})
        for email in (marie.name, "nobody@people.example")
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    known, unknown = (_without_tokens(answer.get_data(as_text=True)) for answer in answers)
    assert [line.replace(marie.name, "nobody@people.example") for line in known] == unknown
    assert "The e-mail address or the password is wrong." in "".join(known)


def _without_tokens(html):
    return [line for line in html.splitlines() if "csrf" not in line.lower()]


@pytest.mark.slow
def test_an_unknown_address_takes_as_long_as_a_wrong_password(app, client, marie, monkeypatch):
    monkeypatch.setattr(limits, "SIGN_IN", limits.Limit("x", timedelta(1), 10**6, 10**6))
    sign_in(client, marie)  # the weak hash of the tests is replaced by a real one
    submit(client, "/logout", {})
    token = csrf_token(client.get("/login").get_data(as_text=True))
    times = {marie.name: [], "nobody@people.example": []}
    for _ in range(60):
        for email, taken in times.items():
            fields = {"email": email, "password": WRONG, "csrf_token": token}
            start = time.perf_counter()
            client.post("/login", data=fields)
            taken.append(time.perf_counter() - start)
    known, unknown = times.values()
    assert abs(median(known) - median(unknown)) < max(stdev(known), stdev(unknown), 0.002)


def test_ten_failures_stop_one_address_for_a_quarter_of_an_hour(app, client, marie, clock):
    fields = {"email": marie.name, "password": WRONG}
    assert [submit(client, "/login", fields).status_code for _ in range(11)] == [422] * 10 + [429]
    assert sign_in(client, marie).status_code == 429, "the right password waits as well"
    clock.advance(timedelta(minutes=15))
    assert sign_in(client, marie).status_code == 303


def test_nobody_can_lock_a_person_out_from_elsewhere(app, client, marie):
    token = csrf_token(client.get("/login").get_data(as_text=True))
    fields = {"email": marie.name, "password": WRONG, "csrf_token": token}
    statuses = [
        client.post("/login", data=fields, **from_("203.0.113.7")).status_code for _ in range(50)
    ]
    assert statuses[-1] == 429
    assert sign_in(app.test_client(), marie).status_code == 303


def test_a_hundred_addresses_tried_from_one_place_are_enough(db_context):
    with transaction() as session:
        for number in range(100):
            limits.count(session, limits.SIGN_IN, f"u{number}@b.example", "203.0.113.7", make.NOW)
    with pytest.raises(limits.TooMany), transaction() as session:
        limits.count(session, limits.SIGN_IN, "more@b.example", "203.0.113.7", make.NOW)
    with transaction() as session:
        limits.count(session, limits.SIGN_IN, "more@b.example", "203.0.113.8", make.NOW)


def test_all_addresses_of_one_ipv6_network_are_one(db_context):
    limit = limits.Limit("test", timedelta(hours=1), per_email=9, per_address=1)
    with transaction() as session:
        limits.count(session, limit, "a@b.example", "2001:db8:1:2::1", make.NOW)
    with pytest.raises(limits.TooMany), transaction() as session:
        limits.count(session, limit, "c@b.example", "2001:db8:1:2:ffff::9", make.NOW)


def test_a_good_sign_in_forgets_the_failures_and_no_address_is_kept_for_long(app, client, marie):
    submit(client, "/login", {"email": marie.name, "password": WRONG})
    sign_in(client, marie)
    with app.app_context():
        assert db.session.scalars(select(SignInFailure)).all() == []


@pytest.mark.parametrize("next_", ["//evil.example", "/\\evil.example", "https:evil.example"])
def test_signing_in_never_leads_to_another_site(client, marie, next_):
    fields = {"email": marie.name, "password": make.PASSWORD}
    answer = submit(client, "/login", fields, query_string={"next": next_})
    assert answer.location == "/"
    assert client.get("/login", query_string={"next": next_}).location == "/"


def test_the_password_may_be_pasted_and_filled_in_by_a_manager(client):
    page = client.get("/login").get_data(as_text=True)
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    assert "onpaste" not in page
