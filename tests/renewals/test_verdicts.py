"""Verdicts are stored with each subscription, and none stays that is no longer true."""

import threading
import time
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from app.accounts.installation import Context, terms
from app.auto_renewal import bulk, bulk_queries
from app.auto_renewal.bulk_choice import BulkChoice
from app.auto_renewal.bulk_undo import undo_all
from app.auto_renewal.service import Caller
from app.billing import service as billing
from app.billing.models import Wallet
from app.db import db, transaction
from app.domains.models import SandboxName
from app.jobs.service import tick
from app.journal.service import Actor
from app.renewals import verdicts
from app.renewals.manual import Wish, renew_now
from app.renewals.rules import next_attempt_day
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Kind, Verdict
from app.subscriptions.service import Choice, choose, locked
from tests import make
from tests.interchange import files
from tests.pages import statements
from tests.renewals.test_engine import at

DAY = date(2027, 3, 10)
ENDS = date(2027, 4, 30)


def stored(made: make.MadeService) -> tuple[Verdict | None, int | None]:
    db.session.rollback()
    row = db.session.execute(
        select(Subscription.verdict, Subscription.missing).where(
            Subscription.id == made.subscription_id
        )
    ).one()
    return row.verdict, row.missing


def work_out(day: date = DAY) -> None:
    verdicts.forecasts(at(day), 0)


def due() -> set[int]:
    db.session.rollback()
    return set(db.session.scalars(select(Wallet.organization_id).where(Wallet.forecast_due)))


@pytest.fixture
def acme(db_context):
    make.usual_prices()
    return make.organization(balance=4000)


def put(made: make.MadeService, *, on: bool, payer: make.Made, months: int = 12, day: date = DAY):
    with transaction() as session:
        row = locked(session, made.subscription_id)
        slot = next_attempt_day(row.kind, row.expires_on, day)
        choose(
            session, row, Choice(on, months, payer.id), next_slot_on=slot, by=Actor(), now=at(day)
        )


def test_three_domains_at_15_with_40_the_third_cannot_be_paid(acme):
    names = [make.domain(acme, expires_on=ENDS, on=True) for _ in range(3)]
    work_out()
    assert [stored(one) for one in names] == [
        (Verdict.WILL_RENEW, None),
        (Verdict.WILL_RENEW, None),
        (Verdict.SHORT, 500),
    ]
    assert due() == set()


def test_switched_off_there_is_no_verdict(acme):
    name = make.domain(acme, expires_on=ENDS, on=True)
    work_out()
    put(name, on=False, payer=acme)
    assert stored(name) == (None, None)
    work_out()
    assert stored(name) == (None, None)


def test_a_mailbox_follows_its_domain_even_if_another_pays_it(acme):
    other = make.organization("Other", balance=1000)
    name = make.domain(acme, expires_on=ENDS, on=True, payer=other)
    box = make.mailbox(name, acme, on=True, expires_on=ENDS)
    work_out()
    assert stored(name) == (Verdict.SHORT, 500)
    assert stored(box) == (Verdict.DOMAIN_ENDS, None)
    make.money(other, 500)
    work_out()
    assert stored(box) == (Verdict.WILL_RENEW, None)
    put(name, on=False, payer=other)
    work_out()
    assert stored(box) == (Verdict.DOMAIN_ENDS, None)


def test_refresh_works_out_small_payers_at_once_and_leaves_big_ones_to_the_job(acme):
    other = make.organization("Other")
    names = [make.domain(acme, expires_on=ENDS, on=True) for _ in range(3)]
    theirs = make.domain(other, expires_on=ENDS, on=True)
    verdicts.refresh(at(DAY), {acme.id}, most=2)
    assert stored(names[0]) == (None, None)
    verdicts.refresh(at(DAY), {acme.id}, most=3)
    assert stored(names[2]) == (Verdict.SHORT, 500)
    assert stored(theirs) == (None, None)
    assert due() == {other.id}


