"""What becomes of alerts: opened, reminded, expired, resolved, reopened (A0, A8-A11)."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.accounts.models import Organization
from app.alerts import notices, watching
from app.alerts.context import Context
from app.alerts.models import Alert, AlertNotice, AlertStep
from app.alerts.notices import Telling
from app.alerts.ports import AlertType
from app.alerts.rules import (
    EXPIRY,
    OPENING,
    REOPENS_WITHIN,
    AlertState,
    Hold,
    Life,
    Past,
    Step,
    StepKind,
    StepState,
    Told,
    Turn,
    expiry_is_due,
    held_back,
    next_look_on,
    passed_over,
    reopens,
    turns,
)
from app.alerts.watching import Sighting
from app.journal.service import record
from app.lib.ids import public_id
from app.operator_tasks.service import close_tasks, open_task
from app.outbox.models import Mail
from app.outbox.rules import MailState


def attend(
    session: Session,
    organization_ids: Collection[int],
    kinds: Collection[AlertType],
    context: Context,
) -> int:
    """Bring the alerts of these types of some organizations up to date; how many changed.

    Everything is asked again here, under lock: who else attends to them waits, and then finds
    nothing left to do. Steps, mails and what an expiry does are one transaction.
    """
    _lock(session, organization_ids)
    changed, tellings = 0, list[Telling]()
    for kind in kinds:
        kind.lock(session, watching.expiring(session, kind, organization_ids, context))
        changed += _resolve(session, kind, organization_ids, context)
        _follow(session, kind, organization_ids, context)
        opened, first = _open(session, kind, organization_ids, context)
        moved, further = _go_on(session, kind, organization_ids, context)
        changed += opened + moved
        tellings += first + further
    notices.send(session, tellings, context)
    session.flush()
    _count(session, organization_ids)
    return changed


def _lock(session: Session, organization_ids: Collection[int]) -> None:
    session.execute(
        select(Organization.id)
        .where(Organization.id.in_(organization_ids))
        .order_by(Organization.id)
        .with_for_update(key_share=True)
    )


def _count(session: Session, organization_ids: Collection[int]) -> None:
    """Keep what the navigation shows: what stands, also after its deadline."""
    is_open = (
        select(func.count())
        .where(Alert.organization_id == Organization.id, Alert.ended_at.is_(None))
        .correlate(Organization)
        .scalar_subquery()
    )
    session.execute(
        update(Organization)
        .where(Organization.id.in_(organization_ids), Organization.open_alerts != is_open)
        .values(open_alerts=is_open),
        execution_options={"synchronize_session": False},
    )


def _resolve(
    session: Session, kind: AlertType, organization_ids: Collection[int], context: Context
) -> int:
    gone = watching.gone(session, kind, organization_ids, context)
    if not gone:
        return 0
    why = kind.resolutions(session, [alert.subject_id for alert in gone])
    for alert in gone:
        if alert.state is AlertState.EXPIRED:
            kind.lift(session, alert, by=context.by, now=context.now)
        alert.state, alert.ended_at = AlertState.RESOLVED, context.now
        alert.resolution = why.get(alert.subject_id, "gone")
        alert.next_look_on = alert.held_because = None
        close_tasks(session, *TASKS, subject=_task_subject(alert), now=context.now)
        _note(session, "alert.resolved", alert, context, reason=alert.resolution)
    session.flush()
    return len(gone)


def _follow(
    session: Session, kind: AlertType, organization_ids: Collection[int], context: Context
) -> None:
    """Have alerts say what is so now: pages must not ask for an amount that was paid in part."""
    alerts = watching.outdated(session, kind, organization_ids, context)
    if alerts:
        seen = watching.seen_again(session, kind, [one.subject_id for one in alerts], context)
        for alert in [one for one in alerts if one.subject_id in seen]:
            _note_facts(alert, seen[alert.subject_id])
        session.flush()


def _note_facts(alert: Alert, seen: Sighting) -> None:
    alert.facts, alert.latest = seen.facts, seen.latest


def _open(
    session: Session, kind: AlertType, organization_ids: Collection[int], context: Context
) -> tuple[int, list[Telling]]:
    sightings = watching.unseen(session, kind, organization_ids, context)
    if not sightings:
        return 0, []
    past = _latest_past(session, kind, sightings, context)
    tellings = []
    for one in sightings:
        former = past.get((one.subject_id, one.organization_id))
        if former is not None and reopens(
            _as_past(former, context), one.cause, context.today,
            cause_is_identity=kind.cause_is_identity,
        ):  # fmt: skip
            _reopen(session, former, one, context)
        else:
            alert = _opened(session, kind, one, context)
            step = Step(OPENING, context.today, StepKind.OPENING, optional=False)
            tellings.append(Telling(alert, kind, step))
    session.flush()
    return len(sightings), tellings


def _latest_past(
    session: Session, kind: AlertType, sightings: Sequence[Sighting], context: Context
) -> dict[tuple[int, int], Alert]:
    """The latest alert that ended lately, of each subject and organization."""
    rows = session.scalars(
        select(Alert)
        .where(
            Alert.type == kind.name,
            Alert.subject_id.in_([one.subject_id for one in sightings]),
            # A day more than the rule's, whose days are civil ones.
            Alert.ended_at >= context.now - REOPENS_WITHIN * 2,
        )
        .order_by(Alert.ended_at, Alert.id)
    )
    return {(alert.subject_id, alert.organization_id): alert for alert in rows}


def _as_past(alert: Alert, context: Context) -> Past:
    ended_at = alert.ended_at or context.now
    return Past(alert.cause, context.terms.today(ended_at))


def _reopen(session: Session, alert: Alert, seen: Sighting, context: Context) -> None:
    """Clock and deadline stay as they were, and the opening is not told again (A10)."""
    alert.state, alert.ended_at, alert.resolution = AlertState.OPEN, None, None
    alert.reopenings += 1
    alert.cause = seen.cause
    _note_facts(alert, seen)
    alert.next_look_on = context.today
    _note(session, "alert.opened", alert, context, reopened=True)


def _opened(session: Session, kind: AlertType, seen: Sighting, context: Context) -> Alert:
    delays = context.delays[kind.name]
    alert = Alert(
        public_id=public_id(),
        type=kind.name,
        subject_id=seen.subject_id,
        subject=seen.subject,
        organization_id=seen.organization_id,
        cause=seen.cause,
        facts=seen.facts,
        latest=seen.latest,
        state=AlertState.OPEN,
        opened_on=context.today,
        opened_at=context.now,
        deadline_on=kind.deadline(seen.facts, context.today, delays),
        # What else is due on this day is looked at in the same transaction.
        next_look_on=context.today,
        unreachable=False,
        reopenings=0,
    )
    session.add(alert)
    _note(session, "alert.opened", alert, context)
    return alert


def _go_on(
    session: Session, kind: AlertType, organization_ids: Collection[int], context: Context
) -> tuple[int, list[Telling]]:
    due = watching.due(session, kind, organization_ids, context)
    if not due:
        return 0, []
    seen = watching.seen_again(session, kind, [alert.subject_id for alert in due], context)
    done = _done(session, due)
    told = _told(session, due)
    changed, tellings = 0, list[Telling]()
    # What vanished between two statements is resolved at the next tick.
    for alert in [alert for alert in due if alert.subject_id in seen]:
        _note_facts(alert, seen[alert.subject_id])
        steps = kind.steps(alert.facts, alert.opened_on, context.delays[kind.name])
        life = Life(alert.state, alert.opened_on, alert.deadline_on, steps, done[alert.id])
        happened = _advance(session, _Now(kind, alert, life, told[alert.id]), context)
        changed += bool(happened)
        tellings += happened
    return changed, tellings


@dataclass(frozen=True)
class _Now:
    """An alert that has something to do today, and all that decides what."""

    kind: AlertType
    alert: Alert
    life: Life
    told: Told


def _advance(session: Session, one: _Now, context: Context) -> list[Telling]:
    """Let one alert expire or have its steps; what is to be told of it."""
    kind, alert, life = one.kind, one.alert, one.life
    tellings = []
    passed: list[Turn] = []
    if expiry_is_due(life, context.today):
        hold = held_back(kind.guard, one.told, context.now)
        alert.held_because = hold
        if hold is None:
            passed = passed_over(life)
            tellings += _expire(session, kind, alert, context)
            life = replace(life, state=AlertState.EXPIRED)
        else:
            _held(session, alert, hold, context)
    over = {turn.step.name for turn in passed}
    later = [turn for turn in turns(life, context.today) if turn.step.name not in over]
    for turn in passed + later:
        if turn.state is StepState.SENT:
            tellings.append(Telling(alert, kind, turn.step))
        else:
            _untold(session, alert, turn, context)
    finished = {turn.step.name for turn in passed + later}
    life = replace(life, done={*life.done, *finished})
    alert.next_look_on = next_look_on(life, context.today)
    return tellings


def _expire(session: Session, kind: AlertType, alert: Alert, context: Context) -> list[Telling]:
    """Do what an expiry does, and tell it where that is the type's way."""
    kind.expire(session, alert, by=context.by, now=context.now)
    alert.state, alert.expired_at = AlertState.EXPIRED, context.now
    close_tasks(session, *TASKS, subject=_task_subject(alert), now=context.now)
    _note(session, "alert.expired", alert, context)
    name = f"{EXPIRY}:{alert.reopenings}" if alert.reopenings else EXPIRY
    step = Step(name, alert.deadline_on or context.today, StepKind.EXPIRY, optional=False)
    if kind.tells_expiry:
        return [Telling(alert, kind, step)]
    _untold(session, alert, Turn(step, StepState.SKIPPED), context)
    return []


