"""`flask operator`: who of the host may use the pages under /staff; only from the server (L16)."""

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_babel import gettext as _

from app.accounts import operators
from app.accounts.mails import link
from app.accounts.second_factor import secret_of, set_up_address
from app.db import reading, transaction
from app.web.state import now, settings
from app.web.texts import mail_address


@click.group("operator", invoke_without_command=True)
@click.pass_context
@with_appcontext
def operator_command(context: click.Context) -> None:
    """Show the operators, or appoint and dismiss one."""
    if context.invoked_subcommand is None:
        with reading() as session:
            known = operators.operators(session)
        for one in known:
            click.echo(f"{one.email}  {one.name}  {one.since.date().isoformat()}")
        if not known:
            click.echo(_("There is no operator yet: flask operator appoint EMAIL."))


@operator_command.command("appoint")
@click.argument("email")
@with_appcontext
def appoint(email: str) -> None:
    """Make the person EMAIL an operator, or give an operator a new second factor."""
    email = _address(email)
    with transaction() as session:
        done = operators.appoint(session, email, now())
    secret = secret_of(str(current_app.config["SECRET_KEY"]), done.factor)
    click.echo(_("%(email)s is an operator. Enter this key in an authenticator app:", email=email))
    click.echo(f"\n    {' '.join(secret[at : at + 4] for at in range(0, len(secret), 4))}\n")
    click.echo(_("or open this address with it; neither can be shown again:"))
    click.echo(f"\n    {set_up_address(secret, email, settings().host_name)}\n")
    if done.link:
        click.echo(_("They choose their password here, within seven days:"))
        click.echo(f"\n    {link(done.link)}\n")


@operator_command.command("dismiss")
@click.argument("email")
@with_appcontext
def dismiss(email: str) -> None:
    """Make the operator EMAIL a person like any other, signed out everywhere."""
    email = _address(email)
    try:
        with transaction() as session:
            operators.dismiss(session, email, now())
    except operators.NoOperator:
        raise click.ClickException(_("%(email)s is no operator.", email=email)) from None
    click.echo(_("%(email)s is no longer an operator.", email=email))


def _address(text: str) -> str:
    address = mail_address(text.strip())
    if address is None:
        raise click.BadParameter(_("%(text)s is no e-mail address.", text=text))
    return address
