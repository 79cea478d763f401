"""Recurring payment: who may, whose forecasts follow, and how many statements it takes."""

import pytest
from sqlalchemy import select, update

from app.accounts.rules import Role
from app.auto_renewal import recurring_views
from app.billing.models import Wallet
from app.db import db
from app.subscriptions.models import Subscription
from tests import make
from tests.auto_renewal.recurring_world import World
from tests.pages import csrf_token, signed_in, statements


@pytest.fixture
def world(app, clock):
    return World(app)


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
