"""Pages of money: who sees which, what a statement says, billing contacts."""

from datetime import date

import pytest
from sqlalchemy import select

from app.accounts.rules import Role
from app.billing import service
from app.billing.models import BillingContact
from app.billing.rules import AccountKind, EntryKind, last_valid_day
from app.billing.statements import statement
from app.db import db, transaction
from app.journal.models import JournalRow
from tests import make
from tests.pages import signed_in, submit

FIELDS = {
    "name": "Acme SARL", "address": "1 rue X", "postcode": "75001", "city": "Paris",
    "country": "FR", "vat_id": "fr 40 303 265 045", "email": "compta@people.example",
}  # fmt: skip
PAGES = [
    "/billing/statement", "/billing/statement.csv", "/billing/cards", "/billing/contacts",
    "/billing/contacts/new",
]  # fmt: skip


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        return make.organization("Acme", balance=12000)


@pytest.fixture
def owner(app, acme):
    with app.app_context():
        return signed_in(app, make.owner(acme))


def pay(organization, subject, amount):
    """A renewal paid from the wallet, as the engine books it."""
    with transaction() as session:
        wallet_id = service.ensure_wallet(session, organization.id, "EUR")
        wallet = service.wallet_account(session, wallet_id)
        revenue = service.ledger_account(session, AccountKind.REVENUE, "test", "EUR")
        service.debit(session, wallet_id, amount)
        service.post(
            session, kind=EntryKind.RENEWAL, ref=subject, idem_key=f"test-{subject}-{amount}",
            currency="EUR", lines=[service.Line(wallet, -amount), service.Line(revenue, amount)],
            business_date=make.TODAY, now=make.NOW,
        )  # fmt: skip


def contacts(app, acme):
    with app.app_context():
        rows = db.session.scalars(
            select(BillingContact)
            .where(BillingContact.organization_id == acme.id)
            .order_by(BillingContact.id)
        )
        return [(row.public_id, row.name, row.vat_id, row.is_default) for row in rows]


def test_the_balance_and_its_movements_in_plain_words(app, acme, owner):
    with app.app_context():
        pay(acme, "acme.org", 1500)
        pay(acme, "info@acme.org", 100)
    page = owner.get("/billing").get_data(as_text=True)
    assert "€104.00" in page
    assert 'href="/domains/acme.org"' in page
    assert 'href="/mailboxes/info@acme.org"' in page
    assert "Opening balance" in page


def test_each_line_of_a_statement_has_the_balance_after_it(app, acme):
    with app.app_context():
        for number in range(1, 6):
            pay(acme, f"d{number}.org", number * 100)
        newest = statement(db.session(), acme.id, "EUR", 3)
        oldest = statement(db.session(), acme.id, "EUR", 9, before=newest[-1].id)
    lines = [(line.ref, line.amount, line.after) for line in newest + oldest]
    assert lines == [
        ("d5.org", -500, 10500), ("d4.org", -400, 11000), ("d3.org", -300, 11400),
        ("d2.org", -200, 11700), ("d1.org", -100, 11900), ("test", 12000, 12000),
    ]  # fmt: skip


def test_a_statement_is_downloaded_whole_however_long(app, acme, owner, monkeypatch):
    with app.app_context():
        for n in range(1, 6):
            pay(acme, f"d{n}.org", n)
    monkeypatch.setattr("app.billing.csv_columns.PART", 2)
    answer = owner.get("/billing/statement.csv")
    assert answer.headers["Content-Disposition"] == "attachment; filename=statement-2027-03-01.csv"
    lines = answer.get_data().decode("utf-8-sig").splitlines()
    assert lines[:2] == [
        "What,Date,Amount,Currency,Balance after,Kind,Payment,Invoice",
        "Renewal of d5.org,2027-03-01,-0.05,EUR,119.85,Renewals,,",
    ]
    assert lines[-1] == "Opening balance,2027-03-01,120.00,EUR,120.00,Opening balance,,"
    assert len(lines) == 7
    assert "Download CSV" in owner.get("/billing/statement").get_data(as_text=True)


