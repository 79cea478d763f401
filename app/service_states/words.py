"""What pages call the state of a service, in the reader's language."""

from flask_babel import gettext as _

from app.service_states.rules import ServiceState


def state_name(state: ServiceState) -> tuple[str, str]:
    """A state in a word or two, and its colour."""
    return {
        ServiceState.ACTIVE: (_("Active"), "green"),
        ServiceState.NO_LOGIN: (_("Receives mail only"), "amber"),
        ServiceState.SUSPENDED: (_("Suspended"), "red"),
        ServiceState.REMOVED: (_("Removed"), "grey"),
    }[state]


def on_its_way(applied: ServiceState | None, desired: ServiceState) -> str:
    """What the server has still to do, in words; empty when it has done it."""
    if applied is None:
        return _("being set up")
    return "" if applied is desired else _("being changed")