def test_a_change_that_comes_in_between_is_worked_out_anew(acme, monkeypatch):
    name = make.domain(acme, expires_on=ENDS, on=True)
    real, meddled = verdicts.forecast, []

    def meddling(*args, **more):
        if not meddled:
            meddled.append(True)
            put(name, on=True, payer=acme, months=36)
        return real(*args, **more)

    monkeypatch.setattr(verdicts, "forecast", meddling)
    verdicts.refresh(at(DAY), {acme.id})
    assert stored(name) == (None, None)
    assert due() == {acme.id}
    work_out()
    assert stored(name) == (Verdict.SHORT, 500)


def test_a_change_that_waits_for_the_verdicts_is_not_forgotten(app, acme):
    def change():
        with app.app_context(), transaction() as session:
            billing.forecast_anew(session, [acme.id])

    other = threading.Thread(target=change)
    with transaction() as session:
        billing.forecast_anew(session, [acme.id])
        other.start()
        time.sleep(0.3)
        billing.forecast_is_done(session, acme.id, "EUR")
    other.join()
    assert due() == {acme.id}


def test_a_payer_whose_forecast_breaks_leaves_the_others_theirs(acme, monkeypatch, caplog):
    other = make.organization("Other", balance=2000)
    make.domain(acme, expires_on=ENDS, on=True)
    theirs = make.domain(other, expires_on=ENDS, on=True)
    real = verdicts.known_of

    def broken(session, payer_id, *more):
        if payer_id == acme.id:
            raise RuntimeError("boom")
        return real(session, payer_id, *more)

    monkeypatch.setattr(verdicts, "known_of", broken)
    work_out()
    assert stored(theirs) == (Verdict.WILL_RENEW, None)
    assert due() == {acme.id}
    assert "boom" in caplog.text


def test_whoever_was_overlooked_is_found_within_a_day(acme):
    name = make.domain(acme, expires_on=ENDS, on=True)
    with transaction() as session:
        session.execute(update(Wallet).values(forecast_due=False))
    tick(at(DAY))
    assert stored(name) == (Verdict.WILL_RENEW, None)


def test_a_payer_takes_a_fixed_number_of_statements(app, acme):
    counts = []
    for _ in range(2):
        for _ in range(20):
            name = make.domain(acme, expires_on=ENDS, on=True)
            make.mailbox(name, acme, on=True, expires_on=ENDS)
        with transaction() as session:
            billing.forecast_anew(session)
            session.execute(update(Subscription).values(verdict=None, missing=None))
        with statements(app) as sent:
            work_out()
        counts.append(len(sent))
    # The first one also reads the installation's terms.
    # Everything is read twice, the second time under the wallet's lock.
    assert counts[1] <= counts[0] < 40


# ---- Nothing is stale after any change


@pytest.fixture
def customers(app, tmp_path, acme):
    """Two payers of each other's services, with money for some of them."""
    other = make.organization("Other", balance=1600)
    name = make.domain(acme, "name.org", expires_on=ENDS, on=True, payer=other)
    second = make.domain(acme, "second.org", expires_on=ENDS, on=True)
    box = make.mailbox(name, acme, "a", on=True, expires_on=ENDS)
    near = make.mailbox(second, other, "b", on=True, expires_on=date(2027, 3, 15), payer=acme)
    off = make.mailbox(second, acme, "c", expires_on=ENDS)
    make.domain(other, "dear.org", expires_on=ENDS, on=True)
    work_out()
    return {
        "acme": acme, "other": other, "name": name, "second": second, "box": box, "near": near,
        "off": off, "app": app, "folder": tmp_path,
    }  # fmt: skip


def pay_in(of):
    make.money(of["other"], 5000)


def switch_on(of):
    put(of["off"], on=True, payer=of["other"], months=1)


def switch_a_domain_off(of):
    put(of["name"], on=False, payer=of["other"])


def change_payer(of):
    put(of["second"], on=True, payer=of["other"])


