"""Recurring payment for all ticked domains: what is shown before, done once, undone as one."""

import re
import threading
from datetime import date, timedelta
from html import unescape

import pytest
from sqlalchemy import func, select, update

from app.accounts.rules import Role
from app.auto_renewal import recurring_views
from app.auto_renewal.models import BulkChange, BulkChangeRow
from app.billing.models import Card, Wallet
from app.db import db, transaction
from app.domains.models import Domain
from app.domains.rules import DomainStatus
from app.journal.models import JournalRow
from app.renewals.rules import next_attempt_day
from app.selections.models import Selection, SelectionItem
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Kind
from tests import make
from tests.pages import csrf_token, fields, signed_in, statements

LIST = "/domains"
PAGE = "/domains/recurring"


class World:
    """Acme with a card and some domains, the first of which renews by itself already."""

    def __init__(self, app, domains: int = 4, *, balance: int = 100_000) -> None:
        with app.app_context():
            make.usual_prices()
            self.acme = make.organization("Acme", balance=balance)
            self.owner = make.owner(self.acme)
            self.card = make.card(self.acme)
            self.domains = [
                make.domain(self.acme, f"name{number:03}.org", on=number == 0)
                for number in range(domains)
            ]
        self.app = app
        self.client = signed_in(app, self.owner)

    def add(self, name: str, **how):
        with self.app.app_context():
            made = make.domain(self.acme, name, **how)
        self.domains.append(made)
        return made

    def set(self, statement) -> None:
        with self.app.app_context(), transaction() as session:
            session.execute(statement)

    def tick(self, domains=None, do: str = "keep", client=None):
        client = client or self.client
        ids = ",".join(str(one.id) for one in (self.domains if domains is None else domains))
        token = csrf_token(client.get("/profile").get_data(as_text=True))
        data = {"csrf_token": token, "domain": ids.split(","), "touched": ids, "do": do}
        return client.post("/domains/selection", data=data)

    def page(self, client=None, status: int = 200) -> str:
        answer = (client or self.client).get(PAGE)
        assert answer.status_code == status
        return unescape(answer.get_data(as_text=True))

    def send(self, html: str, client=None, **changes):
        return (client or self.client).post(PAGE, data=fields(html, PAGE) | changes)

    def rows(self) -> list[Subscription]:
        with self.app.app_context():
            return [
                db.session.get_one(Subscription, one.subscription_id)
                for one in self.domains
                if one.subscription_id
            ]

    def on(self) -> list[bool]:
        return [row.auto_renewal for row in self.rows()]

    def count(self, model: type, *where) -> int:
        with self.app.app_context():
            return db.session.scalars(select(func.count()).select_from(model).where(*where)).one()


@pytest.fixture
def world(app, clock):
    return World(app)


def text(answer) -> str:
    return unescape(answer.get_data(as_text=True))


# ---- Confirming


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
    assert "To change</dt><dd>1<" in html
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
    assert "4 domains renew by themselves now." in page
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


# ---- What the page says before


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
    assert "none by itself" in html
    world.send(html)
    assert world.rows()[-1].next_slot_on is None


def test_what_the_wallet_lacks_is_told(app, clock):
    world = World(app, balance=2000)
    world.tick()
    html = world.page()
    assert "€40.00 are missing: Acme has €20.00" in html
    assert "There is not enough money for all of them" in html


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


# ---- Who may


@pytest.mark.parametrize(
    ("role", "shown", "sent"),
    [(Role.VIEWER, 403, 403), (Role.TECHNICAL, 200, 403), (Role.BILLING, 200, 303)],
)
def test_rights_by_role(world, app, role, shown, sent):
    with app.app_context():
        person = make.user("Paul")
        make.member(person, world.acme, role)
    client = signed_in(app, person)
    world.tick(client=client)
    html = world.page(client, shown)
    assert ("somebody must pay" in html) is (role is Role.TECHNICAL)
    world.tick()
    if role is not Role.BILLING:
        html = world.page()
    token = csrf_token(client.get("/profile").get_data(as_text=True))
    assert world.send(html, client, csrf_token=token).status_code == sent


def test_a_stranger_is_only_asked_about_their_own(world, app):
    world.tick()
    with app.app_context():
        eve = make.owner(make.organization("Other"), "Eve")
    client = signed_in(app, eve)
    assert "Tick domains first" in world.page(client)
    token = csrf_token(client.get("/profile").get_data(as_text=True))
    assert world.send(world.page(), client, csrf_token=token).status_code == 422
    assert world.on() == [True, False, False, False]


# ---- Numbers


@pytest.fixture
def no_refresh(monkeypatch):
    """Leaves the forecast to the job, as it is for who pays much."""
    monkeypatch.setattr(recurring_views, "refresh", lambda *_: None)


def test_all_payers_concerned_are_forecast_anew(world, app, no_refresh):
    with app.app_context():
        before, mailbox = make.organization("Before"), make.organization("Mailbox")
        idle = make.organization("Idle")
        make.mailbox(world.domains[1], world.acme, on=True, payer=mailbox)
    world.set(
        update(Subscription)
        .where(Subscription.subject == "name000.org")
        .values(billed_organization_id=before.id)
    )
    world.set(update(Wallet).values(forecast_due=False))
    world.tick()
    world.send(world.page())
    with app.app_context():
        due = set(db.session.scalars(select(Wallet.organization_id).where(Wallet.forecast_due)))
    assert due == {world.acme.id, before.id, mailbox.id}
    assert idle.id not in due


@pytest.mark.parametrize("do", ["keep", "recurring-all"])
def test_three_hundred_domains_take_as_many_statements_as_ten(app, clock, do, no_refresh):
    world = World(app, 300, balance=1_000_000)
    sent, writing = [], []
    for domains in (world.domains[:10], world.domains):
        world.tick(domains if do == "keep" else [], do=do)
        html = world.page()
        with statements(app) as seen:
            assert world.send(html).status_code == 303
        sent.append(len(seen))
        first = next(i for i, one in enumerate(seen) if one[0].startswith("INSERT"))
        writing.append(len(seen) - first)
    assert sent[0] == sent[1]
    assert writing[0] <= 6  # after the selection and the recount: eight in the transaction
