"""`flask import`, `flask export`, `flask demo`: the interchange file at the command line."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import click
from flask.cli import with_appcontext
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import exists, select
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.accounts.installation import terms
from app.accounts.models import Organization, User
from app.db import reading, transaction
from app.interchange import demo
from app.interchange.flows import bring_in
from app.interchange.problems import BadFile, Problem
from app.interchange.reading import read
from app.interchange.sentences import quoted
from app.interchange.service import Outcome
from app.interchange.shape import Document
from app.interchange.writing import WHOLE, Part, document_for_staff
from app.web.state import now, settings

# Lines of a list at the terminal; nobody reads further.
MOST = 50
# So many passwords take long enough to want to see progress.
MANY = 100
STANDARD = "-"


@click.command("import")
@click.argument("file")
@with_appcontext
def import_command(file: str) -> None:
    """Load an interchange FILE (- for standard input), all of it or nothing."""
    with _told():
        try:
            outcome = bring_in(read(_bytes_of(file)), file, _progress)
        except BadFile as bad:
            _refuse(file, bad.problems)
    _tell(outcome, file)


@click.command("export")
@click.argument("file")
@click.option("--organization", metavar="ID", help="Only this organization's people and services.")
@with_appcontext
def export_command(file: str, organization: str | None) -> None:
    """Write an interchange FILE (- for standard output). Passwords are left out."""
    with _told():
        with reading() as session:
            part = _part(organization) if organization is not None else WHOLE
            document = document_for_staff(session, terms(session), part)
        _write(file, json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    if organization is not None:
        _warn_of_payers(document, organization)


@click.command("demo")
@with_appcontext
def demo_command() -> None:
    """Load the demo customers into an empty sandbox, and print how to sign in."""
    if not settings().sandbox:
        _stop(_("The demo is for sandboxes: set VIGIE_SANDBOX=1, with a database of its own."))
    with _told():
        with reading() as session:
            empty = not session.scalars(select(exists(select(Organization.id)))).one()
            today = terms(session).today(now())
        if empty:
            bring_in(Document.model_validate(demo.document(today)), "demo")
            with transaction() as session:
                demo.fill(session, now())
        with reading() as session:
            emails = (*demo.SIGN_INS, demo.OPERATOR)
            known = set(session.scalars(select(User.email).where(User.email.in_(emails))))
    click.echo(f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")
    for email in emails:
        if email in known:
            place = "  /staff" if email == demo.OPERATOR else ""
            click.echo(
                _("  e-mail %(email)s  password %(password)s", email=email, password=demo.PASSWORD)
                + place
            )


@contextmanager
def _told() -> Iterator[None]:
    """Say in a sentence what a person at a terminal can mend."""
    try:
        yield
    except OSError as problem:
        _stop(f"{problem.filename or ''}: {problem.strerror}".lstrip(": "))
    except (OperationalError, ProgrammingError) as problem:
        detail = str(problem.orig).split("\n", maxsplit=1)[0]
        _stop(_("The database refused (%(detail)s). Try flask db upgrade.", detail=detail))


def _stop(sentence: str) -> None:
    click.echo(sentence, err=True)
    raise click.exceptions.Exit(1)


def _bytes_of(file: str) -> bytes:
    return sys.stdin.buffer.read() if file == STANDARD else Path(file).read_bytes()


def _refuse(file: str, problems: list[Problem]) -> None:
    count = len(problems)
    click.echo(
        ngettext(
            "%(file)s: nothing was imported, because of one problem:",
            "%(file)s: nothing was imported, because of %(num)d problems:",
            count, file=file,
        ),
        err=True,
    )  # fmt: skip
    _list(problems, err=True)
    raise click.exceptions.Exit(1)


def _list(problems: list[Problem], *, err: bool) -> None:
    for problem in problems[:MOST]:
        click.echo(f"  {problem}", err=err)
    if (more := len(problems) - MOST) > 0:
        click.echo("  " + ngettext("and one more", "and %(num)d more", more), err=err)


def _tell(outcome: Outcome, file: str) -> None:
    if outcome.changed:
        counts = ", ".join(f"{key} {count}" for key, count in outcome.added.items())
        click.echo(_("%(file)s: imported (%(counts)s).", file=file, counts=counts or "settings"))
    else:
        click.echo(_("%(file)s: all of it was already there; nothing was changed.", file=file))
    if outcome.kept:
        click.echo(_("What was already there is left as it is, where the file differs:"))
        _list(outcome.kept, err=False)


def _progress(steps: Iterable[str], count: int) -> Iterator[str]:
    hidden = count < MANY
    with click.progressbar(
        steps, length=count, label=_("Passwords"), file=sys.stderr, hidden=hidden
    ) as shown:
        yield from shown


def _part(organization: str) -> Part:
    with reading() as session:
        found = session.scalar(
            select(Organization.id).where(Organization.public_id == organization)
        )
    if found is None:
        _stop(_("There is no organization with the id %(id)s.", id=quoted(organization)))
    return Part(organization_id=found)


def _warn_of_payers(document: dict[str, Any], organization: str) -> None:
    """The choice of another payer is kept, so the file needs that organization when imported."""
    renewals = [row["auto_renewal"] for row in [*document["domains"], *document["mailboxes"]]]
    payers = {str(renewal["billed_organization"]) for renewal in renewals if renewal}
    others = sorted(payers - {str(None), organization})
    if others:
        click.echo(
            _("Paid by organizations that are not in this file, and must be there when it is"
              " imported: %(ids)s", ids=", ".join(others)),
            err=True,
        )  # fmt: skip


def _write(file: str, text: str) -> None:
    """Write all or nothing, readable by the owner only: the file holds personal data."""
    path = Path(file)
    if file == STANDARD:
        sys.stdout.buffer.write(text.encode())
    elif path.exists() and not path.is_file():
        # A pipe or a device cannot be replaced; a folder says so by itself.
        path.write_text(text, encoding="utf-8")
    else:
        with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as draft:
            try:
                draft.write(text)
                draft.flush()
                Path(draft.name).replace(path)
            except BaseException:
                Path(draft.name).unlink()
                raise
