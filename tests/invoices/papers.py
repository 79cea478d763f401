"""Documents for tests: each is made in a commit of its own."""

from datetime import date, timedelta

from app.db import db, transaction
from app.invoices import proformas, service
from app.invoices.documents import Document, document
from app.invoices.issuer import issuer
from app.invoices.models import Invoice
from app.invoices.proformas import Order
from app.invoices.rules import Item, LineKind
from app.journal.service import HOST
from tests.make import NOW, TODAY

LAST = TODAY + timedelta(days=5)


def item(price=1500, subject="example.org", kind=LineKind.DOMAIN, months=12):
    """A renewal from the end of March 2027 on."""
    return Item(kind, subject, months, date(2027, 3, 31), date(2028, 3, 31), price)


def issue(organization, *prices, today=TODAY, contact=None, seller=None):
    """Issue an invoice of items at these prices; its id."""
    with transaction() as session:
        return service.issue(
            session, organization_id=organization.id, contact_id=contact, currency="EUR",
            items=[item(price) for price in prices], issuer=seller or issuer(), by=HOST,
            today=today, now=NOW,
        )  # fmt: skip


def read(invoice_id) -> Document:
    """An issued invoice or credit note, as pages show it."""
    session = db.session()
    row = session.get_one(Invoice, invoice_id)
    found = document(session, [row.organization_id], row.number)
    session.rollback()
    assert found is not None
    return found


def order(subscription_id=1, *, price=1500):
    """An order of one more year."""
    return Order(subscription_id, date(2027, 3, 31), item(price, f"example{subscription_id}.org"))


def ask(organization, *subscription_ids, automatic=False):
    """Make a proforma, to be paid within five days, for a year more of each; its id."""
    with transaction() as session:
        return proformas.make_proforma(
            session, organization_id=organization.id, contact_id=None, currency="EUR",
            orders=[order(which) for which in subscription_ids], automatic=automatic,
            expires_on=LAST, issuer=issuer(), by=HOST, today=TODAY, now=NOW,
        )  # fmt: skip


def credit(invoice_id, *, reason=""):
    """Take an invoice back, wholly; the id of the credit note."""
    with transaction() as session:
        return service.credit(session, invoice_id, by=HOST, today=TODAY, now=NOW, reason=reason)
