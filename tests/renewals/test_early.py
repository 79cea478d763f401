"""Domains renewed early: a proforma for each contact, paid whole or not at all, once (R15, R22)."""

import re
from datetime import date, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from app.accounts.rules import Role
from app.billing.models import LedgerEntry, Wallet
from app.billing.payment_models import Payment
from app.db import db, transaction
from app.domains.models import SandboxName
from app.invoices.models import Invoice, InvoiceLine, Proforma
from app.jobs.service import tick
from app.renewals.models import Renewal
from app.renewals.rules import RenewalState
from app.subscriptions.models import Price, Subscription
from tests import make
from tests.fate import at_statements
from tests.make import NOW, TODAY
from tests.pages import fields, signed_in
from tests.renewals.test_engine import at

ENDS = date(2027, 9, 1)
SELECTION = "/domains/selection"


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        make.usual_prices()
        return make.organization("Acme", balance=5000)


@pytest.fixture
def names(app, acme):
    with app.app_context():
        return [make.domain(acme, f"name{n}.org", expires_on=ENDS) for n in (1, 2, 3)]


@pytest.fixture
def owner(app, acme, names):
    with app.app_context():
        marie = make.owner(acme)
    return signed_in(app, marie)


def renew_all(client):
    html = client.get("/domains").get_data(as_text=True)
    return client.post(
        SELECTION, data={**fields(html, SELECTION), "do": "renew-all"}, follow_redirects=True
    )


def order(client, years: int = 1, **changes):
    html = renew_all(client).get_data(as_text=True)
    return client.post(
        "/domains/renew", data={**fields(html, "/domains/renew"), "years": years, **changes}
    )


def pay(client, number: str, **changes):
    page = f"/billing/proformas/{number}/pay"
    html = client.get(page).get_data(as_text=True)
    return client.post(page, data={**fields(html, page), **changes})


def proformas(app) -> list[tuple[str, str, int]]:
    with app.app_context():
        rows = db.session.execute(
            select(Proforma.number, Proforma.state, Proforma.total).order_by(Proforma.id)
        )
        return [tuple(row) for row in rows]


def standing(app, acme) -> tuple[int, int]:
    with app.app_context():
        assert db.session.scalar(select(func.sum(LedgerEntry.amount))) == 0
        row = db.session.execute(
            select(Wallet.posted, Wallet.held).where(Wallet.organization_id == acme.id)
        ).one()
        return row.posted, row.held


def ends(app) -> list[date]:
    with app.app_context():
        return list(db.session.scalars(select(Subscription.expires_on).order_by(Subscription.id)))


LATER = ENDS.replace(year=2028)


def test_three_domains_are_ordered_paid_from_the_wallet_and_invoiced(app, acme, owner):
    assert order(owner).location == "/billing/proformas/PF2027-000001"
    assert proformas(app) == [("PF2027-000001", "open", 4500)]
    assert ends(app) == [ENDS] * 3
    assert pay(owner, "PF2027-000001").location == "/billing/proformas/PF2027-000001"
    assert proformas(app)[0][1] == "paid"
    assert ends(app) == [LATER] * 3
    assert standing(app, acme) == (500, 0)
    with app.app_context():
        invoice = db.session.scalars(select(Invoice)).one()
        assert (invoice.number, invoice.total) == ("F2027-000001", 4500)
        lines = db.session.scalars(select(InvoiceLine.subject).order_by(InvoiceLine.subject)).all()
        assert lines == ["name1.org", "name2.org", "name3.org"]


def test_each_billing_contact_gets_a_proforma_of_its_own(app, acme, names, owner):
    with app.app_context():
        other = make.contact(acme)
        with transaction() as session:
            own = session.get_one(Subscription, names[0].subscription_id)
            own.billed_organization_id, own.billing_contact_id = acme.id, other.id
    assert order(owner).location == "/billing/proformas"
    assert sorted(total for _number, _state, total in proformas(app)) == [1500, 3000]


def test_ordering_twice_makes_no_second_proforma(app, owner):
    order(owner)
    assert order(owner).location == "/billing/proformas/PF2027-000001"
    assert len(proformas(app)) == 1


def test_years_beyond_ten_are_not_offered_and_several_years_cost_as_many_times(app, owner):
    html = renew_all(owner).get_data(as_text=True)
    values = {**fields(html, "/domains/renew"), "years": 9, "preview": "1"}
    shown = owner.post("/domains/renew", data=values).get_data(as_text=True)
    assert "135.00" in shown
    values["years"] = 10
    assert owner.post("/domains/renew", data=values | {"preview": ""}).status_code in (200, 422)
    del values["preview"]
    assert owner.post("/domains/renew", data=values).status_code == 422
    assert proformas(app) == []


