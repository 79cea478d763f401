"""All ticked mailboxes at once: preview, one statement a table, told per row, undone as one."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.rules import Role
from app.auto_renewal.models import BulkChange
from app.db import db, transaction
from app.journal.models import JournalRow
from app.renewals.rules import next_attempt_day
from app.renewals.slots import next_slot
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Kind
from tests import make
from tests.pages import csrf_token, fields, signed_in, statements

LIST = "/domains/example.org/mailboxes"
PAGE = f"{LIST}/auto-renewal"


class World:
    """Acme with mailboxes on example.org, and its owner's browser."""

    def __init__(self, app, mailboxes: int = 5) -> None:
        with app.app_context():
            make.usual_prices()
            self.acme = make.organization(balance=300)
            self.owner = make.owner(self.acme)
            self.domain = make.domain(self.acme, "example.org")
            self.boxes = [
                make.mailbox(self.domain, self.acme, f"box{number:03}", on=number == 0)
                for number in range(mailboxes)
            ]
        self.app = app
        self.client = signed_in(app, self.owner)

    def tick(self, boxes=None, do: str = "keep", client=None) -> None:
        client = client or self.client
        ids = ",".join(str(box.id) for box in (self.boxes if boxes is None else boxes))
        token = csrf_token(client.get("/profile").get_data(as_text=True))
        data = {"csrf_token": token, "mailbox": ids.split(","), "touched": ids, "do": do}
        assert client.post(f"{LIST}/selection", data=data).status_code == 303

    def page(self, client=None) -> str:
        return (client or self.client).get(PAGE).get_data(as_text=True)

    def send(self, html: str, client=None, **fields):
        hidden = dict(
            re.findall(r'<input[^>]*name="(version|nonce|next)"[^>]*value="([^"]*)"', html)
        )
        data = {"csrf_token": csrf_token(html), **hidden, "on": "y", "period": "yearly"}
        if payer := re.search(r'<option selected value="([^"]+)"', html):
            data["billed_organization"] = payer[1]
        data |= fields
        client = client or self.client
        return client.post(PAGE, data={name: text for name, text in data.items() if text})

    def on(self) -> list[bool]:
        with self.app.app_context():
            return [
                db.session.get_one(Subscription, box.subscription_id).auto_renewal
                for box in self.boxes
            ]

    def count(self, model: type, *where) -> int:
        with self.app.app_context():
            found = select(func.count()).select_from(model).where(*where)
            return db.session.scalars(found).one()


@pytest.fixture
def world(app, clock):
    return World(app)


def test_all_ticked_are_switched_on_and_the_rest_is_not(world):
    world.tick(world.boxes[1:4])
    answer = world.send(world.page())
    assert (answer.status_code, answer.location) == (303, LIST)
    assert world.on() == [True, True, True, True, False]
    html = world.client.get(LIST).get_data(as_text=True)
    assert "Auto-renewal is on for 3 mailboxes." in html
    assert 'data-count="0"' in html


def test_the_message_tells_switching_on_from_changing_and_from_nothing(world):
    world.tick(world.boxes[:3])
    world.send(world.page(), period="yearly")
    html = world.client.get(LIST).get_data(as_text=True)
    told = "Frequency or billed organization changed for 1 mailbox that was on already."
    assert f"Auto-renewal is on for 2 mailboxes. {told}" in html
    world.tick(world.boxes[:4])
    world.send(world.page(), period="yearly")
    html = world.client.get(LIST).get_data(as_text=True)
    assert "Auto-renewal is on for 1 mailbox. 3 others stay as they were." in html


def test_the_preview_tells_what_would_be_switched_on_changed_or_left(world):
    world.tick(world.boxes[:3])
    world.send(world.page(), period="yearly")
    world.tick()
    html = world.page()
    for label, number in (("To switch on", 2), ("Set like this already", 3)):
        assert f"{label}</dt><dd>{number}<" in html, label
    page = world.send(html, period="monthly", preview="1").get_data(as_text=True)
    assert "On already, other frequency or payer</dt><dd>3<" in page
    page = world.send(html, on="", preview="1").get_data(as_text=True)
    for label, number in (("To switch off", 3), ("Off already", 2)):
        assert f"{label}</dt><dd>{number}<" in page, label


