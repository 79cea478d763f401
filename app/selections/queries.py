"""Reads of selections, and what they mean for the rows of a list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, exists, false, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.selections.models import Selection, SelectionItem
from app.web.listing import Selected


@dataclass(frozen=True)
class Ticks:
    """What is ticked in one list: `items` ids, or all that match these filters but `items`."""

    selection_id: int | None = None
    matching: Mapping[str, str] | None = None
    items: int = 0

    def among(
        self, row_id: InstrumentedAttribute[int], conditions: Sequence[ColumnElement[bool]]
    ) -> ColumnElement[bool]:
        """Whether a row is ticked; `conditions` are those of the filters in `matching`."""
        if self.selection_id is None:
            return false()
        named = exists().where(
            SelectionItem.selection_id == self.selection_id, SelectionItem.item_id == row_id
        )
        return named if self.matching is None else and_(*conditions, ~named)


def ticked(
    columns: Select[*tuple[Any, ...]],
    found: Ticks,
    row_id: InstrumentedAttribute[int],
    *,
    within: tuple[InstrumentedAttribute[int], int],
    conditions: Sequence[ColumnElement[bool]],
) -> Selected:
    """`columns` of a list's ticked rows; `within` is what the list is of, as a column and a value.

    Tables that the columns or the conditions need are joined by the caller.
    """
    owner, of = within
    if found.matching is None:
        # From the few that are named to their rows, never the other way round: a sum has no index.
        return (
            columns.select_from(SelectionItem)
            .join(row_id.class_, row_id == SelectionItem.item_id)
            .where(SelectionItem.selection_id == found.selection_id, owner + 0 == of)
        )
    return columns.select_from(row_id.class_).where(owner == of, found.among(row_id, conditions))


def counted(rows: Selected) -> ScalarSelect[int]:
    """How many rows there are, as a column."""
    return select(func.count()).select_from(rows.subquery()).scalar_subquery()


def ticks(session: Session, sign_in_id: int, scope: str, *, locked: bool = False) -> Ticks:
    """What this browser has ticked in a list, in one statement.

    `locked` keeps others from ticking until the transaction ends.
    """
    counted = (
        select(func.count())
        .select_from(SelectionItem)
        .where(SelectionItem.selection_id == Selection.id)
        .scalar_subquery()
    )
    statement = select(Selection.id, Selection.matching, counted).where(
        Selection.sign_in_id == sign_in_id, Selection.scope == scope
    )
    row = session.execute(
        statement.with_for_update(of=Selection) if locked else statement
    ).one_or_none()
    return Ticks(*row) if row else Ticks()
