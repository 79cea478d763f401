"""A short name for a set of rows, made by the database: what is confirmed is what was shown."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, SQLColumnExpression, cast, func

# The largest prime whose square leaves room in 64 bits.
_PRIME = 2_147_483_647
# Longer than any name of a set: more digits are nobody's, and no number that Python reads.
LONGEST = 60


def mixed_sum(row_id: SQLColumnExpression[int]) -> ColumnElement[Any]:
    """The sum of the ids' cubes modulo a prime, 0 for no rows.

    Unlike the sum of the ids alone, other rows of the same number do not give the same by chance.
    """
    wide = cast(row_id, BigInteger)
    return func.coalesce(func.sum((wide * wide % _PRIME) * wide % _PRIME), 0)


def _mixed(row_id: int) -> int:
    return (row_id * row_id % _PRIME) * row_id % _PRIME


def changed_to(name: str, *, added: Iterable[int], removed: Iterable[int]) -> str:
    """The name of a set once these ids have joined and left it; as it was if it is no name.

    So what was seen and what was then ticked on the page itself can be confirmed together.
    """
    number, _colon, mixed = name.partition(":")
    if not (number.isdecimal() and mixed.isdecimal() and len(name) <= LONGEST):
        return name
    on, off = list(added), list(removed)
    total = int(mixed) + sum(map(_mixed, on)) - sum(map(_mixed, off))
    return named(int(number) + len(on) - len(off), total)


def named(number: int, mixed: int) -> str:
    """The name of a set, from how many rows it has and their `mixed_sum`."""
    return f"{number}:{int(mixed)}"
