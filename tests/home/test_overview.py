"""The overview: what is charged next, what ends, what there is."""

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from app.accounts.rules import Role
from app.billing.models import Card
from app.db import transaction
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Verdict
from tests import make
from tests.make import TODAY
from tests.pages import signed_in, statements


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        make.usual_prices()
        return make.organization("Acme", balance=2000)


@pytest.fixture
def owner(app, acme):
    with app.app_context():
        return make.owner(acme)


def overview(app, user):
    return signed_in(app, user).get("/").get_data(as_text=True)


def test_it_tells_the_balance(app, owner):
    assert "€20.00" in overview(app, owner)


def test_it_tells_what_is_charged_next(app, acme, owner):
    with app.app_context():
        domain = make.domain(acme, "acme.org", expires_on=TODAY + timedelta(days=20), on=True)
        make.mailbox(domain, acme, "info", on=True, expires_on=TODAY + timedelta(days=5))
    page = overview(app, owner)
    assert "€15.00" in page
    assert "info@" in page
    assert "€16.00" in page, "the sum of what is due"
    assert "The balance is too low" not in page


def test_it_warns_when_the_balance_will_not_do(app, acme, owner):
    with app.app_context():
        for name in ("a.org", "b.org"):
            make.domain(acme, name, expires_on=TODAY + timedelta(days=20), on=True)
    page = overview(app, owner)
    assert "The balance is too low" in page
    assert "€10.00 short" in page


def test_what_a_card_pays_is_no_cause_for_alarm(app, acme, owner):
    with app.app_context():
        for name in ("a.org", "b.org"):
            make.domain(acme, name, expires_on=TODAY + timedelta(days=20), on=True)
        make.card(acme)
        with transaction() as session:
            session.execute(update(Card).values(auto_debit=True))
    page = overview(app, owner)
    assert "€10.00 of it by card: Visa •••• 4242" in page
    assert "The balance is too low" not in page


def test_it_tells_what_ends_without_renewing(app, acme, owner):
    with app.app_context():
        ends = make.domain(acme, "ends.org", expires_on=TODAY + timedelta(days=30))
        make.domain(acme, "later.org", expires_on=TODAY + timedelta(days=31))
        make.mailbox(ends, acme, "old", expires_on=TODAY - timedelta(days=36))
        make.mailbox(ends, acme, "lost", expires_on=TODAY - timedelta(days=37))
    page = overview(app, owner)
    assert 'href="/domains/ends.org/auto-renewal"' in page
    assert 'href="/mailboxes/old@ends.org/auto-renewal"' in page
    assert "lost@" not in page
    assert "/domains/later.org" not in page


def test_it_shows_what_one_pays_for_others_without_a_link(app, acme, owner):
    with app.app_context():
        other = make.organization("Other")
        make.domain(other, "other.org", on=True, payer=acme)
        make.domain(acme)
    page = overview(app, owner)
    assert "for Other" in page
    assert "/domains/other.org" not in page


def test_it_shows_nothing_of_others(app, acme, owner):
    with app.app_context():
        other = make.organization("Other", balance=99900)
        domain = make.domain(other, "other.org", expires_on=TODAY, on=True)
        make.mailbox(domain, other, "info", expires_on=TODAY)
        make.domain(acme)
    page = overview(app, owner)
    assert "other.org" not in page
    assert "999" not in page


def test_a_viewer_sees_no_links_to_what_they_may_not_do(app, acme):
    with app.app_context():
        viewer = make.user("Jean")
        make.member(viewer, acme, Role.VIEWER)
        make.domain(acme, "ends.org", expires_on=TODAY + timedelta(days=3))
    page = overview(app, viewer)
    assert "ends.org" in page
    assert "auto-renewal" not in page


def test_newcomers_are_told_what_will_be_here(app, owner):
    assert "Nothing here yet" in overview(app, owner)
    with app.app_context():
        alone = make.user("Jean")
    assert "Welcome, Jean" in overview(app, alone)


def test_it_takes_few_statements_however_much_there_is(app, acme, owner):
    client = signed_in(app, owner)
    with app.app_context():
        domain = make.domain(acme, on=True)
        for number in range(30):
            make.mailbox(domain, acme, f"m{number}", on=number % 2 == 0)
    client.get("/")
    with statements(app) as sent:
        page = client.get("/").get_data(as_text=True)
    assert len(sent) <= 9, [statement for statement, _ in sent]
    assert "and 8 more" in page


def test_what_is_left_out_is_a_click_away(app, acme, owner):
    with app.app_context():
        for number in range(9):
            make.domain(acme, f"n{number}.org", expires_on=TODAY + timedelta(days=20))
        domain = make.domain(acme, "late.org")
        for number in range(2):
            make.mailbox(domain, acme, f"m{number}", expires_on=TODAY + timedelta(days=30))
    page = overview(app, owner)
    assert "and 3 more" in page
    assert '<a href="/domains?auto_renewal=off&amp;sort=expiry">Domains</a>' in page
    link = '<a href="/domains/late.org/mailboxes?auto_renewal=off&amp;sort=expiry">'
    assert f"{link}Mailboxes @late.org</a>" in page
    assert 'href="/domains?mailboxes=with"' in page, "the number of mailboxes leads to them"


@pytest.mark.parametrize("on", [True, False])
def test_an_expired_mailbox_is_one_click_from_being_renewed(app, acme, owner, on):
    with app.app_context():
        domain = make.domain(acme)
        box = make.mailbox(domain, acme, "old", on=on, expires_on=TODAY - timedelta(days=3))
        with transaction() as session:
            row = session.get_one(Subscription, box.subscription_id)
            row.verdict = Verdict.EXPIRED if on else None
        viewer = make.user("Paul")
        make.member(viewer, acme, Role.VIEWER)
    assert f'href="/mailboxes/{box.name}/renew"' in overview(app, owner)
    assert f'href="/mailboxes/{box.name}/renew"' not in overview(app, viewer)


def test_a_hosting_account_shows_its_domains_and_moves(app, acme, owner):
    with app.app_context():
        web = make.account(acme)
        make.domain(acme, "acme.org", account=web)
        make.move(web, "PHP 8.5", date(2027, 4, 1))
    client = signed_in(app, owner)
    assert "PHP 8.5" in client.get("/accounts").get_data(as_text=True)
    page = client.get(f"/accounts/{web.name}").get_data(as_text=True)
    assert "PHP 8.5" in page
    assert "Apr 1, 2027" in page
    assert 'href="/domains/acme.org"' in page


def test_hosting_accounts_of_others_do_not_exist(app, acme, owner):
    with app.app_context():
        web = make.account(make.organization("Other"))
    client = signed_in(app, owner)
    assert client.get(f"/accounts/{web.name}").status_code == 404
    assert web.name not in client.get("/accounts").get_data(as_text=True)
