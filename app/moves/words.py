"""What pages call the states of moves, in the reader's language."""

from flask_babel import gettext as _

from app.moves.rules import MoveState


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
