"""The job of alerts: finds who has something to do by a few statements, and attends to them."""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.installation import terms
from app.alerts import watching
from app.alerts.context import Context
from app.alerts.delays import delays_of
from app.alerts.ports import AlertType
from app.alerts.service import attend
from app.alerts.types import types
from app.alerts.types.card_expiry import CardExpiry
from app.billing import card_readings
from app.db import db, reading, transaction
from app.journal.service import Actor
from app.operator_tasks.models import OperatorTask
from app.operator_tasks.service import close_tasks, open_task

log = logging.getLogger(__name__)

# Enough that a commit costs little, few enough that others who write do not wait long.
BATCH = 50
BROKEN = "alerts_broken"
# So long before the warning a card is read at its gateway, which may be down meanwhile (A15).
READ_AHEAD = timedelta(days=3)


def alerts(now: datetime, run_id: int) -> int:
    """Open, remind, expire and resolve whatever is due at `now`; how many alerts changed."""
    with reading() as session:
        context = Context(now, terms(session), Actor(run_id=run_id), delays_of(session))
    found = {kind: _waiting(kind, context) for kind in types().values()}
    kinds = [kind for kind, waiting in found.items() if waiting is not None]
    todo = sorted({one for waiting in found.values() for one in waiting or ()})
    return sum(_attend(some, kinds, context) for some in _batches(todo))


def card_readings_ahead(now: datetime, _run_id: int) -> int:
    """Have cards read at their gateway that would soon be warned of; how many readings are new."""
    with reading() as session:
        today, delays = terms(session).today(now), delays_of(session)[CardExpiry.name]
    return card_readings.ask(today + timedelta(days=delays.opens or 0) + READ_AHEAD, now)


def _waiting(kind: AlertType, context: Context) -> set[int] | None:
    """For whom a type has something to do; None if it breaks, which must not stop the others."""
    try:
        with reading() as session:
            return watching.waiting(session, kind, context)
    except Exception as problem:  # whatever it is, the log and the operator are told
        db.session.rollback()
        log.exception("alerts of type %s failed", kind.name)
        _report(_subject(kind), problem, context)
        return None


def _attend(organization_ids: Sequence[int], kinds: Sequence[AlertType], context: Context) -> int:
    """One transaction; if it breaks, one for each organization, so that one stops nobody else."""
    try:
        with transaction() as session:
            changed = attend(session, organization_ids, kinds, context)
            _mended(
                session,
                [*map(_subject, kinds), *(str(number) for number in organization_ids)],
                context,
            )
            return changed
    except Exception as problem:  # whatever it is, the others must not wait for it
        db.session.rollback()
        if len(organization_ids) > 1:
            return sum(_attend([one], kinds, context) for one in organization_ids)
        log.exception("alerts of organization %s failed", organization_ids[0])
        _report(str(organization_ids[0]), problem, context)
        return 0


def _report(subject: str, problem: Exception, context: Context) -> None:
    with transaction() as session:
        open_task(session, BROKEN, subject, now=context.now,
                  error=f"{type(problem).__name__}: {problem}"[:300])  # fmt: skip


def _mended(session: Session, subjects: Sequence[str], context: Context) -> None:
    """What did not break is in order again, if it was not."""
    broken = session.scalars(
        select(OperatorTask.subject).where(
            OperatorTask.kind == BROKEN,
            OperatorTask.done_at.is_(None),
            OperatorTask.subject.in_(subjects),
        )
    ).all()
    for subject in broken:
        close_tasks(session, BROKEN, subject=subject, now=context.now)


def _subject(kind: AlertType) -> str:
    return f"type {kind.name}"


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))
