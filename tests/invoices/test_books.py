"""VAT in the books: owed when a document is issued, taken back by its credit note (L1, L11)."""

from sqlalchemy import func, select

from app.billing.models import LedgerAccount, LedgerEntry
from app.db import db
from tests import make
from tests.invoices.papers import credit, issue


def accounts() -> dict[str, int]:
    db.session.rollback()
    rows = db.session.execute(
        select(LedgerAccount.code, func.sum(LedgerEntry.amount))
        .join(LedgerEntry, LedgerEntry.account_id == LedgerAccount.id)
        .group_by(LedgerAccount.code)
    )
    return {code: int(amount) for code, amount in rows}


def test_an_invoice_moves_its_vat_from_revenue_to_what_is_owed(db_context):
    acme = make.organization()
    issue(acme, 1200, 600)
    assert accounts() == {"revenue:domain:EUR": -300, "vat:FR:2000:EUR": 300}


def test_a_credit_note_takes_it_back(db_context):
    acme = make.organization()
    credit(issue(acme, 1200))
    assert accounts() == {"revenue:domain:EUR": 0, "vat:FR:2000:EUR": 0}


def test_without_vat_nothing_is_owed(db_context):
    issue(make.organization(), 0)
    assert accounts() == {}
