"""An operator looks at a customer's pages: changing nothing, for an hour, and not in secret."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import HostVisit
from app.accounts.rules import Plan
from app.alerts.models import Alert
from app.alerts.rules import AlertState
from app.db import db
from app.jobs.service import tick
from tests import make
from tests.pages import send, signed_in


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        acme = make.organization("Acme", balance=5000)
        make.domain(acme, "acme.org")
    return acme


@pytest.fixture
def camille(app, clock):
    with app.app_context():
        return make.operator("Camille")


@pytest.fixture
def client(app, acme, camille):
    return signed_in(app, camille, is_confirmed=True)


@pytest.fixture
def other(app, clock):
    with app.app_context():
        other = make.organization("Other")
        make.domain(other, "other.org")
    return other


def visit(client, organization, reason: str = "Your call of today"):
    page = f"/staff/organizations/{organization.name}"
    html = client.get(page).get_data(as_text=True)
    return send(client, f"{page}/visit", html, {"reason": reason})


def test_the_operator_sees_what_the_customer_sees(client, acme):
    assert visit(client, acme).location == "/"
    assert "acme.org" in client.get("/domains").get_data(as_text=True)
    page = client.get("/").get_data(as_text=True)
    assert "You see the pages of Acme as the host" in page


@pytest.mark.usefixtures("other")
def test_nothing_but_that_organization(client, acme):
    visit(client, acme)
    assert client.get("/domains/other.org").status_code == 404


def test_the_customer_reads_when_and_why(app, client, acme):
    with app.app_context():
        marie = make.owner(acme, "Marie", language="en")
    visit(client, acme, "Question about invoice F2027-000001")
    page = signed_in(app, marie).get("/organization").get_data(as_text=True)
    assert "Camille" in page
    assert "Question about invoice F2027-000001" in page


def test_a_reason_is_needed(client, acme):
    answer = visit(client, acme, "  ")
    assert answer.status_code == 422
    assert "the customer will read it" in answer.get_data(as_text=True)


def test_leaving_ends_it(client, acme):
    visit(client, acme)
    html = client.get("/").get_data(as_text=True)
    assert send(client, "/staff/visit/end", html, {}).location == "/staff/organizations"
    assert client.get("/domains/acme.org").status_code == 404


def test_it_ends_by_itself_after_an_hour(client, acme, clock):
    visit(client, acme)
    clock.advance(timedelta(hours=1, seconds=1))
    assert client.get("/domains/acme.org").status_code == 404


def test_a_second_visit_ends_the_first(app, client, acme, other):
    visit(client, acme)
    visit(client, other)
    assert client.get("/domains/acme.org").status_code == 404
    assert client.get("/domains/other.org").status_code == 200
    with app.app_context():
        ended = db.session.scalars(select(HostVisit.ended_at).order_by(HostVisit.id)).all()
    assert [one is None for one in ended] == [False, True]


def test_another_browser_of_the_operator_is_not_visiting(app, client, acme, camille):
    visit(client, acme)
    assert signed_in(app, camille, is_confirmed=True).get("/domains/acme.org").status_code == 404


def test_who_is_dismissed_meanwhile_sees_nothing_more(app, client, acme, camille):
    visit(client, acme)
    app.test_cli_runner().invoke(args=["operator", "dismiss", camille.name])
    assert client.get("/domains/acme.org").status_code == 303


def test_who_is_given_another_factor_is_asked_for_its_code_and_sees_nothing(
    app, client, acme, camille
):
    visit(client, acme)
    app.test_cli_runner().invoke(args=["operator", "appoint", camille.name])
    assert client.get("/staff").location == "/staff/confirm?next=/staff"
    assert client.get("/domains/acme.org").status_code == 404


def test_a14_a_visit_is_no_sign_in_of_the_customer(app, camille, clock):
    with app.app_context():
        idle = make.organization("Idle", plan=Plan.FREE)
        make.owner(idle, "Marie")
        clock.advance(timedelta(days=121))
        tick(clock.now(), "alerts")
    client = signed_in(app, camille, is_confirmed=True)
    visit(client, idle)
    assert "You are signed in" not in client.get("/alerts").get_data(as_text=True)
    with app.app_context():
        tick(clock.now() + timedelta(minutes=1), "alerts")
        states = db.session.scalars(select(Alert.state).where(Alert.type == "inactivity")).all()
    assert states == [AlertState.OPEN]


@pytest.mark.usefixtures("other")
def test_customers_are_found_by_name_domain_and_address(app, client, acme):
    with app.app_context():
        make.owner(acme, "Zoe", email="zoe@elsewhere.example")
    for text, found in (
        ("acm", True), ("ACME", True), ("acme.o", True), ("zoe@else", True), ("100%", False),
        ("acm\0", True),
    ):  # fmt: skip
        page = client.get("/staff/organizations", query_string={"q": text}).get_data(as_text=True)
        assert (">Acme<" in page, ">Other<" in page) == (found, False), text


def test_a_customer_without_members_and_one_that_does_not_exist(client, acme):
    page = client.get(f"/staff/organizations/{acme.name}").get_data(as_text=True)
    assert "nobody is warned" in page
    assert client.get("/staff/organizations/nobody").status_code == 404


def test_nobody_goes_on_to_a_bank_in_the_name_of_a_customer(app, client, acme):
    with app.app_context():
        setup = make.card_setup(acme)
    visit(client, acme)
    assert client.get(f"/billing/cards/return/{setup.name}").status_code == 200
    assert client.get(f"/billing/cards/return/{setup.name}/go").status_code == 403


def test_the_operator_sees_what_only_owners_see(client, acme):
    visit(client, acme)
    assert client.get("/billing/statement").status_code == 200
    assert client.get("/billing/cards").status_code == 200
