"""Pages of alerts: the lists, one alert with its time line, the way to what resolves it."""

import re

import pytest
from sqlalchemy import update

from app.accounts.rules import Role
from app.alerts.models import Alert, MutedReminder
from app.billing.models import BillingContact
from app.db import transaction
from app.outbox.ports import Rejected
from tests import make
from tests.alerts.world import alerts, at, come_back, day, mails, tick_on
from tests.pages import send, signed_in, statements


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        make.usual_prices()
        return make.organization("Acme", balance=-500)


@pytest.fixture
def marie(app, acme):
    with app.app_context():
        return make.owner(acme, email="marie@people.example", language="en")


@pytest.fixture
def debt(app, marie):
    """The public id of the alert that Acme's debt opens."""
    with app.app_context():
        tick_on(day(0))
        return alerts("negative_balance")[0].public_id


def page(app, user, address: str) -> str:
    return signed_in(app, user).get(address).text


def test_nothing_open_is_said_to_be_good(app, acme, marie):
    with app.app_context():
        make.money(acme, 500)
        tick_on(day(0))
    assert "All is well" in page(app, marie, "/alerts")
    assert 'class="count"' not in page(app, marie, "/alerts")


def test_what_is_open_is_listed_worst_first_with_its_way_out(app, acme, marie):
    with app.app_context():
        make.domain(acme, "acme.org", expires_on=day(40))
        make.card(acme, exp=(3, 2027))
        tick_on(day(0))
    html = page(app, marie, "/alerts")
    places = [html.index(text) for text in ("Negative balance", "acme.org expires", "4242 expires")]
    assert places == sorted(places)
    for alert in (public_ids := [one.public_id for one in alerts_of(app)]):
        assert f'href="/alerts/{alert}/go"' in html
    assert f'<span class="count">{len(public_ids)}</span>' in html
    assert "acme.org expires" not in page(app, marie, "/alerts?type=card_expiry")
    assert "None of this type" in page(app, marie, "/alerts?type=move")
    assert "acme.org expires" in page(app, marie, "/alerts?type=nonsense")


def alerts_of(app) -> list[Alert]:
    with app.app_context():
        return alerts()


