"""Events that never came are found on the gateway's list (P5)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.billing import events
from app.billing.payment_models import DisputedPayment
from app.db import db
from tests.billing.events.world import made_charge, posted


def test_p5_what_a_dead_endpoint_missed_for_five_days_is_found(app, clock, stripe, acme, at):
    start = clock.now()
    refs = []
    with app.app_context():
        for number in range(5):
            made_charge(acme, at, f"charge-{number}")
            refs.append(stripe.objects["payment_intents"][-1]["id"])
        for day, ref in enumerate(refs, start=1):
            clock.set(start + timedelta(days=day))
            stripe.take_back(ref)
            if day in (4, 5):
                events.reconcile(clock.now(), 0)
                events.work(clock.now(), 0)
        assert events.reconcile(clock.now(), 0) == 0, "found once"
        assert len(db.session.scalars(select(DisputedPayment.id)).all()) == 5
    assert posted(app, acme) == 0


def test_many_missed_events_come_page_by_page(app, clock, stripe, at):
    for number in range(230):
        stripe._happened("payment_intent.succeeded", {"id": f"pi_{number}", "metadata": {}})
        stripe._happened("payout.paid", {"id": f"po_{number}"})
    with app.app_context():
        assert events.reconcile(clock.now(), 0) == 230
        assert events.work(clock.now(), 0) == 230


def test_a_gateway_that_lists_nothing_makes_the_run_fail_so_that_it_is_done_again(
    app, clock, stripe, bench
):
    stripe.faults = ["500"]
    with app.app_context(), pytest.raises(events.GatewaySilent):
        events.reconcile(clock.now(), 0)
