"""What is posted: balanced and append-only by the database itself (L1, L2)."""

import sqlite3

import psycopg
import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DatabaseError, IntegrityError

from app.billing import service as billing
from app.billing.models import LedgerEntry
from app.billing.rules import AccountKind, NotBalanced
from app.db import db, transaction
from tests.billing.ledger.world import Purse, ledger, raw


def refused(*statements: str) -> None:
    """The last of the statements fails, and the ledger stays as it was."""
    before = ledger()
    with raw() as execute:
        for statement_ in statements[:-1]:
            execute(statement_)
        with pytest.raises((sqlite3.DatabaseError, psycopg.Error)):
            execute(statements[-1])
        execute("ROLLBACK") if statements[0] == "BEGIN" else None
    assert ledger() == before


@pytest.mark.parametrize("amounts", [[], [5], [5, -4], [0, 0], [5, -5, 0], [-5, -5]])
def test_what_is_not_a_whole_movement_is_refused(acme, amounts):
    before = ledger()
    with pytest.raises(NotBalanced):
        acme.post(*amounts, key="bad")
    assert ledger() == before


def test_a_movement_may_have_many_entries(acme):
    acme.post(5, 7, -4, -8, key="four")
    assert [entry.amount for entry in ledger()[1][-4:]] == [5, 7, -4, -8]


def test_one_key_moves_money_once(acme):
    acme.post(5, -5, key="once")
    before = ledger()
    with pytest.raises(IntegrityError):
        acme.post(7, -7, key="once")
    assert ledger() == before


def test_f4_another_currency_than_the_accounts_is_refused(acme):
    with pytest.raises(DatabaseError, match="wrong currency"):
        acme.post(5, -5, key="dollars", currency="USD")


ENTRY = "INSERT INTO ledger_entries (tx_id, account_id, amount, currency) VALUES "
MOVEMENT = (
    "INSERT INTO ledger_tx (id, kind, ref, business_date, at, idem_key) "
    "VALUES (77, 'renewal', 'raw', '2027-03-01', '2027-03-01 08:00:00', 'raw')"
)


@pytest.mark.parametrize("amounts", [(), (5,), (5, -4), (5, 5), (2**62, 2**62)])
def test_the_database_itself_refuses_what_is_not_balanced(acme, amounts):
    entries = [ENTRY + f"(77, {acme.account}, {amount}, 'EUR')" for amount in amounts]
    refused("BEGIN", *entries, MOVEMENT)


def test_the_database_itself_takes_what_is_balanced(acme):
    with raw() as execute:
        for amount in (5, -5):
            execute("BEGIN") if amount > 0 else None
            execute(ENTRY + f"(77, {acme.account}, {amount}, 'EUR')")
        execute(MOVEMENT)
        execute("COMMIT")
    assert len(ledger()[0]) == 2


def test_amounts_of_two_currencies_do_not_make_up_for_each_other(acme):
    with transaction() as session:
        dollars = billing.ledger_account(session, AccountKind.REVENUE, "test", "USD")
    refused(
        "BEGIN",
        ENTRY + f"(77, {acme.account}, 5, 'EUR')",
        ENTRY + f"(77, {dollars}, -5, 'USD')",
        MOVEMENT,
    )


def write_entries_alone(acme: Purse) -> None:
    with transaction() as session:
        rows = [
            {"tx_id": 77, "account_id": acme.account, "amount": amount, "currency": "EUR"}
            for amount in (5, -5)
        ]
        session.execute(insert(LedgerEntry), rows)


def test_entries_without_their_movement_are_refused_at_commit(acme):
    before = ledger()
    with pytest.raises(IntegrityError):
        write_entries_alone(acme)
    assert ledger() == before


def test_a_sealed_movement_takes_no_further_entry(acme):
    acme.post(5, -5, key="sealed")
    tx_id = next(tx.id for tx in ledger()[0] if tx.idem_key == "sealed")
    for amount in (5, -5):
        refused(ENTRY + f"({tx_id}, {acme.account}, {amount}, 'EUR')")


def test_an_entry_of_nothing_is_refused(acme):
    refused(ENTRY + f"(77, {acme.account}, 0, 'EUR')")


@pytest.mark.parametrize(
    "statement_",
    [
        "UPDATE ledger_entries SET amount = amount + 1",
        "UPDATE ledger_entries SET account_id = account_id",
        "DELETE FROM ledger_entries",
        "UPDATE ledger_tx SET ref = 'another'",
        "DELETE FROM ledger_tx",
    ],
)
def test_i5_what_is_posted_is_neither_changed_nor_removed(acme, statement_):
    refused(statement_)


@pytest.mark.parametrize("table", ["ledger_tx", "ledger_entries"])
def test_i5_a_table_is_not_emptied_either(acme, table):
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    refused(f"TRUNCATE {table} CASCADE")


COLUMNS = "kind, ref, business_date, at, idem_key FROM ledger_tx"
MOVED = "INTO ledger_entries SELECT id, 77, account_id, amount, currency FROM ledger_entries"


@pytest.mark.parametrize(
    "statement_",
    [
        f"REPLACE INTO ledger_tx SELECT id, {COLUMNS}",
        f"REPLACE INTO ledger_tx SELECT 77, {COLUMNS}",
        f"REPLACE {MOVED}",
        f"INSERT {MOVED} WHERE true ON CONFLICT DO UPDATE SET amount = 1",
    ],
)
def test_i5_nothing_is_replaced(acme, statement_):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL has no REPLACE")
    balanced = [ENTRY + f"(77, {acme.account}, {amount}, 'EUR')" for amount in (5, -5)]
    refused("BEGIN", *(balanced if "SELECT 77" in statement_ else []), statement_)
