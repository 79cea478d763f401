"""Table of the journal: who did what to which object, written with the change."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, UtcDateTime


class JournalRow(Model):
    """One thing that happened, in the words of product.md §5. `run_id` is the job's run, if any."""

    __tablename__ = "journal"
    __table_args__ = (
        Index("ix_journal_of_subject", "subject", "id"),
        Index("ix_journal_of_run", "run_id", "id"),
        Index("ix_journal_of_organization", "organization_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    event: Mapped[str] = mapped_column(String(60))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    subject: Mapped[str] = mapped_column(String(320))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("job_runs.id"))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
