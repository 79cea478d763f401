"""Pages of invoices and proformas, and their files."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.rules import Role
from app.db import transaction
from app.invoices import proformas, service
from app.invoices.issuer import issuer
from app.invoices.models import Invoice
from app.journal.service import HOST
from tests import make
from tests.invoices.papers import ask, credit, issue, item
from tests.make import NOW, TODAY
from tests.pages import fields, signed_in, statements


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        return make.organization("Acme")


@pytest.fixture
def marie(app, acme):
    with app.app_context():
        return signed_in(app, make.owner(acme, language="en"))


def html(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_empty_lists_say_what_will_be_there(marie):
    assert "No invoice yet" in html(marie, "/billing/invoices")
    assert "No pro forma yet" in html(marie, "/billing/proformas")


def test_an_invoice_is_listed_shown_and_downloaded(app, acme, marie):
    with app.app_context():
        issue(acme, 999, 1500)
    listed = html(marie, "/billing/invoices")
    assert 'href="/billing/invoices/F2027-000001"' in listed
    assert "€24.99" in listed
    shown = html(marie, "/billing/invoices/F2027-000001")
    for told in ("Invoice F2027-000001", "€20.82", "€4.17", "€24.99", "Renewal of the domain"):
        assert told in shown
    pdf = marie.get("/billing/invoices/F2027-000001.pdf")
    assert (pdf.mimetype, pdf.data[:8]) == ("application/pdf", b"%PDF-1.7")
    assert "F2027-000001.pdf" in pdf.headers["Content-Disposition"]
    assert marie.get("/billing/invoices/F2027-000001.pdf").data == pdf.data
    xml = marie.get("/billing/invoices/F2027-000001.xml")
    assert b"CrossIndustryInvoice" in xml.data


def test_an_invoice_and_its_credit_note_lead_to_each_other(app, acme, marie):
    with app.app_context():
        invoice_id = issue(acme, 1500)
        credit(invoice_id)
    assert "-€15.00" in html(marie, "/billing/invoices")
    assert 'href="/billing/invoices/A2027-000001"' in html(marie, "/billing/invoices/F2027-000001")
    assert 'href="/billing/invoices/F2027-000001"' in html(marie, "/billing/invoices/A2027-000001")


def test_what_is_not_invoiced_yet_is_said(app, acme, marie):
    with app.app_context(), transaction() as session:
        service.add_line(
            session, organization_id=acme.id, contact_id=None, currency="EUR", item=item(),
            today=TODAY, renewal_id=1,
        )  # fmt: skip
    assert "1 renewal (€15.00) is not invoiced yet" in html(marie, "/billing/invoices")


def test_a_list_takes_few_statements_and_goes_on(app, acme, marie):
    with app.app_context():
        for _ in range(27):
            issue(acme, 1500)
    with statements(app) as few:
        first = html(marie, "/billing/invoices?size=25")
    assert len(few) <= 6
    assert "F2027-000027" in first
    assert "F2027-000002" not in first
    assert "27 documents" in first
    csv = marie.get("/billing/invoices.csv").get_data(as_text=True)
    assert len(csv.splitlines()) == 28
    assert "12.50,2.50,15.00,EUR" in csv


def test_an_open_proforma_can_be_paid_or_cancelled(app, acme, marie):
    with app.app_context():
        ask(acme, 1)
    assert "PF2027-000001" in html(marie, "/billing/proformas")
    shown = html(marie, "/billing/proformas/PF2027-000001")
    assert "This is a pro forma, not an invoice." in shown
    assert 'href="/billing/proformas/PF2027-000001/pay"' in shown
    assert marie.get("/billing/proformas/PF2027-000001.pdf").data[:4] == b"%PDF"
    action = "/billing/proformas/PF2027-000001/cancel"
    for _ in range(2):
        assert marie.post(action, data=fields(shown, action)).status_code == 303
    shown = html(marie, "/billing/proformas/PF2027-000001")
    assert "Cancelled" in shown
    assert "/pay" not in shown


def test_a_paid_proforma_is_not_cancelled(app, acme, marie):
    with app.app_context():
        proforma_id = ask(acme, 1)
    action = "/billing/proformas/PF2027-000001/cancel"
    token = fields(html(marie, "/billing/proformas/PF2027-000001"), action)
    with app.app_context(), transaction() as session:
        proformas.mark_paid(session, proforma_id, by=HOST, today=TODAY, now=NOW)
    answer = marie.post(action, data=token, follow_redirects=True)
    assert "It was paid in the meantime" in answer.get_data(as_text=True)


def test_an_expired_proforma_says_so_before_the_job_has_run(app, acme, marie, clock):
    with app.app_context():
        ask(acme, 1)
    clock.advance(timedelta(days=6))
    assert "Expired" in html(marie, "/billing/proformas")
    assert "/pay" not in html(marie, "/billing/proformas/PF2027-000001")
    assert "Expired" in marie.get("/billing/proformas.csv").get_data(as_text=True)


def test_documents_are_for_those_who_may_bill(app, acme):
    with app.app_context():
        issue(acme, 1500)
        ask(acme, 1)
        viewer, stranger = make.user("Vera"), make.owner(make.organization("Other"), "Eve")
        make.member(viewer, acme, Role.VIEWER)
        vera, eve = signed_in(app, viewer), signed_in(app, stranger)
    for address in (
        "/billing/invoices/F2027-000001", "/billing/invoices/F2027-000001.pdf",
        "/billing/invoices/F2027-000001.xml", "/billing/proformas/PF2027-000001",
        "/billing/proformas/PF2027-000001.pdf",
    ):  # fmt: skip
        assert vera.get(address).status_code == 403
        assert eve.get(address).status_code == 404
    assert "F2027-000001" not in html(eve, "/billing/invoices")


def test_a_draft_has_no_page(app, acme, marie):
    assert marie.get("/billing/invoices/None").status_code == 404
    assert marie.get("/billing/invoices/F2027-000001").status_code == 404


def test_a_paid_proforma_names_its_invoice_or_says_when_there_will_be_one(app, acme, marie):
    page, promise = "/billing/proformas/PF2027-000001", "The invoice is issued once this is paid."
    with app.app_context():
        proforma_id = ask(acme, 1)
    assert promise in html(marie, page)
    with app.app_context(), transaction() as session:
        proformas.mark_paid(session, proforma_id, by=HOST, today=TODAY, now=NOW)
    assert promise not in html(marie, page)
    assert "its invoice is issued as soon as all of it is renewed" in html(marie, page)
    with app.app_context():
        draft = draft_of(acme, proforma_id)
        with transaction() as session:
            service.close(session, draft, issuer=issuer(), by=HOST, today=TODAY, now=NOW)
    assert "Invoice F2027-000001 was issued." in html(marie, page)


def draft_of(acme, proforma_id):
    with transaction() as session:
        service.add_line(
            session, organization_id=acme.id, contact_id=None, currency="EUR", item=item(),
            today=TODAY, renewal_id=1, proforma_id=proforma_id,
        )  # fmt: skip
        return session.scalars(select(Invoice.id)).one()


def test_terms_in_another_language_stand_under_a_heading_that_says_so(app, acme, marie):
    with app.app_context():
        french = make.organization("Dupont")
        anne = make.owner(french, "Anne", language="fr")
        issue(french, 1500)
        reader = make.user("Jane", language="en")
        make.member(reader, french, Role.BILLING)
    page = "/billing/invoices/F2027-000001"
    shown = html(signed_in(app, reader), page)
    assert "<h2>Legal terms, in the language of the document</h2>" in shown
    assert 'lang="fr">' in shown.partition("Legal terms")[2]
    assert "<h2>Mentions légales</h2>" in html(signed_in(app, anne), page)
