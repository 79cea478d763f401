"""One file, forty services of four organizations, too little money: who is renewed and who is not.

The file is `a_month.json`'s content, written below as a table that a person can check: each line of
a statement follows from the rules R6, R7, R13 and R14.
"""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.models import Organization
from app.billing.models import LedgerEntry, Wallet
from app.billing.payment_models import Payment
from app.billing.statements import statement
from app.db import db
from app.invoices.models import Invoice, InvoiceLine
from app.jobs.service import tick
from app.outbox.models import Mail
from app.renewals.models import Renewal
from app.renewals.rules import RenewalState
from app.subscriptions.models import Subscription
from tests.interchange.files import EXAMPLE
from tests.renewals.test_engine import at

START = date(2027, 3, 1)
END = date(2027, 4, 10)


def organization(name: str, balance: int, *tokens: str) -> dict:
    return {
        "id": name, "name": name.capitalize(), "country": "FR", "plan": "paid", "balance": balance,
        "members": [],
        "billing_contacts": [
            {
                "id": f"{name}-main", "name": name.capitalize(), "address": "1 rue X",
                "postcode": "75001", "city": "Paris", "country": "FR", "vat_id": None,
                "email": f"{name}@people.example", "default": True,
            }
        ],
        "cards": [
            {
                "id": f"{name}-{number}", "brand": "visa", "last4": f"424{number}", "exp_month": 12,
                "exp_year": 2028, "holder": name, "token": token, "validated": True,
                "auto_debit": True,
            }
            for number, token in enumerate(tokens)
        ],
    }  # fmt: skip


def domain(name: str, owner: str, expires_on: date) -> dict:
    return {
        "name": name, "organization": owner, "registrar": "sandbox",
        "expires_on": expires_on.isoformat(),
        "auto_renewal": {"on": True, "years": 1, "billed_organization": owner},
    }  # fmt: skip


def mailbox(address: str, payer: str, expires_on: date, period: str) -> dict:
    return {
        "address": address, "anchor": expires_on.isoformat(), "expires_on": expires_on.isoformat(),
        "period": period, "quota_mib": 1024, "password": None,
        "auto_renewal": {"on": True, "period": period, "billed_organization": payer},
    }  # fmt: skip


@pytest.fixture
def document(tmp_path):
    """Four organizations with ten services each: two domains, four boxes a year, four a month."""
    document = {
        "vigie": 1,
        "settings": EXAMPLE["settings"],
        "prices": EXAMPLE["prices"],
        "organizations": [
            organization("poor", 2500),
            organization("carded", 0, "sandbox:ok"),
            organization("declined", 1600, "sandbox:declined"),
            organization("backed", 300, "sandbox:stolen", "sandbox:ok"),
        ],
        "domains": [], "mailboxes": [],
    }  # fmt: skip
    for one in ("poor", "carded", "declined", "backed"):
        document["domains"] += [
            domain(f"{one}-a.org", one, START + timedelta(days=33)),
            domain(f"{one}-b.org", one, START + timedelta(days=38)),
        ]
        for number in range(4):
            ends = START + timedelta(days=8 + 2 * number)
            document["mailboxes"] += [
                mailbox(f"y{number}@{one}-a.org", one, ends, "yearly"),
                mailbox(f"m{number}@{one}-b.org", one, ends, "monthly"),
            ]
    path = tmp_path / "month.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.fixture
def month(app, clock, document):
    """The file brought in, and every day of it ticked at nine."""
    answer = app.test_cli_runner().invoke(args=["import", str(document)])
    assert answer.exit_code == 0, answer.output
    with app.app_context():
        day = START
        while day <= END:
            tick(at(day))
            assert db.session.scalar(select(func.sum(LedgerEntry.amount))) == 0
            db.session.rollback()
            day += timedelta(days=1)
        yield


def lines(name: str) -> list[tuple[str, str, int, int]]:
    """A statement as a person reads it: date, what, amount, balance after; the oldest first."""
    owner = db.session.scalars(select(Organization.id).where(Organization.public_id == name)).one()
    found = statement(db.session(), owner, "EUR", 200)
    return [
        (f"{line.business_date:%m-%d}", line.ref, line.amount, line.after)
        for line in reversed(found)
    ]


def test_who_is_poor_renews_what_fits_in_the_order_of_expiry(month):
    # 25.00: the boxes of a day are paid together, the cheaper one first (R13); what does not fit
    # waits, and what comes later and is cheaper still gets through.
    assert lines("poor") == [
        ("03-01", "poor", 2500, 2500),
        ("03-04", "m0@poor-b.org", -100, 2400),
        ("03-04", "y0@poor-a.org", -1000, 1400),
        ("03-06", "m1@poor-b.org", -100, 1300),
        ("03-06", "y1@poor-a.org", -1000, 300),
        ("03-08", "m2@poor-b.org", -100, 200),
        # A euro is left in April, but a domain that ends before its boxes stops them (R18).
        ("03-10", "m3@poor-b.org", -100, 100),
    ]


