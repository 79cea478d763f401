"""Writes the journal, in the transaction of the change it tells of."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.journal.models import JournalRow


@dataclass(frozen=True)
class Actor:
    """Who acts: a person, or a run of a job, or (neither) the host at the command line."""

    user_id: int | None = None
    run_id: int | None = None


HOST = Actor()


def record(
    session: Session,
    event: str,
    *,
    organization_id: int | None,
    subject: str,
    by: Actor,
    now: datetime,
    **detail: object,
) -> None:
    """Add one row; `detail` must be JSON values, dates as ISO text, money in minor units."""
    session.add(
        JournalRow(
            at=now,
            event=event,
            organization_id=organization_id,
            subject=subject,
            user_id=by.user_id,
            run_id=by.run_id,
            detail=detail,
        )
    )
