"""What the application holds for all rooms: its settings and its clock."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import current_app, g, has_request_context

from app.lib.clock import Clock
from app.settings import Settings


@dataclass
class State:
    """Held at `app.extensions["vigie"]`; tests replace the clock."""

    settings: Settings
    clock: Clock


def state() -> State:
    """The state of the current application."""
    return cast(State, current_app.extensions["vigie"])


def settings() -> Settings:
    """The settings of the current application."""
    return state().settings


def now() -> datetime:
    """The present instant, UTC: one for a request, so that a page cannot disagree with itself."""
    if not has_request_context():
        return state().clock.now()
    if "now" not in g:
        g.now = state().clock.now()
    return cast(datetime, g.now)
