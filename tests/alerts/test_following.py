"""What an alert says follows what is so, while its time line keeps what was told (A0)."""

import pytest
from sqlalchemy import func, select

from app.alerts.models import AlertStep
from app.db import transaction
from app.journal.models import JournalRow
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Verdict
from tests import make
from tests.alerts.world import alerts, day, tick_on
from tests.pages import signed_in


@pytest.fixture
def acme(db_context):
    acme = make.organization(balance=-500)
    make.owner(acme, "Marie")
    return acme


def test_an_amount_that_was_paid_in_part_is_asked_for_no_more(acme):
    tick_on(day(0))
    assert alerts()[0].facts["balance"] == -500
    make.money(acme, 300)
    tick_on(day(0), hour=10)
    assert alerts()[0].facts["balance"] == -200


def test_a_domain_that_was_switched_on_says_so(acme):
    make.money(acme, 10_000)
    name = make.domain(acme, expires_on=day(40), on=True)
    tick_on(day(0))
    assert alerts("domain_expiry")[0].facts["renews"] is False
    with transaction() as session:
        session.get_one(Subscription, name.subscription_id).verdict = Verdict.WILL_RENEW
    tick_on(day(0), hour=10)
    assert alerts("domain_expiry")[0].facts["renews"] is True


def test_following_tells_nobody_and_changes_no_date(acme, db_context):
    tick_on(day(0))
    before, steps = alerts()[0], db_context.scalar(select(func.count()).select_from(AlertStep))
    make.money(acme, 300)
    rows = select(func.count()).where(JournalRow.event.startswith("alert."))
    told = db_context.scalar(rows)
    tick_on(day(0), hour=10)
    after = alerts()[0]
    assert (after.opened_on, after.deadline_on, after.next_look_on) == (
        before.opened_on, before.deadline_on, before.next_look_on,
    )  # fmt: skip
    assert db_context.scalar(select(func.count()).select_from(AlertStep)) == steps
    assert db_context.scalar(rows) == told


def test_once_it_says_what_is_so_a_tick_has_nothing_to_do(acme):
    tick_on(day(0))
    make.money(acme, 300)
    tick_on(day(0), hour=10)
    before = alerts()[0].facts
    tick_on(day(0), hour=11)
    assert alerts()[0].facts == before


def test_another_name_of_the_organization_is_followed(acme):
    tick_on(day(0))
    with transaction() as session:
        session.get_one(make.Organization, acme.id).name = "Acme and sons"
    tick_on(day(0), hour=10)
    assert alerts()[0].facts["name"] == "Acme and sons"


def test_the_time_line_keeps_what_was_told_and_a_resolved_alert_what_it_was_about(app, clock):
    with app.app_context():
        acme = make.organization(balance=-500)
        marie = make.owner(acme, "Marie", language="en")
        for number in range(22):
            tick_on(day(number))
        make.money(acme, 500)
        tick_on(day(25))
        alert = alerts("negative_balance")[0]
    clock.set(make.NOW.replace(month=4))
    page = signed_in(app, marie).get(f"/alerts/{alert.public_id}").get_data(as_text=True)
    opened, _between, expired = page.partition("Deadline passed")
    assert "is suspended" not in opened
    assert "is suspended, because its wallet" in expired
    assert "What it was about" in page
    assert "What it means" not in page


def test_a_domain_that_ended_too_long_ago_is_not_said_to_be_renewable(app, clock):
    with app.app_context():
        acme = make.organization()
        marie = make.owner(acme, "Marie", language="en")
        make.domain(acme, "late.org", expires_on=day(-50))
        make.domain(acme, "soon.org", expires_on=day(-5))
        tick_on(day(0))
    page = signed_in(app, marie).get("/alerts").get_data(as_text=True)
    assert page.count("Renew it now, while that is still possible.") == 1
    assert "could be renewed until" in page
