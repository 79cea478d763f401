"""Opens and closes the operator's tasks; opening twice is harmless."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import insert_once
from app.operator_tasks.models import OperatorTask


def open_task(
    session: Session, kind: str, subject: str, *, now: datetime, **detail: object
) -> bool:
    """Open a task unless the same one is open; whether it is new."""
    return (
        insert_once(session, OperatorTask, kind=kind, subject=subject, detail=detail, opened_at=now)
        is not None
    )


def close_tasks(session: Session, *kinds: str, subject: str, now: datetime) -> None:
    """Close the open tasks of those kinds about a subject, if there are any."""
    session.execute(
        update(OperatorTask)
        .where(
            OperatorTask.kind.in_(kinds),
            OperatorTask.subject == subject,
            OperatorTask.done_at.is_(None),
        )
        .values(done_at=now)
    )


@dataclass(frozen=True)
class Settled:
    """A task that was closed by hand."""

    kind: str
    subject: str


def settle(session: Session, task_id: int, *, now: datetime) -> Settled | None:
    """Close a task; None where nothing of that id is open, as for the second of two clicks."""
    row = session.execute(
        update(OperatorTask)
        .where(OperatorTask.id == task_id, OperatorTask.done_at.is_(None))
        .values(done_at=now)
        .returning(OperatorTask.kind, OperatorTask.subject)
    ).first()
    return Settled(*row) if row else None


def open_tasks(session: Session) -> list[OperatorTask]:
    """All open tasks, the oldest first."""
    return list(
        session.scalars(
            select(OperatorTask).where(OperatorTask.done_at.is_(None)).order_by(OperatorTask.id)
        )
    )


def is_open(session: Session, kind: str, subject: str) -> bool:
    """Whether there is an open task of that kind about a subject."""
    found = select(OperatorTask.id).where(
        OperatorTask.kind == kind, OperatorTask.subject == subject, OperatorTask.done_at.is_(None)
    )
    return session.scalar(found) is not None
