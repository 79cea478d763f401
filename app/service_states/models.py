"""Columns of whatever has a state on a server outside."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import UtcDateTime, enum_column
from app.service_states.rules import ServiceState

_DIFFERS = text("applied_revision <> desired_revision")


class Served:
    """Its wanted state, and the one that the server has confirmed.

    Whoever changes anything that the server must know adds one to `desired_revision`; a row whose
    `applied_revision` is another is told to the server by a job. New rows are, too.
    """

    desired_state: Mapped[ServiceState] = mapped_column(
        enum_column(ServiceState, "desired_state"),
        default=ServiceState.ACTIVE,
        server_default=ServiceState.ACTIVE.value,
    )
    desired_revision: Mapped[int] = mapped_column(default=1, server_default="1")
    applied_state: Mapped[ServiceState | None] = mapped_column(
        enum_column(ServiceState, "applied_state")
    )
    applied_revision: Mapped[int] = mapped_column(default=0, server_default="0")
    # Tries since the server last confirmed, and until when nobody tries: claimed, or waiting.
    state_tries: Mapped[int] = mapped_column(default=0, server_default="0")
    state_retry_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def index_of_differences(table: str) -> Index:
    """The index by which the job finds what the server has to be told."""
    return Index(f"ix_{table}_to_tell", "id", sqlite_where=_DIFFERS, postgresql_where=_DIFFERS)
