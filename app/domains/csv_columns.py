"""What the CSV file of a list of domains holds."""

from collections.abc import Callable

from flask_babel import gettext as _

from app.domains.rules import EXTERNAL, last_day_to_renew
from app.domains.words import price_of
from app.subscriptions.queries import PriceList
from app.subscriptions.words import verdict
from app.web.listing import Found
from app.web.spreadsheet import Cell, decimal


def head() -> list[str]:
    """The names of the columns."""
    return [
        _("Domain"),
        _("Expiry date"),
        _("Auto-renewal"),
        _("Registrar"),
        _("Mailboxes"),
        _("Billed organization"),
        _("Billing contact"),
        _("Card"),
        _("Price"),
        _("Currency"),
        _("Years"),
        _("Last day to renew"),
        _("Verdict"),
    ]


def cells(prices: PriceList, currency: str) -> Callable[[Found], list[Cell]]:
    """What makes the line of a domain; a name registered elsewhere leaves most of it empty."""
    on, off, elsewhere = _("On"), _("Off"), _("Registered elsewhere")

    def line(domain: Found) -> list[Cell]:
        ours = domain.expires_on is not None
        price = decimal(price_of(domain, prices), currency)
        return [
            domain.name,
            domain.expires_on,
            (on if domain.auto_renewal else off) if ours else None,
            elsewhere if domain.registrar == EXTERNAL else domain.registrar.capitalize(),
            domain.mailboxes,
            domain.payer,
            domain.contact,
            f"{domain.brand.capitalize()} •••• {domain.last4}" if domain.last4 else None,
            price,
            None if price is None else currency,
            domain.renewal_months // 12 if ours else None,
            last_day_to_renew(domain.expires_on) if ours else None,
            verdict(domain) or None,
        ]

    return line
