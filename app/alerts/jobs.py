"""The job of alerts: finds who has something to do by a few statements, and attends to them."""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.installation import terms
from app.alerts import watching
from app.alerts.context import Context
from app.alerts.delays import delays_of
from app.alerts.service import attend
from app.db import db, reading, transaction
from app.journal.service import Actor
from app.operator_tasks.models import OperatorTask
from app.operator_tasks.service import close_tasks, open_task

log = logging.getLogger(__name__)

# Enough that a commit costs little, few enough that others who write do not wait long.
BATCH = 50
BROKEN = "alerts_broken"


def alerts(now: datetime, run_id: int) -> int:
    """Open, remind, expire and resolve whatever is due at `now`; how many alerts changed."""
    with reading() as session:
        context = Context(now, terms(session), Actor(run_id=run_id), delays_of(session))
        todo = watching.waiting(session, context)
    return sum(_attend(some, context) for some in _batches(todo))


def _attend(organization_ids: Sequence[int], context: Context) -> int:
    """One transaction; if it breaks, one for each organization, so that one stops nobody else."""
    try:
        with transaction() as session:
            changed = attend(session, organization_ids, context)
            for broken in _broken(session, organization_ids):
                close_tasks(session, BROKEN, subject=broken, now=context.now)
            return changed
    except Exception as problem:  # whatever it is, the others must not wait for it
        db.session.rollback()
        if len(organization_ids) > 1:
            return sum(_attend([one], context) for one in organization_ids)
        log.exception("alerts of organization %s failed", organization_ids[0])
        with transaction() as session:
            open_task(session, BROKEN, str(organization_ids[0]), now=context.now,
                      error=f"{type(problem).__name__}: {problem}"[:300])  # fmt: skip
        return 0


def _broken(session: Session, organization_ids: Sequence[int]) -> Sequence[str]:
    return session.scalars(
        select(OperatorTask.subject).where(
            OperatorTask.kind == BROKEN,
            OperatorTask.done_at.is_(None),
            OperatorTask.subject.in_([str(number) for number in organization_ids]),
        )
    ).all()


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))
