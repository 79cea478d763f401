"""Renewals and the closing of their day at once: each renewal on one invoice, whoever is first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import func, select

from app.db import db, transaction
from app.invoices import proformas, service
from app.invoices.closing import close_days
from app.invoices.models import Invoice, InvoiceLine
from app.invoices.proformas import NotOpen
from app.invoices.rules import DocumentState
from app.journal.service import HOST
from tests import make
from tests.invoices.papers import ask, item
from tests.make import NOW, TODAY

LATER = NOW + timedelta(days=1)


def at_once(app, work, arguments):
    def alone(argument):
        with app.app_context():
            try:
                return work(argument)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(alone, arguments))


def test_lines_and_closings_at_once_lose_and_double_nothing(app):
    with app.app_context():
        acme = make.organization()

    def work(n):
        if n % 5 == 4:
            return close_days(LATER, None)
        with transaction() as session:
            return service.add_line(
                session, organization_id=acme.id, contact_id=None, currency="EUR", item=item(),
                today=TODAY, renewal_id=n,
            )  # fmt: skip

    at_once(app, work, range(50))
    with app.app_context():
        close_days(LATER + timedelta(days=30), None)
        renewals = db.session.scalars(select(InvoiceLine.renewal_id)).all()
        assert sorted(renewals) == [n for n in range(50) if n % 5 != 4]
        rows = db.session.execute(
            select(Invoice.id, Invoice.state, Invoice.total, func.sum(InvoiceLine.total))
            .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
            .group_by(Invoice.id)
        ).all()
        assert {row.state for row in rows} == {DocumentState.ISSUED}
        assert all(row.total == row[3] for row in rows)


def test_a_proforma_paid_from_eight_tabs_is_paid_once(app):
    with app.app_context():
        proforma_id = ask(make.organization(), 1)

    def work(_):
        try:
            with transaction() as session:
                proformas.mark_paid(session, proforma_id, by=HOST, today=TODAY, now=NOW)
        except NotOpen:
            return False
        return True

    assert sum(at_once(app, work, range(8))) == 1


def test_a_day_closed_by_eight_processes_is_one_invoice(app):
    with app.app_context():
        acme = make.organization()
        with transaction() as session:
            service.add_line(
                session, organization_id=acme.id, contact_id=None, currency="EUR", item=item(),
                today=TODAY, renewal_id=1,
            )  # fmt: skip
    at_once(app, lambda _: close_days(LATER, None), range(8))
    with app.app_context():
        assert db.session.scalars(select(Invoice.number)).all() == ["F2027-000001"]
