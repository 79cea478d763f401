"""Units of work: a writing transaction, a read that leaves none open, and the guard's question."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from app.db.base import db

# Read by the engine: SQLite takes its one write lock at BEGIN, so that a transaction that will
# write never fails half-way because another one wrote since its first read.
WRITES = "vigie_writes"


class TransactionOpen(RuntimeError):
    """The outside world was called, or a unit of work begun, inside a transaction."""


@contextmanager
def transaction() -> Iterator[Session]:
    """One writing unit of work: commits at the end, rolls back on any exception.

    What was loaded before is read again. Raises TransactionOpen when nested: two units of work in
    one commit would break "all or nothing" for both.
    """
    session = db.session()
    if session.info.get(WRITES):
        raise TransactionOpen("a transaction inside a transaction")
    session.rollback()
    session.connection(execution_options={WRITES: True})
    session.info[WRITES] = True
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop(WRITES, None)


@contextmanager
def reading() -> Iterator[Session]:
    """A read whose snapshot ends with the block, as flows need before they call the outside."""
    session = db.session()
    try:
        yield session
    finally:
        if not session.info.get(WRITES):
            session.rollback()


def require_no_transaction() -> None:
    """Raise TransactionOpen when the session holds a transaction, reading or writing."""
    if db.session().in_transaction():
        raise TransactionOpen("the outside world was called inside a database transaction")