def test_what_was_ticked_differently_meanwhile_is_shown_again(app, acme, owner):
    html = renew_all(owner).get_data(as_text=True)
    with app.app_context():
        make.domain(acme, "late.org", expires_on=ENDS)
    answer = owner.post("/domains/renew", data={**fields(html, "/domains/renew"), "years": 1})
    assert answer.status_code == 409
    assert proformas(app) == []


def test_paying_twice_takes_the_money_once(app, acme, owner):
    order(owner)
    page = "/billing/proformas/PF2027-000001/pay"
    sent = fields(owner.get(page).get_data(as_text=True), page)
    owner.post(page, data=sent)
    again = owner.post(page, data=sent, follow_redirects=True)
    assert again.status_code in (200, 422)
    assert standing(app, acme) == (500, 0)


def test_a_cancelled_proforma_cannot_be_paid(app, acme, owner):
    order(owner)
    page = "/billing/proformas/PF2027-000001/pay"
    sent = fields(owner.get(page).get_data(as_text=True), page)
    cancel = "/billing/proformas/PF2027-000001/cancel"
    shown = owner.get("/billing/proformas/PF2027-000001").get_data(as_text=True)
    owner.post(cancel, data=fields(shown, cancel))
    owner.post(page, data=sent)
    assert proformas(app)[0][1] == "cancelled"
    assert standing(app, acme) == (5000, 0)


def test_a_domain_renewed_by_itself_meanwhile_cancels_the_order(app, acme, names, owner):
    order(owner)
    with app.app_context(), transaction() as session:
        own = session.get_one(Subscription, names[0].subscription_id)
        own.auto_renewal, own.billed_organization_id = True, acme.id
        own.auto_renewal_since, own.next_slot_on = NOW, ENDS - timedelta(days=30)
    with app.app_context():
        tick(at(ENDS - timedelta(days=30)))
    assert proformas(app)[0][1] in ("cancelled", "expired")
    assert standing(app, acme) == (3500, 0)


def test_what_is_missing_is_paid_by_card_and_the_proforma_with_it(app, acme, owner):
    with app.app_context():
        card = make.card(acme)
        with transaction() as session:
            session.scalars(select(Wallet).where(Wallet.organization_id == acme.id)).one()
    assert order(owner, years=2).status_code == 303
    assert pay(owner, "PF2027-000001", means=card.name).status_code == 303
    assert proformas(app) == [("PF2027-000001", "paid", 9000)]
    assert standing(app, acme) == (0, 0)
    with app.app_context():
        assert db.session.scalars(select(Payment.amount)).all() == [4000]


def test_money_that_comes_later_pays_the_proforma_by_itself(app, acme, owner):
    order(owner, years=2)
    answer = pay(owner, "PF2027-000001", means="another-card")
    assert answer.location.endswith("/go")
    with app.app_context():
        name = answer.location.split("/")[3]
        payment = db.session.scalars(select(Payment).where(Payment.public_id == name)).one()
        assert payment.amount == 4000
        url = payment.hosted_url
    path = re.sub(r"^https?://[^/]+", "", url)
    shown = owner.get(path).get_data(as_text=True)
    sent = {"behaviour": "ok", "holder": "Marie", "month": 12, "year": 2030, "do": "pay"}
    owner.post(path, data={**fields(shown, path), **sent})
    owner.get(f"/billing/payments/{name}/return")
    with app.app_context():
        tick(NOW + timedelta(hours=2))
    assert proformas(app)[0][1] == "paid"
    assert standing(app, acme) == (0, 0)


def test_what_a_registry_refuses_is_given_back_and_not_invoiced(app, acme, owner):
    order(owner)
    with app.app_context(), transaction() as session:
        session.get_one(SandboxName, "name2.org").fee = 5000
    pay(owner, "PF2027-000001")
    assert ends(app) == [LATER, ENDS, LATER]
    assert standing(app, acme) == (2000, 0)
    with app.app_context():
        assert db.session.scalars(select(Invoice.total)).all() == [3000]


def test_a_registry_without_an_answer_is_asked_again_and_invoiced_then(app, acme, owner):
    order(owner)
    with app.app_context(), transaction() as session:
        session.get_one(SandboxName, "name2.org").faults = ["timeout-after"]
    pay(owner, "PF2027-000001")
    assert standing(app, acme) == (2000, 1500)
    with app.app_context():
        for days in (0, 1):
            tick(NOW + timedelta(days=days, hours=2))
        states = db.session.scalars(select(Renewal.state)).all()
        assert set(states) == {RenewalState.DONE}
        assert sum(db.session.scalars(select(Invoice.total)).all()) == 4500
    assert standing(app, acme) == (500, 0)


