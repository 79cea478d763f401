"""Tables of moves, and what the sandbox hosting server holds."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, UtcDateTime, enum_column
from app.moves.rules import MoveState
from app.service_states.rules import ServiceState

# Neither applied nor called off.
IS_OPEN = "moves.state NOT IN ('applied', 'cancelled')"
_OPEN = text("state NOT IN ('applied', 'cancelled')")
_UNDER_WAY = text("state IN ('queued', 'running')")


class Move(Model):
    """A move announced for an account, to be applied by its due date.

    `tries` counts how often it was begun. While it runs it has one of the lanes, of which there are
    as many as may run at a time, and only one runs on an account. `silent_since` says that the
    server's last answer is not known.
    """

    __tablename__ = "moves"
    __table_args__ = (
        CheckConstraint("(state = 'running') = (lane IS NOT NULL)", name="lane"),
        Index("ix_moves_under_way", "state", "id", sqlite_where=_UNDER_WAY,
              postgresql_where=_UNDER_WAY),
        Index("ix_moves_open", "due_on", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("uq_moves_lane", "lane", unique=True),
        Index("uq_moves_running", "account_id", unique=True,
              sqlite_where=text("state = 'running'"), postgresql_where=text("state = 'running'")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text, default="", server_default="")
    changes: Mapped[str] = mapped_column(Text, default="", server_default="")
    due_on: Mapped[date]
    state: Mapped[MoveState] = mapped_column(
        enum_column(MoveState, "state"),
        default=MoveState.SCHEDULED,
        server_default=MoveState.SCHEDULED.value,
    )
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    lane: Mapped[int | None]
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Until when nobody asks the server: being asked, or waiting.
    ask_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    silent_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    percent: Mapped[int | None]
    log: Mapped[str] = mapped_column(Text, default="", server_default="")
    result: Mapped[str] = mapped_column(String(300), default="", server_default="")


class SandboxAccount(Model):
    """A hosting account as the sandbox hosting server was last told of it."""

    __tablename__ = "sandbox_accounts"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[ServiceState] = mapped_column(enum_column(ServiceState, "state"))
    revision: Mapped[int]
    # Titles of the moves that were applied to it, for whoever wants to see that it was once each.
    applied: Mapped[str] = mapped_column(Text, default="", server_default="")


class SandboxMove(Model):
    """One try of a move at the sandbox hosting server."""

    __tablename__ = "sandbox_moves"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200))
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    orders_seen: Mapped[int] = mapped_column(default=1)