def change_length(of):
    put(of["second"], on=True, payer=of["acme"], months=36)


def renew_by_hand(of):
    with transaction() as session:
        wish = Wish(of["box"].subscription_id, ENDS, 12, of["other"].id, "nonce")
        renew_now(session, wish, Context(at(DAY), terms(session), Actor()))


def renew_due(of):
    tick(at(date(2027, 3, 31)), "renewals")


def let_the_registry_refuse(of):
    lose(of["name"], statuses=["serverRenewProhibited"])


def lose_the_name(of):
    lose(of["name"], sponsor="somebody else")


def lose(name: make.MadeService, **values: object) -> None:
    with transaction() as session:
        session.execute(update(SandboxName).where(SandboxName.name == name.name).values(**values))
    tick(at(date(2027, 3, 31)), "renewals")


def leave_unanswered(of):
    with transaction() as session:
        session.get_one(SandboxName, of["name"].name).faults = ["down", "down", "down"]
    tick(at(date(2027, 3, 31)), "renewals")


def miss_every_day(of):
    tick(at(ENDS + timedelta(days=10)), "lapses")
    tick(at(ENDS + timedelta(days=10)), "renewals")


def bulk_order(of, *, on: bool):
    both = [of["acme"].id, of["other"].id]
    caller = Caller(Actor(user_id=make.user().id), both, both, DAY, at(DAY))
    choice = BulkChoice(on, 12 if on else None, of["other"].id if on else None)
    targets = select(Subscription.id).where(Subscription.kind == Kind.DOMAIN)
    with transaction() as session:
        seen = bulk_queries.survey(session, targets, choice, DAY).seen
        ticked = targets.add_columns(Subscription.id.label("target"))
        order = bulk.Order(Kind.DOMAIN, choice, ticked, seen, f"nonce-{on}")
        done = bulk.change_all(session, order, caller)
    return done, caller


def change_in_bulk(of):
    bulk_order(of, on=True)


def change_in_bulk_and_undo(of):
    done, caller = bulk_order(of, on=False)
    work_out()
    with transaction() as session:
        undo_all(session, done.change_id, caller)


def import_prices(of):
    dearer = {"kind": "domain", "extension": "org", "years": 1, "price": 1700}
    files.imported(of["app"], of["folder"], {"vigie": 1, "prices": [dearer]})


OPERATIONS = [
    pay_in, switch_on, switch_a_domain_off, change_payer, change_length, renew_by_hand, renew_due,
    let_the_registry_refuse, lose_the_name, leave_unanswered, miss_every_day, change_in_bulk,
    change_in_bulk_and_undo, import_prices,
]  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.__name__)
def test_after_any_change_the_job_knows_what_a_full_forecast_knows(customers, operation):
    before = everything()
    operation(customers)
    day = LATER.get(operation, DAY)
    work_out(day)
    found = everything()
    with transaction() as session:
        billing.forecast_anew(session)
    work_out(day)
    assert found == everything()
    assert found != before or operation in SAME
    off = select(Subscription.verdict).where(Subscription.auto_renewal.is_(False))
    assert set(db.session.scalars(off)) <= {None}


LATER = {
    renew_due: date(2027, 3, 31),
    let_the_registry_refuse: date(2027, 3, 31),
    lose_the_name: date(2027, 3, 31),
    leave_unanswered: date(2027, 3, 31),
    miss_every_day: ENDS + timedelta(days=10),
}
# Whether what was foretold happens or is under way: the verdicts stay what they were. A rise that
# nobody was told of is not charged yet (R16).
SAME = {renew_due, leave_unanswered, change_in_bulk_and_undo, import_prices}


def everything() -> dict[str, tuple[Verdict | None, int | None]]:
    db.session.rollback()
    rows = db.session.execute(
        select(Subscription.subject, Subscription.verdict, Subscription.missing)
    )
    return {subject: (verdict, missing) for subject, verdict, missing in rows}
