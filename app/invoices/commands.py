"""`flask vat-rates`: the table of VAT rates, shown and edited by the host."""

from datetime import date

import click
from flask.cli import with_appcontext
from flask_babel import gettext as _

from app.db import reading, transaction
from app.invoices import rates
from app.invoices.words import rate as in_words
from app.lib.money import minor
from app.web.state import now

# A rate is written like an amount with two decimals.
_LIKE = "EUR"
_HIGHEST = 10_000


@click.command("vat-rates")
@click.option(
    "--set", "change", nargs=3, metavar="COUNTRY DAY RATE",
    help="Rate of a country from a day on, such as: FR 2030-01-01 20.5",
)  # fmt: skip
@with_appcontext
def vat_rates_command(change: tuple[str, str, str] | None) -> None:
    """Show the VAT rates, or set one. Documents that are issued keep theirs."""
    if change:
        country, from_date, rate = _read(*change)
        with transaction() as session:
            rates.put(session, country, from_date, rate, now=now())
    with reading() as session:
        for one in rates.listed(session):
            click.echo(f"{one.country}  {one.from_date}  {in_words(one.rate)}")


def _read(country: str, from_date: str, rate: str) -> tuple[str, date, int]:
    if len(country) != 2 or not (country.isascii() and country.isalpha() and country.isupper()):
        raise click.BadParameter(_("%(text)s is no country code such as FR.", text=country))
    try:
        first = date.fromisoformat(from_date)
    except ValueError:
        raise click.BadParameter(
            _("%(text)s is no day such as 2030-01-31.", text=from_date)
        ) from None
    try:
        hundredths = minor(rate, _LIKE)
    except ValueError:
        hundredths = -1
    if not 0 <= hundredths <= _HIGHEST:
        raise click.BadParameter(_("%(text)s is no rate in percent such as 20.5.", text=rate))
    return country, first, hundredths
