"""Recurring payment for all ticked domains: done once, told, undone as one."""

import re
import threading
from datetime import date

import pytest
from sqlalchemy import select, update

from app.auto_renewal.models import BulkChange, BulkChangeRow
from app.billing.models import Card
from app.db import db
from app.journal.models import JournalRow
from app.renewals.rules import next_attempt_day
from app.selections.models import Selection, SelectionItem
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Kind
from tests import make
from tests.auto_renewal.recurring_world import LIST, PAGE, World
from tests.auto_renewal.world import text
from tests.pages import fields, signed_in


@pytest.fixture
def world(app, clock):
    return World(app)


def test_ticked_domains_renew_by_themselves_paid_as_the_page_says(world, app):
    with app.app_context():
        contact, card = make.contact(world.acme), make.card(world.acme, holder="Second office")
    world.tick(world.domains[1:3])
    answer = world.send(world.page(), billing_contact=contact.name, card=card.name)
    assert (answer.status_code, answer.location) == (303, LIST)
    assert world.on() == [True, True, True, False]
    row = world.rows()[1]
    assert row.billed_organization_id == world.acme.id
    assert (row.billing_contact_id, row.card_id) == (contact.id, card.id)
    assert row.auto_renewal_since == make.NOW
    assert row.renewal_months == 12
    assert row.next_slot_on == next_attempt_day(Kind.DOMAIN, row.expires_on, make.TODAY)
    html = text(world.client.get(LIST))
    assert "2 domains renew by themselves now." in html
    assert ">Undo<" in html


def test_the_selection_is_over_after_confirming(world):
    world.tick()
    world.send(world.page())
    assert world.count(Selection) == world.count(SelectionItem) == 0
    assert "Tick domains first" in world.page()


def test_everything_at_once_from_the_menu(world):
    world.add("last.org", expires_on=date(2027, 4, 20))
    assert world.tick([], do="recurring-all").location == PAGE
    world.send(world.page())
    assert all(world.on())
    # The 30th, 15th, 7th … day before the expiry, from today on (R7).
    assert world.rows()[-1].next_slot_on == date(2027, 3, 21)


def test_each_change_is_told_in_the_journal_and_can_be_taken_back(world):
    world.tick()
    world.send(world.page())
    switched = world.count(JournalRow, JournalRow.event == "auto_renewal.switched_on")
    changed = world.count(JournalRow, JournalRow.event == "auto_renewal.changed")
    assert (switched, changed) == (3, 1)
    html = text(world.client.get(LIST))
    history = text(world.client.get("/domains/name001.org/history"))
    assert "Auto-renewal was switched on, yearly" in history
    world.client.post("/auto-renewal/undo-bulk", data=fields(html, "/auto-renewal/undo-bulk"))
    assert world.on() == [True, False, False, False]
    first = world.rows()[0]
    assert (first.billing_contact_id, first.card_id, first.next_slot_on) == (
        None, None, next_attempt_day(Kind.DOMAIN, first.expires_on, make.TODAY),
    )  # fmt: skip


def test_the_journal_says_for_how_long_each_domain_renews(world, app):
    world.set(
        update(Subscription).where(Subscription.subject == "name002.org").values(renewal_months=24)
    )
    world.tick()
    world.send(world.page())
    with app.app_context():
        told = db.session.scalars(
            select(JournalRow.detail).where(JournalRow.subject == "name002.org")
        ).one()
    assert told == {"months": 24, "billed_organization": world.acme.id}


def test_what_is_set_like_this_already_is_left_alone(world):
    world.tick(world.domains[1:3])
    world.send(world.page())
    world.tick(world.domains[1:4])
    html = world.page()
    assert "Set like this already</dt><dd>2<" in html
    assert "To switch on</dt><dd>1<" in html
    world.send(html)
    assert world.count(BulkChangeRow) == 3
    assert "1 domain renews by itself now. 2 others stay as they were." in text(
        world.client.get(LIST)
    )


def test_a_double_click_acts_once_and_is_answered_twice(world):
    world.tick()
    html = world.page()
    assert [world.send(html).status_code for _ in range(2)] == [303, 303]
    assert world.count(BulkChange) == 1
    assert world.count(JournalRow, JournalRow.event.like("auto_renewal.%")) == 4
    page = text(world.client.get(LIST))
    told = "Contact or card changed for 1 domain that was on already."
    assert page.count(f"3 domains renew by themselves now. {told}") == 2
    assert ">Undo<" in page


def test_eight_clicks_at_once_act_once(world, app):
    world.tick()
    sent = fields(world.page(), PAGE)
    cookie = world.client.get_cookie("vigie").value
    start, answers = threading.Barrier(8), []

    def click() -> None:
        client = app.test_client()
        client.set_cookie("vigie", cookie)
        start.wait()
        answers.append(client.post(PAGE, data=sent).status_code)

    threads = [threading.Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(303) == 8, answers
    assert world.count(BulkChange) == 1
    assert world.count(JournalRow, JournalRow.event.like("auto_renewal.%")) == 4


def test_a_form_of_somebody_else_cannot_be_sent_again(world, app):
    world.tick()
    html = world.page()
    world.send(html)
    with app.app_context():
        paul = make.owner(world.acme, "Paul")
    client = signed_in(app, paul)
    world.tick(client=client)
    stolen = re.search(r'name="nonce"[^>]*value="([^"]+)"', html)[1]
    assert world.send(world.page(client), client, nonce=stolen).status_code == 409


def test_what_was_ticked_since_is_told_and_the_input_kept(world, app):
    with app.app_context():
        card = make.card(world.acme)
    world.tick(world.domains[1:3])
    html = world.page()
    world.tick(world.domains[3:4])
    answer = world.send(html, card=card.name)
    page = text(answer)
    assert answer.status_code == 409
    assert "no longer what you saw" in page
    assert "3 domains are ticked" in page
    assert f'<option selected value="{card.name}">' in page
    assert world.on() == [True, False, False, False]
    assert world.send(page).status_code == 303
    assert world.on() == [True] * 4


def test_another_domain_in_the_place_of_one_is_noticed(world):
    world.tick(world.domains[:2])
    html = world.page()
    world.tick(do="clear")
    world.tick(world.domains[2:])
    assert world.send(html).status_code == 409


def test_a_domain_that_came_among_all_is_told(world):
    world.tick([], do="recurring-all")
    html = world.page()
    world.add("new.org")
    assert world.send(html).status_code == 409
    assert world.count(BulkChange) == 0


def test_domains_of_others_are_never_touched(world, app):
    with app.app_context():
        foreign = make.domain(make.organization("Other"), "other.org")
    world.tick([world.domains[1], foreign])
    html = world.page()
    assert "1 domain is ticked" in html
    world.send(html)
    with app.app_context():
        assert not db.session.get_one(Subscription, foreign.subscription_id).auto_renewal


def test_contact_and_card_of_others_are_refused(world, app):
    with app.app_context():
        other = make.organization("Other")
        card = make.card(other)
    world.tick()
    for foreign in ({"card": card.name}, {"billing_contact": f"{other.name}-contact"}):
        answer = world.send(world.page(), **foreign)
        assert answer.status_code == 422
        assert "of the billed organization, from the list." in text(answer)
    assert world.on() == [True, False, False, False]


def test_a_card_that_went_meanwhile_is_refused(world):
    world.tick()
    html = world.page()
    world.set(update(Card).values(validated=False))
    assert world.send(html).status_code == 422
