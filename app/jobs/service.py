"""The tick: runs what is due, each job under a claimed row that tells how it went (R12, R21)."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from app.db import db, insert_once, transaction
from app.jobs.models import JobRun, LastTick
from app.jobs.rules import slot_of, went_back
from app.journal.models import JournalRow
from app.operator_tasks.service import close_tasks, open_task

log = logging.getLogger(__name__)

# A day's run that failed, or whose process died, is done again after this: late, not never.
REDO_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Job:
    """One thing that runs by itself: `run(now, run_id)` returns how many things it did.

    Without `daily_at` it runs at every tick; with it, once a business day from that local time.
    """

    name: str
    run: Callable[[datetime, int], int]
    daily_at: time | None = None


@dataclass(frozen=True)
class Schedule:
    """All jobs in the order in which a tick runs them, and the zone of their days."""

    jobs: tuple[Job, ...]
    tz: Callable[[], ZoneInfo]


class ClockWentBack(Exception):
    """The tick refused to run: `now` is before the last tick (R21)."""

    def __init__(self, last: datetime) -> None:
        super().__init__(f"the last tick was at {last.isoformat()}")
        self.last = last


class NoSuchJob(LookupError):
    """No job has that name."""


def schedule() -> Schedule:
    """The schedule that wiring put in place."""
    return cast(Schedule, current_app.extensions["vigie.schedule"])


def tick(now: datetime, only: str | None = None) -> list[int]:
    """Run what is due at `now`, or only the job of that name; the ids of runs that did something.

    Any number of processes may tick at once. Raises ClockWentBack, NoSuchJob.
    """
    plan = schedule()
    if only is not None and only not in {job.name for job in plan.jobs}:
        raise NoSuchJob(only)
    _advance_to(now)
    tz = plan.tz()
    runs = [_run(job, now, tz) for job in plan.jobs if only in (None, job.name)]
    return [run_id for run_id in runs if run_id is not None]


def _advance_to(now: datetime) -> None:
    with transaction() as session:
        insert_once(session, LastTick, id=1, at=now)
        last = session.scalars(select(LastTick.at).where(LastTick.id == 1).with_for_update()).one()
        back = went_back(last, now)
        if back:
            open_task(session, "clock_went_back", "clock", now=now, last_tick=last.isoformat())
        else:
            session.execute(update(LastTick).values(at=max(last, now)))
            close_tasks(session, "clock_went_back", subject="clock", now=now)
    if back:
        raise ClockWentBack(last)


def _run(job: Job, now: datetime, tz: ZoneInfo) -> int | None:
    slot = slot_of(job.daily_at, now, tz) if job.daily_at else None
    if job.daily_at and slot is None:
        return None
    with transaction() as session:
        run_id = insert_once(session, JobRun, job=job.name, slot=slot, started_at=now, count=0)
        if run_id is None:
            run_id = _redone(session, job.name, slot, now)
    if run_id is None:
        return None
    try:
        count, error = job.run(now, run_id), None
    except Exception as problem:  # one job's fault must not stop the others
        log.exception("job %s failed", job.name)
        db.session.rollback()
        count, error = 0, f"{type(problem).__name__}: {problem}"
    with transaction() as session:
        if count == 0 and error is None and slot is None and not _told(session, run_id):
            # Thousands of runs a day find nothing to do; the last tick is remembered anyway.
            session.execute(delete(JobRun).where(JobRun.id == run_id))
            return None
        session.execute(
            update(JobRun).where(JobRun.id == run_id).values(ended_at=now, count=count, error=error)
        )
    return run_id


def _redone(session: Session, job: str, slot: str | None, now: datetime) -> int | None:
    return session.scalar(
        update(JobRun)
        .where(
            JobRun.job == job,
            JobRun.slot == slot,
            JobRun.started_at <= now - REDO_AFTER,
            or_(JobRun.ended_at.is_(None), JobRun.error.is_not(None)),
        )
        .values(started_at=now, ended_at=None, error=None)
        .returning(JobRun.id)
    )


def _told(session: Session, run_id: int) -> bool:
    return session.scalar(select(exists().where(JournalRow.run_id == run_id))) is True


def last_tick() -> datetime | None:
    """When the last tick ran: the scheduler's heartbeat."""
    return db.session.scalar(select(LastTick.at))


def failures(since: datetime) -> list[tuple[str, datetime, str]]:
    """`(job, when, error)` of each job whose latest run failed, and did so after `since`.

    A run that finds nothing to do leaves no row, and so does not end what a failure began.
    """
    latest = select(func.max(JobRun.id)).group_by(JobRun.job)
    rows = db.session.execute(
        select(JobRun.job, JobRun.started_at, JobRun.error).where(
            JobRun.id.in_(latest), JobRun.error.is_not(None), JobRun.started_at > since
        )
    )
    return [(job, at, error or "") for job, at, error in rows]
