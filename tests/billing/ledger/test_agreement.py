"""Wallets and statements say what the entries say, whatever is done (L5)."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from app.billing import service as billing
from app.billing.checks import Difference, check_balances, differences
from app.billing.models import LedgerEntry
from app.billing.queries import balance
from app.billing.rules import NotBalanced
from app.billing.statements import statement
from app.db import db, reading, transaction
from app.operator_tasks.service import open_tasks
from tests import make
from tests.billing.ledger.world import Purse, purse


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
