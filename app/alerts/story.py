"""The time line of one alert: what happened, and what comes next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from app.alerts import words
from app.alerts.ports import Words
from app.alerts.queries import AlertRow, Notice, StepRow
from app.alerts.rules import AlertState, Delays, Step, StepKind, StepState
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
    alert: AlertRow, steps: Sequence[StepRow], told: Words, delays: Delays | None, today: date
) -> list[Event]:
    """All of it, oldest first; `told` is the alert in words, `delays` those of its type."""
    events = [_event(alert, step, told) for step in steps]
    if alert.state is AlertState.RESOLVED:
        ended = Event(alert.ended_at or today, _("Resolved"), words.resolution(alert.resolution))
        return [*events, Event(ended.when, ended.title, ended.text, "green")]
    return [*events, *_held(alert, today), *_coming(alert, steps, told, delays, today)]


def _event(alert: AlertRow, step: StepRow, told: Words) -> Event:
    title, text, tone = words.step(step.kind, step.state)
    if step.kind is StepKind.OPENING:
        text = " ".join([told.what, *_again(alert)])
    elif step.kind is StepKind.EXPIRY and step.notices:
        text = told.what
    return Event(step.at, title, text, tone, step.notices)


def _again(alert: AlertRow) -> Iterator[str]:
    if alert.reopenings:
        yield ngettext(
            "It was resolved and came back since; its dates stayed as they were.",
            "It was resolved and came back %(num)d times since; its dates stayed as they were.",
            alert.reopenings,
        )


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