def test_the_lists_are_paged_and_take_few_statements(app, acme, marie):
    with app.app_context():
        for number in range(60):
            make.domain(acme, f"n{number:02}.org", expires_on=day(40))
        tick_on(day(0))
    client = signed_in(app, marie)
    first = client.get("/alerts").text
    client.get("/alerts")
    with statements(app) as sent:
        client.get("/alerts")
    assert len(sent) <= 6, [statement for statement, _ in sent]
    (further,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = client.get(further.replace("&amp;", "&")).text
    names = (
        set(re.findall(r"n\d\d\.org expires", first)),
        set(re.findall(r"n\d\d\.org expires", second)),
    )
    assert not names[0] & names[1]
    assert len(names[0] | names[1]) == 60


def test_what_is_over_is_told_as_it_was(app, acme, marie, debt):
    with app.app_context():
        make.money(acme, 500)
        tick_on(day(2))
    html = page(app, marie, "/alerts?show=past")
    assert "Negative balance: €5.00 are missing" in html
    assert "The balance is zero or above again." in html
    one = page(app, marie, f"/alerts/{debt}")
    assert "Nothing more is sent about it." in one
    assert f"/alerts/{debt}/go" not in one
    assert signed_in(app, marie).get(f"/alerts/{debt}/go").location == f"/alerts/{debt}"


def test_one_alert_tells_what_was_sent_and_what_comes(app, marie, debt):
    html = page(app, marie, f"/alerts/{debt}")
    assert "The wallet of Acme is below zero" in html
    assert "marie<wbr>@people.<wbr>example: accepted by the mail server on" in html
    for what in ("Next reminder", "Mar 4, 2027", "Deadline", "Mar 22, 2027"):
        assert what in html
    assert "Pay what is missing" in html


def test_a_reminder_that_was_left_out_says_why(app, acme, marie, debt):
    with app.app_context():
        for email in ("marie@people.example", "compta@people.example"):
            with transaction() as session:
                session.add(MutedReminder(email=email, type="negative_balance", at=at(day(0))))
        tick_on(day(3))
        assert "Nobody wanted to be reminded." in page(app, marie, f"/alerts/{debt}")
        tick_on(day(15))
    html = page(app, marie, f"/alerts/{debt}")
    assert html.count("Reminder left out") == 3
    assert html.count("A later reminder was due by then.") == 1


def test_what_came_back_shows_each_return(app, acme, marie, debt):
    with app.app_context():
        make.money(acme, 500)
        tick_on(day(2))
        make.money(acme, -500)
        tick_on(day(2), hour=15)
    html = page(app, marie, f"/alerts/{debt}")
    line = html[html.index('class="timeline"') :]
    opened, resolved, again = (
        line.index(f"<strong>{title}</strong>") for title in ("Opened", "Resolved", "Opened again")
    )
    assert opened < resolved < again
    assert "The balance is zero or above again." in line


def test_a_mail_that_is_refused_is_said_to_be_so_and_why_nothing_follows(app, post, marie, clock):
    post.answer = Rejected("550 no such user")
    with app.app_context():
        tick_on(day(0), day(21))
        debt = alerts()[0].public_id
    clock.set(at(day(22)))
    html = page(app, marie, f"/alerts/{debt}")
    assert "refused by the mail server" in html
    assert "our first mail has not arrived anywhere yet" in html
    assert "550" not in html


def test_a_mail_that_came_back_is_said_to_have_been_accepted_and_sent_back(app, marie, debt):
    with app.app_context():
        come_back(*(mail.message_id for mail in mails()), on=day(2))
    html = page(app, marie, f"/alerts/{debt}")
    assert (
        "accepted by the mail server on Mar 1, 2027, 9:00\u202fAM, came back on Mar 3, 2027, "
        "10:00\u202fAM: is this address right?" in html
    )
    assert "550" not in html


def test_the_time_line_of_a_suspension_goes_to_its_end(app, acme, marie, debt):
    with app.app_context():
        tick_on(*(day(number) for number in (3, 7, 14, 20, 21)))
    html = page(app, marie, f"/alerts/{debt}")
    assert html.count("<strong>Reminder</strong>") == 4
    assert "Deadline passed" in html
    assert "Acme is suspended, because its wallet stayed below zero" in html
    assert '<span class="count">1</span>' in html, "it stands until it is paid"


def test_alerts_of_others_do_not_exist(app, debt):
    with app.app_context():
        eve = make.owner(make.organization("Other"), "Eve")
    for address in (f"/alerts/{debt}", f"/alerts/{debt}/go", "/alerts/nonsense"):
        assert signed_in(app, eve).get(address).status_code == 404
    assert "Acme" not in page(app, eve, "/alerts")


def test_whoever_may_not_resolve_it_is_told_who_may(app, acme, debt):
    with app.app_context():
        jean = make.user("Jean", language="en")
        make.member(jean, acme, Role.VIEWER)
    html = page(app, jean, f"/alerts/{debt}")
    assert "An owner can do this" in html
    assert "Pay what is missing" not in html
    assert signed_in(app, jean).get(f"/alerts/{debt}/go").location == f"/alerts/{debt}"


def test_the_overview_begins_with_what_is_open(app, marie, debt):
    html = page(app, marie, "/")
    assert html.index("Open alerts") < html.index("Balance")
    assert f'href="/alerts/{debt}/go"' in html


def test_whoever_belongs_nowhere_has_no_alerts(app, clock):
    with app.app_context():
        alone = make.user("Jean", language="en")
    assert "You belong to no organization" in page(app, alone, "/alerts")


# A domain that takes all addresses down with it (A25)


def reach(app, email: str) -> None:
    """Acme's billing contact at another address."""
    with app.app_context(), transaction() as session:
        session.execute(update(BillingContact).values(email=email))


def test_a25_all_addresses_on_the_expiring_domain_are_warned_of_until_another_is_there(app, acme):
    with app.app_context():
        domain = make.domain(acme, "acme.org", expires_on=day(40))
        make.mailbox(domain, acme, "info")
        marie = make.owner(acme, email="hostmaster@acme.org", language="en")
    reach(app, "compta@mail.acme.org")
    with app.app_context():
        tick_on(day(0))
        (alert,) = alerts("domain_expiry")
    pages = ("/domains/acme.org", "/mailboxes/info@acme.org", f"/alerts/{alert.public_id}")
    for address in pages:
        assert "Our warnings may not reach you" in page(app, marie, address)
    reach(app, "compta@people.example")
    for address in pages:
        assert "Our warnings may not reach you" not in page(app, marie, address)


def test_a_domain_that_is_far_from_expiring_warns_of_nothing(app, acme):
    with app.app_context():
        make.domain(acme, "acme.org")
        marie = make.owner(acme, email="hostmaster@acme.org")
    reach(app, "compta@acme.org")
    assert "Our warnings" not in page(app, marie, "/domains/acme.org")


# Which reminders (A14)


def test_reminders_are_chosen_on_the_profile(app, marie):
    client = signed_in(app, marie)
    assert "Always sent" in client.get("/profile").text
    answer = client.post("/profile/reminders", data=chosen(client, "card_expiry", "move"))
    assert answer.status_code == 303
    ticked = re.findall(r'name="reminders" value="(\w+)" checked', client.get("/profile").text)
    assert sorted(ticked) == ["card_expiry", "move"]
    client.post("/profile/reminders", data=chosen(client))
    assert 'value="move" checked' not in client.get("/profile").text
    assert client.post("/profile/reminders", data=chosen(client, "nonsense")).status_code == 400


def test_roles_are_offered_what_they_are_told_and_keep_the_rest(app, acme):
    with app.app_context():
        paul = make.user("Paul", language="en")
        make.member(paul, acme, Role.TECHNICAL)
    client = signed_in(app, paul)
    offered = re.findall(r'name="reminders" value="(\w+)"', client.get("/profile").text)
    assert offered == ["domain_expiry", "move"]
    client.post("/profile/reminders", data=chosen(client))
    with app.app_context():
        make.member(paul, make.organization("Other"), Role.OWNER)
    ticked = re.findall(r'name="reminders" value="(\w+)" checked', client.get("/profile").text)
    assert set(ticked) == {"negative_balance", "inactivity", "unfunded_renewal", "card_expiry"}


def test_a_viewer_learns_that_nobody_reminds_them(app, acme):
    with app.app_context():
        jean = make.user("Jean", language="en")
        make.member(jean, acme, Role.VIEWER)
    assert "Nobody is reminded of alerts by your role" in page(app, jean, "/profile")


def chosen(client, *names: str) -> dict[str, object]:
    html = client.get("/profile").text
    token = html.split('name="csrf_token" value="')[1].split('"')[0]
    return {"csrf_token": token, "reminders": list(names)}


# One domain renewed


def test_the_link_of_a_domain_renews_that_one_whatever_is_ticked(app, acme, marie):
    with app.app_context():
        make.domain(acme, "acme.org", expires_on=day(40))
        make.domain(acme, "other.org", expires_on=day(40))
    client = signed_in(app, marie)
    address = "/domains/renew?only=acme.org"
    html = client.get(address).text
    assert "acme.<wbr>org" in html
    assert "other.<wbr>org" not in html
    answer = send(client, "/domains/renew", html, {})
    proforma = client.get(answer.location).text
    assert "acme.org" in proforma
    assert "other.org" not in proforma


def test_only_a_domain_of_the_organization_that_is_shown_can_be_named(app, marie):
    with app.app_context():
        make.domain(make.organization("Other"), "other.org")
    client = signed_in(app, marie)
    assert "No such domain" in client.get("/domains/renew?only=other.org").text
