"""Stripe's stand-in as the only gateway, and an organization with a card there."""

import pytest
from sqlalchemy import select

from app.accounts.installation import Context, terms
from app.billing.gateways.guard import GuardedGateway
from app.billing.gateways.manual import ManualGateway
from app.billing.models import Card
from app.db import transaction
from app.journal.service import Actor
from app.lib.registry import Registry
from tests import make
from tests.contracts.gateways import stripe_bench


@pytest.fixture
def bench(app, clock, monkeypatch):
    """Stripe's stand-in, in the place of the application's gateways."""
    with stripe_bench(app) as bench:
        registry = Registry("gateway")
        registry.register("stripe", GuardedGateway(bench.gateway))
        registry.register("manual", GuardedGateway(ManualGateway()))
        monkeypatch.setitem(app.extensions, "vigie.gateways", registry)
        yield bench


@pytest.fixture
def stripe(bench):
    return bench.stripe


@pytest.fixture
def at(app, clock):
    """What flows are told; made anew for each, since the clock may have moved."""
    return lambda: Context(clock.now(), terms(), Actor())


@pytest.fixture
def acme(app, bench):
    """An organization with a card whose charge succeeds while its answer is lost."""
    with app.app_context():
        acme = make.organization()
        make.card(acme, token=bench.token("timeout"))
        with transaction() as session:
            session.scalars(select(Card)).one().gateway = "stripe"
        return acme
