"""The PDF: made from the frozen row, the same bytes each time, with the XML inside (L14, CP12)."""

import re
from dataclasses import replace
from io import BytesIO

import pytest
from facturx import get_facturx_xml_from_pdf
from lxml import etree
from pypdf import PdfReader
from sqlalchemy import update

from app.billing.models import BillingContact
from app.db import db, transaction
from app.invoices.documents import proforma
from app.invoices.facturx import xml
from app.invoices.issuer import issuer
from app.invoices.pdf import pdf
from app.invoices.vat import Policy
from tests import make
from tests.invoices.papers import ask, credit, issue, read


def text_of(made):
    text = "\n".join(page.extract_text() for page in PdfReader(BytesIO(made)).pages)
    # Spaces of amounts and of French punctuation are of several kinds, lines may break anywhere.
    return re.sub(r"\s+", " ", text.replace("\u202f", " ").replace("\xa0", " "))


def french(organization, **changes):
    """Somebody who is written to in French, with other details of their contact."""
    make.owner(organization, language="fr")
    if changes:
        with transaction() as session:
            session.execute(update(BillingContact).values(**changes))
    return organization


def test_the_same_bytes_each_time_with_the_xml_inside(db_context):
    invoice = read(issue(make.organization(), 999, 1500))
    made = pdf(invoice)
    assert pdf(invoice) == made
    assert get_facturx_xml_from_pdf(made, check_xsd=True) == ("factur-x.xml", xml(invoice))


def test_the_metadata_say_pdf_a_3_and_factur_x(db_context):
    reader = PdfReader(BytesIO(pdf(read(issue(make.organization(), 1500)))))
    root = reader.trailer["/Root"]
    packet = root["/Metadata"].get_object().get_data()
    found = {one.tag.rpartition("}")[2]: one.text for one in etree.fromstring(packet).iter()}
    assert (found["part"], found["conformance"]) == ("3", "A")
    assert found["ConformanceLevel"] == "EN 16931"
    assert found["DocumentFileName"] == "factur-x.xml"
    attached = root["/AF"][0].get_object()
    assert (attached["/F"], attached["/AFRelationship"]) == ("factur-x.xml", "/Alternative")
    assert not reader.is_encrypted


def test_it_says_what_french_law_wants(db_context):
    acme = french(make.organization("Acme SARL"), vat_id="FR40303265045")
    text = text_of(pdf(read(issue(acme, 999, 1500))))
    for told in (
        "Facture F2027-000001", "1er mars 2027", "Hébergeur de démonstration", "FR44732829320",
        "SIRET : 73282932000074", "SARL au capital de 1 000 €", "Acme SARL", "1 rue de la Paix",
        "SIREN : 303265045", "FR40303265045", "Renouvellement du nom de domaine example.org, 1 an",
        "31 mars 2027 au 30 mars 2028", "20 %", "20,82 €", "4,17 €", "24,99 €",
        "Prestation de services", "indemnité forfaitaire de 40 €", "Pas d’escompte",
    ):  # fmt: skip
        assert told in text, told


@pytest.mark.parametrize(
    ("changes", "policy", "told"),
    [
        ({"country": "DE", "vat_id": "DE136695976"}, Policy("FR"), "Autoliquidation"),
        ({"country": "CH"}, Policy("FR"), "Non soumis à la TVA française"),
        (
            {"country": "FR"},
            Policy("FR", exempt=True),
            "TVA non applicable, art. 293 B du CGI",
        ),
    ],
)
def test_it_says_why_there_is_no_vat(db_context, changes, policy, told):
    acme = french(make.organization(), **changes)
    text = text_of(pdf(read(issue(acme, 1500, seller=replace(issuer(), policy=policy)))))
    assert told in text
    assert "Total TTC 15,00 €" in text


def test_a_credit_note_says_which_invoice_it_takes_back(db_context):
    acme = french(make.organization())
    invoice_id = issue(acme, 1500)
    note = credit(invoice_id, reason="Doublon")
    text = text_of(pdf(read(note)))
    for told in ("Avoir A2027-000001", "F2027-000001", "Doublon", "15,00 €"):
        assert told in text


def test_a_proforma_says_that_it_is_no_invoice_and_has_no_xml(db_context):
    acme = french(make.organization())
    ask(acme, 1)
    asked = proforma(db.session(), [acme.id], "PF2027-000001")
    made = pdf(asked)
    assert pdf(asked) == made
    text = text_of(made)
    assert "Facture pro forma – ceci n’est pas une facture" in text
    assert "PF2027-000001" in text
    assert not PdfReader(BytesIO(made)).attachments


def test_everything_that_an_invoice_has_room_for_is_shown(db_context):
    acme = make.organization()
    text = text_of(pdf(read(issue(acme, *range(100, 160)))))
    assert text.count("Renewal of the domain") == 60
    assert "Page 1 / 4" in text or "Page 1 / 3" in text


@pytest.mark.parametrize(
    "name", ["Ελλάδα", "Київ", "Łódź", "日本", "😀", "#panic() $x$ *a* _b_ `c`", "\u202eb", "ﷺ"]
)
def test_any_name_makes_a_file_and_none_is_markup(db_context, name):
    acme = make.organization()
    with transaction() as session:
        session.execute(update(BillingContact).values(name=name))
    made = pdf(read(issue(acme, 1500)))
    assert made.startswith(b"%PDF-1.7")
    if name.isascii():
        assert "#panic() $x$ *a* _b_ `c`" in text_of(made)


@pytest.mark.parametrize("page", ["cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1257"])
def test_all_letters_of_europe_are_shown(db_context, page):
    letters = bytes(range(0xC0, 0x100)).decode(page, "ignore")
    acme = make.organization()
    with transaction() as session:
        session.execute(update(BillingContact).values(name=f"日{letters}"))
    assert text_of(pdf(read(issue(acme, 1500)))).count("?") == 1
