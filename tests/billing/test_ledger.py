"""The ledger: balanced and append-only by the database itself; wallets project it (L1-L5)."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from app.billing import service as billing
from app.billing.checks import Difference, check_balances, differences
from app.billing.models import LedgerEntry, LedgerTx, Wallet
from app.billing.queries import balance
from app.billing.rules import AccountKind, EntryKind, NotBalanced
from app.billing.statements import statement
from app.db import db, reading, transaction
from app.operator_tasks.service import open_tasks
from tests import make

TODAY = date(2027, 3, 1)


@dataclass(frozen=True)
class Purse:
    """One organization's wallet with its ledger account, and the account across from it."""

    organization: int
    wallet: int
    account: int
    revenue: int

    def post(self, *amounts: int, key: str, currency: str = "EUR") -> None:
        """Post amounts by turns on the wallet's account and on the one across."""
        turns = (self.account, self.revenue) * len(amounts)
        lines = [billing.Line(*line) for line in zip(turns, amounts, strict=False)]
        with transaction() as session:
            billing.post(
                session, kind=EntryKind.RENEWAL, ref="test", idem_key=key, currency=currency,
                lines=lines, business_date=TODAY, now=make.NOW,
            )  # fmt: skip

    def move(self, change: Callable, amount: int) -> None:
        """Change the wallet, and post what it owns more or less now, in one transaction."""
        with transaction() as session:
            before = session.get_one(Wallet, self.wallet).posted
            change(session, self.wallet, amount)
            session.expire_all()
            moved = session.get_one(Wallet, self.wallet).posted - before
            if moved:
                billing.post(
                    session, kind=EntryKind.RENEWAL, ref="test", currency="EUR",
                    idem_key=f"test-{next(make._numbers)}",
                    lines=[billing.Line(self.account, moved), billing.Line(self.revenue, -moved)],
                    business_date=TODAY, now=make.NOW,
                )  # fmt: skip

    @property
    def money(self) -> tuple[int, int, int]:
        """Posted, held, overdraft."""
        with reading() as session:
            row = session.get_one(Wallet, self.wallet)
            return row.posted, row.held, row.overdraft


def purse(opening: int = 0) -> Purse:
    organization = make.organization(balance=opening)
    with transaction() as session:
        wallet = billing.ensure_wallet(session, organization.id, "EUR")
        return Purse(
            organization.id,
            wallet,
            billing.wallet_account(session, wallet),
            billing.ledger_account(session, AccountKind.REVENUE, "test", "EUR"),
        )


@pytest.fixture
def acme(db_context):
    return purse(1000)


def ledger() -> tuple[list, list]:
    with reading() as session:
        return (
            session.execute(select(LedgerTx.__table__).order_by(LedgerTx.id)).all(),
            session.execute(select(LedgerEntry.__table__).order_by(LedgerEntry.id)).all(),
        )


@contextmanager
def raw() -> Iterator[Callable[[str], object]]:
    """The database as `sqlite3` and `psql` open it, without anything of ours."""
    url = db.engine.url
    if url.get_backend_name() == "sqlite":
        connection = sqlite3.connect(url.database, isolation_level=None)
    else:
        address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = psycopg.connect(address, autocommit=True)
    try:
        yield connection.execute
    finally:
        connection.close()


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


# L1, L2: what is posted


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


# L3, L4: wallets


def test_money_is_debited_held_captured_and_released(acme):
    acme.move(billing.debit, 200)
    assert acme.money == (800, 0, 0)
    acme.move(billing.hold, 300)
    assert acme.money == (800, 300, 0)
    acme.move(billing.capture, 100)
    assert acme.money == (700, 200, 0)
    acme.move(billing.release, 200)
    assert acme.money == (700, 0, 0)


def test_all_that_is_there_can_be_spent_and_not_a_cent_more(acme):
    with pytest.raises(billing.NotEnough):
        acme.move(billing.debit, 1001)
    acme.move(billing.debit, 1000)
    assert acme.money == (0, 0, 0)


@pytest.mark.parametrize("spend", [billing.debit, billing.hold])
def test_f3_what_is_held_is_not_spent_again(acme, spend):
    acme.move(billing.hold, 800)
    with pytest.raises(billing.NotEnough):
        acme.move(spend, 300)
    assert acme.money == (1000, 800, 0)


@pytest.mark.parametrize("settle", [billing.capture, billing.release])
def test_no_more_is_settled_than_is_held(acme, settle):
    acme.move(billing.hold, 300)
    with pytest.raises(NotBalanced):
        acme.move(settle, 301)
    assert acme.money == (1000, 300, 0)


