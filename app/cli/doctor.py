"""`flask doctor`: is everything in order? One line a check; exit status 1 when one is not."""

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import click
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from flask.cli import with_appcontext
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import exists, select, text
from sqlalchemy.exc import SQLAlchemyError

from app.billing.card_flows import card_gateway
from app.billing.card_queries import cards_elsewhere_for_staff
from app.billing.checks import differences, uncredited_payments
from app.db import db
from app.domains.models import Domain
from app.domains.rules import SANDBOX
from app.invoices.issuer import issuer, wrong_numbers
from app.jobs.service import failures, last_tick
from app.operator_tasks.service import open_tasks
from app.operator_tasks.words import ask
from app.settings import unknown_variables
from app.web.i18n import instant
from app.web.state import now, settings

# Beyond the time between two ticks.
SHORTEST_SECRET = 16
STALE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True)
class Finding:
    """One line of the report; `wrong` makes the exit status 1, a warning does not."""

    words: str
    wrong: bool = False
    warning: bool = False


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Check settings, database, schema, balances, mail, scheduler."""
    wrong = False
    for finding in _examine():
        mark = "✗" if finding.wrong else "!" if finding.warning else "✓"
        click.echo(f"{mark} {finding.words}")
        wrong = wrong or finding.wrong
    raise SystemExit(1 if wrong else 0)


def _examine() -> Iterator[Finding]:
    yield from _settings()
    database = _database()
    yield database
    if database.wrong:
        return
    schema = _schema()
    yield schema
    if schema.wrong:
        return
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        _registrars, _balances, _gateway, _invoices, _mail, _scheduler, _failures, _tasks,
    )  # fmt: skip
    for check in checks:
        yield from check()


def _settings() -> Iterator[Finding]:
    yield Finding(_("Settings: read without errors."))
    for name in unknown_variables(os.environ):
        yield Finding(_("Settings: %(name)s is not a setting of Vigie.", name=name), warning=True)
    if 0 < len(settings().secret_key) < SHORTEST_SECRET:
        yield Finding(_("Settings: VIGIE_SECRET_KEY is short enough to be guessed."), warning=True)
    if settings().sandbox:
        yield Finding(_("Settings: this is a sandbox; time may be set ahead."), warning=True)
    elif settings().public_url.startswith("http://"):
        yield Finding(
            _("Settings: VIGIE_PUBLIC_URL is not https; sign-ins can be overheard."), warning=True
        )


def _database() -> Finding:
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError as problem:
        reason = str(getattr(problem, "orig", problem)).strip()
        return Finding(_("Database: does not answer (%(reason)s).", reason=reason), wrong=True)
    return Finding(_("Database: answers (%(kind)s).", kind=db.engine.dialect.name))


def _schema() -> Finding:
    expected = ScriptDirectory(current_app.extensions["migrate"].directory).get_current_head()
    found = MigrationContext.configure(db.session.connection()).get_current_revision()
    if found != expected:
        return Finding(
            _(
                "Schema: version %(found)s, expected %(expected)s. Run: flask db upgrade",
                found=found or _("none"),
                expected=expected,
            ),
            wrong=True,
        )
    return Finding(_("Schema: version %(found)s, up to date.", found=found))


def _registrars() -> Iterator[Finding]:
    if settings().sandbox:
        return
    played = select(exists().where(Domain.registrar == SANDBOX))
    if db.session.scalar(played):
        yield Finding(
            _("Registrar: some domains are at the sandbox, which renews nothing in earnest."),
            wrong=True,
        )


def _gateway() -> Iterator[Finding]:
    taking = card_gateway()
    if taking is None:
        yield Finding(_("Gateway: bank transfers alone, no cards."))
    else:
        yield Finding(_("Gateway: cards by %(name)s, and bank transfers.", name=taking))
    for name, number in cards_elsewhere_for_staff(db.session()):
        yield Finding(
            ngettext(
                "Gateway: %(num)d card of %(name)s is not charged, because that is not set up.",
                "Gateway: %(num)d cards of %(name)s are not charged, because that is not set up.",
                number, name=name,
            ),
            warning=True,
        )  # fmt: skip


def _balances() -> Iterator[Finding]:
    different, uncredited = differences(db.session()), uncredited_payments(db.session())
    for one in different:
        yield Finding(
            _(
                "Balances: wallet %(id)s says %(posted)s, its entries say %(entries)s; %(held)s is "
                "set aside, for %(holds)s under way. Its cards are not charged.",
                id=one.wallet_id, posted=one.posted, entries=one.entries, held=one.held,
                holds=one.holds,
            ),
            wrong=True,
        )  # fmt: skip
    for name in uncredited:
        yield Finding(_("Balances: payment %(id)s is not in the ledger once.", id=name), wrong=True)
    if not different and not uncredited:
        yield Finding(_("Balances: each is the sum of its entries."))


def _invoices() -> Iterator[Finding]:
    seller = issuer()
    if seller.missing:
        yield Finding(
            _("Invoices: none is issued without %(names)s.", names=", ".join(seller.missing)),
            warning=True,
        )
    for name in wrong_numbers(seller):
        yield Finding(
            _("Invoices: the check digits of %(name)s are wrong.", name=name), warning=True
        )


def _mail() -> Iterator[Finding]:
    url = settings().mail_url
    if url.startswith("file:"):
        folder = settings().var_dir / "mail"
        yield Finding(
            _("Mail: written to %(folder)s, not sent.", folder=folder),
            warning=not settings().sandbox,
        )
        return
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    port = parts.port or (465 if parts.scheme == "smtps" else 25)
    try:
        with socket.create_connection((host, port), timeout=5):
            yield Finding(_("Mail: %(host)s answers.", host=host))
    except OSError as problem:
        reason = problem.strerror or str(problem)
        yield Finding(
            _("Mail: %(host)s does not answer (%(reason)s).", host=host, reason=reason), wrong=True
        )


def _scheduler() -> Iterator[Finding]:
    last = last_tick()
    if last is None:
        yield Finding(_("Scheduler: has never run."), wrong=not settings().sandbox, warning=True)
    elif now() - last > STALE_AFTER + timedelta(seconds=settings().tick_seconds):
        yield Finding(_("Scheduler: last ran at %(at)s.", at=instant(last)), wrong=True)
    else:
        yield Finding(_("Scheduler: ran at %(at)s.", at=instant(last)))


def _failures() -> Iterator[Finding]:
    for job, at, error in failures(since=now() - timedelta(days=1)):
        yield Finding(
            _(
                "Jobs: %(job)s failed at %(at)s (%(error)s).",
                job=job, at=instant(at), error=error,
            ),
            warning=True,
        )  # fmt: skip


def _tasks() -> Iterator[Finding]:
    for task in open_tasks(db.session()):
        yield Finding(
            _(
                "To do since %(at)s, %(subject)s: %(kind)s %(detail)s",
                kind=ask(task.kind), subject=task.subject, at=instant(task.opened_at),
                detail=", ".join(f"{key}: {value}" for key, value in task.detail.items()),
            ),
            warning=True,
        )  # fmt: skip
