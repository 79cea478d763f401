"""`flask alert-delays`: the days of each type of alert, shown and changed (A-1 to A-6)."""

from dataclasses import replace

import click
from flask.cli import with_appcontext
from flask_babel import gettext as _

from app.accounts.installation import Context, terms
from app.alerts.delay_words import told
from app.alerts.delays import delays_of, effect_of, set_delays
from app.alerts.rules import Delays
from app.alerts.types import types
from app.db import reading, transaction
from app.journal.service import HOST
from app.web.state import now


@click.command("alert-delays")
@click.argument("name", required=False)
@click.option("--opens", type=int, help="Days before its day, or after what it counts from.")
@click.option("--reminders", metavar="DAYS", help="Days by commas, such as 3,7,14 or -31,-15,-7.")
@click.option("--expires", type=int, help="Days from the opening to the action at expiry.")
@click.option("--yes", is_flag=True, help="Change it without asking.")
@with_appcontext
def alert_delays(
    name: str | None, opens: int | None, reminders: str | None, expires: int | None, *, yes: bool
) -> None:
    """Show the delays of alerts, or change those of the type NAME after showing what follows."""
    with reading() as session:
        known = delays_of(session)
    if name is None or (opens is None and reminders is None and expires is None):
        for kind, delays in known.items():
            if name in (None, kind):
                click.echo(_line(kind, delays))
        return
    if name not in types():
        raise click.BadParameter(
            _("There is no type %(name)s. The types are: %(known)s.", name=name,
              known=", ".join(types()))
        )  # fmt: skip
    wanted = _wanted(known[name], opens, reminders, expires)
    context = Context(now(), terms(), HOST)
    try:
        _show_effect(name, wanted, context)
        if not yes:
            click.confirm(_("Change it?"), abort=True)
        with transaction() as session:
            set_delays(session, name, wanted, context)
    except ValueError as refused:
        raise click.ClickException(str(refused)) from None
    click.echo(_line(name, wanted))


def _wanted(
    before: Delays, opens: int | None, reminders: str | None, expires: int | None
) -> Delays:
    wanted = before
    if opens is not None:
        wanted = replace(wanted, opens=opens)
    if expires is not None:
        wanted = replace(wanted, expires=expires)
    if reminders is not None:
        try:
            days = tuple(int(part) for part in reminders.split(",") if part.strip())
        except ValueError:
            raise click.BadParameter(
                _("%(text)s is no list of days; write for example 3,7,14.", text=reminders)
            ) from None
        wanted = replace(wanted, reminders=days)
    return wanted


def _show_effect(name: str, wanted: Delays, context: Context) -> None:
    with reading() as session:
        effect = effect_of(session, name, wanted, context)
    click.echo(_("At the next tick:"))
    for sentence in told(types()[name], effect):
        click.echo(f"  {sentence}")


def _line(name: str, delays: Delays) -> str:
    reminders = ",".join(str(day) for day in delays.reminders) or "–"
    opens = "–" if delays.opens is None else delays.opens
    expires = "–" if delays.expires is None else delays.expires
    return f"{name}  opens={opens}  reminders={reminders}  expires={expires}"
