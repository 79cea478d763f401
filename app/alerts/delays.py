"""What the host has set of each type: days, or the defaults of the specification (A-1 to A-6)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.models import AlertDelays
from app.alerts.rules import Delays
from app.alerts.types import types
from app.journal.service import Actor, record


def delays_of(session: Session) -> dict[str, Delays]:
    """The delays of every type by its name."""
    rows = session.execute(
        select(AlertDelays.type, AlertDelays.opens, AlertDelays.reminders, AlertDelays.expires)
    )
    chosen = {row.type: Delays(row.opens, tuple(row.reminders), row.expires) for row in rows}
    return {name: chosen.get(name, kind.defaults) for name, kind in types().items()}


def set_delays(session: Session, name: str, wanted: Delays, *, by: Actor, now: datetime) -> bool:
    """Set a type's delays; whether that changed anything.

    Raises ValueError where the type has no such delay, or a legal notice would come too late.
    """
    kind = types()[name]
    kind.check(wanted)
    if delays_of(session)[name] == wanted:
        return False
    session.merge(
        AlertDelays(
            type=name, opens=wanted.opens, reminders=list(wanted.reminders), expires=wanted.expires
        )
    )
    record(
        session, "alert.delays_changed", organization_id=None, subject=name, by=by, now=now,
        opens=wanted.opens, reminders=list(wanted.reminders), expires=wanted.expires,
    )  # fmt: skip
    return True
