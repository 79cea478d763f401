"""What the host has set of each type: days, or the defaults of the specification (A-1 to A-6)."""

from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.accounts.installation import Context
from app.alerts import watching
from app.alerts.models import Alert, AlertDelays
from app.alerts.ports import AlertType
from app.alerts.rules import AlertState, Delays
from app.alerts.types import types
from app.journal.service import record


@dataclass(frozen=True)
class Effect:
    """What other delays would do to alerts of a type, at the next tick.

    `sooner` and `later` count open alerts whose deadline moves; `due` those of them that would
    expire at once, as far as enough was told (A8).
    """

    opening: int
    resolving: int
    sooner: int
    later: int
    due: int


def delays_of(session: Session) -> dict[str, Delays]:
    """The delays of every type by its name."""
    rows = session.execute(
        select(AlertDelays.type, AlertDelays.opens, AlertDelays.reminders, AlertDelays.expires)
    )
    chosen = {row.type: Delays(row.opens, tuple(row.reminders), row.expires) for row in rows}
    return {name: chosen.get(name, kind.defaults) for name, kind in types().items()}


def effect_of(session: Session, name: str, wanted: Delays, context: Context) -> Effect:
    """What `set_delays` would do, changing nothing. Raises ValueError as it does."""
    kind = types()[name]
    kind.check(wanted)
    seen = kind.watch(context.today, context.terms, wanted).subquery("watched")
    deadlines = [
        (alert.deadline_on, kind.deadline(alert.facts, alert.opened_on, wanted))
        for alert in session.scalars(_open(kind))
    ]
    moved = [(old, new) for old, new in deadlines if old and new and old != new]
    return Effect(
        opening=_number(session, watching.unmatched(kind, seen, func.count())),
        resolving=_number(session, watching.orphans(kind, seen, func.count())),
        sooner=sum(new < old for old, new in moved),
        later=sum(new > old for old, new in moved),
        due=sum(new <= context.today for _old, new in moved),
    )


def set_delays(session: Session, name: str, wanted: Delays, context: Context) -> bool:
    """Set a type's delays, also for the alerts open now; whether that changed anything.

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
    for alert in session.scalars(_open(kind).with_for_update()):
        alert.deadline_on = kind.deadline(alert.facts, alert.opened_on, wanted)
        # The next tick finds out what follows from it.
        alert.next_look_on = context.today
    record(
        session, "alert.delays_changed", organization_id=None, subject=name, by=context.by,
        now=context.now, opens=wanted.opens, reminders=list(wanted.reminders),
        expires=wanted.expires,
    )  # fmt: skip
    return True


def _open(kind: AlertType) -> Select[Alert]:
    wanted = Alert.type == kind.name, Alert.state == AlertState.OPEN
    return select(Alert).where(*wanted).order_by(Alert.id)


def _number(session: Session, statement: watching.Found) -> int:
    return int(session.scalars(statement).one())
