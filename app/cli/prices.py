"""`flask price`: the catalogue, shown and changed by the host. Amounts are in minor units."""

import re

import click
from flask.cli import with_appcontext
from flask_babel import gettext as _
from flask_babel import ngettext

from app.db import reading, transaction
from app.lib.money import LIMIT
from app.renewals.catalogue import Sold, listed, set_price
from app.subscriptions.rules import MONTHS, Kind, Period, period_of
from app.web.i18n import money

_EXTENSION = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")
_LONGEST = 63
_PRICE = click.argument("price", type=click.IntRange(0, LIMIT))


@click.group("price", invoke_without_command=True)
@click.pass_context
@with_appcontext
def price_command(context: click.Context) -> None:
    """Show all prices, or change one. A rise is told before anybody pays it."""
    if context.invoked_subcommand is None:
        with reading() as session:
            rows = listed(session)
        for sold, price in rows:
            click.echo(f"{_name(sold)}  {money(price)}")
        if not rows:
            click.echo(_("There are no prices: nothing can be renewed."))


@price_command.command("mailbox")
@click.argument("period", type=click.Choice([one.value for one in Period]))
@_PRICE
@with_appcontext
def mailbox(period: str, price: int) -> None:
    """Sell mailboxes at PRICE (120 is 1.20)."""
    _change(Sold(Kind.MAILBOX, "", MONTHS[Period(period)]), price)


@price_command.command("domain")
@click.argument("extension")
@_PRICE
@click.option("--years", type=click.IntRange(1, 10), default=1, help="Price of so many years.")
@with_appcontext
def domain(extension: str, price: int, years: int) -> None:
    """Sell domains of EXTENSION (such as org) at PRICE (1600 is 16.00)."""
    bare = extension.lower().removeprefix(".")
    if len(bare) > _LONGEST or not _EXTENSION.fullmatch(bare):
        raise click.BadParameter(_("%(text)s is no extension such as org.", text=extension))
    _change(Sold(Kind.DOMAIN, bare, 12 * years), price)


def _change(sold: Sold, price: int) -> None:
    with transaction() as session:
        done = set_price(session, sold, price)
    name, now_costs = _name(sold), money(price)
    if done.before is None:
        click.echo(_("%(name)s: %(price)s (new)", name=name, price=now_costs))
    elif done.before == price:
        click.echo(_("%(name)s: %(price)s, as before", name=name, price=now_costs))
    else:
        click.echo(_("%(name)s: %(price)s instead of %(before)s",
                     name=name, price=now_costs, before=money(done.before)))  # fmt: skip
    if done.to_tell:
        click.echo(
            ngettext(
                "%(num)d service that renews by itself was shown a lower price: who pays is told "
                "first.",
                "%(num)d services that renew by themselves were shown a lower price: who pays is "
                "told first.",
                done.to_tell,
            )
        )


def _name(sold: Sold) -> str:
    """What is sold, as it is typed after `flask price`."""
    if sold.kind is Kind.MAILBOX:
        return f"mailbox {period_of(sold.months).value}"
    years = sold.months // 12
    return f"domain {sold.extension}" + (f" --years {years}" if years > 1 else "")
