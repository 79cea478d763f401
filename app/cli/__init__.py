"""The host's commands."""

from flask import Flask

from app.cli.alerts import alert_delays
from app.cli.bounces import bounces_command
from app.cli.doctor import doctor
from app.cli.money import money
from app.cli.operators import operator_command
from app.cli.prices import price_command
from app.cli.tick import tick_command
from app.interchange.commands import demo_command, export_command, import_command
from app.invoices.commands import vat_rates_command


def register_commands(app: Flask) -> None:
    """Add the commands of product.md §3 to `flask`."""
    app.cli.add_command(tick_command)
    app.cli.add_command(alert_delays)
    app.cli.add_command(bounces_command)
    app.cli.add_command(doctor)
    app.cli.add_command(money)
    app.cli.add_command(operator_command)
    app.cli.add_command(price_command)
    app.cli.add_command(import_command)
    app.cli.add_command(export_command)
    app.cli.add_command(demo_command)
    app.cli.add_command(vat_rates_command)
