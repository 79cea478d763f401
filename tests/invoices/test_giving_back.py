"""An invoice given back: one credit note, the money in the wallet once, no VAT owed (L10)."""

import pytest
from sqlalchemy import func, select

from app.billing.models import LedgerEntry
from app.billing.queries import balance
from app.db import db
from app.invoices.models import Invoice
from tests import make
from tests.invoices.papers import issue
from tests.invoices.test_books import accounts


@pytest.fixture
def command(app, clock):
    return lambda *words: app.test_cli_runner().invoke(args=["money", "give-back", *words])


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        made = make.organization()
        issue(made, 1200, 600)
    return made


def test_the_money_is_in_the_wallet_and_the_credit_note_names_the_invoice(app, acme, command):
    answer = command("F2027-000001", "--reason", "A mistake of ours")
    assert answer.exit_code == 0, answer.output
    assert "A2027-000001" in answer.output
    with app.app_context():
        assert balance(db.session(), acme.id, "EUR").posted == 1800
        assert sum(db.session.scalars(select(Invoice.total)).all()) == 0
        assert accounts()["vat:FR:2000:EUR"] == 0
        assert db.session.scalar(select(func.sum(LedgerEntry.amount))) == 0


def test_twice_gives_back_once(app, acme, command):
    command("F2027-000001", "--reason", "A mistake of ours")
    again = command("F2027-000001", "--reason", "A mistake of ours")
    assert again.exit_code == 1
    assert "was given back before" in again.output
    with app.app_context():
        assert balance(db.session(), acme.id, "EUR").posted == 1800


def test_an_unknown_number_is_told(acme, command):
    answer = command("F2027-000009", "--reason", "x")
    assert answer.exit_code == 1
    assert "There is no invoice F2027-000009." in answer.output
