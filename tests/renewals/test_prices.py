"""What was announced is what is charged; a rise is told first, and a limit stops it (R16, F5)."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.db import db, transaction
from app.jobs.service import tick
from app.outbox.models import Mail
from app.renewals.announcements import announce_first
from app.renewals.models import Attempt, Renewal
from app.renewals.rules import Block
from app.subscriptions.models import Price, Subscription
from app.subscriptions.rules import Kind, Verdict, price_to_pay
from tests import make
from tests.renewals.test_engine import EXPIRY, at


@pytest.fixture(autouse=True)
def usual_prices(db_context):
    make.usual_prices()


@pytest.fixture
def acme():
    made = make.organization(balance=20_000)
    make.owner(made)
    return made


@pytest.fixture
def box(acme):
    domain = make.domain(acme, expires_on=EXPIRY.replace(year=2030))
    return make.mailbox(domain, acme, on=True, expires_on=EXPIRY, renewal_months=12)


FIRST = EXPIRY - timedelta(days=5)


def set_price(kind: Kind, months: int, price: int) -> None:
    with transaction() as session:
        session.execute(
            update(Price).where(Price.kind == kind, Price.months == months).values(price=price)
        )


def subscription(made: make.MadeService) -> Subscription:
    db.session.rollback()
    return db.session.get_one(Subscription, made.subscription_id)


@pytest.mark.parametrize(
    ("announced", "catalogue", "expected"),
    [(1000, 1200, 1000), (1000, 900, 900), (None, 1200, 1200), (1000, None, None)],
)
def test_f5_the_lower_of_both_prices(announced, catalogue, expected):
    assert price_to_pay(announced, catalogue) == expected


def test_the_price_that_was_shown_when_it_was_switched_on_is_kept(acme, box):
    name = make.domain(acme, on=True, expires_on=EXPIRY)
    with transaction() as session:
        session.get_one(Subscription, name.subscription_id).renewal_months = 36
    assert announce_first(at(FIRST), 0) == 2
    assert subscription(box).announced_price == 1000
    assert subscription(name).announced_price == 4500
    assert announce_first(at(FIRST), 0) == 0


def test_a_rise_that_nobody_was_told_of_is_not_charged(acme, box):
    announce_first(at(FIRST), 0)
    set_price(Kind.MAILBOX, 12, 1300)
    tick(at(FIRST))
    assert db.session.scalars(select(Renewal.price)).all() == [1000]


def test_a_lower_price_is_charged_at_once(acme, box):
    announce_first(at(FIRST), 0)
    set_price(Kind.MAILBOX, 12, 800)
    tick(at(FIRST))
    assert db.session.scalars(select(Renewal.price)).all() == [800]


def test_a_rise_is_told_in_time_once_and_then_charged(acme, box):
    announce_first(at(FIRST), 0)
    set_price(Kind.MAILBOX, 12, 1300)
    for days in (15, 14):
        tick(at(FIRST - timedelta(days=days)), "price_rises")
    mail = db.session.scalars(select(Mail).where(Mail.kind == "price_rise")).one()
    assert box.name in mail.body
    assert "€13.00 instead of €10.00" in mail.body
    tick(at(FIRST))
    assert db.session.scalars(select(Renewal.price)).all() == [1300]


def test_who_cannot_be_told_in_time_pays_the_old_price_once_more(acme, box):
    announce_first(at(FIRST), 0)
    set_price(Kind.MAILBOX, 12, 1300)
    tick(at(FIRST - timedelta(days=14)), "price_rises")
    assert db.session.scalars(select(Mail.id).where(Mail.kind == "price_rise")).all() == []
    tick(at(FIRST))
    assert db.session.scalars(select(Renewal.price)).all() == [1000]
    tick(at(FIRST + timedelta(days=1)), "price_rises")
    assert subscription(box).announced_price == 1300


def test_above_its_limit_nothing_is_renewed_and_it_is_said(acme, box):
    with transaction() as session:
        session.get_one(Subscription, box.subscription_id).price_cap = 900
    tick(at(FIRST - timedelta(days=1)))
    assert subscription(box).verdict is Verdict.TOO_DEAR
    tick(at(FIRST))
    assert db.session.scalars(select(Attempt.reason)).all() == [Block.TOO_DEAR]
    assert db.session.scalars(select(Renewal.id)).all() == []


def test_a_limit_that_is_not_reached_changes_nothing(acme, box):
    with transaction() as session:
        session.get_one(Subscription, box.subscription_id).price_cap = 1000
    tick(at(FIRST))
    assert db.session.scalars(select(Renewal.price)).all() == [1000]


def test_no_card_is_charged_for_what_is_above_its_limit(box, acme):
    make.card(acme)
    with transaction() as session:
        session.get_one(Subscription, box.subscription_id).price_cap = 900
        from app.billing.models import Wallet

        session.scalars(select(Wallet)).one().posted = 0
    tick(at(FIRST))
    from app.billing.payment_models import Payment

    assert db.session.scalars(select(Payment.id)).all() == []