NOT_TOLD = "alert_not_told"
MISSED = "notice_missed"
TASKS = (NOT_TOLD, "alert_without_address")


def _held(session: Session, alert: Alert, hold: Hold, context: Context) -> None:
    """Nobody is known to have been told: that is the operator's to settle (A8)."""
    # On its first day an alert that opened late had no time to tell anybody.
    if hold is not Hold.TOO_SOON and alert.opened_on < context.today:
        open_task(session, NOT_TOLD, _task_subject(alert), now=context.now, why=hold.value)


def _untold(session: Session, alert: Alert, turn: Turn, context: Context) -> None:
    session.add(
        AlertStep(
            alert_id=alert.id, step=turn.step.name, kind=turn.step.kind, state=turn.state,
            due_on=turn.step.on, at=context.now,
        )
    )  # fmt: skip
    if turn.state is StepState.MISSED:
        open_task(
            session, MISSED, _task_subject(alert), now=context.now, step=turn.step.name,
            due_on=turn.step.on.isoformat(),
        )  # fmt: skip


def _done(session: Session, alerts: Sequence[Alert]) -> defaultdict[int, set[str]]:
    """Names of the steps that each alert has behind it."""
    done: defaultdict[int, set[str]] = defaultdict(set)
    rows = session.execute(
        select(AlertStep.alert_id, AlertStep.step).where(
            AlertStep.alert_id.in_([alert.id for alert in alerts])
        )
    )
    for alert_id, step in rows:
        done[alert_id].add(step)
    return done


