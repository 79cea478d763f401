"""How pages write what mailboxes measure."""

from functools import lru_cache

from babel.numbers import format_decimal
from flask_babel import gettext as _
from flask_babel import ngettext

from app.web.i18n import language
from app.web.listing import COUNTED, Page

MIB = 1024 * 1024


def space(count: int) -> str:
    """Bytes as people read them: in the unit that leaves one to three digits before the point."""
    size, unit = float(count), 0
    while unit < 3 and round(size) >= (1024 if unit == 0 else 1000):
        size, unit = size / 1024, unit + 1
    return _measured(round(size, 1 if size < 100 else 0), unit, language())


@lru_cache(maxsize=8192)
def _measured(size: float, unit: int, language: str) -> str:
    """A number with its unit; kept, because a list writes a hundred of them."""
    number = format_decimal(size, "#,##0.#", locale=language)
    units = (_("%(number)s B"), _("%(number)s KB"), _("%(number)s MB"), _("%(number)s GB"))
    return units[unit] % {"number": number}


def how_many(page: Page) -> str:
    """How many mailboxes the list has in all its pages."""
    total = page.rows[0].total if page.rows else 0
    if total > COUNTED:
        number = format_decimal(COUNTED, locale=language())
        return _("More than %(number)s mailboxes", number=number)
    return ngettext("%(num)d mailbox", "%(num)d mailboxes", total)
