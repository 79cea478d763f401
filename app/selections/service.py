"""Ticks and unticks rows of a list, inside the caller's transaction."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.db import insert_once
from app.selections.forms import Sent, Wanted
from app.selections.models import Selection, SelectionItem


def keep(
    session: Session,
    sign_in_id: int,
    scope: str,
    sent: Sent,
    *,
    filters: Mapping[str, str],
    now: datetime,
) -> None:
    """Do what the form below a list asks for; `filters` are those of the page it stood on."""
    if sent.wanted is Wanted.CLEAR:
        clear(session, sign_in_id, scope)
    elif sent.wanted is Wanted.MATCHING:
        tick_matching(session, sign_in_id, scope, filters, now=now)
    else:
        tick(session, sign_in_id, scope, on=sent.on, off=sent.off, now=now)


def tick(
    session: Session,
    sign_in_id: int,
    scope: str,
    *,
    on: Collection[int] = (),
    off: Collection[int] = (),
    now: datetime,
) -> None:
    """Tick some rows and untick others; the rest stays as it is. Repeating it is harmless."""
    if not on and not off:
        return
    selection = _locked(session, sign_in_id, scope, now)
    # Where all that match are ticked, the items are those left out.
    added, dropped = (off, on) if selection.matching is not None else (on, off)
    _drop(session, selection.id, dropped)
    _add(session, selection.id, added)


def tick_matching(
    session: Session, sign_in_id: int, scope: str, filters: Mapping[str, str], *, now: datetime
) -> None:
    """Tick every row that these filters find, now and later."""
    selection = _locked(session, sign_in_id, scope, now)
    selection.matching = dict(filters)
    session.execute(delete(SelectionItem).where(SelectionItem.selection_id == selection.id))


def clear(session: Session, sign_in_id: int, scope: str) -> None:
    """Untick everything."""
    session.execute(
        delete(Selection).where(Selection.sign_in_id == sign_in_id, Selection.scope == scope)
    )


def _locked(session: Session, sign_in_id: int, scope: str, now: datetime) -> Selection:
    insert_once(session, Selection, sign_in_id=sign_in_id, scope=scope, changed_at=now)
    selection = session.scalars(
        select(Selection)
        .where(Selection.sign_in_id == sign_in_id, Selection.scope == scope)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    selection.changed_at = now
    return selection


def _add(session: Session, selection_id: int, items: Collection[int]) -> None:
    if not items:
        return
    table = cast(Table, SelectionItem.__table__)
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(
        dialect.insert(table).on_conflict_do_nothing(),
        [{"selection_id": selection_id, "item_id": item} for item in items],
    )


def _drop(session: Session, selection_id: int, items: Collection[int]) -> None:
    if items:
        session.execute(
            delete(SelectionItem).where(
                SelectionItem.selection_id == selection_id, SelectionItem.item_id.in_(items)
            )
        )
