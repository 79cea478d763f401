"""The overview: what is charged next, what ends, what there is."""

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from app.accounts.rules import Role
from app.billing.models import Card
from app.db import transaction
from app.renewals.verdicts import forecasts
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Verdict
from tests import make
from tests.make import NOW, TODAY
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


@pytest.fixture
def indebted(app, clock):
    with app.app_context():
        make.usual_prices()
        return make.organization("Debtors", balance=-1250)


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


def test_what_is_owed_is_told_beside_what_is_due(app, indebted):
    with app.app_context():
        domain = make.domain(indebted, "acme.org")
        make.mailbox(domain, indebted, "info", on=True, expires_on=TODAY + timedelta(days=20))
        make.card(indebted)
        owner = make.owner(indebted)
    page = overview(app, owner)
    assert "plus €12.50 owed, €13.50 by card: Visa •••• 4242" in page
    assert "of it by card" not in page


def test_a_debt_alone_is_charged_to_no_card(app, indebted):
    with app.app_context():
        make.domain(indebted)
        make.card(indebted)
        owner = make.owner(indebted)
    page = overview(app, owner)
    assert "plus €12.50 owed" in page
    assert "by card" not in page
    assert "The balance is too low" not in page


def test_a_mailbox_that_renews_twice_within_30_days_counts_twice(app, clock):
    with app.app_context():
        make.usual_prices()
        acme = make.organization("Acme", balance=0)
        owner = make.owner(acme)
        domain = make.domain(acme, "acme.org")
        make.mailbox(domain, acme, "info", on=True, expires_on=TODAY + timedelta(days=2))
    page = overview(app, owner)
    assert page.count("/mailboxes/info@acme.org") == 2
    assert "€2.00 short" in page
    forecast = signed_in(app, owner).get("/billing/forecast").get_data(as_text=True)
    assert "Until Mar 31, 2027: top up €2.00." in forecast, "it says the same"


def test_what_fails_for_another_reason_than_money_is_no_charge(app, acme, owner):
    with app.app_context():
        domain = make.domain(acme, "acme.org", expires_on=TODAY + timedelta(days=9))
        make.mailbox(domain, acme, "late", on=True, expires_on=TODAY + timedelta(days=10))
        forecasts(NOW, 0)
    page = overview(app, owner)
    assert "Will not renew: its domain ends before it" in page
    assert "Nothing is paid by itself within the next 30 days." in page


def test_a_charge_that_cannot_be_paid_says_so_in_the_list(app, acme, owner):
    with app.app_context():
        for name in ("a.org", "b.org"):
            make.domain(acme, name, expires_on=TODAY + timedelta(days=20), on=True)
        forecasts(NOW, 0)
    page = overview(app, owner)
    assert "€30.00" in page, "all that is due"
    assert "€10.00 short of what renews" in page
    assert page.partition('id="charges"')[2].count("Cannot be paid") == 1


def test_it_shows_the_cards_to_those_who_may_see_them(app, acme, owner):
    with app.app_context():
        make.domain(acme, "a.org", expires_on=TODAY + timedelta(days=20), on=True)
        make.domain(acme, "b.org", expires_on=TODAY + timedelta(days=20), on=True)
        card = make.card(acme)
        viewer = make.user("Vera")
        make.member(viewer, acme, Role.VIEWER)
    assert f'href="/billing/cards/{card.name}"' in overview(app, owner)
    page = overview(app, viewer)
    assert "4242" not in page
    assert "€10.00 by card" in page


def test_without_a_card_one_may_be_added(app, acme, owner):
    with app.app_context():
        make.domain(acme)
    assert 'href="/billing/cards/new"' in overview(app, owner)


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
        soon = TODAY + timedelta(days=20)
        make.domain(other, "other.org", on=True, payer=acme, expires_on=soon)
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
        soon = TODAY + timedelta(days=20)
        domain = make.domain(acme, on=True, expires_on=soon)
        make.card(acme)
        for number in range(30):
            make.mailbox(domain, acme, f"m{number}", on=number % 2 == 0, expires_on=soon)
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
