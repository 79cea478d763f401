"""A short name for a set of rows, made by the database: what is confirmed is what was shown."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, SQLColumnExpression, cast, func

# The largest prime whose square leaves room in 64 bits.
_PRIME = 2_147_483_647


def mixed_sum(row_id: SQLColumnExpression[int]) -> ColumnElement[Any]:
    """The sum of the ids' cubes modulo a prime, 0 for no rows.

    Unlike the sum of the ids alone, other rows of the same number do not give the same by chance.
    """
    wide = cast(row_id, BigInteger)
    return func.coalesce(func.sum((wide * wide % _PRIME) * wide % _PRIME), 0)


def named(number: int, mixed: int) -> str:
    """The name of a set, from how many rows it has and their `mixed_sum`."""
    return f"{number}:{int(mixed)}"
