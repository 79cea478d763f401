"""The tick: what is due, once, late rather than never, and never backwards (R12, R21)."""

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from app.db import db, reading, transaction
from app.jobs.clock import SandboxClock
from app.jobs.models import JobRun, LastTick
from app.jobs.rules import CLOCK_TOLERANCE, slot_of, went_back
from app.jobs.service import (
    REDO_AFTER,
    ClockWentBack,
    Job,
    NoSuchJob,
    Schedule,
    last_tick,
    tick,
)
from app.journal.service import Actor, record
from app.operator_tasks.service import open_tasks
from tests.fate import Killed

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


@pytest.fixture
def jobs(app, monkeypatch) -> Callable[..., None]:
    """Puts jobs in place of the real ones."""

    def put(*planned: Job) -> None:
        schedule = Schedule(planned, lambda: PARIS)
        monkeypatch.setitem(app.extensions, "vigie.schedule", schedule)

    return put


def job(name: str, ran: list[str], *, count: int = 1, at: time | None = None) -> Job:
    def run(_now: datetime, _run_id: int) -> int:
        ran.append(name)
        return count

    return Job(name, run, at)


def failing(name: str, fault: BaseException, at: time | None = None) -> Job:
    def run(_now: datetime, _run_id: int) -> int:
        raise fault

    return Job(name, run, at)


def runs() -> list[JobRun]:
    with reading() as session:
        return list(session.scalars(select(JobRun).order_by(JobRun.id)))


# Rules


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2027-03-01T00:00:00", None),
        ("2027-03-01T04:29:59", None),
        ("2027-03-01T04:30:00", "2027-03-01"),
        ("2027-03-01T23:59:59", "2027-03-01"),
        ("2027-03-02T00:00:00", None),
        # Summer time begins and ends.
        ("2027-03-28T04:30:00", "2027-03-28"),
        ("2027-10-31T04:29:00", None),
        ("2027-10-31T04:30:00", "2027-10-31"),
    ],
)
def test_a_daily_slot_begins_at_its_hour_and_ends_with_the_day(now, slot):
    assert slot_of(time(4, 30), local(now), PARIS) == slot


def test_a_slot_whose_hour_the_clocks_skip_is_not_skipped():
    assert slot_of(time(2, 30), local("2027-03-28T03:30:00"), PARIS) == "2027-03-28"


@pytest.mark.parametrize(
    ("last", "went"),
    [
        (None, False),
        (NOW - HOUR, False),
        (NOW, False),
        (NOW + CLOCK_TOLERANCE, False),
        (NOW + CLOCK_TOLERANCE + timedelta(seconds=1), True),
    ],
)
def test_five_minutes_backwards_are_borne_and_more_is_not(last, went):
    assert timedelta(minutes=5) == CLOCK_TOLERANCE
    assert went_back(last, NOW) is went


# Turns


def test_jobs_run_in_their_order_at_every_tick(db_context, jobs):
    ran: list[str] = []
    jobs(job("b", ran), job("a", ran))
    tick(NOW)
    tick(NOW)
    assert ran == ["b", "a", "b", "a"]


def test_a_daily_job_runs_once_a_day(db_context, jobs):
    ran: list[str] = []
    jobs(job("daily", ran, at=time(4, 30)))
    for hour in range(72):
        tick(local("2027-03-01T00:15:00") + hour * HOUR)
    assert len(ran) == 3
    assert [run.slot for run in runs()] == ["2027-03-01", "2027-03-02", "2027-03-03"]


def test_a_daily_job_runs_late_rather_than_never(db_context, jobs):
    ran: list[str] = []
    jobs(job("daily", ran, at=time(4, 30)))
    tick(local("2027-03-01T23:58:00"))
    assert ran == ["daily"]


def test_a_daily_job_that_found_nothing_has_run_all_the_same(db_context, jobs):
    ran: list[str] = []
    jobs(job("daily", ran, count=0, at=time(4, 30)))
    tick(NOW)
    tick(NOW)
    assert ran == ["daily"]
    assert [(run.slot, run.count) for run in runs()] == [("2027-03-01", 0)]


def test_only_one_job_can_be_asked_for(db_context, jobs):
    ran: list[str] = []
    jobs(job("a", ran), job("b", ran))
    tick(NOW, only="b")
    assert ran == ["b"]
    with pytest.raises(NoSuchJob):
        tick(NOW + HOUR, only="c")
    assert last_tick() == NOW


