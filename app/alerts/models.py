"""Tables of alerts: what stands, its steps, whom each was told to, and what people and host set."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.alerts.rules import AlertState, StepKind, StepState
from app.db import Model, UtcDateTime, enum_column

_STANDS = text("ended_at IS NULL")


class Alert(Model):
    """One alert of a type about a subject; it stands until its condition has gone (`ended_at`).

    `subject_id` is the row of whatever the type watches and `subject` what people call it. At most
    one stands per type and subject, so at most one is open (A0). `cause` tells whether a condition
    that is true again continues it (A10). `facts` are what the type last saw, as JSON values:
    money in minor units, dates as ISO text; `latest` is another text whenever they say something
    else. `resolution` is a code that `words` names.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        CheckConstraint("(state = 'resolved') = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("state <> 'expired' OR expired_at IS NOT NULL", name="expired"),
        Index(
            "uq_alerts_standing",
            "type",
            "subject_id",
            unique=True,
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
        Index("ix_alerts_of_subject", "type", "subject_id", "id"),
        Index(
            "ix_alerts_to_look_at",
            "next_look_on",
            sqlite_where=text("ended_at IS NULL AND next_look_on IS NOT NULL"),
            postgresql_where=text("ended_at IS NULL AND next_look_on IS NOT NULL"),
        ),
        Index("ix_alerts_of_organization", "organization_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(64), unique=True)
    type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    subject: Mapped[str] = mapped_column(String(320))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    cause: Mapped[str] = mapped_column(String(200))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    latest: Mapped[str] = mapped_column(String(200), server_default="")
    state: Mapped[AlertState] = mapped_column(enum_column(AlertState, "alert_state"))
    opened_on: Mapped[date]
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deadline_on: Mapped[date | None]
    # The day on which the next step or the deadline comes; NULL when nothing is left to do.
    next_look_on: Mapped[date | None]
    # Why an expiry that was due did not act (A8), as a code.
    held_because: Mapped[str | None] = mapped_column(String(40))
    # Every address that is told lives on the very domain that expires (A25).
    unreachable: Mapped[bool] = mapped_column(default=False)
    expired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    resolution: Mapped[str | None] = mapped_column(String(40))
    reopenings: Mapped[int] = mapped_column(default=0)


class AlertStep(Model):
    """One step of an alert, written once with the mails that tell it (A0): `opening`, `-7`, `+3`.

    A step that could not be due yet has no row. `due_on` is its day, `at` when it was done, `facts`
    what was told, NULL where nothing was.
    """

    __tablename__ = "alert_steps"
    __table_args__ = (UniqueConstraint("alert_id", "step"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id"))
    step: Mapped[str] = mapped_column(String(40))
    kind: Mapped[StepKind] = mapped_column(enum_column(StepKind, "step_kind"))
    state: Mapped[StepState] = mapped_column(enum_column(StepState, "step_state"))
    due_on: Mapped[date]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class AlertNotice(Model):
    """A step told to one address: once (A12). Several may share one mail, the digest (A13)."""

    __tablename__ = "alert_notices"
    __table_args__ = (UniqueConstraint("step_id", "recipient"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    step_id: Mapped[int] = mapped_column(ForeignKey("alert_steps.id"))
    recipient: Mapped[str] = mapped_column(String(254))
    mail_id: Mapped[int] = mapped_column(ForeignKey("mails.id"), index=True)


class MutedReminder(Model):
    """Somebody wants no optional reminders of a type, by the address they are sent to (A14)."""

    __tablename__ = "muted_reminders"
    __table_args__ = (UniqueConstraint("email", "type"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    type: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class AlertDelays(Model):
    """What the host has set of a type instead of its defaults: days, as in `rules.Delays`."""

    __tablename__ = "alert_delays"

    type: Mapped[str] = mapped_column(String(40), primary_key=True)
    opens: Mapped[int | None]
    reminders: Mapped[list[int]] = mapped_column(JSON)
    expires: Mapped[int | None]
