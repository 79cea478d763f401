"""Proformas: one open order a period; paid, cancelled or expired once."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.db import db, transaction
from app.invoices import proformas
from app.invoices.closing import expire_open
from app.invoices.models import Proforma, ProformaLine
from app.invoices.proformas import NotOpen, Ordered
from app.invoices.rules import ProformaState
from app.journal.models import JournalRow
from app.journal.service import HOST
from tests import make
from tests.invoices.papers import LAST, ask
from tests.make import NOW, TODAY


def pay(proforma_id, today=TODAY):
    with transaction() as session:
        proformas.mark_paid(session, proforma_id, by=HOST, today=today, now=NOW)


def cancel(proforma_id):
    with transaction() as session:
        proformas.cancel(session, proforma_id, by=HOST, now=NOW)


def states():
    rows = db.session.execute(select(Proforma.number, Proforma.state).order_by(Proforma.id)).all()
    db.session.rollback()
    return [(row.number, row.state.value) for row in rows]


def test_a_proforma_asks_for_what_it_lists(db_context):
    proforma_id = ask(make.organization(), 1, 2)
    row = db_context.get_one(Proforma, proforma_id)
    assert (row.number, row.net, row.vat, row.total) == ("PF2027-000001", 2500, 500, 3000)
    assert row.client["name"] == "Acme"


def test_a_person_s_order_cancels_an_automatic_one_for_the_same_period(db_context):
    acme = make.organization()
    ask(acme, 1, 2, automatic=True)
    ask(acme, 3, automatic=True)
    ask(acme, 2)
    assert [state for _, state in states()] == ["cancelled", "open", "open"]


@pytest.mark.parametrize("automatic", [True, False])
def test_what_a_person_ordered_is_not_ordered_again(db_context, automatic):
    acme = make.organization()
    ask(acme, 1)
    with pytest.raises(Ordered) as refused:
        ask(acme, 1, 2, automatic=automatic)
    assert refused.value.numbers == ["PF2027-000001"]
    assert states() == [("PF2027-000001", "open")]


def test_the_database_keeps_one_open_order_a_period(db_context):
    acme = make.organization()
    ask(acme, 1)
    line = db_context.scalars(select(ProformaLine)).one()
    names = [column.name for column in ProformaLine.__table__.columns if column.name != "id"]
    values = {name: getattr(line, name) for name in names}
    db_context.rollback()
    other = ask(acme, 2)
    with pytest.raises(IntegrityError), transaction() as session:
        session.add(ProformaLine(**values | {"proforma_id": other, "position": 9}))


def test_a_period_can_be_ordered_again_once_the_order_is_closed(db_context):
    acme = make.organization()
    cancel(ask(acme, 1))
    pay(ask(acme, 1))
    ask(acme, 1)
    assert [state for _, state in states()] == ["cancelled", "paid", "open"]


def test_a_proforma_is_paid_once(db_context):
    proforma_id = ask(make.organization(), 1)
    pay(proforma_id)
    with pytest.raises(NotOpen) as refused:
        pay(proforma_id)
    assert refused.value.state is ProformaState.PAID
    with pytest.raises(NotOpen):
        cancel(proforma_id)


def test_a_cancelled_proforma_is_not_paid(db_context):
    proforma_id = ask(make.organization(), 1)
    cancel(proforma_id)
    cancel(proforma_id)
    with pytest.raises(NotOpen) as refused:
        pay(proforma_id)
    assert refused.value.state is ProformaState.CANCELLED
    events = db_context.scalars(select(JournalRow.event).order_by(JournalRow.id)).all()
    assert events == ["proforma.made", "proforma.cancelled"]


def test_after_its_last_day_it_expires(db_context):
    proforma_id = ask(make.organization(), 1)
    assert expire_open(NOW + (LAST - TODAY), None) == 0
    with pytest.raises(NotOpen) as refused:
        pay(proforma_id, LAST + timedelta(days=1))
    assert refused.value.state is ProformaState.EXPIRED
    assert expire_open(NOW + (LAST - TODAY) + timedelta(days=1), None) == 1
    assert expire_open(NOW + (LAST - TODAY) + timedelta(days=1), None) == 0
    assert states() == [("PF2027-000001", "expired")]
