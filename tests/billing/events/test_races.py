"""Deliveries and works at once, or killed at any step, have one effect (X4, CP15, CP16)."""

import threading
from datetime import timedelta
from functools import partial

from app.billing import events, payment_flows
from app.db import transaction
from tests.billing.events.world import inbox, latest, lost_charge, post, posted, work
from tests.fate import at_statements


def at_once(*works):
    """Run each in a thread of its own, all at the same time; what they returned."""
    barrier, results = threading.Barrier(len(works)), []

    def run(work):
        barrier.wait()
        results.append(work())

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_eight_deliveries_and_eight_workers_at_once_have_one_effect(app, clock, stripe, acme, at):
    with app.app_context():
        lost_charge(acme, at)
    event = latest(stripe, "payment_intent.succeeded")
    assert at_once(*[lambda: post(app, stripe, event).status_code] * 8) == [200] * 8
    assert len(inbox(app)) == 1
    assert sum(at_once(*[lambda: work(app, clock)] * 8)) == 1
    assert posted(app, acme) == 1500


def test_x4_a_webhook_and_the_lookup_credit_the_same_payment_once(app, clock, stripe, acme, at):
    with app.app_context():
        payment_id = lost_charge(acme, at)
    post(app, stripe, latest(stripe, "payment_intent.succeeded"))

    def look_up():
        with app.app_context():
            return payment_flows.look_up(payment_id, at())

    at_once(look_up, lambda: work(app, clock), look_up, lambda: work(app, clock))
    assert posted(app, acme) == 1500
    assert inbox(app) == [("payment", True)]


def test_cp15_cp16_whatever_step_kills_delivery_or_work_there_is_one_effect(
    app, clock, stripe, acme, at
):
    with app.app_context(), at_statements() as fate:
        for step in fate.steps(more_than=15):
            lost_charge(acme, at, f"charge-{step}")
            event = latest(stripe, "payment_intent.succeeded")
            fate.kills(partial(_deliver_and_work, app, clock, event))
            # The gateway saw no 200, or the process came back: both go on as ever.
            _deliver_and_work(app, clock, event)
            work(app, clock, after=timedelta(minutes=6))
            assert posted(app, acme) == step * 1500
            assert {done for _, done in inbox(app)} == {True}


def _deliver_and_work(app, clock, event):
    """What the view and the job do, without a client: its context would be this one."""
    from app.billing.gateways.stripe_events import event_of

    with transaction() as session:
        events.store(session, "stripe", event_of(event), clock.now())
    events.work(clock.now(), 0)