def test_where_nothing_changes_the_preview_says_so_and_when_the_next_charge_is(world):
    world.tick(world.boxes[:1])
    html = world.page()
    assert "All of them: nothing changes" in html
    assert 'First charge</dt><dd><time datetime="2027-03-01">' in html
    world.send(html, period="monthly")
    assert "Nothing to change" in world.client.get(LIST).get_data(as_text=True)


def test_the_form_starts_from_what_the_ticked_have_in_common(world, app):
    with app.app_context():
        beta = make.organization("Beta")
        make.member(world.owner, beta)
        boxes = [
            make.mailbox(world.domain, world.acme, f"y{n}", on=True, renewal_months=12, payer=beta)
            for n in range(2)
        ]
    world.tick(boxes)
    form = fields(world.page(), PAGE)
    assert (form["period"], form["billed_organization"]) == ("yearly", beta.name)
    # Those that are off were never asked; they do not count beside those that are on.
    world.tick(world.boxes[1:2])
    assert fields(world.page(), PAGE)["period"] == "yearly"
    world.tick(world.boxes[:1])
    form = fields(world.page(), PAGE)
    assert "period" not in form
    assert form["billed_organization"] == ""


def test_where_they_differ_nothing_is_changed_before_it_is_chosen(world, app):
    with app.app_context():
        yearly = make.mailbox(world.domain, world.acme, "yearly", on=True, renewal_months=12)
    world.tick([world.boxes[0], yearly])
    html = world.page()
    assert "Some renew monthly, some yearly: choose one for all." in html
    answer = world.send(html, period="")
    assert answer.status_code == 422
    assert "Choose Monthly or Yearly." in answer.get_data(as_text=True)
    assert world.count(BulkChange) == 0
    # Switching off needs no frequency.
    assert world.send(html, period="", on="").status_code == 303
    assert world.on() == [False] * 5


def test_undo_says_that_what_was_renewed_meanwhile_stays_renewed(world, app):
    with app.app_context(), transaction() as session:
        row = session.get_one(Subscription, world.boxes[1].subscription_id)
        row.expires_on = make.TODAY + timedelta(days=2)
    world.tick(world.boxes[1:3])
    world.send(world.page(), period="monthly")
    html = world.client.get(LIST).get_data(as_text=True)
    answer = app.test_cli_runner().invoke(args=["tick", "--job", "renewals"])
    assert answer.exit_code == 0, answer.output
    data = fields(html, "/auto-renewal/undo-bulk")
    page = world.client.post("/auto-renewal/undo-bulk", data=data, follow_redirects=True)
    told = page.get_data(as_text=True)
    assert "1 was renewed in the meantime: it stays renewed" in told
    assert world.on() == [True, False, False, False, False]


def test_the_preview_counts_prices_days_and_money(world):
    world.tick()
    html = world.page()
    assert ">5<" in html
    page = world.send(html, preview="1").get_data(as_text=True)
    for words in ("€4.17 in all", "€50.00 in all", "€47.00 are missing: Acme has €3.00"):
        assert words in page, words
    assert "We strongly advise you" in page
    assert world.on() == [True, False, False, False, False]


def test_each_change_is_told_in_the_journal_and_only_where_something_changed(world):
    world.tick()
    world.send(world.page(), period="monthly")
    assert world.count(JournalRow, JournalRow.event == "auto_renewal.switched_on") == 4
    world.tick()
    world.send(world.page(), period="yearly")
    assert world.count(JournalRow, JournalRow.event == "auto_renewal.changed") == 5


