"""An invoice as XML: UN/CEFACT Cross Industry Invoice, profile EN 16931 of Factur-X (L14).

Element order follows the standard's schema; BT- and BG- numbers are those of EN 16931. Tests check
the result with the standard's own schema and rules.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from xml.etree import ElementTree as ET

from app.invoices import words
from app.invoices.documents import Document, Line, Share
from app.invoices.rules import DocumentKind
from app.invoices.vat import OUTSIDE
from app.lib.money import EXPONENTS
from app.web.i18n import speaking

FILE_NAME = "factur-x.xml"
PROFILE = "urn:cen.eu:en16931:2017"
# BT-23, French practice: services that were paid before.
PROCESS = "S2"
RSM = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
RAM = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
UDT = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"
QDT = "urn:un:unece:uncefact:data:standard:QualifiedDataType:100"
for _prefix, _uri in {"rsm": RSM, "ram": RAM, "udt": UDT, "qdt": QDT}.items():
    ET.register_namespace(_prefix, _uri)

# UNTDID 1001: commercial invoice, credit note.
TYPES = {DocumentKind.INVOICE: "380", DocumentKind.CREDIT_NOTE: "381"}
# What a category other than S is excused by: VATEX code list of the European Commission.
EXCUSES = {
    "reverse_charge": "VATEX-EU-AE",
    "outside_eu": "VATEX-EU-O",
    "exempt_293b": "VATEX-FR-FRANCHISE",
}
# ICD 0002: SIREN. EAS EM: an e-mail address.
SIREN, EMAIL = "0002", "EM"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml(document: Document) -> bytes:
    """The XML of an issued invoice or credit note; the same bytes each time."""
    with speaking(document.language):
        return _Writer(document).written()


class _Writer:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.exponent = EXPONENTS[document.currency]

    def written(self) -> bytes:
        root = ET.Element(f"{{{RSM}}}CrossIndustryInvoice")
        self._context(root)
        self._heading(root)
        deal = ET.SubElement(root, f"{{{RSM}}}SupplyChainTradeTransaction")
        for number, line in enumerate(self.document.lines, 1):
            self._line(deal, number, line)
        self._parties(_add(deal, "ApplicableHeaderTradeAgreement"))
        self._delivery(_add(deal, "ApplicableHeaderTradeDelivery"))
        self._settlement(_add(deal, "ApplicableHeaderTradeSettlement"))
        return bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True))

    def _context(self, root: ET.Element) -> None:
        context = ET.SubElement(root, f"{{{RSM}}}ExchangedDocumentContext")
        _add(_add(context, "BusinessProcessSpecifiedDocumentContextParameter"), "ID", PROCESS)
        _add(_add(context, "GuidelineSpecifiedDocumentContextParameter"), "ID", PROFILE)

    def _heading(self, root: ET.Element) -> None:
        heading = ET.SubElement(root, f"{{{RSM}}}ExchangedDocument")
        _add(heading, "ID", self.document.number)
        _add(heading, "TypeCode", TYPES[DocumentKind(self.document.kind)])
        _day(_add(heading, "IssueDateTime"), self.document.dated)
        seller = self.document.seller
        # UNTDID 4451: penalties for late payment, and what early payment brings.
        for text, code in ((seller["penalties"], "PMD"), (seller["payment_terms"], "AAB")):
            self._note(heading, text, code)
        for text in (self.document.reason, seller["legal"]):
            self._note(heading, text)

    def _note(self, heading: ET.Element, text: str, code: str | None = None) -> None:
        if text:
            note = _add(heading, "IncludedNote")
            _add(note, "Content", text)
            if code:
                _add(note, "SubjectCode", code)

    def _line(self, deal: ET.Element, number: int, line: Line) -> None:
        item = _add(deal, "IncludedSupplyChainTradeLineItem")
        _add(_add(item, "AssociatedDocumentLineDocument"), "LineID", str(number))
        _add(_add(item, "SpecifiedTradeProduct"), "Name", words.sold(line))
        price = _add(
            _add(item, "SpecifiedLineTradeAgreement"), "NetPriceProductTradePrice"
        )  # fmt: skip
        _add(price, "ChargeAmount", self._amount(line.net))
        # C62: one.
        _add(_add(item, "SpecifiedLineTradeDelivery"), "BilledQuantity", "1", unitCode="C62")
        settled = _add(item, "SpecifiedLineTradeSettlement")
        tax = _add(settled, "ApplicableTradeTax")
        _add(tax, "TypeCode", "VAT")
        _add(tax, "CategoryCode", line.category)
        self._rate(tax, line.category, line.rate)
        period = _add(settled, "BillingSpecifiedPeriod")
        _day(_add(period, "StartDateTime"), line.starts_on)
        # Ours ends before a day, the standard's with one.
        _day(_add(period, "EndDateTime"), line.ends_on - timedelta(days=1))
        total = _add(settled, "SpecifiedTradeSettlementLineMonetarySummation")
        _add(total, "LineTotalAmount", self._amount(line.net))

    def _parties(self, agreement: ET.Element) -> None:
        seller, client = self.document.seller, self.document.client
        made = _add(agreement, "SellerTradeParty")
        self._party(made, seller, seller["siret"][:9])
        if self._taxable:
            if seller["vat_id"]:
                _registration(made, "VA", seller["vat_id"])
            else:
                _registration(made, "FC", seller["siret"][:9])
        made = _add(agreement, "BuyerTradeParty")
        self._party(made, client, client["siren"])
        if client["vat_id"] and self._taxable:
            _registration(made, "VA", client["vat_id"])

    @property
    def _taxable(self) -> bool:
        """BR-O-02: what is outside the scope of VAT names no VAT id."""
        return all(line.category != OUTSIDE for line in self.document.lines)

    def _party(self, made: ET.Element, party: Mapping[str, str], siren: str) -> None:
        _add(made, "Name", party["name"])
        if siren:
            _add(_add(made, "SpecifiedLegalOrganization"), "ID", siren, schemeID=SIREN)
        address = _add(made, "PostalTradeAddress")
        for name, value in (
            ("PostcodeCode", party["postcode"]),
            ("LineOne", party["address"]),
            ("CityName", party["city"]),
            ("CountryID", party["country"]),
        ):
            if value:
                _add(address, name, value)
        if party["email"]:
            electronic = _add(made, "URIUniversalCommunication")
            _add(electronic, "URIID", party["email"], schemeID=EMAIL)

    def _delivery(self, delivery: ET.Element) -> None:
        days = [line.supplied_on for line in self.document.lines if line.supplied_on]
        if days:
            event = _add(delivery, "ActualDeliverySupplyChainEvent")
            _day(_add(event, "OccurrenceDateTime"), max(days))

    def _settlement(self, settled: ET.Element) -> None:
        document = self.document
        _add(settled, "InvoiceCurrencyCode", document.currency)
        for share in document.shares:
            self._share(settled, share)
        terms = _add(settled, "SpecifiedTradePaymentTerms")
        _add(terms, "Description", document.seller["payment_terms"])
        sums = _add(settled, "SpecifiedTradeSettlementHeaderMonetarySummation")
        _add(sums, "LineTotalAmount", self._amount(document.net))
        _add(sums, "TaxBasisTotalAmount", self._amount(document.net))
        _add(sums, "TaxTotalAmount", self._amount(document.vat), currencyID=document.currency)
        _add(sums, "GrandTotalAmount", self._amount(document.total))
        # The wallet pays at the moment of the sale; a credit note gives back to it.
        _add(sums, "TotalPrepaidAmount", self._amount(document.total))
        _add(sums, "DuePayableAmount", self._amount(0))
        if document.kind == DocumentKind.CREDIT_NOTE and document.names:
            named = _add(settled, "InvoiceReferencedDocument")
            _add(named, "IssuerAssignedID", document.names)
            if document.names_dated:
                _day(_add(named, "FormattedIssueDateTime"), document.names_dated, QDT)

    def _share(self, settled: ET.Element, share: Share) -> None:
        tax = _add(settled, "ApplicableTradeTax")
        _add(tax, "CalculatedAmount", self._amount(share.vat))
        _add(tax, "TypeCode", "VAT")
        mention = next(iter(self.document.mentions), None)
        if mention:
            _add(tax, "ExemptionReason", words.mention(mention))
        _add(tax, "BasisAmount", self._amount(share.net))
        _add(tax, "CategoryCode", share.category)
        if mention:
            _add(tax, "ExemptionReasonCode", EXCUSES[mention])
        self._rate(tax, share.category, share.rate)

    def _rate(self, tax: ET.Element, category: str, rate: int) -> None:
        # BR-O-05: what is outside the scope of VAT has no rate, not even zero.
        if category != OUTSIDE:
            _add(tax, "RateApplicablePercent", f"{Decimal(rate) / 100:.2f}")

    def _amount(self, minor: int) -> str:
        return f"{Decimal(minor).scaleb(-self.exponent):f}"


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{RAM}}}{name}", attributes)
    element.text = None if text is None else _NOT_XML.sub("", text)
    return element


def _day(parent: ET.Element, day: date, namespace: str = UDT) -> None:
    written = ET.SubElement(parent, f"{{{namespace}}}DateTimeString", format="102")
    written.text = day.strftime("%Y%m%d")


def _registration(party: ET.Element, scheme: str, number: str) -> None:
    _add(_add(party, "SpecifiedTaxRegistration"), "ID", number, schemeID=scheme)
