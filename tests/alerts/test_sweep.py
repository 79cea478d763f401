"""The sweep reads by indexes: what it costs follows from what stands, not from who there is."""

import pytest
from sqlalchemy import event, text

from app.accounts.installation import terms
from app.alerts import watching
from app.alerts.context import Context
from app.alerts.delays import delays_of
from app.alerts.types import types
from app.db import db
from app.journal.service import HOST
from tests import make
from tests.alerts.world import at, day, tick_on

# What may be walked through from end to end: indexes that hold only what matters.
PARTIAL = ("ix_wallets_in_debt", "ix_subscriptions_short", "ix_moves_open")


@pytest.fixture
def statements(db_context):
    """What one look for work sends, with its values."""
    context = Context(at(day(0)), terms(), HOST, delays_of(db_context()))
    sent = []

    def note(_connection, _cursor, statement, parameters, *_more):
        sent.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    for kind in types().values():
        watching.waiting(db_context(), kind, context)
    event.remove(db.engine, "before_cursor_execute", note)
    return sent


def test_it_takes_three_statements_a_type(statements):
    assert len(statements) == 3 * len(types())


def test_no_table_is_walked_through(statements, db_context):
    if db_context.get_bind().dialect.name != "sqlite":
        pytest.skip("PostgreSQL walks through what is empty")
    connection = db_context.connection().connection.cursor()
    for statement, parameters in statements:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
        walked = [row[3] for row in plan if row[3].startswith("SCAN")]
        assert [step for step in walked if not step.endswith(PARTIAL)] == [], statement


def test_a_tick_that_finds_nothing_writes_nothing(db_context):
    acme = make.organization(balance=-500)
    make.owner(acme)
    tick_on(day(0))
    before = _changes(db_context)
    sent = []

    def note(*given):
        sent.append(given[2])

    event.listen(db.engine, "before_cursor_execute", note)
    tick_on(day(1), jobs=("alerts",))
    event.remove(db.engine, "before_cursor_execute", note)
    assert not any("alert" in statement for statement in sent if not statement.startswith("SELECT"))
    assert _changes(db_context) == before


def _changes(session) -> tuple[int, int]:
    counts = session.execute(
        text("SELECT (SELECT count(*) FROM journal), (SELECT count(*) FROM mails)")
    ).one()
    session.rollback()
    return tuple(counts)