def test_a_card_pays_each_days_total_once(month):
    found = lines("carded")
    charges = [line for line in found if line[1].startswith("Visa")]
    assert [(day, amount) for day, _what, amount, _after in charges] == [
        ("03-04", 2600), ("03-06", 1100), ("03-08", 1100), ("03-09", 1500), ("03-10", 1100),
        ("04-04", 100), ("04-06", 100), ("04-08", 100), ("04-10", 100),
    ]  # fmt: skip
    assert found[-1][3] == 0
    assert min(after for _day, _what, _amount, after in found) >= 0


def test_a_declined_card_leaves_what_the_wallet_pays(month):
    assert lines("declined") == [
        ("03-01", "declined", 1600, 1600),
        ("03-04", "m0@declined-b.org", -100, 1500),
        ("03-04", "y0@declined-a.org", -1000, 500),
        ("03-06", "m1@declined-b.org", -100, 400),
        ("03-08", "m2@declined-b.org", -100, 300),
        ("03-10", "m3@declined-b.org", -100, 200),
    ]
    owner = db.session.scalars(
        select(Organization.id).where(Organization.public_id == "declined")
    ).one()
    tries = db.session.execute(
        select(Payment.business_date, func.count())
        .where(Payment.organization_id == owner)
        .group_by(Payment.business_date)
    ).all()
    assert {number for _day, number in tries} == {1}


def test_a_stolen_card_is_tried_once_and_the_backup_pays(month):
    owner = db.session.scalars(
        select(Organization.id).where(Organization.public_id == "backed")
    ).one()
    states = db.session.scalars(
        select(Payment.state).where(Payment.organization_id == owner).order_by(Payment.id)
    ).all()
    assert states[0] == "declined"
    assert set(states[1:]) == {"captured"}
    assert lines("backed")[-1][3] == 0


def ended(name: str) -> list[tuple[str, str]]:
    """The mails about mailboxes that ended: day and subject, as they were written."""
    found = db.session.execute(
        select(Mail.queued_at, Mail.subject)
        .where(Mail.kind.startswith("mailboxes_"), Mail.recipient == f"{name}@people.example")
        .order_by(Mail.id)
    )
    return [(f"{queued:%m-%d}", subject) for queued, subject in found]


def test_whose_boxes_ended_is_told_of_each_stage(month):
    # Nobody but the contact is there: told in the language of the country.
    assert ended("poor") == [
        ("03-13", "y2@poor-a.org a expiré (Poor)"),
        ("03-15", "y3@poor-a.org a expiré (Poor)"),
        ("03-20", "La boîte mail y2@poor-a.org est suspendue (Poor)"),
        ("03-22", "La boîte mail y3@poor-a.org est suspendue (Poor)"),
        ("04-09", "m0@poor-b.org a expiré (Poor)"),
    ]
    assert ended("declined") == [
        ("03-11", "y1@declined-a.org a expiré (Declined)"),
        ("03-13", "y2@declined-a.org a expiré (Declined)"),
        ("03-15", "y3@declined-a.org a expiré (Declined)"),
        ("03-18", "La boîte mail y1@declined-a.org est suspendue (Declined)"),
        ("03-20", "La boîte mail y2@declined-a.org est suspendue (Declined)"),
        ("03-22", "La boîte mail y3@declined-a.org est suspendue (Declined)"),
        ("04-09", "m0@declined-b.org a expiré (Declined)"),
    ]
    assert ended("carded") == ended("backed") == []


def test_each_renewal_is_on_one_invoice_and_the_books_agree(month):
    renewals = db.session.scalars(
        select(Renewal.id).where(Renewal.state == RenewalState.DONE)
    ).all()
    assert sorted(db.session.scalars(select(InvoiceLine.renewal_id)).all()) == sorted(renewals)
    sold = db.session.scalar(select(func.sum(Renewal.price)))
    assert db.session.scalar(select(func.sum(InvoiceLine.total))) == sold
    numbers = db.session.scalars(
        select(Invoice.number).where(Invoice.number.is_not(None)).order_by(Invoice.number)
    ).all()
    assert numbers == [f"F2027-{n:06d}" for n in range(1, len(numbers) + 1)]
    for posted, held in db.session.execute(select(Wallet.posted, Wallet.held)):
        assert (posted >= 0, held) == (True, 0)
    periods = db.session.execute(
        select(Renewal.subscription_id, Renewal.cur_expires_on, func.count()).group_by(
            Renewal.subscription_id, Renewal.cur_expires_on
        )
    ).all()
    assert {number for *_period, number in periods} == {1}
    assert db.session.scalar(select(func.count()).select_from(Subscription)) == 40
