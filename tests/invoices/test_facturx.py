"""The XML says what the invoice says, by the standard's own schema and rules."""

import pytest
from sqlalchemy import update

from app.billing.models import BillingContact
from app.db import transaction
from app.invoices.facturx import xml
from tests import make
from tests.invoices.papers import credit, issue, read
from tests.invoices.standard import complaints


def contact(organization, **changes):
    with transaction() as session:
        session.execute(
            update(BillingContact)
            .where(BillingContact.organization_id == organization.id)
            .values(**changes)
        )


CLIENTS = {
    "a French consumer": {"country": "FR"},
    "a French company": {"vat_id": "FR40303265045"},
    "a German company": {"country": "DE", "vat_id": "DE136695976"},
    "a German consumer": {"country": "DE"},
    "a Swiss": {"country": "CH"},
    "a Reunionese": {"country": "RE"},
    "a name from everywhere": {"name": "Ελλάδα <b>&\x0b 日本 😀", "city": "Łódź"},
}


@pytest.mark.parametrize("changes", CLIENTS.values(), ids=CLIENTS)
@pytest.mark.parametrize("prices", [(1500,), (999, 100, 333), (1,), (0, 5)])
def test_invoices_are_sound_by_the_rules_of_en_16931(db_context, tmp_path, changes, prices):
    acme = make.organization()
    contact(acme, **changes)
    assert complaints(xml(read(issue(acme, *prices))), tmp_path) == []


def test_credit_notes_are_sound_and_name_their_invoice(db_context, tmp_path):
    acme = make.organization()
    invoice_id = issue(acme, 999, 1500)
    note = credit(invoice_id, reason="Erreur")
    written = xml(read(note))
    assert complaints(written, tmp_path) == []
    assert b">F2027-000001<" in written


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        (b"<ram:GrandTotalAmount>15.00", b"<ram:GrandTotalAmount>15.01", "BR-CO-15"),
        (b"<ram:LineTotalAmount>12.50", b"<ram:LineTotalAmount>12.51", "BR-CO-10"),
        (b"<ram:CountryID>FR", b"<ram:CountryID>", "BR-09"),
    ],
)
def test_the_rules_do_find_what_is_wrong(db_context, tmp_path, right, wrong, rule):
    written = xml(read(issue(make.organization(), 1500)))
    assert right in written
    found = complaints(written.replace(right, wrong, 1), tmp_path)
    assert any(rule in one for one in found), found
