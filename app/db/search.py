"""Searching text: by its beginning, and by any three letters where the engine has an index."""

from typing import Any, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Boolean, ColumnElement, Engine, Integer, inspect, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import column, table
from sqlalchemy.sql.functions import FunctionElement


class begins_with(FunctionElement[bool]):  # noqa: N801 - reads as the function that it is in SQL
    """`begins_with(column, text)`: both taken literally, upper and lower case told apart."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """Stands as it is: comparing it with 1, as SQLite's booleans are, would hide the range."""
        return self


@compiles(begins_with, "sqlite")
def _by_range(element: Any, compiler: Any, **options: Any) -> str:
    column, text = (compiler.process(part, **options) for part in element.clauses)
    again = compiler.process(list(element.clauses)[1], **options)
    # LIKE ignores case in SQLite, and so would not use an index that minds it.
    return f"({column} >= {text} AND {column} < {again} || char(1114111))"


@compiles(begins_with, "postgresql")
def _by_operator(element: Any, compiler: Any, **options: Any) -> str:
    column, text = (compiler.process(part, **options) for part in element.clauses)
    # Of operators side by side the left one comes first: a text put together has to stand alone.
    return f"({column} ^@ ({text}))"


# Made by migration 0005, and kept in step by triggers: what no model describes.
MAILBOXES = table("mailbox_search", column("rowid", Integer))
_MADE_BY_HAND = ("mailbox_search", "ix_mailboxes_search", "mailboxes_search_")
_has_trigrams: WeakKeyDictionary[Engine, bool] = WeakKeyDictionary()


def is_described(name: str | None, _kind: str, _parents: object) -> bool:
    """Whether a table or an index of the database should be one of the models'."""
    return not (name or "").startswith(_MADE_BY_HAND)


def has_trigrams(session: Session) -> bool:
    """Whether `MAILBOXES` is there: in SQLite, unless it was built without FTS5."""
    engine = cast(Engine, session.get_bind())
    if engine not in _has_trigrams:
        is_there = inspect(session.connection()).has_table(MAILBOXES.name)
        _has_trigrams[engine] = engine.dialect.name == "sqlite" and is_there
    return _has_trigrams[engine]


def local_part_holds(text: str) -> ColumnElement[bool]:
    """Whether a row of `MAILBOXES` has these three letters or more before its @."""
    phrase = '"' + text.replace('"', '""') + '"'
    return literal_column(MAILBOXES.name).bool_op("MATCH")(phrase)
