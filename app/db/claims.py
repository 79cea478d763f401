"""Claims: rows that only one of several racing processes can insert."""

from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.db.base import Base


def insert_once(session: Session, model: type[Base], **values: object) -> int | None:
    """Insert a row unless a unique key forbids it; its id, or None when another was first.

    `RETURNING` tells, because psycopg gives no row count after ON CONFLICT.
    """
    table = cast(Table, model.__table__)
    make: Any = (
        postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    )
    statement = make(table).values(**values).on_conflict_do_nothing().returning(table.c.id)
    return cast("int | None", session.execute(statement).scalar_one_or_none())
