"""The clock of a trial installation: never behind the last tick, so that time can be set ahead."""

from datetime import datetime

from sqlalchemy import select

from app.db import db
from app.jobs.models import LastTick
from app.lib.clock import SystemClock

_LAST = select(LastTick.at)


class SandboxClock:
    """The machine's clock, or the instant to which `flask tick --at` has moved the installation."""

    def __init__(self) -> None:
        self._system = SystemClock()

    def now(self) -> datetime:
        with db.engine.connect() as connection:
            last = connection.scalar(_LAST)
        return max(self._system.now(), last) if last else self._system.now()
