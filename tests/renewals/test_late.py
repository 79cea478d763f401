"""A domain that ended too long ago is not sold at the usual price any more (R10)."""

from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import func, select, update

from app.billing.payment_models import Payment
from app.db import db, transaction
from app.invoices.models import Proforma
from app.renewals.models import Renewal
from tests import make
from tests.make import TODAY
from tests.pages import fields, signed_in

PAGE = "/domains/renew"


class World:
    """Acme with money, and one domain that ended `days` ago."""

    def __init__(self, app, days: int) -> None:
        with app.app_context():
            make.usual_prices()
            self.acme = make.organization(balance=5000)
            ended = TODAY - timedelta(days=days)
            self.domain = make.domain(self.acme, "late.org", expires_on=ended)
            self.owner = make.owner(self.acme)
        self.app, self.client = app, signed_in(app, self.owner)

    def page(self, address: str) -> str:
        answer = self.client.get(address, follow_redirects=True)
        assert answer.status_code == 200
        return unescape(answer.get_data(as_text=True))

    def order(self):
        data = fields(self.page(f"{PAGE}?only=late.org"), PAGE)
        return self.client.post(PAGE, data=data)

    def made(self) -> tuple[int, int, int]:
        """Proformas, payments, renewals."""
        with self.app.app_context():
            tables = (Proforma, Payment, Renewal)
            counts = [db.session.scalar(select(func.count()).select_from(one)) for one in tables]
            return tuple(counts)


@pytest.fixture
def at(app, clock):
    return lambda days: World(app, days)


def test_within_the_registrys_grace_it_is_renewed_as_usual_and_not_called_early(at):
    world = at(45)
    assert 'href="/domains/renew?only=late.org"' in world.page("/domains/late.org")
    page = world.page(f"{PAGE}?only=late.org")
    assert "Renew what has expired" in page
    assert "early" not in page
    assert world.order().status_code == 303
    pay = "/billing/proformas/PF2027-000001/pay"
    world.client.post(pay, data=fields(world.page(pay), pay))
    assert world.made() == (1, 0, 1)


@pytest.mark.parametrize(
    ("days", "why"), [(46, "it may still be possible to buy it back"), (150, "it is lost")]
)
def test_later_it_is_neither_offered_nor_ordered(at, days, why):
    world = at(days)
    shown = world.page("/domains/late.org")
    assert why in shown
    assert "/domains/renew?only=" not in shown
    assert why in world.page(f"{PAGE}?only=late.org")
    assert why in world.page("/domains/late.org/auto-renewal")
    assert world.order().status_code == 422
    assert world.made() == (0, 0, 0)


@pytest.mark.parametrize("means", ["wallet", "card"])
def test_a_proforma_that_is_paid_too_late_takes_nothing(at, clock, means):
    """Also one of before, when what had ended could be paid for longer."""
    world = at(44)
    if means == "card":
        with world.app.app_context():
            make.money(world.acme, -4000)
            means = make.card(world.acme).name
    assert world.order().status_code == 303
    pay = "/billing/proformas/PF2027-000001/pay"
    before = world.page(pay)
    with world.app.app_context(), transaction() as session:
        session.execute(update(Proforma).values(expires_on=TODAY + timedelta(days=14)))
    clock.set(clock.now() + timedelta(days=2))
    assert "late.org cannot be renewed any more: nothing was taken." in world.page(pay)
    answer = world.client.post(pay, data=fields(before, pay) | {"means": means})
    assert answer.location == "/billing/proformas/PF2027-000001"
    assert "nothing was taken" in world.page(answer.location)
    assert world.made() == (1, 0, 0)
