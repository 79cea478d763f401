"""Paying in: by a saved card, on the bank's page, by transfer; what is typed wrongly; who may."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from app.accounts.rules import Role
from app.billing.models import Card, LedgerEntry, Wallet
from app.billing.payment_models import Payment
from app.billing.ports import gateways
from app.billing.rules import PaymentState, Purpose
from app.db import db
from tests import make
from tests.page_check import problems
from tests.pages import fields, fill, send, signed_in

PAGE = "/billing/top-up"
# What the sandbox bank's page asks.
CARD = {"holder": "Ada", "month": "12", "year": "2030"}


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        return make.organization("Acme")


@pytest.fixture
def owner(app, acme):
    with app.app_context():
        return signed_in(app, make.owner(acme))


def card(app, organization, token="sandbox:ok", **more):
    with app.app_context():
        return make.card(organization, token=token, **more).name


def wallet(app, organization):
    with app.app_context():
        row = db.session.execute(
            select(Wallet.posted, Wallet.held).where(Wallet.organization_id == organization.id)
        ).one()
        assert db.session.scalar(select(func.sum(LedgerEntry.amount))) in (0, None)
        return tuple(row)


def payments(app):
    with app.app_context():
        return list(
            db.session.execute(
                select(Payment.state, Payment.amount, Payment.purpose).order_by(Payment.id)
            )
        )


def text_of(client, address):
    return client.get(address).get_data(as_text=True)


def pay_on_page(client, answer, behaviour="ok", do="pay"):
    """Follow the way to the bank's page, choose there, and come back; the payment's page."""
    on_the_way = text_of(client, answer.location)
    # By itself, or by a click where the bank wants its customer to read first.
    bank = re.search(r'(?:content="0; url=|primary" href=")(http[^"]+)"', on_the_way)[1]
    address = urlsplit(bank).path
    left = fill(client, address, {**CARD, "behaviour": behaviour, "do": do})
    back = client.get(urlsplit(left.location).path)
    return text_of(client, back.location)


# By a saved card


def test_a_saved_card_is_charged_at_once(app, acme, owner):
    card(app, acme)
    answer = fill(owner, PAGE, {"amount": "12,50"})
    assert answer.status_code == 303
    page = text_of(owner, answer.location)
    assert "€12.50 is in the wallet" in page
    assert problems(page) == []
    assert wallet(app, acme) == (1250, 0)
    assert payments(app) == [(PaymentState.CAPTURED, 1250, Purpose.TOP_UP)]
    assert "Top-up: Visa •••• 4242" in text_of(owner, "/billing")


def test_a_form_sent_twice_is_one_payment(app, acme, owner):
    card(app, acme)
    html = text_of(owner, PAGE)
    first = send(owner, PAGE, html, {"amount": "12"})
    second = send(owner, PAGE, html, {"amount": "12"})
    assert first.location == second.location
    assert "Nothing was asked twice" in text_of(owner, second.location)
    assert wallet(app, acme) == (1200, 0)


def test_two_top_ups_from_two_tabs_are_two_payments(app, acme, owner):
    card(app, acme)
    first, second = text_of(owner, PAGE), text_of(owner, PAGE)
    for html, amount in ((first, "5"), (second, "7")):
        assert send(owner, PAGE, html, {"amount": amount}).status_code == 303
    assert wallet(app, acme) == (1200, 0)


@pytest.mark.parametrize(
    ("token", "advice"),
    [("sandbox:declined", "Try again later"), ("sandbox:stolen", "refuses this card for good")],
)
def test_a_declined_card_is_told_with_what_to_do(app, acme, owner, token, advice):
    name = card(app, acme, token)
    page = text_of(owner, fill(owner, PAGE, {"amount": "12"}).location)
    assert "Declined" in page
    assert advice in page
    assert f"{PAGE}?amount=12.00" in page
    assert wallet(app, acme) == (0, 0)
    with app.app_context():
        unusable = db.session.scalars(select(Card.unusable_because)).one()
    assert (unusable is None) is (token == "sandbox:declined")
    assert (f'value="{name}"' in text_of(owner, PAGE)) is (token == "sandbox:declined")


def test_a_card_whose_bank_wants_its_holder_goes_on_at_the_banks_page(app, acme, owner):
    card(app, acme, "sandbox:sca")
    html = text_of(owner, PAGE)
    answer = send(owner, PAGE, html, {"amount": "12"})
    assert answer.location.endswith("/go")
    assert send(owner, PAGE, html, {"amount": "12"}).location == answer.location
    assert "is in the wallet" in pay_on_page(owner, answer)
    assert wallet(app, acme) == (1200, 0)
    assert [row.state for row in payments(app)] == [PaymentState.DECLINED, PaymentState.CAPTURED]


def test_a_lost_answer_is_looked_up_and_never_charged_again(app, acme, owner):
    card(app, acme, "sandbox:timeout")
    html = text_of(owner, PAGE)
    answer = send(owner, PAGE, html, {"amount": "12"})
    assert "Please do not pay again" in text_of(owner, answer.location)
    assert "Being checked" in text_of(owner, "/billing")
    assert wallet(app, acme) == (0, 0)
    assert send(owner, PAGE, html, {"amount": "12"}).location == answer.location
    for _twice in range(2):
        owner.get(f"{answer.location}/return")
    assert "is in the wallet" in text_of(owner, answer.location)
    assert wallet(app, acme) == (1200, 0)


# On the bank's page


def test_another_card_is_paid_with_on_the_banks_page(app, acme, owner):
    answer = fill(owner, PAGE, {"amount": "1 234,50", "means": "another-card"})
    page = pay_on_page(owner, answer)
    assert "€1,234.50 is in the wallet" in page
    assert wallet(app, acme) == (123450, 0)
    with app.app_context():
        assert db.session.scalars(select(Card.id)).all() == []


def test_coming_back_twice_credits_once(app, acme, owner):
    answer = fill(owner, PAGE, {"amount": "12", "means": "another-card"})
    pay_on_page(owner, answer)
    back = answer.location.removesuffix("/go")
    for _again in range(2):
        assert owner.get(f"{back}/return").location == back
    assert owner.get(f"{back}/go").location == back
    assert wallet(app, acme) == (1200, 0)


def test_whoever_turns_back_has_paid_nothing(app, acme, owner):
    answer = fill(owner, PAGE, {"amount": "12", "means": "another-card"})
    assert "Nothing was taken" in pay_on_page(owner, answer, do="cancel")
    assert wallet(app, acme) == (0, 0)


def test_a_page_that_was_only_closed_can_be_gone_on_with(app, acme, owner):
    answer = fill(owner, PAGE, {"amount": "12", "means": "another-card"})
    back = answer.location.removesuffix("/go")
    assert "Continue to the payment page" in text_of(owner, back)
    assert "Payments under way" in text_of(owner, "/billing")
    assert "is in the wallet" in pay_on_page(owner, answer)


# By transfer


def test_a_transfer_shows_what_to_quote_and_can_be_cancelled(app, acme, owner, monkeypatch):
    state = app.extensions["vigie"]
    details = {"bank_details": "Host SAS | IBAN FR76 3000 6000 0112 3456 7890 189"}
    monkeypatch.setattr(state, "settings", state.settings.model_copy(update=details))
    answer = fill(owner, PAGE, {"amount": "50", "means": "transfer"})
    page = text_of(owner, answer.location)
    assert re.search(r"<strong>RF\d\d [A-Z0-9]{4} [A-Z0-9]{4} [A-Z0-9]{2}</strong>", page)
    assert "FR76 3000 6000 0112 3456 7890 189" in page
    assert problems(page) == []
    assert wallet(app, acme) == (0, 0)
    cancel = f"{answer.location}/cancel"
    token = fields(page, cancel)
    assert owner.post(cancel, data=token).location == answer.location
    assert "Given up" in text_of(owner, answer.location)
    assert payments(app)[0].state is PaymentState.ABANDONED


# What is typed wrongly


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter an amount."),
        ("-5", "without a minus sign"),
        ("0", "must be more than zero."),
        ("0,00", "must be more than zero."),
        ("10 000,01", "The most is €10,000.00"),
        ("9" * 400, "The most is €10,000.00"),
        ("12.345", "at most 2 decimals"),
        ("1.234", "no point or comma between thousands"),
        ("NaN", "not an amount"),
        ("1e5", "not an amount"),
        ("Infinity", "not an amount"),
        ("$12", "Your wallet is in EUR"),
    ],
)
def test_a_bad_amount_is_refused_in_words_and_kept(app, acme, owner, typed, sentence):
    name = card(app, acme)
    answer = fill(owner, PAGE, {"amount": typed, "means": name})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert sentence in page
    assert problems(page) == []
    assert fields(page, PAGE)["amount"] == typed
    assert payments(app) == []
    assert wallet(app, acme) == (0, 0)


@pytest.mark.parametrize("means", ["", "nonsense", "foreign", "unusable"])
def test_only_ones_own_usable_cards_are_charged(app, acme, owner, means):
    with app.app_context():
        other = make.organization("Other")
    foreign = card(app, other)
    unusable = card(app, acme, validated=False)
    wanted = {"foreign": foreign, "unusable": unusable}.get(means, means)
    html = text_of(owner, PAGE)
    assert foreign not in html
    assert unusable not in html
    answer = send(owner, PAGE, html, {"amount": "12", "means": wanted})
    assert answer.status_code == 422
    assert "Choose one of the ways to pay" in answer.get_data(as_text=True)
    assert payments(app) == []


def test_a_card_that_was_removed_meanwhile_is_told_of(app, acme, owner, monkeypatch):
    card(app, acme)
    html = text_of(owner, PAGE)
    monkeypatch.setattr(
        "app.billing.top_up_flows._card", lambda *_args: (_ for _ in ()).throw(gone())
    )
    answer = send(owner, PAGE, html, {"amount": "12"})
    assert answer.status_code == 422
    assert "can no longer be used" in answer.get_data(as_text=True)


def gone():
    from app.billing.top_up_flows import NoSuchCard

    return NoSuchCard()


@pytest.mark.parametrize("nonce", ["", "short", "UPPER-CASE", "x" * 41, "abcdefgh:page"])
def test_a_form_without_its_own_name_is_not_taken(app, acme, owner, nonce):
    card(app, acme)
    assert fill(owner, PAGE, {"amount": "12", "nonce": nonce}).status_code == 422
    assert payments(app) == []


# Whose wallet it is


def test_the_form_fills_the_wallet_it_was_shown_for(app, acme, owner, clock):
    with app.app_context():
        marie = make.user("Both")
        second = make.organization("Zeta")
        make.member(marie, acme)
        make.member(marie, second)
    card(app, acme)
    client = signed_in(app, marie)
    html = text_of(client, PAGE)
    assert "Wallet of Acme" in html
    token = fields(html, "/choose-organization") or {"csrf_token": fields(html, PAGE)["csrf_token"]}
    client.post("/choose-organization", data={**token, "organization": second.name})
    assert "Wallet of Zeta" in text_of(client, PAGE)
    assert send(client, PAGE, html, {"amount": "12"}).status_code == 303
    assert (wallet(app, acme), wallet(app, second)) == ((1200, 0), (0, 0))


def test_another_organizations_wallet_cannot_be_named(app, acme, owner):
    with app.app_context():
        other = make.organization("Other")
    card(app, acme)
    answer = fill(owner, PAGE, {"amount": "12", "organization": other.name})
    assert answer.status_code == 404
    assert payments(app) == []


def test_the_name_of_anothers_form_shows_nothing_of_theirs(app, acme, owner):
    card(app, acme)
    html = text_of(owner, PAGE)
    send(owner, PAGE, html, {"amount": "12"})
    with app.app_context():
        other = make.organization("Other")
        eve = signed_in(app, make.owner(other, "Eve"))
    card(app, other)
    nonce = fields(html, PAGE)["nonce"]
    assert fill(eve, PAGE, {"amount": "12", "nonce": nonce}).status_code == 400
    assert wallet(app, other) == (0, 0)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TECHNICAL])
def test_whoever_may_not_bill_may_not_pay_in(app, acme, owner, role):
    card(app, acme)
    with app.app_context():
        user = make.user("Tom")
        make.member(user, acme, role)
    client = signed_in(app, user)
    assert client.get(PAGE).status_code == 403
    page = text_of(client, "/billing")
    assert "Top up" not in page
    assert "Automatic top-up" not in page


def test_without_any_gateway_the_page_says_whom_to_ask(app, acme, owner, monkeypatch):
    with app.app_context():
        registry = gateways()
    monkeypatch.setattr(registry, "_adapters", {})
    assert "No way to pay is set up" in text_of(owner, PAGE)


# Automatic top-up


def settings_of(app):
    with app.app_context():
        return tuple(
            db.session.execute(select(Wallet.auto_top_up_below, Wallet.auto_top_up_to)).one()
        )


def automatic(client, **changes):
    html = text_of(client, "/billing")
    return send(client, "/billing/auto-top-up", html, changes)


def test_the_automatic_top_up_is_switched_on_changed_and_off(app, acme, owner):
    card(app, acme)
    assert automatic(owner, below="20", to="100,00").status_code == 303
    assert settings_of(app) == (2000, 10000)
    page = text_of(owner, "/billing")
    assert "falls below €20.00, it is topped up to €100.00" in page
    assert fields(page, "/billing/auto-top-up")["to"] == "100.00"
    assert automatic(owner, below="0", to="50").status_code == 303
    assert settings_of(app) == (0, 5000)
    assert automatic(owner, off="1").status_code == 303
    assert settings_of(app) == (None, None)


@pytest.mark.parametrize(
    ("below", "to"),
    [("20", "20"), ("20", "10"), ("-1", "10"), ("", "10"), ("10", ""), ("0", "0"), ("1", "20000"),
     ("NaN", "10"), ("1e3", "2000")],
)  # fmt: skip
def test_a_threshold_that_makes_no_sense_is_refused_and_kept(app, acme, owner, below, to):
    answer = automatic(owner, below=below, to=to)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert problems(page) == []
    assert fields(page, "/billing/auto-top-up") | {"below": below, "to": to} == fields(
        page, "/billing/auto-top-up"
    )
    assert settings_of(app) == (None, None)


# What is told before and after


def test_the_way_back_to_a_form_that_was_sent_leads_to_its_payment(app, acme, owner):
    card(app, acme)
    html = text_of(owner, PAGE)
    assert "data-once" in html
    sent = send(owner, PAGE, html, {"amount": "12"})
    back = owner.get(f"{PAGE}?sent={fields(html, PAGE)['nonce']}")
    assert (back.status_code, back.location) == (303, sent.location)
    page = text_of(owner, back.location)
    assert "This was already paid: €12.00. Nothing was asked twice." in page
    assert f'href="{PAGE}?amount=12.00">Pay in as much again' in page
    assert wallet(app, acme) == (1200, 0)


def test_the_way_back_to_a_form_that_took_nothing_is_the_form(app, acme, owner):
    html = text_of(owner, PAGE)
    send(owner, PAGE, html, {"amount": "12", "means": "another-card"})
    assert 'name="amount"' in text_of(owner, f"{PAGE}?sent={fields(html, PAGE)['nonce']}")


@pytest.mark.parametrize("sent", ["", "unknown0", "UPPER", "x" * 100, "%00abcdefgh"])
def test_a_form_that_was_never_sent_is_shown(app, acme, owner, sent):
    card(app, acme)
    assert 'name="amount"' in text_of(owner, f"{PAGE}?sent={sent}")


def test_a_fresh_form_tells_what_was_paid_a_moment_ago_and_pays_again(app, acme, owner, clock):
    card(app, acme)
    assert "a moment ago" not in text_of(owner, PAGE)
    fill(owner, PAGE, {"amount": "12"})
    page = text_of(owner, PAGE)
    assert "€12.00 was paid in a moment ago" in page
    assert problems(page) == []
    fill(owner, PAGE, {"amount": "12"})
    assert wallet(app, acme) == (2400, 0)
    clock.advance(timedelta(minutes=16))
    assert "a moment ago" not in text_of(owner, PAGE)


def test_a_fresh_form_tells_of_money_that_may_have_been_taken(app, acme, owner):
    card(app, acme, "sandbox:timeout")
    fill(owner, PAGE, {"amount": "12"})
    assert "Being checked: €12.00" in text_of(owner, PAGE)


def test_whoever_must_confirm_is_told_so_before_the_banks_page(app, acme, owner):
    card(app, acme, "sandbox:sca")
    page = text_of(owner, fill(owner, PAGE, {"amount": "12"}).location)
    assert "Your bank asks you to confirm: continue on its page." in page
    assert 'http-equiv="refresh"' not in page, "it waits to be read"
    assert problems(page) == []


def test_less_than_a_card_is_charged_for_is_refused_but_may_be_transferred(app, acme, owner):
    name = card(app, acme)
    for means in (name, "another-card"):
        answer = fill(owner, PAGE, {"amount": "0.49", "means": means})
        assert answer.status_code == 422
        assert "By card, the least is €0.50." in answer.get_data(as_text=True)
    assert payments(app) == []
    assert fill(owner, PAGE, {"amount": "0.50", "means": name}).status_code == 303
    assert fill(owner, PAGE, {"amount": "0.49", "means": "transfer"}).status_code == 303


def test_an_example_of_an_amount_is_written_as_the_reader_writes(app, acme):
    card(app, acme)
    with app.app_context():
        french = make.user("Anne", language="fr")
        make.member(french, acme)
    answer = fill(signed_in(app, french), PAGE, {"amount": "douze"})
    assert "12,50" in answer.get_data(as_text=True)


def test_cards_that_look_alike_are_told_apart_by_their_last_month(app, acme, owner):
    card(app, acme)
    assert "valid until" not in text_of(owner, PAGE)
    card(app, acme, exp=(6, 2030))
    page = text_of(owner, PAGE)
    assert "Visa •••• 4242, valid until 12/2028" in page
    assert "Visa •••• 4242, valid until 06/2030" in page


def test_a_card_entered_on_the_banks_page_is_no_number_on_the_statement(app, acme, owner):
    pay_on_page(owner, fill(owner, PAGE, {"amount": "12", "means": "another-card"}))
    page = text_of(owner, "/billing/statement")
    assert "Top-up by card" in page
    assert "Top-up: " not in page


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TECHNICAL])
def test_roles_that_see_no_cards_are_not_told_that_there_is_none(app, acme, role):
    card(app, acme)
    with app.app_context():
        user = make.user("Paul")
        make.member(user, acme, role)
    page = text_of(signed_in(app, user), "/billing")
    assert "there is none yet" not in page
    assert "a card on auto-debit pays the rest. Your role does not show the cards." in page
