"""Renewing a mailbox by hand: in grace, long after, twice at once, with too little money."""

import re
from datetime import date

import pytest
from sqlalchemy import func, select

from app.accounts.models import User
from app.accounts.rules import Role
from app.billing.models import Wallet
from app.db import db
from app.renewals.models import Renewal
from app.subscriptions.models import Subscription
from tests import make
from tests.pages import csrf_token, signed_in

EXPIRED = date(2027, 2, 26)


@pytest.fixture
def acme(app):
    with app.app_context():
        make.usual_prices()
        return make.organization(balance=5_000)


@pytest.fixture
def box(app, acme):
    with app.app_context():
        return make.mailbox(make.domain(acme), acme, anchor=EXPIRED, months=0)


@pytest.fixture
def owner(app, acme, clock):
    with app.app_context():
        person = make.owner(acme)
    return signed_in(app, person)


def renew(client, box, page=None, **fields):
    """Fill in the form that `page` shows, or that is there now, and send it."""
    address = f"/mailboxes/{box.name}/renew"
    page = page or client.get(address).get_data(as_text=True)
    hidden = dict(re.findall(r'name="(csrf_token|shown|nonce)"[^>]*value="([^"]*)"', page))
    payer = re.search(r'<option[^>]*value="([^"]+)"', page)[1]
    data = hidden | {"period": "monthly", "billed_organization": payer} | fields
    return client.post(address, data=data)


def state(app, box) -> tuple[date, int, int]:
    """Expiry, money left in all wallets, renewals."""
    with app.app_context():
        ends = db.session.get_one(Subscription, box.subscription_id).expires_on
        posted = db.session.scalars(select(func.sum(Wallet.posted))).one()
        return ends, posted, db.session.scalars(select(func.count()).select_from(Renewal)).one()


def test_in_grace_the_new_period_begins_where_the_old_one_ended(app, owner, box):
    assert renew(owner, box).status_code == 303
    assert state(app, box) == (date(2027, 3, 26), 4_900, 1)


def test_a_yearly_renewal_by_hand(app, owner, box):
    assert renew(owner, box, period="yearly").status_code == 303
    assert state(app, box) == (date(2028, 2, 26), 4_000, 1)


def test_long_after_expiry_a_fresh_period_begins_today(app, owner, acme):
    with app.app_context():
        old = make.mailbox(make.domain(acme), acme, anchor=date(2026, 10, 31), months=1)
    assert renew(owner, old).status_code == 303
    assert state(app, old)[0] == date(2027, 4, 1)


def test_a_double_click_renews_once(app, owner, box):
    page = owner.get(f"/mailboxes/{box.name}/renew").get_data(as_text=True)
    assert [renew(owner, box, page).status_code for _ in range(2)] == [303, 303]
    assert state(app, box) == (date(2027, 3, 26), 4_900, 1)


def test_x1_two_tabs_opened_before_the_renewal_renew_once(app, owner, box):
    address = f"/mailboxes/{box.name}/renew"
    tabs = [owner.get(address).get_data(as_text=True) for _ in range(2)]
    for tab in tabs:
        assert renew(owner, box, tab).status_code == 303
    assert state(app, box) == (date(2027, 3, 26), 4_900, 1)


def test_a_second_renewal_asked_for_on_a_fresh_page_is_a_second_period(app, owner, box):
    renew(owner, box)
    renew(owner, box)
    assert state(app, box) == (date(2027, 4, 26), 4_800, 2)


def test_without_enough_money_nothing_changes_and_the_page_says_so(owner, app, acme, box):
    with app.app_context():
        poor = make.organization("Poor")
        make.member(make.Made(db.session.scalars(select(User.id)).one(), ""), poor)
    answer = renew(owner, box, billed_organization=poor.name)
    assert answer.status_code == 422
    assert "does not hold enough" in answer.get_data(as_text=True)
    assert state(app, box) == (EXPIRED, 5_000, 0)


def test_an_organization_of_others_cannot_be_made_to_pay(app, owner, box):
    with app.app_context():
        rich = make.organization("Rich")
    assert renew(owner, box, billed_organization=rich.name).status_code == 422
    assert state(app, box)[2] == 0


@pytest.mark.parametrize(("role", "status"), [(Role.VIEWER, 403), (Role.BILLING, 303)])
def test_only_those_who_may_bill_renew(app, acme, box, clock, role, status):
    with app.app_context():
        person = make.user("Paul")
        make.member(person, acme, role)
    client = signed_in(app, person)
    page = client.get(f"/mailboxes/{box.name}/renew").get_data(as_text=True)
    if role is Role.BILLING:
        assert renew(client, box, page).status_code == status
    else:
        assert 'name="period"' not in page
        data = {"csrf_token": csrf_token(page), "period": "monthly"}
        assert client.post(f"/mailboxes/{box.name}/renew", data=data).status_code == status


def test_a_stranger_finds_nothing(app, box, clock):
    with app.app_context():
        eve = make.owner(make.organization("Other"), "Eve")
    assert signed_in(app, eve).get(f"/mailboxes/{box.name}/renew").status_code == 404


@pytest.mark.parametrize(
    "fields",
    [{"shown": "never"}, {"nonce": "../../x"}, {"period": "daily"}, {"shown": "2027-02-31"}],
)
def test_nonsense_in_the_form_is_refused(app, owner, box, fields):
    assert renew(owner, box, **fields).status_code in (400, 422)
    assert state(app, box) == (EXPIRED, 5_000, 0)


def test_a_form_without_its_hidden_fields_renews_nothing(app, owner, box):
    page = owner.get(f"/mailboxes/{box.name}/renew").get_data(as_text=True)
    data = {"csrf_token": csrf_token(page), "period": "monthly"}
    assert owner.post(f"/mailboxes/{box.name}/renew", data=data).status_code == 422
    assert state(app, box) == (EXPIRED, 5_000, 0)
