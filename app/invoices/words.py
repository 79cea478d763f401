"""What documents call things, in the language that is spoken."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from babel.numbers import format_percent
from flask_babel import gettext as _
from flask_babel import ngettext

from app.invoices.documents import PROFORMA, Line
from app.invoices.rules import DocumentKind, LineKind, ProformaState
from app.web.i18n import day, language
from app.web.listing import Found


def title(kind: str) -> str:
    """What a document is."""
    return {
        DocumentKind.INVOICE.value: _("Invoice"),
        DocumentKind.CREDIT_NOTE.value: _("Credit note"),
        PROFORMA: _("Pro forma"),
    }[kind]


def sold(line: Line) -> str:
    """What a line sells, without its period."""
    if line.kind is LineKind.DOMAIN:
        what = _("Renewal of the domain %(name)s", name=line.subject)
    else:
        what = _("Renewal of the mailbox %(name)s", name=line.subject)
    return f"{what}, {length(line.months)}"


def length(months: int) -> str:
    """A number of months, in years where it is whole years."""
    if months % 12 == 0:
        return ngettext("%(num)d year", "%(num)d years", months // 12)
    return ngettext("%(num)d month", "%(num)d months", months)


def period(line: Line) -> str:
    """From the first to the last day paid for."""
    last = line.ends_on - timedelta(days=1)
    return _("%(start)s to %(end)s", start=day(line.starts_on), end=day(last))


def rate(hundredths: int) -> str:
    """A VAT rate as the reader writes it."""
    pattern = "#,##0.##\u202f%" if language() == "fr" else "#,##0.##%"
    return format_percent(Decimal(hundredths) / 10_000, pattern, locale=language())


def mention(code: str) -> str:
    """What the law wants said of a VAT treatment."""
    return {
        "reverse_charge": _("Reverse charge: VAT is due by the client (art. 283-2 of the CGI)"),
        "exempt_293b": _("VAT not applicable, art. 293 B of the CGI"),
        "outside_eu": _("Not subject to French VAT (art. 259 of the CGI)"),
    }[code]


def state(code: ProformaState) -> str:
    """What became of a proforma."""
    return {
        ProformaState.OPEN: _("To be paid"),
        ProformaState.PAID: _("Paid"),
        ProformaState.CANCELLED: _("Cancelled"),
        ProformaState.EXPIRED: _("Expired"),
    }[code]


TONES = {
    ProformaState.OPEN: "amber",
    ProformaState.PAID: "green",
    ProformaState.CANCELLED: "grey",
    ProformaState.EXPIRED: "grey",
}


def how_many(rows: Sequence[Found]) -> str:
    """How many documents a list of invoices has in all its pages."""
    return ngettext("%(num)d document", "%(num)d documents", rows[0].found if rows else 0)


def how_many_proformas(rows: Sequence[Found]) -> str:
    """How many proformas a list has in all its pages."""
    return ngettext("%(num)d pro forma", "%(num)d pro formas", rows[0].found if rows else 0)
