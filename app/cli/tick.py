"""`flask tick`: runs what is due, once, and tells each thing that was done (product.md §5)."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import click
from flask.cli import with_appcontext
from flask_babel import gettext as _
from sqlalchemy import select

from app.accounts.installation import terms
from app.accounts.models import Organization
from app.db import db
from app.jobs.service import ClockWentBack, NoSuchJob, schedule, tick
from app.journal.models import JournalRow
from app.journal.words import tell
from app.lib.dates import at
from app.web.state import now, settings

FARTHEST = timedelta(days=3660)
NOON = time(12)


@click.command("tick")
@click.option(
    "--at", "at_text", metavar="INSTANT", help="As at that instant; a day means its noon."
)
@click.option("--job", metavar="NAME", help="Only this job.")
@click.option("--daily", is_flag=True, help="On each day until then, at noon: as time passes.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@with_appcontext
def tick_command(at_text: str | None, job: str | None, *, daily: bool, as_json: bool) -> None:
    """Run what is due, once."""
    present = now()
    instant = _instant(at_text, terms().tz) if at_text else present
    if instant > present + FARTHEST:
        raise click.BadParameter(
            _("%(text)s is more than ten years ahead; a sandbox cannot go back.", text=at_text),
            param_hint="--at",
        )
    if instant > present and not settings().sandbox:
        raise click.ClickException(
            _("Only a sandbox can tick in the future (VIGIE_SANDBOX=1): it would really charge.")
        )
    tz = terms().tz
    for one in [*_noons(present, instant, tz), instant] if daily else [instant]:
        for line in _lines(_tick(one, job), tz):
            click.echo(json.dumps(line, ensure_ascii=False) if as_json else _in_words(line))


def _noons(present: datetime, until: datetime, tz: ZoneInfo) -> Iterator[datetime]:
    """Noon of every day between two instants."""
    day = present.astimezone(tz).date()
    while (noon := at(day, NOON, tz)) < until:
        if noon > present:
            yield noon
        day += timedelta(days=1)


def _tick(instant: datetime, job: str | None) -> list[int]:
    try:
        return tick(instant, job)
    except ClockWentBack as refused:
        raise click.ClickException(
            _(
                "Refused: the last tick was at %(last)s, later than this one. Business days must "
                "not go backwards.",
                last=refused.last.astimezone(terms().tz).isoformat(),
            )
        ) from None
    except NoSuchJob:
        raise click.ClickException(
            _(
                "There is no job %(name)s. The jobs are: %(jobs)s.",
                name=job,
                jobs=", ".join(known.name for known in schedule().jobs),
            )
        ) from None


def _instant(text: str, tz: ZoneInfo) -> datetime:
    try:
        # Past the hour of the daily slots, so that "on that day" means what it says.
        return at(date.fromisoformat(text), NOON, tz)
    except ValueError:
        pass
    try:
        parsed = datetime.fromisoformat(text)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=tz)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter(
            _(
                "%(text)s is not an instant; write for example 2027-03-26T09:00:00+01:00.",
                text=text,
            ),
            param_hint="--at",
        ) from None


def _lines(runs: list[int], tz: ZoneInfo) -> list[dict[str, object]]:
    rows = db.session.execute(
        select(JournalRow, Organization.public_id)
        .outerjoin(Organization, Organization.id == JournalRow.organization_id)
        .where(JournalRow.run_id.in_(runs))
        .order_by(JournalRow.id)
    )
    return [
        {
            "at": row.at.astimezone(tz).isoformat(),
            "event": row.event,
            "organization": organization,
            "subject": row.subject,
            **row.detail,
        }
        for row, organization in rows
    ]


def _in_words(line: dict[str, object]) -> str:
    told = tell(str(line["event"]), line)
    who = f"{line['subject']} ({line['organization']})"
    return f"{line['at']}  {line['event']}  {who}  {told.sentence}"