def test_undo_brings_back_what_stood(world, app):
    world.tick()
    world.send(world.page())
    html = world.client.get(LIST).get_data(as_text=True)
    change = re.search(r'name="change" value="(\d+)"', html)[1]
    data = {"csrf_token": csrf_token(html), "change": change, "next": LIST}
    world.client.post("/auto-renewal/undo-bulk", data=data)
    assert world.on() == [True, False, False, False, False]
    again = world.client.post("/auto-renewal/undo-bulk", data=data, follow_redirects=True)
    assert "can no longer be undone" in again.get_data(as_text=True)


def test_undo_leaves_what_was_changed_again_since(world):
    world.tick()
    world.send(world.page())
    html = world.client.get(LIST).get_data(as_text=True)
    change = re.search(r'name="change" value="(\d+)"', html)[1]
    world.tick(world.boxes[1:2])
    world.send(world.page(), on="")
    data = {"csrf_token": csrf_token(html), "change": change, "next": LIST}
    answer = world.client.post("/auto-renewal/undo-bulk", data=data, follow_redirects=True)
    assert "1 was changed again since and stays." in answer.get_data(as_text=True)
    assert world.on() == [True, False, False, False, False]


def test_other_rows_of_the_same_number_and_sum_are_not_what_was_seen(world):
    first, second, third, fourth = world.boxes[1:5]
    world.tick([first, fourth])
    html = world.page()
    world.tick([first, fourth], do="clear")
    world.tick([second, third])
    assert world.send(html).status_code == 409
    assert world.on() == [True, False, False, False, False]


def test_undo_forgets_no_renewal_when_a_new_period_began_since(world, app, clock):
    box = world.boxes[0]
    with app.app_context(), transaction() as session:
        row = session.get_one(Subscription, box.subscription_id)
        row.expires_on, row.next_slot_on = make.TODAY, None
    world.tick([box])
    world.send(world.page())
    html = world.client.get(LIST).get_data(as_text=True)
    with app.app_context(), transaction() as session:
        row = session.get_one(Subscription, box.subscription_id)
        row.expires_on = date(2027, 4, 1)
    change = re.search(r'name="change" value="(\d+)"', html)[1]
    data = {"csrf_token": csrf_token(html), "change": change, "next": LIST}
    world.client.post("/auto-renewal/undo-bulk", data=data)
    with app.app_context():
        row = db.session.get_one(Subscription, box.subscription_id)
        assert (row.auto_renewal, row.next_slot_on) == (True, date(2027, 3, 27))


def test_a_form_without_its_hidden_fields_changes_nothing(world):
    world.tick()
    html = world.page()
    data = {"csrf_token": csrf_token(html), "period": "yearly"}
    assert world.client.post(PAGE, data=data).status_code == 422
    assert world.on() == [True, False, False, False, False]


def test_undo_is_for_ten_minutes_and_for_who_did_it(world, app, clock):
    world.tick()
    world.send(world.page())
    html = world.client.get(LIST).get_data(as_text=True)
    change = re.search(r'name="change" value="(\d+)"', html)[1]
    with app.app_context():
        other = make.user("Paul")
        make.member(other, world.acme)
    paul = signed_in(app, other)
    token = csrf_token(paul.get("/profile").get_data(as_text=True))
    paul.post("/auto-renewal/undo-bulk", data={"csrf_token": token, "change": change})
    clock.advance(timedelta(minutes=10, seconds=1))
    data = {"csrf_token": csrf_token(html), "change": change}
    world.client.post("/auto-renewal/undo-bulk", data=data)
    assert all(world.on())


def test_x8_a_double_click_acts_once(world):
    world.tick()
    html = world.page()
    assert [world.send(html).status_code for _ in range(2)] == [303, 303]
    assert world.count(BulkChange) == 1
    assert world.count(JournalRow, JournalRow.event.like("auto_renewal.%")) == 5


def test_what_was_ticked_since_is_told_and_the_input_kept(world):
    world.tick(world.boxes[1:3])
    html = world.page()
    world.tick(world.boxes[3:4])
    answer = world.send(html)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "no longer what you saw" in page
    assert world.on() == [True, False, False, False, False]
    assert re.search(r'value="yearly"[^>]*checked|checked[^>]*value="yearly"', page)
    assert world.send(page).status_code == 303
    assert world.on() == [True, True, True, True, False]


