"""`flask bounces`: hears of mails that came back, as a mail server's alias pipes them in (A8)."""

import sys
from typing import BinaryIO

import click
from flask.cli import with_appcontext
from flask_babel import gettext as _
from sqlalchemy.exc import SQLAlchemyError

from app.db import transaction
from app.outbox.bounces import Noted, note
from app.outbox.delivery_reports import LIMIT, Report, read
from app.outbox.words import heard, no_report
from app.web.state import now

# sysexits.h: the mail server keeps the report and tries again. Any other status would make it send
# a report about the report, so what is not ours or cannot be read counts as done.
TEMPORARY_FAILURE = 75


@click.command("bounces")
@click.argument("files", nargs=-1, type=click.File("rb"), metavar="[FILE]...")
@with_appcontext
def bounces_command(files: tuple[BinaryIO, ...]) -> None:
    """Note mails that came back: one delivery report (RFC 3464) a FILE, or on standard input."""
    for file in files or (sys.stdin.buffer,):
        report = read(_content(file))
        click.echo(heard(_noted(report), report) if report else no_report())


def _content(file: BinaryIO) -> bytes:
    """As much as is looked at; the rest is taken too, or the pipe would break for its writer."""
    content = file.read(LIMIT)
    while file.read(LIMIT):
        pass
    return content


def _noted(report: Report) -> Noted:
    try:
        with transaction() as session:
            return note(session, report, now())
    except SQLAlchemyError as problem:
        reason = str(getattr(problem, "orig", problem)).strip()
        click.echo(_("Database: does not answer (%(reason)s).", reason=reason), err=True)
        raise SystemExit(TEMPORARY_FAILURE) from None
