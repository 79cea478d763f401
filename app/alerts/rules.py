"""The life of an alert as a pure state machine: what is due, expires, reopens (A0-A10)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.lib.dates import add_months

# Within so many days the same cause reopens the same alert (A10).
REOPENS_WITHIN = timedelta(days=7)


class AlertState(StrEnum):
    """Where an alert stands. What expired still stands until its condition has gone."""

    OPEN = "open"
    RESOLVED = "resolved"
    EXPIRED = "expired"


class StepKind(StrEnum):
    """What a step of an alert is."""

    OPENING = "opening"
    REMINDER = "reminder"
    LEGAL = "legal"
    EXPIRY = "expiry"


class StepState(StrEnum):
    """What became of a step (A9): told to somebody, passed over, or a legal one that came late."""

    SENT = "sent"
    SKIPPED = "skipped"
    MISSED = "missed"


class LeftOut(StrEnum):
    """Why a reminder was passed over (A9, A14)."""

    DEADLINE = "deadline"
    LATER = "later"
    UNWANTED = "unwanted"
    POINTLESS = "pointless"


OPENING = "opening"
EXPIRY = "expiry"


@dataclass(frozen=True)
class Delays:
    """What the operator may set of a type: all in days, and None where a type has no such delay.

    `opens` is how long before its day, or after what it counts from, an alert opens. `reminders`
    and `expires` count from the opening, or from the day itself where they are negative.
    """

    opens: int | None = None
    reminders: tuple[int, ...] = ()
    expires: int | None = None


@dataclass(frozen=True)
class Step:
    """Something to tell on a day. A legal one is sent until `until`, or missed (A7, A9).

    Only `optional` ones can be switched off (A14). One that is not `ready` on its day waits for it
    to end, and is passed over then.
    """

    name: str
    on: date
    kind: StepKind = StepKind.REMINDER
    until: date | None = None
    optional: bool = True
    ready: bool = True


@dataclass(frozen=True)
class Turn:
    """What becomes of one step now."""

    step: Step
    state: StepState


@dataclass(frozen=True)
class Guard:
    """What must have happened before an expiry acts (A8): mails that the relay accepted."""

    reminders: int
    days: int


SANCTION = Guard(reminders=1, days=7)
ANNOUNCEMENT = Guard(reminders=0, days=0)


@dataclass(frozen=True)
class Told:
    """What the relay accepted of an alert's mails: since when, and how many reminders."""

    since: datetime | None = None
    reminders: int = 0


class Hold(StrEnum):
    """Why an expiry that is due does not act yet (A8)."""

    NOT_TOLD = "not_told"
    NOT_REMINDED = "not_reminded"
    TOO_SOON = "too_soon"


@dataclass(frozen=True)
class Past:
    """The latest alert of a subject that no longer stands."""

    cause: str
    ended_on: date


@dataclass(frozen=True)
class Life:
    """All that decides what happens next to an alert that stands."""

    state: AlertState
    opened_on: date
    deadline_on: date | None
    steps: Sequence[Step] = ()
    done: Collection[str] = field(default_factory=frozenset)


def reopens(past: Past | None, cause: str, today: date, *, cause_is_identity: bool) -> bool:
    """Whether a condition that is true again continues the alert it had (A10).

    Where the cause is the matter itself (another period, another date), a new one is another alert.
    """
    if past is None or today - past.ended_on > REOPENS_WITHIN:
        return False
    if past.cause == cause:
        return True
    return past.ended_on == today and not cause_is_identity


def turns(life: Life, today: date) -> list[Turn]:
    """What becomes of the steps that are due: of the ordinary ones the latest is sent (A9).

    Legal ones are sent in their window, each on its own, and missed after it.
    """
    due = [step for step in life.steps if step.on <= today and step.name not in life.done]
    legal = [_legal_turn(step, today) for step in due if step.kind is StepKind.LEGAL]
    sent_legal = [turn.step.on for turn in legal if turn.state is StepState.SENT]
    others = sorted((step for step in due if _is_over(step, today)), key=lambda step: step.on)
    # What a legal notice of a later day says anyway is not said twice.
    latest = [step for step in others if step.ready and step.on >= max(sent_legal, default=step.on)]
    return legal + [
        Turn(step, StepState.SENT if latest and step is latest[-1] else StepState.SKIPPED)
        for step in others
    ]


def _is_over(step: Step, today: date) -> bool:
    return step.kind is not StepKind.LEGAL and (step.ready or step.on < today)


def _legal_turn(step: Step, today: date) -> Turn:
    late = step.until is not None and today > step.until
    return Turn(step, StepState.MISSED if late else StepState.SENT)


def passed_over(life: Life) -> list[Turn]:
    """Ordinary steps that an expiry makes pointless: those of the time before it."""
    return [
        Turn(step, StepState.SKIPPED)
        for step in life.steps
        if step.kind is not StepKind.LEGAL
        and step.name not in life.done
        and life.deadline_on is not None
        and step.on <= life.deadline_on
    ]


