"""Searching text by its beginning, by the index where the engine has one."""

from typing import Any

from sqlalchemy import Boolean
from sqlalchemy.ext.compiler import compiles
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
    return f"({column} ^@ {text})"
