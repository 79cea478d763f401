"""Numbers without gap, chronological (L13); what is issued is final (golden rows I4-I7, X6)."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.db import db, transaction
from app.invoices import service
from app.invoices.issuer import issuer
from app.invoices.models import Invoice, InvoiceLine
from app.invoices.rules import DocumentKind, TooEarly
from app.journal.service import HOST
from tests import make
from tests.invoices.papers import issue, item
from tests.make import NOW, TODAY

TOMORROW = TODAY + timedelta(days=1)


def numbers():
    rows = db.session.execute(
        select(Invoice.number, Invoice.issued_on).order_by(Invoice.number)
    ).all()
    db.session.rollback()
    return [row.number for row in rows]


def test_numbers_count_from_one_in_each_year(db_context):
    acme = make.organization()
    issue(acme, 1500)
    issue(acme, 1000)
    issue(acme, 1000, today=date(2028, 1, 1))
    assert numbers() == ["F2027-000001", "F2027-000002", "F2028-000001"]


@pytest.mark.parametrize("day", [TODAY - timedelta(days=1), date(2026, 12, 31)])
def test_no_invoice_is_dated_before_the_last_one_of_its_series(db_context, day):
    acme = make.organization()
    issue(acme, 1500)
    with pytest.raises(TooEarly):
        issue(acme, 1500, today=day)
    issue(acme, 1500)
    assert numbers() == ["F2027-000001", "F2027-000002"]


def issue_and_die(organization, day=TODAY):
    with transaction() as session:
        service.issue(
            session, organization_id=organization.id, contact_id=None, currency="EUR",
            items=[item()], issuer=issuer(), by=HOST, today=day, now=NOW,
        )  # fmt: skip
        raise InterruptedError


def test_what_is_rolled_back_leaves_no_gap(db_context):
    acme = make.organization()
    with pytest.raises(InterruptedError):
        issue_and_die(acme)
    issue(acme, 1500)
    assert numbers() == ["F2027-000001"]


def _issue_or_die(organization, day, *, dies):
    if not dies:
        issue(organization, 1500, today=day)
        return
    with suppress(InterruptedError):
        issue_and_die(organization, day)


def issue_25(app, organization, place):
    """Every fourth dies; days go on, and whose day has become too early takes the next one."""
    with app.app_context():
        for n in range(25):
            day = TODAY + timedelta(days=n // 5)
            done = False
            while not done:
                try:
                    _issue_or_die(organization, day, dies=(n + place) % 4 == 0)
                    done = True
                except TooEarly:
                    day += timedelta(days=1)
        db.session.remove()


def test_eight_at_once_with_every_fourth_rolled_back_leave_no_gap(app):
    """Golden row X6: 200 invoices, 50 rolled back; nobody had begun the series before."""
    with app.app_context():
        organizations = [make.organization(f"Org{n}") for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        running = [
            pool.submit(issue_25, app, one, place) for place, one in enumerate(organizations)
        ]
    for one in running:
        one.result()
    with app.app_context():
        rows = db.session.execute(
            select(Invoice.number, Invoice.issued_on).order_by(Invoice.number)
        ).all()
        db.session.rollback()
    assert [row.number for row in rows] == [f"F2027-{n:06d}" for n in range(1, 151)]
    assert [row.issued_on for row in rows] == sorted(row.issued_on for row in rows)


SALE = "'domain', 'x', 1, '2027-01-01', '2027-02-01', '2027-01-01', 1, 1"
FORBIDDEN = [
    "UPDATE invoices SET total = total + 1, vat = vat + 1 WHERE id = 1",
    "UPDATE invoices SET state = 'draft', number = NULL, issued_on = NULL WHERE id = 1",
    "UPDATE invoices SET reason = 'x' WHERE id = 1",
    "DELETE FROM invoices WHERE id = 1",
    "UPDATE invoice_lines SET subject = 'x' WHERE invoice_id = 1",
    "DELETE FROM invoice_lines WHERE invoice_id = 1",
    "UPDATE invoice_lines SET invoice_id = 2, position = 9 WHERE invoice_id = 1",
    "UPDATE invoice_lines SET invoice_id = 1, position = 9 WHERE invoice_id = 2",
    f"""INSERT INTO invoice_lines (invoice_id, position, kind, subject, months, starts_on, ends_on,
        supplied_on, quantity, total) VALUES (1, 9, {SALE})""",
    """UPDATE invoices SET state = 'issued', number = 'F2027-000009', issued_on = '2027-03-01',
        seller = '{}', client = '{}', net = 1, vat = 1, total = 2 WHERE id = 2""",
    """INSERT INTO invoices (id, public_id, kind, state, number, issued_on, organization_id, day,
        currency, reason, language, mentions, seller, client, net, vat, total) VALUES (3, 'y',
        'invoice', 'issued', 'F2027-000009', '2027-03-01', 1, '2027-03-01', 'EUR', '', 'fr', '[]',
        '{}', '{}', 0, 0, 0)""",
    "DELETE FROM invoice_series",
    "UPDATE invoice_series SET next_number = 1",
    "UPDATE invoice_series SET next_number = next_number + 2",
    "UPDATE invoice_series SET last_date = '2020-01-01', next_number = next_number + 1",
]
REPLACING = [
    """INSERT OR REPLACE INTO invoices (id, public_id, kind, state, organization_id, day, currency,
        reason, language, mentions) VALUES (1, 'y', 'invoice', 'draft', 1, '2027-03-01', 'EUR', '',
        'fr', '[]')""",
    "UPDATE OR REPLACE invoices SET id = 1 WHERE id = 2",
    """UPDATE OR REPLACE invoices SET public_id = (SELECT public_id FROM invoices WHERE id = 1)
        WHERE id = 2""",
    "UPDATE OR REPLACE invoice_lines SET id = 1 WHERE invoice_id = 2",
    "INSERT OR REPLACE INTO invoice_lines SELECT * FROM invoice_lines WHERE invoice_id = 1",
    """INSERT OR REPLACE INTO invoice_series (id, code, year, next_number, last_date)
        VALUES (1, 'F', 2027, 1, '2027-01-01')""",
]


@pytest.fixture
def issued_and_draft(db_context):
    acme = make.organization()
    issued = issue(acme, 1500)
    with transaction() as session:
        draft = service.add_line(
            session, organization_id=acme.id, contact_id=None, currency="EUR", item=item(),
            today=TODAY, renewal_id=7,
        )  # fmt: skip
    assert (issued, draft) == (1, 2)


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_database_keeps_what_is_issued(issued_and_draft, statement):
    with pytest.raises(DBAPIError):
        _run_raw(statement)


@pytest.mark.parametrize("statement", REPLACING)
def test_not_even_replace_removes_what_is_issued(issued_and_draft, statement):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("only SQLite knows REPLACE")
    with pytest.raises(DBAPIError, match=r"final|goes on by one"):
        _run_raw(statement)


@pytest.mark.parametrize("table", ["invoices", "invoice_lines", "invoice_series"])
def test_documents_are_not_emptied(issued_and_draft, table):
    if db.engine.dialect.name != "postgresql":
        pytest.skip("only PostgreSQL knows TRUNCATE")
    with pytest.raises(DBAPIError):
        _run_raw(f"TRUNCATE {table} CASCADE")


def _run_raw(statement):
    """As somebody at sqlite3 or psql would: past every model of ours."""
    with db.engine.connect() as connection:
        connection.exec_driver_sql(statement)
        connection.commit()


def test_a_credit_note_names_its_invoice_and_sums_to_zero_with_it(db_context):
    acme = make.organization()
    invoice_id = issue(acme, 999, 1500)
    with transaction() as session:
        note_id = service.credit(session, invoice_id, by=HOST, today=TOMORROW, now=NOW)
    invoice = db_context.get_one(Invoice, invoice_id)
    note = db_context.get_one(Invoice, note_id)
    assert (note.kind, note.number) == (DocumentKind.CREDIT_NOTE, "A2027-000001")
    assert note.credits_id == invoice_id
    assert (note.net + invoice.net, note.vat + invoice.vat, note.total + invoice.total) == (0, 0, 0)
    assert (note.seller, note.client) == (invoice.seller, invoice.client)


def test_nothing_is_credited_twice(db_context):
    acme = make.organization()
    invoice_id = issue(acme, 999, 1500)
    first = db_context.scalars(select(InvoiceLine.id).order_by(InvoiceLine.id)).first()
    db_context.rollback()

    def credit(line_ids=None):
        with transaction() as session:
            return service.credit(
                session, invoice_id, by=HOST, today=TODAY, now=NOW, line_ids=line_ids
            )

    credit([first])
    with pytest.raises(service.NothingToCredit):
        credit([first])
    credit()
    with pytest.raises(service.NothingToCredit):
        credit()
    assert sum(db_context.scalars(select(Invoice.total))) == 0