def test_a_mailbox_that_appeared_among_all_that_match_is_told(world, app):
    world.tick([], do="matching")
    html = world.page()
    with app.app_context():
        make.mailbox(world.domain, world.acme, "new")
    assert world.send(html).status_code == 409


def test_the_domain_is_switched_on_too_where_that_is_asked(world, app):
    world.tick()
    world.send(world.page(), domain_too="y")
    with app.app_context():
        assert db.session.get_one(Subscription, world.domain.subscription_id).auto_renewal


def test_switching_off_keeps_payer_and_frequency(world, app):
    world.tick()
    world.send(world.page())
    world.tick()
    world.send(world.page(), on="")
    assert world.on() == [False] * 5
    with app.app_context():
        row = db.session.get_one(Subscription, world.boxes[0].subscription_id)
        assert (row.renewal_months, row.billed_organization_id) == (12, world.acme.id)
        assert row.next_slot_on is None


def test_nothing_ticked_says_what_to_do(world):
    assert "Tick the mailboxes in the list" in world.page()
    assert world.send(world.client.get("/profile").get_data(as_text=True)).status_code == 422


def test_an_organization_of_others_is_no_payer(world, app):
    with app.app_context():
        rich = make.organization("Rich", balance=99_999)
    world.tick()
    assert world.send(world.page(), billed_organization=rich.name).status_code == 422
    assert world.on() == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("role", "status"), [(Role.VIEWER, 403), (Role.TECHNICAL, 422), (Role.BILLING, 303)]
)
def test_rights_by_role(world, app, role, status):
    with app.app_context():
        person = make.user("Paul")
        make.member(person, world.acme, role)
    client = signed_in(app, person)
    world.tick(client=client)
    html = client.get("/profile").get_data(as_text=True) if role is Role.VIEWER else None
    assert world.send(html or world.page(client), client).status_code == status


def test_who_may_bill_nobody_is_told_what_they_may_do_and_who_pays(world, app):
    with app.app_context():
        person = make.user("Paul")
        make.member(person, world.acme, Role.TECHNICAL)
    client = signed_in(app, person)
    world.tick(world.boxes[:2], client=client)
    html = world.page(client)
    assert "Your role may switch auto-renewal off; owners and billing choose who pays." in html
    assert "Different organizations" not in html
    assert re.search(r'<option selected value="">Acme</option>', html)
    assert "on" not in fields(html, PAGE)
    assert client.post(PAGE, data=fields(html, PAGE)).status_code == 303
    assert world.on() == [False] * 5


def test_a_stranger_finds_nothing(world, app):
    with app.app_context():
        eve = make.owner(make.organization("Other"), "Eve")
    assert signed_in(app, eve).get(PAGE).status_code == 404


def test_a_thousand_take_as_many_statements_as_three(app, clock):
    world = World(app, mailboxes=200)
    sent = []
    for boxes in (world.boxes[:3], world.boxes):
        world.tick(boxes)
        html = world.page()
        with statements(app) as seen:
            assert world.send(html).status_code == 303
        sent.append(len(seen))
    assert sent[0] == sent[1]


def test_next_slots_in_sql_are_those_of_the_rules(app):
    today = make.TODAY
    with app.app_context():
        make.usual_prices()
        acme = make.organization()
        domain = make.domain(acme)
        for days in range(-2, 40):
            ends = today + timedelta(days=days)
            make.mailbox(domain, acme, f"m{days + 2}", expires_on=ends)
            make.domain(acme, expires_on=ends)
        for kind in Kind:
            rows = db.session.execute(
                select(Subscription.expires_on, next_slot(kind, today)).where(
                    Subscription.kind == kind
                )
            ).all()
            assert len(rows) > 40
            for ends, slot in rows:
                expected = next_attempt_day(kind, ends, today)
                found = date.fromisoformat(slot) if isinstance(slot, str) else slot
                assert found == expected, (kind, ends)
