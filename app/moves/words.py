"""What pages call the states of accounts and of moves, in the reader's language."""

from flask_babel import gettext as _

from app.moves.rules import MoveState
from app.service_states.rules import ServiceState


def account_state(state: ServiceState) -> tuple[str, str]:
    """A state of an account in a word, and its colour."""
    if state is ServiceState.ACTIVE:
        return _("Active"), "green"
    return _("Suspended"), "red"


def move_state(state: MoveState) -> tuple[str, str]:
    """A state of a move in a word, and its colour."""
    return {
        MoveState.SCHEDULED: (_("Planned"), "blue"),
        MoveState.QUEUED: (_("Waiting its turn"), "blue"),
        MoveState.RUNNING: (_("In progress"), "blue"),
        MoveState.APPLIED: (_("Applied"), "green"),
        MoveState.FAILED: (_("Failed"), "red"),
        MoveState.CANCELLED: (_("Called off"), "grey"),
    }[state]
