"""One invoice a payer, billing contact and day, of all that renewed by itself."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from app.billing.models import BillingContact
from app.db import db, transaction
from app.invoices import proformas, service
from app.invoices.closing import close_days
from app.invoices.issuer import issuer
from app.invoices.models import Invoice, InvoiceLine, VatRate
from app.invoices.rules import DocumentState
from app.journal.models import JournalRow
from app.journal.service import HOST
from app.operator_tasks.service import open_tasks
from tests import make
from tests.invoices.papers import ask, item, read
from tests.make import NOW, TODAY

DAY = timedelta(days=1)


def sell(organization, *, renewal_id=None, contact=None, today=TODAY, price=1500, proforma=None):
    with transaction() as session:
        return service.add_line(
            session, organization_id=organization.id, contact_id=contact and contact.id,
            currency="EUR", item=item(price), today=today, renewal_id=renewal_id,
            proforma_id=proforma,
        )  # fmt: skip


def close_all(day=TODAY + DAY, run_id=None):
    return close_days(NOW + (day - TODAY), run_id)


def issued():
    rows = db.session.execute(
        select(Invoice.number, Invoice.day, Invoice.issued_on, Invoice.total)
        .where(Invoice.state == DocumentState.ISSUED)
        .order_by(Invoice.number)
    ).all()
    db.session.rollback()
    return [tuple(row) for row in rows]


def test_a_day_of_renewals_becomes_one_invoice_when_it_is_over(db_context):
    acme = make.organization()
    drafts = {sell(acme, renewal_id=n, price=1000 + n) for n in range(3)}
    assert len(drafts) == 1
    assert close_all(TODAY) == 0
    assert close_all() == 1
    assert close_all() == 0
    assert issued() == [("F2027-000001", TODAY, TODAY + DAY, 3003)]
    lines = read(drafts.pop()).lines
    assert {line.supplied_on for line in lines} == {TODAY}
    assert db_context.scalars(
        select(JournalRow.subject).where(JournalRow.event == "invoice.issued")
    ).all() == ["F2027-000001"]


def test_payers_contacts_and_days_have_invoices_of_their_own(db_context):
    acme, beta = make.organization("Acme"), make.organization("Beta")
    other = make.contact(acme)
    drafts = [
        sell(acme), sell(acme, contact=other), sell(beta), sell(acme, today=TODAY + DAY)
    ]  # fmt: skip
    assert len(set(drafts)) == 4
    assert close_all(TODAY + 2 * DAY) == 4


def test_a_renewal_is_invoiced_once(db_context):
    acme = make.organization()
    first = sell(acme, renewal_id=7)
    assert sell(acme, renewal_id=7, today=TODAY + DAY) == first
    assert db_context.scalars(select(InvoiceLine.renewal_id)).all() == [7]


def test_what_comes_after_the_day_was_closed_goes_on_the_next_draft(db_context):
    acme = make.organization()
    first = sell(acme, renewal_id=1)
    close_all()
    late = sell(acme, renewal_id=2)
    assert late != first
    assert sell(acme, renewal_id=3, today=TODAY + DAY) == late
    close_all(TODAY + 2 * DAY)
    assert [row[0] for row in issued()] == ["F2027-000001", "F2027-000002"]


def test_a_paid_proforma_becomes_one_invoice_at_once(db_context):
    """Golden row I6: the invoice is numbered in its own series, the proforma's number stays."""
    acme = make.organization()
    proforma_id = ask(acme, 1, 2)
    with transaction() as session:
        proformas.mark_paid(session, proforma_id, by=HOST, today=TODAY, now=NOW)
    draft = sell(acme, renewal_id=1, proforma=proforma_id)
    assert sell(acme, renewal_id=2, proforma=proforma_id) == draft
    with transaction() as session:
        number = service.close(session, draft, issuer=issuer(), by=HOST, today=TODAY, now=NOW)
    assert number == "F2027-000001"
    assert read(draft).names == "PF2027-000001"
    # What the registry answers only later is not lost.
    assert sell(acme, renewal_id=3, proforma=proforma_id) != draft


def test_the_client_is_frozen_as_it_was_when_the_invoice_was_issued(db_context):
    acme = make.organization()
    draft = sell(acme)
    close_all()
    with transaction() as session:
        session.execute(update(BillingContact).values(name="Other", vat_id="FR40303265045"))
    client = read(draft).client
    assert (client["name"], client["vat_id"]) == ("Acme", "")


def test_an_organization_without_contact_is_named_itself(db_context):
    acme = make.organization()
    with transaction() as session:
        session.execute(BillingContact.__table__.delete())
    draft = sell(acme)
    close_all()
    assert (read(draft).client["name"], read(draft).client["country"]) == ("Acme", "FR")


def test_the_rate_is_that_of_the_day_of_supply(db_context):
    acme = make.organization()
    with transaction() as session:
        session.add(VatRate(country="FR", from_date=TODAY + DAY, rate=2500))
    before, after = sell(acme), sell(acme, today=TODAY + DAY)
    close_all(TODAY + 2 * DAY)
    assert [line.rate for line in read(before).lines + read(after).lines] == [2000, 2500]


def test_without_the_host_s_own_data_drafts_wait_and_the_host_is_asked(db_context):
    draft = sell(make.organization())
    nobody = replace(issuer(), missing=("VIGIE_SELLER_NAME",))
    with transaction() as session:
        assert service.close(session, draft, issuer=nobody, by=HOST, today=TODAY, now=NOW) is None
        assert [task.kind for task in open_tasks(session)] == ["seller_unknown"]
    assert close_all() == 1
    with transaction() as session:
        assert open_tasks(session) == []


def test_one_draft_without_a_rate_does_not_keep_the_others_waiting(db_context):
    acme, beta = make.organization("Acme"), make.organization("Beta")
    with transaction() as session:
        session.execute(
            update(BillingContact)
            .where(BillingContact.organization_id == acme.id)
            .values(country="RE")
        )
        session.execute(VatRate.__table__.delete().where(VatRate.country == "RE"))
    sell(acme)
    sell(beta)
    assert close_all() == 1
    with transaction() as session:
        assert [task.kind for task in open_tasks(session)] == ["invoice_waits"]
        session.add(VatRate(country="RE", from_date=date(2020, 1, 1), rate=850))
    assert close_all() == 1
    with transaction() as session:
        assert open_tasks(session) == []


@pytest.mark.parametrize(
    ("country", "vat_id", "expected"),
    [("DE", "DE136695976", ("AE", 0)), ("DE", "DE136695977", ("S", 2000)), ("CH", None, ("O", 0))],
)
def test_the_client_decides_the_vat(db_context, country, vat_id, expected):
    acme = make.organization()
    with transaction() as session:
        session.execute(update(BillingContact).values(country=country, vat_id=vat_id))
    draft = sell(acme)
    close_all()
    document = read(draft)
    assert document.total == 1500
    assert [(line.category, line.rate) for line in document.lines] == [expected]
