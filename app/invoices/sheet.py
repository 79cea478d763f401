"""Everything that the page of a document says, in words, in the document's language."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from app.invoices import words
from app.invoices.documents import PROFORMA, Document, Line
from app.invoices.rules import DocumentKind, ProformaState
from app.web.i18n import day, language, money


def sheet(document: Document) -> dict[str, Any]:
    """What `document.typ` lays out; to be asked for while the document's language is spoken."""
    is_proforma = document.kind == PROFORMA
    return {
        "title": words.title(document.kind),
        "number": document.number,
        "language": language(),
        "seller": {"name": document.seller["name"], "rows": _seller(document.seller)},
        "client": {"name": document.client["name"], "rows": _party(document.client)},
        "made_out_to": _("Made out to"),
        "facts": _facts(document),
        "warning": _("This is a pro forma, not an invoice.") if is_proforma else "",
        "columns": [_("What"), _("Quantity"), _("Unit price"), _("VAT"), _("Amount before VAT")],
        "lines": [_line(line, document.currency) for line in document.lines],
        "vat_columns": [_("VAT rate"), _("Amount before VAT"), _("Amount of VAT")],
        "shares": [
            [
                words.rate(share.rate),
                money(share.net, document.currency),
                money(share.vat, document.currency),
            ]
            for share in document.shares
        ],
        "sums": _sums(document),
        "notes": _notes(document),
        "terms": _terms(document),
        "footer": _footer(document.seller),
        "page": _("Page"),
    }


def _facts(document: Document) -> list[tuple[str, str]]:
    facts = [(_("Date"), day(document.dated))]
    if document.kind == PROFORMA:
        return [*facts, (_("To be paid by"), day(document.expires_on))]
    days = [line.supplied_on for line in document.lines if line.supplied_on]
    facts.append((_("Date of supply"), day(max(days))))
    if document.kind == DocumentKind.CREDIT_NOTE:
        facts.append((_("About the invoice"), f"{document.names} ({day(document.names_dated)})"))
        if document.reason:
            facts.append((_("Reason"), document.reason))
        return facts
    if document.names:
        facts.append((_("Pro forma"), document.names))
    return [*facts, (_("Due on"), day(document.dated)), (_("Nature"), _("Supply of services"))]


def _line(line: Line, currency: str) -> dict[str, str]:
    return {
        "what": words.sold(line),
        "about": words.period(line),
        "quantity": "1",
        "net": money(line.net, currency),
        "rate": words.rate(line.rate),
        "amount": money(line.net, currency),
    }


def _sums(document: Document) -> list[tuple[str, str]]:
    currency = document.currency
    sums = [
        (_("Total before VAT"), money(document.net, currency)),
        (_("VAT"), money(document.vat, currency)),
    ]
    total = money(document.total, currency)
    if document.kind == PROFORMA:
        return [*sums, (_("To be paid"), total)]
    if document.kind == DocumentKind.CREDIT_NOTE:
        return [*sums, (_("Total given back"), total)]
    return [
        *sums,
        (_("Total with VAT"), total),
        (_("Paid from the wallet"), money(-document.total, currency)),
        (_("Still to be paid"), money(0, currency)),
    ]


def _notes(document: Document) -> list[str]:
    notes = [words.mention(code) for code in document.mentions]
    return [*notes, *_invoiced(document)]


def _invoiced(document: Document) -> list[str]:
    """What becomes, or became, of a proforma's invoice (ADR 8)."""
    if document.state is ProformaState.OPEN:
        return [_("The invoice is issued once this is paid.")]
    if document.state is ProformaState.PAID and document.led_to:
        return [_("Invoice %(number)s was issued.", number=number) for number in document.led_to]
    if document.state is ProformaState.PAID:
        return [_("This is paid; its invoice is issued as soon as all of it is renewed.")]
    return []


def _terms(document: Document) -> list[str]:
    """The seller's terms, as the law wants them, in the language of the document (L13)."""
    if document.kind != DocumentKind.INVOICE:
        return []
    return [document.seller["payment_terms"], document.seller["penalties"]]


def _seller(seller: Mapping[str, str]) -> list[str]:
    return [row for row in (*_party(seller), seller["email"]) if row]


def _party(party: Mapping[str, str]) -> list[str]:
    """Address and numbers of a party, one row each."""
    town = f"{party['postcode']} {party['city']}".strip()
    place = f"{town} ({party['country']})" if town else party["country"]
    rows = [party["address"], place]
    if siren := party.get("siren"):
        rows.append(_("SIREN: %(number)s", number=siren))
    if party["vat_id"]:
        rows.append(_("VAT number: %(number)s", number=party["vat_id"]))
    return [row for row in rows if row]


def _footer(seller: Mapping[str, str]) -> str:
    siret = _("SIRET: %(number)s", number=seller["siret"]) if seller["siret"] else ""
    return " – ".join(part for part in (seller["name"], seller["legal"], siret) if part)
