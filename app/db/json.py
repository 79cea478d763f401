"""JSON that the database makes of its own columns, for rows written from rows."""

from typing import Any

from sqlalchemy import JSON
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class json_object(FunctionElement[dict[str, Any]]):  # noqa: N801 - named as SQL functions are
    """`json_object(key, value, …)`: keys must be literal columns, so that their type is known."""

    type = JSON()
    name = "json_object"
    inherit_cache = True


@compiles(json_object, "postgresql")
def _build(element: json_object, compiler: Any, **options: Any) -> str:
    # PostgreSQL has json_object(key, value, …) only from version 16 on.
    return f"json_build_object({compiler.process(element.clause_expr.element, **options)})"


@compiles(json_object, "sqlite")
def _object(element: json_object, compiler: Any, **options: Any) -> str:
    return f"json_object({compiler.process(element.clause_expr.element, **options)})"
