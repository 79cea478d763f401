"""The time line of one alert: what happened, and what comes next."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _

from app.accounts.installation import terms
from app.alerts import words
from app.alerts.ports import Words
from app.alerts.queries import AlertRow, Notice, Return, StepRow
from app.alerts.rules import AlertState, Delays, LeftOut, Step, StepKind, StepState
from app.alerts.telling import tell_as_it_was
from app.alerts.types import types


@dataclass(frozen=True)
class Event:
    """One entry of a time line; `notices` are the mails that told it. `is_future` has a day."""

    when: datetime | date
    title: str
    text: str = ""
    tone: str = ""
    notices: tuple[Notice, ...] = ()
    is_future: bool = False


def story(
    alert: AlertRow,
    steps: Sequence[StepRow],
    told: Words,
    delays: Delays | None,
    today: date,
    *,
    returns: Sequence[Return] = (),
) -> list[Event]:
    """All of it, oldest first; `told` is the alert in words, `delays` those of its type."""
    # What was late from the start has expired in the very moment in which it was opened.
    in_order = sorted(steps, key=lambda step: step.kind is not StepKind.OPENING)
    events = sorted(
        [*(_event(alert, step, steps) for step in in_order), *_returns(returns)], key=_instant
    )
    if alert.state is AlertState.RESOLVED:
        return [*events, _resolved(alert.ended_at or today, alert.resolution)]
    return [*events, *_held(alert, today), *_coming(alert, steps, told, delays, today)]


def _instant(event: Event) -> float:
    return event.when.timestamp() if isinstance(event.when, datetime) else 0


def _event(alert: AlertRow, step: StepRow, steps: Sequence[StepRow]) -> Event:
    title, text, tone = words.step(step.kind, step.state)
    if step.kind is StepKind.OPENING or (step.kind is StepKind.EXPIRY and step.notices):
        is_expiry = step.kind is StepKind.EXPIRY
        state = AlertState.EXPIRED if is_expiry else AlertState.OPEN
        text = tell_as_it_was(alert, terms().today(step.at), state, step.facts).what
    elif step.kind is StepKind.REMINDER and step.state is StepState.SKIPPED:
        text = words.left_out(left_out(step, steps, terms().today))
    return Event(step.at, title, text, tone, step.notices)


def left_out(
    step: StepRow, steps: Sequence[StepRow], day_of: Callable[[datetime], date]
) -> LeftOut:
    """Why a reminder was passed over, by what else happened to its alert in the same moment."""
    beside = [one for one in steps if one.at == step.at and one.step != step.step]
    if any(one.kind is StepKind.EXPIRY for one in beside):
        return LeftOut.DEADLINE
    if any(one.due_on >= step.due_on for one in beside):
        return LeftOut.LATER
    # One that waits for something to tell is passed over when its day has ended.
    return LeftOut.UNWANTED if day_of(step.at) == step.due_on else LeftOut.POINTLESS


def _returns(returns: Sequence[Return]) -> Iterator[Event]:
    """Each time that it was resolved and came back (A10)."""
    for one in returns:
        yield _resolved(one.ended_at, one.resolution)
        text = _("The same matter came back: the dates stay as they were.")
        yield Event(one.at, _("Opened again"), text, "amber")


def _resolved(when: datetime | date, resolution: str | None) -> Event:
    return Event(when, _("Resolved"), words.resolution(resolution), "green")


def _held(alert: AlertRow, today: date) -> Iterator[Event]:
    if alert.held_because:
        when, text = alert.deadline_on or today, words.hold(alert.held_because)
        yield Event(when, _("The deadline has passed"), text, "amber")


def _coming(
    alert: AlertRow, steps: Sequence[StepRow], told: Words, delays: Delays | None, today: date
) -> Iterator[Event]:
    """The next reminder, and what follows if nothing is done."""
    if step := _next_step(alert, steps, delays, today):
        is_legal = step.kind is StepKind.LEGAL
        title = words.step(step.kind, StepState.SENT)[0] if is_legal else _("Next reminder")
        text = "" if step.ready else _("Only if it cannot be paid that day either.")
        yield Event(step.on, title, text, is_future=True)
    if alert.state is AlertState.OPEN and alert.deadline_on and alert.deadline_on > today:
        yield Event(alert.deadline_on, _("Deadline"), told.after, is_future=True)


def _next_step(
    alert: AlertRow, steps: Sequence[StepRow], delays: Delays | None, today: date
) -> Step | None:
    if delays is None or alert.type not in types():
        return None
    done = {step.step for step in steps}
    planned = types()[alert.type].steps(alert.facts, alert.opened_on, delays)
    coming = [one for one in planned if one.name not in done and one.on > today]
    return min(coming, key=lambda one: one.on, default=None)
