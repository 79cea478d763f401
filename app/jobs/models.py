"""Tables of jobs: when each ran and how it ended, and the last tick."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, UtcDateTime


class JobRun(Model):
    """One run of one job. `slot` makes daily runs unique; runs at every tick have none."""

    __tablename__ = "job_runs"
    __table_args__ = (
        Index("uq_job_runs_slot", "job", "slot", unique=True),
        Index("ix_job_runs_latest", "job", "started_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str] = mapped_column(String(40))
    slot: Mapped[str | None] = mapped_column(String(40))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    count: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)


class LastTick(Model):
    """The one row that keeps business days from going backwards (R21)."""

    __tablename__ = "last_tick"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
