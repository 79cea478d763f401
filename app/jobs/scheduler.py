"""The metronome: APScheduler calls the tick, and knows nothing else (R12)."""

import logging

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from app.jobs.service import ClockWentBack, tick
from app.web.state import state

log = logging.getLogger(__name__)


def start(app: Flask) -> BackgroundScheduler | None:
    """Tick in a thread of this process from now on; None where the settings say no."""
    settings = app.extensions["vigie"].settings
    if not settings.scheduler:
        return None
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_job(
        _tick,
        "interval",
        args=[app],
        seconds=settings.tick_seconds,
        # A late tick is still wanted, several late ones are one, and two never overlap.
        misfire_grace_time=None,
        coalesce=True,
        max_instances=1,
    )
    scheduler.start()
    return scheduler


def _tick(app: Flask) -> None:
    with app.app_context():
        try:
            tick(state().clock.now())
        except ClockWentBack as refused:
            log.warning("tick refused: the clock went back; %s", refused)
        except Exception:  # the metronome must go on, whatever a tick meets
            log.exception("tick failed")
