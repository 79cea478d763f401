"""What the page of recurring payment says before: how many, how much, when, and warnings."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from app.auto_renewal.models import BulkChangeRow
from app.billing.models import Card
from app.domains.models import Domain
from app.domains.rules import DomainStatus
from tests import make
from tests.auto_renewal.recurring_world import World
from tests.auto_renewal.world import text


@pytest.fixture
def world(app, clock):
    return World(app)


def test_the_page_tells_how_many_how_much_and_when(world):
    world.add("soon.org", expires_on=make.TODAY + timedelta(days=40))
    world.tick()
    html = world.page()
    for words in ("5 domains are ticked", "€75.00 in all", "Mar 11, 2027", "Acme has €1,000.00"):
        assert words in html, words
    assert ">Contact</h2>" in html


def test_what_stands_in_the_way_is_told_for_each_domain_and_the_rest_is_done(world):
    world.add("elsewhere.org", external=True)
    world.add("noprice.example")
    gone, leaving = world.add("gone.org"), world.add("leaving.org")
    for one, status in ((gone, DomainStatus.GONE), (leaving, DomainStatus.TRANSFERRING)):
        world.set(update(Domain).where(Domain.id == one.id).values(status=status))
    world.tick()
    html = world.page()
    assert "4 ticked domains cannot be switched on" in html
    notes = re.sub(r"<wbr>", "", html)
    for name, reason in (
        ("elsewhere.org", "Registered elsewhere"),
        ("noprice.example", "There is no price"),
        ("gone.org", "No longer registered with us"),
        ("leaving.org", "Being transferred"),
    ):
        assert f"<strong>{name}</strong> {reason}" in notes, name
    assert world.send(html).status_code == 303
    assert world.on() == [True] * 4 + [False] * 3
    assert world.count(BulkChangeRow) == 4


def test_an_expired_domain_is_told_to_cost_nothing_by_itself(world):
    world.add("late.org", expires_on=make.TODAY)
    world.tick(world.domains[-1:])
    html = world.page()
    assert "1 has expired: nothing is charged for it by itself." in html
    assert "First charge" not in html
    world.send(html)
    assert world.rows()[-1].next_slot_on is None


def test_what_the_wallet_lacks_is_told(app, clock):
    world = World(app, balance=2000)
    world.tick()
    html = world.page()
    assert "€40.00 are missing: Visa •••• 4242 is charged for that." in html
    world.set(update(Card).values(auto_debit=False))
    html = world.page()
    assert "€40.00 are missing: Acme has €20.00" in html
    assert "This card is not charged by itself" in html


def test_another_card_that_pays_instead_of_the_chosen_one_is_told(world, app):
    world.set(update(Card).values(auto_debit=False))
    with app.app_context():
        make.card(world.acme)
    world.tick()
    html = world.page()
    assert "This card is not charged by itself" not in html, "one that is comes first"
    page = text(world.send(html, card=world.card.name, preview="1"))
    assert "Visa •••• 4242 pays what the wallet lacks." in page


def test_a_holder_who_is_not_the_contact_is_warned_of_with_several_cards(world, app):
    warning = "have different names"
    with app.app_context():
        contact = make.contact(world.acme)
    world.tick()
    html = world.page()
    assert warning not in text(world.send(html, billing_contact=contact.name, preview="1"))
    with app.app_context():
        make.card(world.acme)
    html = world.page()
    assert warning not in html
    # Without a script the warning is met when confirming: nothing is done before it was read.
    answer = world.send(html, billing_contact=contact.name)
    assert answer.status_code == 422
    assert warning in text(answer)
    assert world.on() == [True, False, False, False]
    assert world.send(text(answer)).status_code == 303
    assert world.on() == [True] * 4


def test_a_card_that_is_still_valid_is_offered_first(world, app):
    world.set(update(Card).values(exp_year=2027, exp_month=2))
    with app.app_context():
        valid = make.card(world.acme)
    world.tick()
    assert f'<option selected value="{valid.name}">' in world.page()


def test_a_card_that_ends_before_the_charge_is_warned_of(world, app):
    world.add("soon.org", expires_on=date(2027, 5, 1))
    with app.app_context():
        short = make.card(world.acme, exp=(4, 2027))
    world.tick()
    answer = world.send(world.page(), card=short.name)
    assert answer.status_code == 422
    page = text(answer)
    assert "The card expires before 4 domains are charged" in page
    assert "name000.org, name001.org, name002.org, name003.org</p>" in page


def test_fifty_domains_are_listed_and_the_others_counted(app, clock):
    world = World(app, 53)
    world.tick([], do="recurring-all")
    html = world.page()
    assert html.count('data-label="Expiry"') == 50
    assert "and 3 more" in html


def test_without_a_tick_the_page_says_what_to_do(world):
    html = world.page()
    assert "Tick domains first" in html
    assert 'name="nonce"' not in html


def test_without_a_card_the_page_leads_to_one(world):
    world.set(update(Card).values(validated=False))
    world.tick()
    html = world.page()
    assert "A validated card is missing" in html
    assert 'href="/billing/cards"' in html