def test_a_long_statement_is_cut_in_pages(app, acme, owner):
    with app.app_context():
        for number in range(60):
            pay(acme, f"d{number:02}.org", 100)
    first = owner.get("/billing/statement").get_data(as_text=True)
    assert "/domains/d10.org" in first
    assert "/domains/d09.org" not in first
    older = first.split("before=")[1].split('"')[0]
    second = owner.get(f"/billing/statement?before={older}").get_data(as_text=True)
    assert "/domains/d09.org" in second
    assert "/domains/d10.org" not in second


@pytest.mark.parametrize("role", [Role.TECHNICAL, Role.VIEWER])
def test_members_who_may_not_bill_see_the_balance_only(app, acme, role):
    with app.app_context():
        user = make.user("Jean")
        make.member(user, acme, role)
        pay(acme, "acme.org", 1500)
    theirs = signed_in(app, user)
    page = theirs.get("/billing").get_data(as_text=True)
    assert "€105.00" in page
    assert "acme.org" not in page
    assert [theirs.get(address).status_code for address in PAGES] == [403] * len(PAGES)


def test_a_contact_is_added_and_becomes_the_default(app, acme, owner):
    answer = submit(owner, "/billing/contacts/new", {**FIELDS, "default": "y"})
    assert answer.location == "/billing/contacts"
    assert [row[1:] for row in contacts(app, acme)] == [
        ("Acme", None, False),
        ("Acme SARL", "FR40303265045", True),
    ]


def test_a_contact_is_changed_with_what_was_there_in_the_form(app, acme, owner):
    [(public_id, *_rest)] = contacts(app, acme)
    address = f"/billing/contacts/{public_id}"
    assert 'value="75002"' in owner.get(address).get_data(as_text=True)
    submit(owner, address, FIELDS)
    assert [row[1:] for row in contacts(app, acme)] == [("Acme SARL", "FR40303265045", True)]
    with app.app_context():
        events = db.session.scalars(select(JournalRow.event)).all()
    assert events == ["billing_contact.changed"]


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"country": "XX"}, {"email": "nonsense"}, {"vat_id": "123"},
     {"postcode": "x" * 21}],
)  # fmt: skip
def test_a_wrong_field_keeps_what_was_typed(app, acme, owner, wrong):
    answer = submit(owner, "/billing/contacts/new", {**FIELDS, **wrong})
    assert answer.status_code == 422
    assert 'value="1 rue X"' in answer.get_data(as_text=True)
    assert len(contacts(app, acme)) == 1


def test_fields_that_no_form_shows_change_nothing(app, acme, owner):
    with app.app_context():
        other = make.organization("Other")
    extra = {"organization_id": other.id, "public_id": "mine", "is_default": "1"}
    submit(owner, "/billing/contacts/new", {**FIELDS, **extra})
    assert contacts(app, acme)[1][1:] == ("Acme SARL", "FR40303265045", False)
    assert len(contacts(app, other)) == 1


def test_contacts_of_others_do_not_exist(app, owner):
    with app.app_context():
        other = make.organization("Other")
    [(public_id, *_rest)] = contacts(app, other)
    address = f"/billing/contacts/{public_id}"
    assert owner.get(address).status_code == 404
    assert submit(owner, address, FIELDS, page="/billing/contacts/new").status_code == 404
    assert contacts(app, other)[0][1] == "Other"


def test_cards_tell_until_when_they_are_valid(app, acme, owner):
    with app.app_context():
        make.card(acme, exp=(2, 2027))
        make.card(acme, exp=(3, 2027))
    page = owner.get("/billing/cards").get_data(as_text=True)
    assert page.count("Expired") == 1
    assert "Mar 31, 2027" in page


def test_a_card_is_valid_until_the_end_of_its_month():
    assert last_valid_day(2028, 2) == date(2028, 2, 29)
    assert last_valid_day(2027, 12) == date(2027, 12, 31)
