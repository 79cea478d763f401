"""How pages write what they count and price of domains."""

from datetime import date

from babel.numbers import format_decimal
from flask_babel import gettext as _
from flask_babel import ngettext

from app.domains.paying import Resting
from app.domains.rules import is_lost, is_too_late, renewable_until
from app.subscriptions.queries import PriceList
from app.subscriptions.rules import Kind, dearer
from app.web.i18n import day, language
from app.web.listing import COUNTED, Found, Page


def how_many(page: Page) -> str:
    """How many domains the list has in all its pages."""
    total = page.rows[0].total if page.rows else 0
    if total > COUNTED:
        return _("More than %(number)s domains", number=_number(COUNTED))
    return ngettext("%(num)d domain", "%(num)d domains", total)


def at_most(total: int) -> str:
    """A number that was only counted up to COUNTED."""
    if total > COUNTED:
        return _("more than %(number)s", number=_number(COUNTED))
    return _number(total)


def too_late(expires_on: date | None, today: date) -> str | None:
    """Why a name that has ended can no longer be renewed here; None while it can (R10)."""
    if expires_on is None or not is_too_late(expires_on, today):
        return None
    if is_lost(expires_on, today):
        return _(
            "It expired on %(date)s and was not renewed in time: it is lost, nothing can be paid "
            "for it here.", date=day(expires_on),
        )  # fmt: skip
    return _(
        "It expired on %(date)s and could be renewed until %(until)s. Contact us: it may still be "
        "possible to buy it back, for a higher price.",
        date=day(expires_on), until=day(renewable_until(expires_on)),
    )  # fmt: skip


def price_of(domain: Found, prices: PriceList) -> int | None:
    """Minor units of a domain's next renewal; None where we sell none."""
    if domain.renewal_months is None:
        return None
    if not domain.auto_renewal:
        return prices.of(Kind.DOMAIN, domain.extension, domain.renewal_months)
    return prices.to_pay(
        Kind.DOMAIN, domain.extension, domain.renewal_months,
        domain.announced_price, domain.announced_months,
    )  # fmt: skip


def later_price_of(domain: Found, prices: PriceList) -> int | None:
    """What the renewal after the next will cost, where that is more; None elsewhere (R16)."""
    price = price_of(domain, prices)
    if price is None:
        return None
    return dearer(prices.of(Kind.DOMAIN, domain.extension, domain.renewal_months), price)


def resting(card: Resting) -> str:
    """That a named card is not charged, and what pays instead."""
    why = (
        _("Not charged by itself: auto-debit is off.")
        if card.is_off
        else _("It can no longer be charged.")
    )
    if card.paying is None:
        instead = _("What the wallet cannot cover is not renewed.")
    else:
        name = f"{card.paying.brand.capitalize()} ••••\xa0{card.paying.last4}"
        instead = _("%(other)s pays what the wallet lacks.", other=name)
    return f"{why} {instead}"


def _number(count: int) -> str:
    return str(format_decimal(count, locale=language()))
