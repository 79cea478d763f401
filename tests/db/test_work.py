"""Units of work: all or nothing, never nested, and no transaction left behind."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from app.db import (
    Model,
    TransactionOpen,
    db,
    insert_once,
    reading,
    require_no_transaction,
    transaction,
)
from app.jobs.models import LastTick
from app.operator_tasks.models import OperatorTask

NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)


def task(subject: str) -> OperatorTask:
    return OperatorTask(kind="test", subject=subject, detail={}, opened_at=NOW)


def tasks() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(OperatorTask.subject).order_by(OperatorTask.id)))


def write(*rows: Model, then: Callable[[], object] = lambda: None) -> None:
    """One unit of work: add rows, send them, then do one thing more."""
    with transaction() as session:
        session.add_all(rows)
        session.flush()
        then()


def fail(fault: type[BaseException]) -> None:
    raise fault


def test_a_transaction_commits_at_its_end(db_context):
    write(task("kept"))
    require_no_transaction()
    assert tasks() == ["kept"]


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_whatever_is_raised_inside_leaves_nothing(db_context, fault):
    with pytest.raises(fault):
        write(task("lost"), then=lambda: fail(fault))
    require_no_transaction()
    assert tasks() == []


def test_a_refused_row_leaves_nothing_and_the_next_transaction_works(db_context):
    write(LastTick(id=1, at=NOW))
    with pytest.raises(IntegrityError):
        write(task("lost"), LastTick(id=1, at=NOW))
    write(task("kept"))
    assert tasks() == ["kept"]


def test_a_transaction_inside_a_transaction_is_refused_and_ends_both(db_context):
    with pytest.raises(TransactionOpen):
        write(task("lost"), then=lambda: write(task("lost too")))
    assert tasks() == []
    write(task("kept"))
    assert tasks() == ["kept"]


def test_what_was_read_before_is_read_again(db_context):
    with transaction() as session:
        session.add(task("first"))
    row = db.session.scalars(select(OperatorTask)).one()
    with db.engine.begin() as other:
        other.execute(text("UPDATE operator_tasks SET kind = 'changed'"))
    with transaction():
        assert row.kind == "changed"


def test_reading_leaves_no_transaction(db_context):
    with reading() as session:
        session.scalars(select(OperatorTask)).all()
        with pytest.raises(TransactionOpen):
            require_no_transaction()
    require_no_transaction()


def test_reading_inside_a_transaction_does_not_end_it(db_context):
    with transaction() as session:
        session.add(task("kept"))
        with reading() as same:
            assert same.scalar(select(func.count()).select_from(OperatorTask)) == 1
        with pytest.raises(TransactionOpen):
            require_no_transaction()
    assert tasks() == ["kept"]


def test_a_row_is_inserted_once(db_context):
    row = {"kind": "test", "subject": "one", "detail": {}, "opened_at": NOW}
    with transaction() as session:
        first = insert_once(session, OperatorTask, **row)
        assert isinstance(first, int)
        assert insert_once(session, OperatorTask, **row) is None
        session.add(task("the transaction goes on"))
    assert tasks() == ["one", "the transaction goes on"]


def test_writers_wait_for_each_other(app):
    """Four threads add to what they read; none fails, and none is overwritten."""
    with app.app_context(), transaction() as session:
        session.add(OperatorTask(kind="test", subject="sum", detail={"sum": 0}, opened_at=NOW))
    raised: list[BaseException] = []

    def add() -> None:
        with app.app_context():
            try:
                for _ in range(10):
                    with transaction() as session:
                        row = session.scalars(select(OperatorTask).with_for_update()).one()
                        row.detail = {"sum": row.detail["sum"] + 1}
            except BaseException as problem:  # noqa: BLE001 - the test looks at it
                raised.append(problem)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == []
    with app.app_context():
        assert db.session.scalars(select(OperatorTask)).one().detail == {"sum": 40}


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", 15000),
        ("temp_store", 2),
    ],
)
def test_sqlite_is_spoken_to_safely_on_every_connection(db_context, pragma, value):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL has no pragmas")
    with db.engine.connect() as first, db.engine.connect() as second:
        for connection in (first, second):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_an_instant_keeps_its_zone_on_both_databases(db_context):
    paris = datetime.fromisoformat("2027-03-01T09:00:00+01:00")
    with transaction() as session:
        session.add(LastTick(id=1, at=paris))
    with reading() as session:
        read = session.scalars(select(LastTick.at)).one()
    assert read == paris
    assert read.tzinfo is UTC


def test_an_instant_without_a_zone_is_refused(db_context):
    with pytest.raises(Exception, match="needs a zone"), transaction() as session:
        session.add(LastTick(id=1, at=NOW.replace(tzinfo=None)))
