"""How pages write what mailboxes measure."""

from babel.numbers import format_decimal
from flask_babel import gettext as _
from flask_babel import ngettext

from app.web.i18n import language
from app.web.listing import COUNTED, Page

MIB = 1024 * 1024


def space(count: int) -> str:
    """Bytes as people read them: in the unit that leaves one to three digits before the point."""
    size = float(count)
    if size < 1024:
        return _("%(number)s B", number=_number(size))
    for unit in (_("%(number)s KB"), _("%(number)s MB")):
        size /= 1024
        if size < 1000:
            return unit % {"number": _number(size)}
    return _("%(number)s GB", number=_number(size / 1024))


def how_many(page: Page) -> str:
    """How many mailboxes the list has in all its pages."""
    total = page.rows[0].total if page.rows else 0
    if total > COUNTED:
        return _("More than %(number)s mailboxes", number=_number(COUNTED))
    return ngettext("%(num)d mailbox", "%(num)d mailboxes", total)


def _number(size: float) -> str:
    pattern = "#,##0.#" if size < 100 else "#,##0"
    return format_decimal(size, pattern, locale=language())
