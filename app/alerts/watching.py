"""Compares what types see with the alerts that stand: what is new, what has gone, what is due."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Subquery, and_, exists, literal, select
from sqlalchemy.orm import Session

from app.alerts.context import Context
from app.alerts.models import Alert
from app.alerts.ports import AlertType
from app.alerts.rules import AlertState

# One column of what is found, or a count; which, the caller knows.
Found = Select[Any]

KEYS = ("subject_id", "subject", "organization_id", "cause")


@dataclass(frozen=True)
class Sighting:
    """What a type warns of now; `facts` are JSON values, `latest` as the alert's own."""

    subject_id: int
    subject: str
    organization_id: int
    cause: str
    latest: str
    facts: dict[str, Any]


def waiting(session: Session, kind: AlertType, context: Context) -> set[int]:
    """Organizations for which a type has something to do, by three statements.

    Without DISTINCT, for whose sake an index by organization would be walked through.
    """
    seen = _watched(kind, context)
    due = select(Alert.organization_id).where(
        Alert.ended_at.is_(None),
        Alert.next_look_on <= context.today,
        Alert.type == kind.name,
    )
    return {
        *session.scalars(due),
        *session.scalars(unmatched(kind, seen, seen.c.organization_id, _says(seen))),
        *session.scalars(orphans(kind, seen, Alert.organization_id)),
    }


def unseen(
    session: Session, kind: AlertType, organization_ids: Collection[int], context: Context
) -> list[Sighting]:
    """What the type sees of these organizations for which no alert stands."""
    seen = _watched(kind, context)
    stands = exists().where(
        Alert.type == kind.name, Alert.subject_id == seen.c.subject_id, Alert.ended_at.is_(None)
    )
    rows = session.execute(
        select(seen).where(seen.c.organization_id.in_(organization_ids), ~stands)
    )
    return [_sighting(row) for row in rows]


def seen_again(
    session: Session, kind: AlertType, subject_ids: Collection[int], context: Context
) -> dict[int, Sighting]:
    """What the type sees of these subjects now, by their ids."""
    seen = _watched(kind, context)
    rows = session.execute(select(seen).where(seen.c.subject_id.in_(subject_ids)))
    return {row.subject_id: _sighting(row) for row in rows}


def outdated(
    session: Session, kind: AlertType, organization_ids: Collection[int], context: Context
) -> list[Alert]:
    """Alerts of these organizations that say something that is no longer so."""
    seen = _watched(kind, context)
    return list(
        session.scalars(
            select(Alert)
            .join(seen, _same(kind, seen))
            .where(
                Alert.type == kind.name,
                Alert.organization_id.in_(organization_ids),
                Alert.ended_at.is_(None),
                ~_says(seen),
            )
        )
    )


def gone(
    session: Session, kind: AlertType, organization_ids: Collection[int], context: Context
) -> list[Alert]:
    """Alerts of these organizations that stand though the type no longer sees their matter."""
    found = orphans(kind, _watched(kind, context), Alert)
    return list(session.scalars(found.where(Alert.organization_id.in_(organization_ids))))


def due(
    session: Session, kind: AlertType, organization_ids: Collection[int], context: Context
) -> list[Alert]:
    """Alerts of these organizations that have something to do today."""
    return list(
        session.scalars(
            select(Alert)
            .where(
                Alert.type == kind.name,
                Alert.organization_id.in_(organization_ids),
                Alert.ended_at.is_(None),
                Alert.next_look_on <= context.today,
            )
            .order_by(Alert.id)
        )
    )


def expiring(
    session: Session, kind: AlertType, organization_ids: Collection[int], context: Context
) -> list[int]:
    """Subjects of open alerts of these organizations whose deadline has come."""
    return list(
        session.scalars(
            select(Alert.subject_id)
            .where(
                Alert.type == kind.name,
                Alert.organization_id.in_(organization_ids),
                Alert.state == AlertState.OPEN,
                Alert.deadline_on <= context.today,
            )
            .order_by(Alert.subject_id)
        )
    )


def _watched(kind: AlertType, context: Context) -> Subquery:
    return kind.watch(context.today, context.terms, context.delays[kind.name]).subquery("watched")


def _same(kind: AlertType, seen: Subquery) -> ColumnElement[bool]:
    """Whether a row of the table is about the matter that a row of the type sees."""
    same = and_(
        Alert.subject_id == seen.c.subject_id, Alert.organization_id == seen.c.organization_id
    )
    return and_(same, Alert.cause == seen.c.cause) if kind.cause_is_identity else same


def _says(seen: Subquery) -> ColumnElement[bool]:
    """Whether a row of the table says what is so."""
    return Alert.latest == (seen.c.latest if "latest" in seen.c else literal(""))


def unmatched(kind: AlertType, seen: Subquery, what: Any, *also: ColumnElement[bool]) -> Found:
    """Something of each matter that the type sees and for which no alert, `also` so, stands."""
    stands = exists().where(
        Alert.type == kind.name, Alert.ended_at.is_(None), _same(kind, seen), *also
    )
    return select(what).select_from(seen).where(~stands)


def orphans(kind: AlertType, seen: Subquery, what: Any) -> Found:
    """Something of each alert that stands though the type does not see its matter."""
    stands = select(seen.c.subject_id).where(_same(kind, seen)).correlate(Alert).exists()
    return (
        select(what)
        .select_from(Alert)
        .where(Alert.type == kind.name, Alert.ended_at.is_(None), ~stands)
    )


def _sighting(row: Row[*tuple[Any, ...]]) -> Sighting:
    values = row._asdict()
    keys = {key: values.pop(key) for key in KEYS}
    latest = values.pop("latest", "")
    return Sighting(
        **keys, latest=latest, facts={name: _json(value) for name, value in values.items()}
    )


def _json(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date | datetime) else value
