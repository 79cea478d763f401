"""What is due soon is what the forecast foretells with money for everything, whoever pays what."""

from datetime import timedelta

import pytest

from app.accounts.installation import terms
from app.db import db, transaction
from app.jobs.service import tick
from app.renewals.due import due_soon
from app.renewals.outlook import outlook
from app.subscriptions.models import Subscription
from tests import make
from tests.make import NOW, TODAY
from tests.pages import statements


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        make.usual_prices()
        acme = make.organization("Acme")
        other = make.organization("Other", balance=1500)
        poor = make.organization("Poor")
        lasting = make.domain(acme, "lasting.org", on=True, expires_on=TODAY + timedelta(days=400))
        for days in (0, 1, 2, 5, 6, 29, 34, 35, 36):
            make.mailbox(
                lasting, acme, f"m{days}", on=True, expires_on=TODAY + timedelta(days=days)
            )
        for payer, name in ((acme, "own"), (other, "theirs"), (poor, "lost")):
            soon = make.domain(
                acme, f"{name}.org", on=True, payer=payer, expires_on=TODAY + timedelta(days=9)
            )
            make.mailbox(soon, acme, "box", on=True, expires_on=TODAY + timedelta(days=10))
        capped = make.domain(acme, "dear.org", on=True, expires_on=TODAY + timedelta(days=9))
        with transaction() as session:
            session.get_one(Subscription, capped.subscription_id).price_cap = 100
        make.domain(other, "paid-by-acme.org", on=True, payer=acme, expires_on=TODAY)
        return acme


@pytest.mark.parametrize("days", [0, 1, 5, 24])
def test_it_is_what_the_forecast_foretells(app, acme, clock, days):
    with app.app_context():
        for day in range(days + 1):
            tick(NOW + timedelta(days=day))
        now = NOW + timedelta(days=days)
        session, chosen = db.session(), terms()
        found, is_all = due_soon(session, acme.id, chosen, chosen.today(now), 100)
        assert is_all
        foretold = outlook(session, acme.id, chosen, now)
        assert sum(one.price for one in found) - foretold.available == foretold.needs[0].amount
        assert found == sorted(found, key=lambda one: one.on)


def test_it_takes_two_statements_and_stops_where_it_is_told_to(app, acme):
    with app.app_context():
        session, chosen = db.session(), terms()
        with statements(app) as sent:
            found, is_all = due_soon(session, acme.id, chosen, TODAY, 3)
        assert len(sent) == 2
        assert not is_all
        assert len({one.subject for one in found}) <= 3