def test_a_technical_member_orders_but_does_not_pay(app, acme, owner):
    with app.app_context():
        tech = make.user("Tom")
        make.member(tech, acme, Role.TECHNICAL)
    order(owner)
    client = signed_in(app, tech)
    assert client.get("/domains/renew").status_code == 200
    assert client.get("/billing/proformas/PF2027-000001/pay").status_code == 403


def test_strangers_find_no_proforma(app, owner):
    order(owner)
    with app.app_context():
        other = make.owner(make.organization("Other"), "Eve")
    assert signed_in(app, other).get("/billing/proformas/PF2027-000001/pay").status_code == 404


@pytest.mark.parametrize(
    ("ends", "last"), [(TODAY + timedelta(days=8), 7), (ENDS, 14), (TODAY, 14)]
)
def test_a_proforma_is_due_before_its_first_domain_ends(app, acme, owner, ends, last):
    with app.app_context():
        make.domain(acme, "soon.org", expires_on=ends)
    order(owner)
    with app.app_context():
        due = db.session.scalars(select(Proforma.expires_on)).one()
    assert due == TODAY + timedelta(days=last)


def test_what_is_paid_leads_to_its_document_and_charges_no_card(app, acme, owner):
    order(owner, years=2)
    with app.app_context():
        card = make.card(acme)
    page = "/billing/proformas/PF2027-000001/pay"
    two = owner.get(page).get_data(as_text=True)
    assert pay(owner, "PF2027-000001", means=card.name).status_code == 303
    assert owner.get(page).location == "/billing/proformas/PF2027-000001"
    answer = owner.post(page, data={**fields(two, page), "means": card.name}, follow_redirects=True)
    assert "nothing was taken now" in answer.get_data(as_text=True)
    with app.app_context():
        assert len(db.session.scalars(select(Payment.id)).all()) == 1


def test_a_card_pays_no_less_than_the_least_amount_for_a_proforma(app, acme, owner):
    with app.app_context():
        card = make.card(acme)
        with transaction() as session:
            for one in session.scalars(select(Price).where(Price.kind == "domain")):
                one.price = 1680
    order(owner)
    page = "/billing/proformas/PF2027-000001/pay"
    assert "At least €0.50 is charged" in owner.get(page).get_data(as_text=True)
    assert pay(owner, "PF2027-000001", means=card.name).status_code == 303
    assert proformas(app)[0][1] == "paid"
    assert standing(app, acme) == (10, 0)


@pytest.mark.slow
def test_wherever_paying_dies_the_money_and_the_renewals_agree(app, clock, monkeypatch):
    from app.accounts.installation import Context, terms
    from app.domains.ports import registrars
    from app.invoices.issuer import issuer
    from app.journal.service import HOST
    from app.renewals import early, early_flows

    with app.app_context(), at_statements() as fate:
        make.usual_prices()
        sandbox = type(registrars().get("sandbox"))
        for name in ("info", "renew"):
            monkeypatch.setattr(sandbox, name, fate.around(getattr(sandbox, name)))
        for step in fate.steps(more_than=30):
            context = Context(NOW + timedelta(minutes=15 * step), terms(), HOST)
            acme = make.organization(balance=5000)
            made = [make.domain(acme, expires_on=ENDS) for _ in range(2)]
            with transaction() as session:
                ids = [one.subscription_id for one in made]
                offers = early.offers(session, ids, {acme.id}, context.today)
                [number] = early.order(session, offers, 1, issuer=issuer(), context=context)
            proforma_id = early_flows.id_of(number)
            fate.kills(partial(early_flows.pay, proforma_id, context))
            for minutes in (6, 12):
                settle(context.now + timedelta(minutes=minutes))
            db.session.remove()
            paid = db.session.get_one(Proforma, proforma_id).state.value == "paid"
            wallet = db.session.execute(
                select(Wallet.posted, Wallet.held).where(Wallet.organization_id == acme.id)
            ).one()
            assert tuple(wallet) == ((2000, 0) if paid else (5000, 0))
            dates = db.session.scalars(
                select(Subscription.expires_on).where(Subscription.id.in_(ids))
            ).all()
            assert dates == [LATER if paid else ENDS] * 2


def settle(now: datetime) -> None:
    """The jobs of a tick that may touch a proforma, its money or its renewals, in their order."""
    for job in ("payments", "recovery", "invoices", "proformas", "renewals", "proforma_payments"):
        tick(now, job)
