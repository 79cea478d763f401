"""Removing a card: what depends on it is listed first, and nothing is left that names it."""

from datetime import date

import pytest
from sqlalchemy import select, update

from app.accounts.models import User
from app.auto_renewal import card_removal
from app.auto_renewal.models import KEPT, BulkChange, BulkChangeRow
from app.billing.models import Card, Wallet
from app.billing.payment_models import ForgottenCard
from app.db import db, transaction
from app.journal.models import JournalRow
from app.subscriptions.models import Subscription
from tests import make
from tests.pages import csrf_token, fill, signed_in

LIST = "/billing/cards"
EXPIRES = date(2027, 9, 15)


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        make.usual_prices()
        return make.organization("Acme", balance=100_00)


@pytest.fixture
def owner(app, acme):
    with app.app_context():
        return signed_in(app, make.owner(acme, language="en"))


@pytest.fixture
def card(app, acme):
    with app.app_context():
        return make.card(acme)


def named_by(app, acme, card, names=("acme.org",)):
    with app.app_context():
        for name in names:
            made = make.domain(acme, name, on=True, expires_on=EXPIRES)
            with transaction() as session:
                session.execute(
                    update(Subscription)
                    .where(Subscription.id == made.subscription_id)
                    .values(card_id=card.id)
                )


def remove(client, card):
    return fill(client, f"{LIST}/{card.name}/remove", {})


def page(client, card):
    return client.get(f"{LIST}/{card.name}/remove").get_data(as_text=True)


def everything(app, column):
    with app.app_context():
        return list(db.session.scalars(select(column)))


def test_a_card_on_which_nothing_depends_is_removed(app, owner, card):
    html = page(owner, card)
    assert "No domain names this card." in html
    assert "last card" not in html
    assert remove(owner, card).location == LIST
    assert everything(app, Card.id) == []
    assert everything(app, ForgottenCard.token) == ["sandbox:ok"]
    assert everything(app, JournalRow.event) == ["card.removed"]
    assert "The card is removed." in owner.get(LIST).get_data(as_text=True)


def test_what_names_the_card_is_listed_and_keeps_renewing_without_it(app, acme, owner, card):
    with app.app_context():
        make.card(acme, holder="Backup")
    named_by(app, acme, card, ("acme.org", "acme.net"))
    html = page(owner, card)
    assert "2 domains name this card." in html
    assert "acme.<wbr>org" in html
    assert "last card" not in html
    remove(owner, card)
    assert everything(app, Subscription.card_id) == [None, None]
    assert everything(app, Subscription.auto_renewal) == [True, True]
    told = [event for event in everything(app, JournalRow.event) if "card" in event]
    assert told == ["auto_renewal.card_removed"] * 2 + ["card.removed"]


def test_a_long_list_is_cut_and_counted(app, acme, owner, card, monkeypatch):
    monkeypatch.setattr(card_removal, "SHOWN", 2)
    named_by(app, acme, card, [f"acme{number}.org" for number in range(5)])
    html = page(owner, card)
    assert "5 domains name this card" in html
    assert "acme1.<wbr>org" in html
    assert "acme2.<wbr>org" not in html
    assert "and 3 more" in html


def test_the_last_card_that_can_be_charged_is_warned_of(app, acme, owner, card):
    with app.app_context():
        make.card(acme, exp=(2, 2027))
        make.domain(acme, "acme.org", on=True, expires_on=EXPIRES)
        with transaction() as session:
            session.execute(update(Wallet).values(auto_top_up_below=100, auto_top_up_to=200))
    html = page(owner, card)
    assert "This is the last card that can be charged" in html
    assert "1 service renews by itself" in html
    assert "automatic top-up" in html


def test_an_expired_card_is_removed_without_a_warning(app, acme, owner, card):
    with app.app_context():
        expired = make.card(acme, exp=(2, 2027))
        make.domain(acme, "acme.org", on=True, expires_on=EXPIRES)
    assert "last card" not in page(owner, expired)


def test_removed_twice_it_is_removed_once_and_said_so(app, owner, card):
    token = csrf_token(page(owner, card))
    for _time in range(2):
        address = f"{LIST}/{card.name}/remove"
        answer = owner.post(address, data={"csrf_token": token})
        assert (answer.status_code, answer.location) == (303, LIST)
    assert everything(app, JournalRow.event) == ["card.removed"]


def test_the_order_of_the_others_closes_up(app, acme, owner, card):
    with app.app_context():
        make.card(acme)
        make.card(acme)
    remove(owner, card)
    assert everything(app, Card.rank) == [0, 1]


def test_a_token_that_another_card_uses_is_not_forgotten(app, acme, owner, card):
    with app.app_context():
        make.card(make.organization("Other"))
    remove(owner, card)
    assert everything(app, ForgottenCard.token) == []


def test_an_undo_brings_no_removed_card_back(app, acme, owner, card, clock):
    """Numbers of removed rows come again on SQLite: an undo must not name somebody else's card."""
    named_by(app, acme, card)
    with app.app_context(), transaction() as session:
        subscription = session.scalars(select(Subscription)).one()
        change = BulkChange(
            nonce="nonce00000", user_id=session.scalars(select(User.id)).one(), at=make.NOW,
            on=True, names_card=True, card_id=card.id, changed=1,
        )  # fmt: skip
        session.add(change)
        session.flush()
        before = {name: getattr(subscription, name) for name in KEPT}
        session.add(
            BulkChangeRow(change_id=change.id, subscription_id=subscription.id, **before)
        )  # fmt: skip
    assert everything(app, BulkChangeRow.card_id) == [card.id]
    remove(owner, card)
    assert everything(app, BulkChange.card_id) == [None]
    assert everything(app, BulkChangeRow.card_id) == [None]