def expiry_is_due(life: Life, today: date) -> bool:
    """Whether the deadline of an open alert has come."""
    return (
        life.state is AlertState.OPEN and life.deadline_on is not None and today >= life.deadline_on
    )


def held_back(guard: Guard | None, told: Told, now: datetime) -> Hold | None:
    """Why an expiry may not act yet, or None: no sanction without accepted notices (A8)."""
    if guard is None:
        return None
    if told.since is None:
        return Hold.NOT_TOLD
    if told.reminders < guard.reminders:
        return Hold.NOT_REMINDED
    if now - told.since < timedelta(days=guard.days):
        return Hold.TOO_SOON
    return None


def next_look_on(life: Life, today: date) -> date | None:
    """The day on which the alert has something to do next, None where nothing is left."""
    days = [
        step.on
        for step in life.steps
        if step.name not in life.done and (step.on > today or not step.ready)
    ]
    if life.state is AlertState.OPEN and life.deadline_on is not None:
        days.append(life.deadline_on)
    return min(days, default=None)


def after_opening(days: Iterable[int], opened_on: date) -> list[Step]:
    """Reminders so many days after the opening, called `+3`."""
    return [Step(f"+{count}", opened_on + timedelta(days=count)) for count in sorted(days)]


def around(days: Iterable[int], day: date, opened_on: date) -> list[Step]:
    """Reminders so many days before (negative) or after a day, called `-7` and `+1`.

    What would come before the opening, or with it, is no reminder.
    """
    steps = [Step(f"{count:+d}", day + timedelta(days=count)) for count in sorted(days)]
    return [step for step in steps if step.on > opened_on]


def last_is_mandatory(steps: Sequence[Step]) -> list[Step]:
    """The same, the last one for everybody: a sanction needs a reminder that arrived (A8, A14)."""
    return [*steps[:-1], *(replace(step, optional=False) for step in steps[-1:])]


def half_way(opened_on: date, day: date) -> list[Step]:
    """A reminder in the middle of the time until a day, where there is a day between (A-6)."""
    middle = opened_on + (day - opened_on) // 2
    return [Step("half", middle)] if opened_on < middle < day else []


def legal_notices(expires_on: date, since: date) -> list[Step]:
    """ICANN's three renewal notices of a generic name that is ours `since` that day (A7)."""
    days = (-31, -7, 1)
    return [
        Step(
            f"{count:+d}", expires_on + timedelta(days=count), StepKind.LEGAL, last, optional=False
        )
        for count, (_first, last) in zip(days, errp_windows(expires_on), strict=True)
        if last >= since
    ]


# Names of these never were ICANN's to make rules for; two letters are countries (A7).
_NOT_ICANN = frozenset({"arpa", "edu", "gov", "int", "mil"})


def is_generic(extension: str) -> bool:
    """Whether ICANN's rules hold for an extension: `com`, not `fr` nor `co.uk` (A7)."""
    top = extension.rpartition(".")[2]
    return len(top) > 2 and top not in _NOT_ICANN


def only_on(domain: str, addresses: Iterable[str]) -> bool:
    """Whether all mail addresses, of which there is one, live on a domain or below it (A25)."""
    hosts = [address.rpartition("@")[2].lower() for address in addresses]
    return bool(hosts) and all(host == domain or host.endswith(f".{domain}") for host in hosts)


def inactivity_opens(last_login: date, days: int = 120) -> date:
    """The day on which an unused free plan becomes an alert (A-1)."""
    return last_login + timedelta(days=days)


def tacit_notice_window(refuse_by: date) -> tuple[date, date]:
    """First and last day for the notice of a tacit renewal that can be refused until `refuse_by`.

    No earlier than three months and no later than one month before (R17, code de la consommation
    L215-1).
    """
    return add_months(refuse_by, -3), add_months(refuse_by, -1)


# So long before the last day to refuse it is sent, well inside its window.
TACIT_LEAD = timedelta(days=45)


class Tacit(StrEnum):
    """What becomes of the notice of a tacit renewal on a day."""

    WAIT = "wait"
    SEND = "send"
    MISSING = "missing"
    NOT_OWED = "not_owed"


def tacit_notice(refuse_by: date, chosen_on: date, today: date) -> Tacit:
    """Whether the notice is sent today, or was not, or is not owed (R17).

    `chosen_on` is when auto-renewal was switched on: whoever asked for it after the last day for
    the notice knows what was asked for, and nothing is tacit.
    """
    _first, last = tacit_notice_window(refuse_by)
    if today < refuse_by - TACIT_LEAD:
        return Tacit.WAIT
    if today <= last:
        return Tacit.SEND
    return Tacit.NOT_OWED if chosen_on > last else Tacit.MISSING


def errp_windows(expires_on: date) -> list[tuple[date, date]]:
    """First and last days of ICANN's three renewal notices: a month, a week, just after (A7)."""
    return [
        (expires_on - timedelta(days=35), expires_on - timedelta(days=26)),
        (expires_on - timedelta(days=10), expires_on - timedelta(days=4)),
        (expires_on, expires_on + timedelta(days=5)),
    ]