@pytest.mark.parametrize("change", [billing.debit, billing.hold, billing.capture, billing.release])
def test_a_negative_amount_is_no_way_to_get_money(acme, change):
    with pytest.raises(ValueError, match="negative"):
        acme.move(change, -5)
    assert acme.money == (1000, 0, 0)


def test_an_entry_of_the_host_may_go_below_zero_and_credits_come_back_from_there(acme):
    acme.move(billing.credit, -1500)
    assert acme.money == (-500, 0, 500)
    with pytest.raises(billing.NotEnough):
        acme.move(billing.debit, 1)
    acme.move(billing.credit, 200)
    assert acme.money == (-300, 0, 300)
    acme.move(billing.credit, 400)
    assert acme.money == (100, 0, 0)


def test_money_given_back_pays_the_overdraft(acme):
    acme.move(billing.hold, 800)
    acme.move(billing.credit, -500)
    assert acme.money == (500, 800, 300)
    acme.move(billing.release, 800)
    assert acme.money == (500, 0, 0)


@pytest.mark.parametrize(
    "change", ["posted = -1", "held = 1001", "held = -1", "posted = posted - 1001"]
)
def test_the_database_itself_refuses_overspending(acme, change):
    with raw() as execute, pytest.raises((sqlite3.DatabaseError, psycopg.Error)):
        execute(f"UPDATE wallets SET {change}")
    assert acme.money == (1000, 0, 0)


def test_asking_for_a_wallet_twice_gives_the_same(acme):
    with transaction() as session:
        assert billing.ensure_wallet(session, acme.organization, "EUR") == acme.wallet
        assert billing.ensure_wallet(session, acme.organization, "USD") != acme.wallet


# What people read


def test_the_statement_runs_backwards_with_the_balance_after_each_line(acme):
    for amount in (100, 200, 300):
        acme.move(billing.debit, amount)
    with reading() as session:
        lines = statement(session, acme.organization, "EUR", limit=10)
        assert [(line.amount, line.after) for line in lines] == [
            (-300, 400), (-200, 700), (-100, 900), (1000, 1000),
        ]  # fmt: skip


def test_the_statement_goes_on_where_the_last_page_ended(acme):
    purse(50).move(billing.debit, 50)
    for amount in (100, 200, 300):
        acme.move(billing.debit, amount)
    with reading() as session:
        whole = statement(session, acme.organization, "EUR", limit=10)
        first = statement(session, acme.organization, "EUR", limit=3)
        rest = statement(session, acme.organization, "EUR", limit=3, before=first[-1].id)
    assert first + rest == whole


def test_a_wallet_that_differs_from_its_entries_is_found_and_told_to_the_host(acme):
    other = purse(10)
    assert differences(db.session()) == []
    with transaction() as session:
        session.execute(text("UPDATE wallets SET posted = 999 WHERE id = :id"), {"id": acme.wallet})
    assert differences(db.session()) == [Difference(acme.wallet, 999, 1000, 0, 0)]
    assert [check_balances(make.NOW, 7), check_balances(make.NOW, 8)] == [1, 1]
    task = open_tasks(db.session())
    assert [(row.kind, row.subject) for row in task] == [
        ("balance_differs", f"wallet:{acme.wallet}")
    ]
    assert task[0].detail == {"posted": 999, "entries": 1000, "held": 0, "holds": 0, "run": 7}
    assert other.money == (10, 0, 0)


# Whatever happens

CHANGES = (billing.debit, billing.hold, billing.capture, billing.release, billing.credit)
STEPS = st.tuples(st.sampled_from(CHANGES), st.integers(0, 900)) | st.tuples(
    st.just(billing.credit), st.integers(-900, -1)
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(opening=st.integers(0, 1000), steps=st.lists(STEPS, max_size=12))
def test_whatever_is_done_the_books_agree(db_context, opening, steps):
    mine = purse(opening)
    spent_below_zero = False
    for change, amount in steps:
        before = mine.money
        try:
            mine.move(change, amount)
        except (billing.NotEnough, NotBalanced):
            assert mine.money == before
        posted, held, overdraft = mine.money
        assert held >= 0
        assert posted - held >= -overdraft
        assert overdraft == max(0, held - posted)
        spent_below_zero |= change is not billing.credit and overdraft > before[2]
    assert not spent_below_zero
    with reading() as session:
        assert balance(session, mine.organization, "EUR").posted == posted_by_entries(mine)
        assert session.scalar(select(func.sum(LedgerEntry.amount))) in (0, None)
        assert all(one.posted == one.entries for one in differences(session))


def posted_by_entries(mine: Purse) -> int:
    own = select(func.coalesce(func.sum(LedgerEntry.amount), 0))
    return db.session.scalars(own.where(LedgerEntry.account_id == mine.account)).one()
