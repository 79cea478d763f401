"""Picks the adapters of the outside world, the pages and the jobs: what runs, with what, when."""

from pathlib import Path

from flask import Flask

# Imported for their tables, which migrations and the mapper must know before the first query.
from app.accounts import models as _accounts  # noqa: F401
from app.billing import models as _billing  # noqa: F401
from app.domains import models as _domains  # noqa: F401
from app.domains.ports import Registrar
from app.domains.registrars import sandbox
from app.jobs import models as _jobs  # noqa: F401
from app.jobs.clock import SandboxClock
from app.journal import models as _journal  # noqa: F401
from app.lib.clock import SystemClock
from app.lib.registry import Registry
from app.mailboxes import models as _mailboxes  # noqa: F401
from app.moves import models as _moves  # noqa: F401
from app.operator_tasks import models as _operator_tasks  # noqa: F401
from app.outbox import models as _outbox  # noqa: F401
from app.renewals import models as _renewals  # noqa: F401
from app.settings import Settings
from app.subscriptions import models as _subscriptions  # noqa: F401
from app.web.state import State, state

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def outside(app: Flask, settings: Settings) -> None:
    """Put clock, registrars and mail in place."""
    clock = SandboxClock() if settings.sandbox else SystemClock()
    app.extensions["vigie"] = State(settings, clock)
    registrars: Registry[Registrar] = Registry("registrar")
    registrars.register(sandbox.NAME, sandbox.SandboxRegistrar(lambda: state().clock.now()))
    app.extensions["vigie.registrars"] = registrars


def pages(app: Flask) -> None:
    """Every address of the portal, room by room."""
    from app.accounts import views as accounts
    from app.home import views as home
    from app.web import views as web

    app.register_blueprint(web.blueprint)
    app.register_blueprint(accounts.blueprint)
    app.register_blueprint(home.blueprint)