def test_runs_tell_when_they_were_and_what_they_did(db_context, jobs):
    jobs(job("a", [], count=3))
    (run_id,) = tick(NOW)
    (run,) = runs()
    assert (run.id, run.job, run.slot, run.count, run.error) == (run_id, "a", None, 3, None)
    assert (run.started_at, run.ended_at) == (NOW, NOW)


def test_idle_runs_leave_no_row(db_context, jobs):
    jobs(job("idle", [], count=0))
    assert tick(NOW) == []
    assert runs() == []


def test_an_idle_run_that_told_something_stays(db_context, jobs):
    def run(now: datetime, run_id: int) -> int:
        with transaction() as session:
            record(
                session, "test", organization_id=None, subject="x", by=Actor(run_id=run_id), now=now
            )
        return 0

    jobs(Job("talks", run))
    assert tick(NOW) == [run.id for run in runs()] != []


# Faults


def test_a_failing_job_is_recorded_and_stops_no_other(db_context, jobs, caplog):
    ran: list[str] = []
    jobs(job("first", ran), failing("bad", ValueError("boom")), job("last", ran))
    with caplog.at_level(logging.ERROR):
        tick(NOW)
    assert ran == ["first", "last"]
    assert [(run.job, run.error) for run in runs()] == [
        ("first", None), ("bad", "ValueError: boom"), ("last", None),
    ]  # fmt: skip
    assert runs()[1].ended_at == NOW
    assert "job bad failed" in caplog.text


def test_a_job_that_fails_inside_its_transaction_leaves_nothing_of_it(db_context, jobs):
    def run(now: datetime, run_id: int) -> int:
        with transaction() as session:
            session.add(JobRun(job="half", started_at=now))
            session.flush()
            raise ValueError("boom")

    jobs(Job("bad", run))
    tick(NOW)
    assert [run.job for run in runs()] == ["bad"]


@pytest.mark.parametrize("fault", [ValueError("boom"), Killed()])
def test_a_daily_job_that_failed_or_died_is_done_again_the_same_day(db_context, jobs, fault):
    ran: list[str] = []
    jobs(failing("daily", fault, at=time(4, 30)))
    try:
        tick(NOW)
    except Killed:
        db.session.remove()
    jobs(job("daily", ran, at=time(4, 30)))
    tick(NOW + REDO_AFTER - timedelta(minutes=1))
    assert ran == []
    tick(NOW + REDO_AFTER)
    tick(NOW + 3 * REDO_AFTER)
    assert ran == ["daily"]
    assert [(run.slot, run.error, run.count) for run in runs()] == [("2027-03-01", None, 1)]


# The clock


def test_w13_a_tick_before_the_last_one_is_refused_and_told_to_the_host_once(db_context, jobs):
    ran: list[str] = []
    jobs(job("a", ran))
    tick(NOW)
    for _ in range(2):
        with pytest.raises(ClockWentBack) as refused:
            tick(NOW - HOUR)
    assert refused.value.last == NOW
    assert ran == ["a"]
    assert [task.kind for task in open_tasks(db.session())] == ["clock_went_back"]
    assert last_tick() == NOW
    tick(NOW + HOUR)
    assert open_tasks(db.session()) == []


def test_a_little_backwards_ticks_and_does_not_move_the_last_tick_back(db_context, jobs):
    ran: list[str] = []
    jobs(job("a", ran))
    tick(NOW)
    tick(NOW - CLOCK_TOLERANCE)
    assert len(ran) == 2
    assert last_tick() == NOW
    with pytest.raises(ClockWentBack):
        tick(NOW - CLOCK_TOLERANCE - timedelta(seconds=1))


def test_there_is_one_last_tick(db_context, jobs):
    jobs()
    for hour in range(3):
        tick(NOW + hour * HOUR)
    assert db.session.scalar(select(func.count()).select_from(LastTick)) == 1


def test_a_sandbox_is_never_behind_its_last_tick(db_context, jobs):
    jobs()
    real = SandboxClock().now()
    assert abs(real - datetime.now(UTC)) < timedelta(minutes=1)
    ahead = datetime.combine(date(2099, 1, 1), time(12), UTC)
    tick(ahead)
    assert SandboxClock().now() == ahead


def test_a_sandbox_goes_on_from_a_last_tick_in_the_past(db_context, jobs):
    jobs()
    tick(datetime(2020, 1, 1, tzinfo=UTC))
    assert abs(SandboxClock().now() - datetime.now(UTC)) < timedelta(minutes=1)
