"""What operators change by hand; each leaves a row in the journal (threat 20)."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.journal.service import Actor, record
from app.operator_tasks.service import settle


def settle_task(session: Session, task_id: int, *, by: Actor, now: datetime) -> bool:
    """Close a task that an operator has settled; whether it was open."""
    task = settle(session, task_id, now=now)
    if task is None:
        return False
    record(
        session, "task.settled", organization_id=None, subject=task.subject, by=by, now=now,
        kind=task.kind,
    )  # fmt: skip
    return True