def _told(session: Session, alerts: Sequence[Alert]) -> defaultdict[int, Told]:
    """What the relay accepted of each alert's mails: the opening since when, which reminders.

    What came back was not accepted (A8).
    """
    told: defaultdict[int, Told] = defaultdict(Told)
    rows = session.execute(
        select(AlertStep.alert_id, AlertStep.kind, AlertStep.step, func.min(Mail.sent_at))
        .join(AlertNotice, AlertNotice.step_id == AlertStep.id)
        .join(Mail, Mail.id == AlertNotice.mail_id)
        .where(AlertStep.alert_id.in_([alert.id for alert in alerts]), Mail.state == MailState.SENT)
        .group_by(AlertStep.alert_id, AlertStep.kind, AlertStep.step)
    )
    for alert_id, step_kind, _step, sent_at in rows:
        if step_kind is StepKind.OPENING:
            told[alert_id] = replace(told[alert_id], since=sent_at)
        elif step_kind in (StepKind.REMINDER, StepKind.LEGAL):
            told[alert_id] = replace(told[alert_id], reminders=told[alert_id].reminders + 1)
    return told


def _task_subject(alert: Alert) -> str:
    return f"{alert.type}:{alert.subject}"


def _note(session: Session, event: str, alert: Alert, context: Context, **detail: object) -> None:
    record(
        session, event, organization_id=alert.organization_id, subject=alert.subject,
        by=context.by, now=context.now, type=alert.type, alert=alert.public_id, **detail,
    )  # fmt: skip
