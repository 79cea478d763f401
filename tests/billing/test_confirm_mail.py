"""A charge that the bank wants confirmed: the mail, its one link, and the page behind it (R14)."""

from datetime import date
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from app.accounts.rules import Role
from app.billing.payment_models import Payment
from app.billing.rules import Decline, PaymentState
from app.db import db
from app.jobs.service import tick
from app.outbox.models import Mail
from tests import make
from tests.conftest import START
from tests.pages import fields, send, signed_in
from tests.renewals.test_engine import at

EXPIRY = date(2027, 3, 6)


@pytest.fixture
def acme(app, clock):
    """An organization of four whose card the bank does not let us charge without them."""
    with app.app_context():
        make.usual_prices()
        acme = make.organization("Acme", balance=30)
        make.card(acme, token="sandbox:sca")
        for role, name, language in (
            (Role.OWNER, "Marie", "fr"), (Role.BILLING, "Ben", "en"),
            (Role.TECHNICAL, "Tom", "en"), (Role.VIEWER, "Vic", "en"),
        ):  # fmt: skip
            person = make.user(name, language=language, email=f"{name.lower()}@acme.example")
            make.member(person, acme, role)
        domain = make.domain(acme, "acme.org", expires_on=date(2030, 1, 1))
        make.mailbox(domain, acme, on=True, expires_on=EXPIRY, renewal_months=12)
    return acme


def tick_and_read(app, day=date(2027, 3, 1)):
    with app.app_context():
        tick(at(day) if day != START.date() else START)
        mails = db.session.scalars(
            select(Mail).where(Mail.kind == "confirm_payment").order_by(Mail.recipient)
        ).all()
        payment = db.session.scalars(select(Payment).order_by(Payment.id)).first()
        return [(mail.recipient, mail.subject, mail.body) for mail in mails], payment.public_id


def test_those_who_may_bill_are_asked_in_their_language_once(app, acme):
    mails, payment = tick_and_read(app)
    assert [to for to, _subject, _body in mails] == ["ben@acme.example", "marie@acme.example"]
    (_, english, body), (_, french, corps) = mails
    assert english == "Please confirm a payment of €9.70"
    assert "– info@acme.org, paid until Mar 6, 2027: €10.00" in body
    assert "by Mar 5, 2027" in body
    assert "Nothing was taken" in body
    assert "Visa •••• 4242 of Acme" in body
    assert "9,70" in french
    assert "5 mars 2027" in corps
    for text in (body, corps):
        assert text.count("http") == 1
        assert f"/billing/top-up?for={payment}\n" in text
    again, _payment = tick_and_read(app, date(2027, 3, 2))
    assert again == mails


def test_the_link_leads_to_a_page_that_pays_and_the_renewal_follows(app, acme):
    (_, _, body), *_rest = tick_and_read(app)[0]
    link = next(line for line in body.splitlines() if line.startswith("http"))
    address = urlsplit(link).path + "?" + urlsplit(link).query
    with app.app_context():
        client = signed_in(app, find("ben@acme.example"))
    page = client.get(address).get_data(as_text=True)
    assert "Your bank asked for your confirmation" in page
    form = fields(page, address)
    assert (form["amount"], form["means"]) == ("9.70", "another-card")
    answer = send(client, address, page, {})
    assert answer.location.endswith("/go")
    confirm(client, answer)
    again = client.get(address).get_data(as_text=True)
    assert "Since then €9.70 was paid in" in again
    with app.app_context():
        tick(START)
        states = db.session.execute(select(Payment.state, Payment.decline).order_by(Payment.id))
        assert [tuple(row) for row in states] == [
            (PaymentState.DECLINED, Decline.AUTHENTICATION), (PaymentState.CAPTURED, None),
        ]  # fmt: skip
    statement = client.get("/billing").get_data(as_text=True)
    assert "Renewal of info@" in statement.replace("<wbr>", "")
    assert "€0.00" in statement


def confirm(client, answer):
    from tests.billing.test_top_up import pay_on_page

    assert "is in the wallet" in pay_on_page(client, answer)


def find(email):
    from app.accounts.models import User

    row = db.session.scalars(select(User).where(User.email == email)).one()
    return make.Made(row.id, row.email)


def test_somebody_elses_charge_prefills_nothing(app, acme):
    _mails, payment = tick_and_read(app)
    with app.app_context():
        eve = signed_in(app, make.owner(make.organization("Other"), "Eve"))
    page = eve.get(f"/billing/top-up?for={payment}").get_data(as_text=True)
    assert "Your bank asked" not in page
    assert fields(page, f"/billing/top-up?for={payment}")["amount"] == ""


def test_a_link_fills_the_wallet_of_its_organization_whatever_the_header_says(app, acme):
    _mails, payment = tick_and_read(app)
    with app.app_context():
        marie = find("marie@acme.example")
        make.member(marie, make.organization("Aaa"))
    page = signed_in(app, marie).get(f"/billing/top-up?for={payment}").get_data(as_text=True)
    assert "Acme" in page
    assert fields(page, f"/billing/top-up?for={payment}")["organization"] == acme.name
