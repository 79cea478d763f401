"""How pages write what mailboxes measure."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from babel.numbers import format_decimal
from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.subscriptions.words import Standing
from app.web.i18n import language, written_day
from app.web.listing import COUNTED, Found, Page
from app.web.rows import breakable

MIB = 1024 * 1024


def space(count: int, spoken: str | None = None) -> str:
    """Bytes as people read them: in the unit that leaves one to three digits before the point."""
    size, unit = float(count), 0
    while unit < 3 and round(size) >= (1024 if unit == 0 else 1000):
        size, unit = size / 1024, unit + 1
    return _measured(round(size, 1 if size < 100 else 0), unit, spoken or language())


@lru_cache(maxsize=8192)
def _measured(size: float, unit: int, language: str) -> str:
    """A number with its unit; kept, because a list writes a hundred of them."""
    number = format_decimal(size, "#,##0.#", locale=language)
    units = (_("%(number)s B"), _("%(number)s KB"), _("%(number)s MB"), _("%(number)s GB"))
    return units[unit] % {"number": number}


class Alike(NamedTuple):
    """What makes rows of a list look alike but for their values; `quota` in bytes."""

    ticked: bool
    auto_renewal: bool
    quota: int
    standing: Standing | None
    warning: str | None


def rows(
    found: Iterable[Found],
    standing: Callable[[date], Standing | None],
    warning: Callable[[Found], str | None],
) -> Iterator[tuple[Alike, dict[str, object]]]:
    """Mailboxes as `app.web.rows.filled` writes them."""
    spoken, path = language(), url_for("mailboxes.show", address="-").removesuffix("-")
    standing = lru_cache(standing)
    for row in found:
        # Unpacked in the order of the page's statement: fifty rows ask for a thousand values.
        number, address, used, quota, expires_on, on, *_more = row
        yield (
            Alike(bool(row.ticked), on, quota * MIB, standing(expires_on), warning(row)),
            {
                "id": number,
                "address": address,
                "broken_address": breakable(address),
                "url": path + quote(address, safe="!$&'()*+,/:;=@"),
                "used_bytes": used,
                "used": space(used, spoken),
                "expires_on": expires_on,
                "expires": written_day(expires_on, spoken),
            },
        )


def how_many(page: Page) -> str:
    """How many mailboxes the list has in all its pages."""
    total = page.rows[0].total if page.rows else 0
    if total > COUNTED:
        return _more_than(COUNTED, language())
    return ngettext("%(num)d mailbox", "%(num)d mailboxes", total)


@lru_cache(maxsize=8)
def _more_than(number: int, language: str) -> str:
    written = format_decimal(number, locale=language)
    return _("More than %(number)s mailboxes", number=written)
