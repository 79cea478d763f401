"""What tests of cards share: the way over the gateway's page, and what is stored."""

from sqlalchemy import func, select

from app.billing.models import Card, Wallet
from app.db import db
from app.journal.models import JournalRow
from tests.pages import fill

LIST, NEW = "/billing/cards", "/billing/cards/new"


def rows(app, column):
    with app.app_context():
        return db.session.scalars(select(column).order_by(Card.rank, Card.id)).all()


def funded_by(app):
    with app.app_context():
        return db.session.scalar(select(Wallet.funded_by))


def count(app, table):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table))


def events(app):
    with app.app_context():
        return list(db.session.scalars(select(JournalRow.event).order_by(JournalRow.id)))


def page_of(answer):
    """The gateway's page, by the page of ours that lies between."""
    assert answer.status_code == 303
    assert answer.location.endswith("/go")
    return answer.location


def to_gateway(client, **changes):
    """From the form to the gateway's page; its path."""
    between = client.get(page_of(fill(client, NEW, changes))).get_data(as_text=True)
    url = between.split("url=")[1].split('"')[0]
    return url[url.index("/sandbox/") :]


def save(client, address, **changes):
    """Save a card on the sandbox's page; the path the customer is sent back to."""
    given = {"holder": "Ada", "month": "12", "year": "2030", "do": "save", **changes}
    back = fill(client, address, given).location
    return back[back.index("/billing") :]


def add_card(client, **changes):
    return client.get(save(client, to_gateway(client), **changes))
