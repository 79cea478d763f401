"""The life of a move, and how often the server that carries it out is asked."""

from datetime import date, timedelta
from enum import StrEnum

# No call to the server takes as long: whoever asked and died keeps others away for this long.
ASK_LASTS = timedelta(minutes=5)
# A server that has not answered for so long is worth a person's time.
SILENT_AFTER = timedelta(hours=1)
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(minutes=30)


class MoveState(StrEnum):
    """Where a move stands. A failed one left the account as it was, and can be tried again."""

    SCHEDULED = "scheduled"
    QUEUED = "queued"
    RUNNING = "running"
    APPLIED = "applied"
    FAILED = "failed"
    CANCELLED = "cancelled"


# Nobody plans further ahead.
FURTHEST = timedelta(days=1000)
# What may follow; nothing follows applied and cancelled.
_NEXT = {
    MoveState.SCHEDULED: {MoveState.QUEUED, MoveState.CANCELLED},
    MoveState.QUEUED: {MoveState.RUNNING, MoveState.CANCELLED},
    MoveState.RUNNING: {MoveState.APPLIED, MoveState.FAILED},
    MoveState.FAILED: {MoveState.QUEUED, MoveState.CANCELLED},
    MoveState.APPLIED: set(),
    MoveState.CANCELLED: set(),
}
OPEN = frozenset({MoveState.SCHEDULED, MoveState.QUEUED, MoveState.RUNNING, MoveState.FAILED})
UNDER_WAY = frozenset({MoveState.QUEUED, MoveState.RUNNING})


def may_become(state: MoveState, later: MoveState) -> bool:
    """Whether a move in that state may get into the other one next."""
    return later in _NEXT[state]


def may_be_due(due_on: date, today: date) -> bool:
    """Whether a move may be announced for a day: those concerned must have a day to act first."""
    return today < due_on <= today + FURTHEST


def key_of(public_id: str, tries: int) -> str:
    """The key under which the server knows one try: asked about before anything is ordered."""
    return f"move:{public_id}:{tries}"


def wait_after(silent_for: timedelta) -> timedelta:
    """How long to wait for a server that has been silent for so long: as long again."""
    return min(_LONGEST_WAIT, max(_FIRST_WAIT, silent_for))
