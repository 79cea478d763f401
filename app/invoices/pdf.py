"""Documents as PDF/A-3 with the Factur-X XML inside; the same bytes each time (CP12)."""

import json
import re
from datetime import UTC, datetime, time
from pathlib import Path
from xml.sax.saxutils import escape

import typst

from app.invoices.documents import PROFORMA, Document
from app.invoices.facturx import FILE_NAME, xml
from app.invoices.sheet import sheet
from app.web.i18n import speaking

LAYOUT = Path(__file__).with_name("document.typ")
FX = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
# What Factur-X wants PDF/A to know: its four properties, and the schema that describes them.
PROPERTIES = (
    ("DocumentFileName", FILE_NAME, "name of the embedded XML invoice file"),
    ("DocumentType", "INVOICE", "INVOICE"),
    ("Version", "1.0", "The actual version of the Factur-X XML schema"),
    ("ConformanceLevel", "EN 16931", "The conformance level of the embedded Factur-X data"),
)
# Code pages of Europe: all that the fonts can be relied upon to show.
_SHOWN = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1257")
_FIRST_SCHEMA = "<pdfaExtension:schemas><rdf:Bag>"


def pdf(document: Document) -> bytes:
    """The file of a document. A letter that the fonts lack is shown as a question mark."""
    is_proforma = document.kind == PROFORMA
    inside = b"" if is_proforma else xml(document)
    with speaking(document.language):
        data = json.dumps(sheet(document), ensure_ascii=False)
    try:
        made = _laid_out(document, data, inside)
    except typst.TypstError as problem:
        if "could not be displayed" not in str(problem):
            raise
        made = _laid_out(document, "".join(map(_shown, data)), inside)
    return made if is_proforma else _declared(made)


def _laid_out(document: Document, data: str, inside: bytes) -> bytes:
    return typst.compile(
        LAYOUT,
        root=LAYOUT.parent,
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"data": data, "xml": inside.decode()},
        pdf_standards=["a-3a"],
        timestamp=datetime.combine(document.dated, time(), UTC),
    )


def _shown(letter: str) -> str:
    # Babel writes amounts with narrow spaces.
    if letter in "\u202f\u2009" or any(_encodes(page, letter) for page in _SHOWN):
        return letter
    return "?"


def _encodes(page: str, letter: str) -> bool:
    try:
        letter.encode(page)
    except UnicodeEncodeError:
        return False
    return True


def _declared(made: bytes) -> bytes:
    """The same PDF with the properties of Factur-X, appended as an update of its metadata."""
    trailer = made[made.rindex(b"trailer") :]
    root = _number(rb"/Root (\d+) 0 R", trailer)
    catalogue = made[made.index(b"\n%d 0 obj" % root) :]
    metadata = _number(rb"/Metadata (\d+) 0 R", catalogue)
    begins, ends = made.index(b"<?xpacket begin"), made.index(b'<?xpacket end="r"?>')
    told = _with_properties(made[begins:ends].decode()).encode() + b'<?xpacket end="r"?>'
    body = b"%d 0 obj\n<</Type/Metadata/Subtype/XML/Length %d>>\n" % (metadata, len(told))
    body += b"stream\n%s\nendstream\nendobj\n" % told
    before = _number(rb"startxref\s+(\d+)", trailer)
    at = len(made) + 1
    return b"%s\n%sxref\n%d 1\n%010d 00000 n\r\ntrailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (
        made, body, metadata, at, _pointing_back(trailer, before), at + len(body),
    )  # fmt: skip


def _pointing_back(trailer: bytes, before: int) -> bytes:
    entries = trailer[trailer.index(b"<<") : trailer.rindex(b">>")]
    return entries + b"/Prev %d>>" % before


def _with_properties(packet: str) -> str:
    values = "".join(f"<fx:{name}>{escape(value)}</fx:{name}>" for name, value, _ in PROPERTIES)
    described = "".join(
        f'<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>'
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{about}</pdfaProperty:description></rdf:li>"
        for name, _, about in PROPERTIES
    )
    schema = (
        '<rdf:li rdf:parseType="Resource">'
        "<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{FX}</pdfaSchema:namespaceURI>"
        "<pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{described}</rdf:Seq></pdfaSchema:property></rdf:li>"
    )
    ours = f'<rdf:Description rdf:about="" xmlns:fx="{FX}">{values}</rdf:Description></rdf:RDF>'
    if _FIRST_SCHEMA not in packet:
        raise ValueError("the metadata are not laid out as expected")
    return packet.replace(_FIRST_SCHEMA, _FIRST_SCHEMA + schema, 1).replace("</rdf:RDF>", ours, 1)


def _number(pattern: bytes, where: bytes) -> int:
    found = re.search(pattern, where)
    if found is None:
        raise ValueError("the PDF is not laid out as expected")
    return int(found[1])
