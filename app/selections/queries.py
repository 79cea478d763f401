"""Reads of selections, and what they mean for the rows of a list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, false, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.selections.models import Selection, SelectionItem


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
