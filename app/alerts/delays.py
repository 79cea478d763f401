"""What the host has set of each type: days, or the defaults of the specification (A-1 to A-6)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from app.accounts.installation import Context
from app.alerts import watching
from app.alerts.models import Alert, AlertDelays, AlertStep
from app.alerts.ports import AlertType
from app.alerts.recipients import addresses_of
from app.alerts.rules import AlertState, Delays, Life, StepState, turns
from app.alerts.types import types
from app.journal.service import record

# Organizations whose people are counted by one statement.
AT_A_TIME = 1000


@dataclass(frozen=True)
class Effect:
    """What other delays would do to alerts of a type, at the next tick.

    `sooner` and `later` count open alerts whose deadline moves; `due` those of them that would
    expire at once, as far as enough was told (A8). `told` counts the people who would get a mail
    of what opens and of reminders that become due, at most.
    """

    opening: int
    resolving: int
    sooner: int
    later: int
    due: int
    told: int


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
    opening = session.scalars(watching.unmatched(kind, seen, seen.c.organization_id)).all()
    resolving = set(session.scalars(watching.orphans(kind, seen, Alert.id)))
    alerts = session.scalars(_open(kind)).all()
    deadlines = {alert: kind.deadline(alert.facts, alert.opened_on, wanted) for alert in alerts}
    moved = [
        (alert.deadline_on, new)
        for alert, new in deadlines.items()
        if alert.deadline_on and new and alert.deadline_on != new
    ]
    go_on = [
        alert
        for alert, new in deadlines.items()
        if alert.id not in resolving and not (new and new <= context.today)
    ]
    return Effect(
        opening=len(opening),
        resolving=len(resolving),
        sooner=sum(new < old for old, new in moved),
        later=sum(new > old for old, new in moved),
        due=sum(new <= context.today for _old, new in moved),
        told=_people(
            session, kind, set(opening), _reminding(session, kind, go_on, wanted, context)
        ),
    )


def _reminding(
    session: Session, kind: AlertType, alerts: Sequence[Alert], wanted: Delays, context: Context
) -> set[int]:
    """Organizations with an alert of which a reminder would be due at once."""
    done = defaultdict[int, set[str]](set)
    for alert_id, step in session.execute(
        select(AlertStep.alert_id, AlertStep.step)
        .join(Alert, Alert.id == AlertStep.alert_id)
        .where(*_is_open(kind))
    ):
        done[alert_id].add(step)

    def would_remind(alert: Alert) -> bool:
        steps = kind.steps(alert.facts, alert.opened_on, wanted)
        life = Life(alert.state, alert.opened_on, alert.deadline_on, steps, done[alert.id])
        return any(turn.state is StepState.SENT for turn in turns(life, context.today))

    return {alert.organization_id for alert in alerts if would_remind(alert)}


def _people(session: Session, kind: AlertType, opening: set[int], reminding: set[int]) -> int:
    """How many addresses would be written to; the opening goes to all, reminders to who wants."""
    told, ids = set[str](), sorted(opening | reminding)
    for some in (ids[at : at + AT_A_TIME] for at in range(0, len(ids), AT_A_TIME)):
        addresses = addresses_of(session, some)
        for one in some:
            chosen = addresses.told if one in opening else addresses.wanting
            told |= {recipient.email for recipient in chosen(kind, one)}
    return len(told)


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
    return select(Alert).where(*_is_open(kind)).order_by(Alert.id)


def _is_open(kind: AlertType) -> tuple[ColumnElement[bool], ...]:
    return Alert.type == kind.name, Alert.state == AlertState.OPEN
