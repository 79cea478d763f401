"""The PDF: made from the frozen row, the same bytes each time, with the XML inside (L14, CP12)."""

from io import BytesIO

from facturx import get_facturx_xml_from_pdf
from pypdf import PdfReader

from app.invoices.facturx import xml
from app.invoices.pdf import pdf
from tests import make
from tests.invoices.papers import issue, read


def text_of(made):
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(made)).pages)


def test_the_same_bytes_each_time_with_the_xml_inside(db_context):
    invoice = read(issue(make.organization(), 999, 1500))
    made = pdf(invoice)
    assert pdf(invoice) == made
    name, inside = get_facturx_xml_from_pdf(made, check_xsd=True)
    assert (name, inside) == ("factur-x.xml", xml(invoice))
