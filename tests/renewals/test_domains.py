"""The engine on domains: the registry is asked before it is told, and money is held meanwhile."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from app.billing.models import Wallet
from app.db import TransactionOpen, db, transaction
from app.domains.models import Domain, SandboxName
from app.domains.ports import registrars
from app.domains.rules import DomainStatus
from app.jobs.service import tick
from app.operator_tasks.models import OperatorTask
from app.renewals.models import Renewal
from app.renewals.rules import Outcome, RenewalState
from tests import make
from tests.renewals.test_engine import at, attempts, before, posted, run, subscription

EXPIRY = date(2027, 3, 31)
LATER = date(2028, 3, 31)


@pytest.fixture
def acme(db_context):
    make.usual_prices()
    return make.organization(balance=10_000)


def registry(name: str) -> SandboxName:
    db.session.rollback()
    return db.session.get_one(SandboxName, name)


def plan_faults(name: str, *faults: str) -> None:
    with transaction() as session:
        session.get_one(SandboxName, name).faults = list(faults)


def held(organization: make.Made) -> int:
    db.session.rollback()
    return db.session.scalars(
        select(Wallet.held).where(Wallet.organization_id == organization.id)
    ).one()


def test_a_domain_is_renewed_thirty_days_before_with_one_debit(acme):
    domain = make.domain(acme, on=True, expires_on=EXPIRY)
    for days in (31, 30, 30, 29, 15, 1, 0):
        run(before(days))
    assert attempts(domain) == [(before(30), Outcome.RENEWED, None)]
    assert subscription(domain).expires_on == LATER
    assert registry(domain.name).renewals_seen == 1
    assert (posted(acme), held(acme)) == (8_500, 0)


def test_a_domain_that_cannot_be_paid_is_tried_on_the_days_of_r7(db_context):
    make.usual_prices()
    poor = make.organization()
    domain = make.domain(poor, on=True, expires_on=EXPIRY)
    for days in range(35, -3, -1):
        run(before(days))
    assert [(EXPIRY - day).days for day, _outcome, _reason in attempts(domain)] == [
        30, 15, 7, 5, 4, 3, 2, 1,
    ]  # fmt: skip
    assert {outcome for _day, outcome, _reason in attempts(domain)} == {Outcome.UNFUNDED}
    assert registry(domain.name).renewals_seen == 0


def test_e11_an_answer_that_was_lost_is_looked_up_and_never_ordered_again(acme):
    domain = make.domain(acme, on=True, expires_on=EXPIRY)
    plan_faults(domain.name, "timeout-after")
    run(before(30))
    assert attempts(domain) == [(before(30), Outcome.UNKNOWN, None)]
    assert (posted(acme), held(acme)) == (10_000, 1500)
    tick(at(before(30)) + timedelta(minutes=5))
    assert attempts(domain) == [(before(30), Outcome.RENEWED, None)]
    assert registry(domain.name).renewals_seen == 1
    assert (posted(acme), held(acme)) == (8_500, 0)
    assert subscription(domain).expires_on == LATER


def test_e12_an_order_that_never_arrived_is_sent_again_with_the_same_date(acme):
    domain = make.domain(acme, on=True, expires_on=EXPIRY)
    plan_faults(domain.name, "timeout-before")
    run(before(30))
    for minutes in (1, 4, 5, 10):
        tick(at(before(30)) + timedelta(minutes=minutes))
    assert registry(domain.name).expires_at.date() == LATER
    assert registry(domain.name).renewals_seen == 1
    assert (posted(acme), held(acme)) == (8_500, 0)


def test_a_registry_that_is_down_is_asked_until_it_answers(acme):
    domain = make.domain(acme, on=True, expires_on=EXPIRY)
    plan_faults(domain.name, "down", "down", "down")
    for minutes in (0, 5, 10, 15):
        tick(at(before(30)) + timedelta(minutes=minutes))
    assert subscription(domain).expires_on == LATER
    assert registry(domain.name).renewals_seen == 1


@pytest.mark.parametrize("status", ["clientRenewProhibited", "serverRenewProhibited"])
def test_e4_a_refusal_gives_the_money_back_and_tells_the_operator(acme, status):
    domain = make.domain(acme, on=True, expires_on=EXPIRY)
    with transaction() as session:
        session.get_one(SandboxName, domain.name).statuses = [status]
    run(before(30))
    assert attempts(domain) == [(before(30), Outcome.BLOCKED, "registry_refused")]
    assert (posted(acme), held(acme)) == (10_000, 0)
    assert db.session.scalars(select(OperatorTask.kind)).all() == ["registry_refused"]
    with transaction() as session:
        session.get_one(SandboxName, domain.name).statuses = []
    run(before(15))
    assert subscription(domain).expires_on == LATER


def test_a_transfer_under_way_is_not_renewed_and_tried_again_later(acme):
    domain = make.domain(acme, on=True, expires_on=EXPIRY)
    with transaction() as session:
        session.get_one(SandboxName, domain.name).statuses = ["pendingTransfer"]
    run(before(30))
    assert attempts(domain) == [(before(30), Outcome.BLOCKED, "transferring")]
    assert held(acme) == 0


@pytest.mark.parametrize("where", ["elsewhere", None])
def test_e5_e6_e15_a_name_that_left_us_is_not_tried_any_more(acme, where):
    domain = make.domain(acme, on=True, expires_on=EXPIRY)
    with transaction() as session:
        row = session.get_one(SandboxName, domain.name)
        if where:
            row.sponsor = where
        else:
            session.delete(row)
    for days in range(30, -2, -1):
        run(before(days))
    assert attempts(domain) == [(before(30), Outcome.BLOCKED, "domain_gone")]
    assert db.session.get_one(Domain, domain.id).status is DomainStatus.GONE
    assert (posted(acme), held(acme)) == (10_000, 0)


def test_e14_what_the_registry_did_by_itself_is_not_what_the_customer_paid(db_context):
    make.usual_prices()
    poor = make.organization()
    domain = make.domain(poor, on=True, expires_on=EXPIRY)
    run(before(30))
    with transaction() as session:
        session.get_one(SandboxName, domain.name).expires_at = datetime.combine(
            LATER, time(12), UTC
        )
    run(before(-1))
    assert subscription(domain).expires_on == EXPIRY


def test_r10_a_year_the_registry_added_by_itself_is_paid_but_not_ordered_again(acme):
    domain = make.domain(acme, on=True, expires_on=EXPIRY)
    with transaction() as session:
        session.get_one(SandboxName, domain.name).expires_at = datetime.combine(
            LATER, time(12), UTC
        )
    run(before(5))
    assert registry(domain.name).renewals_seen == 0
    assert subscription(domain).expires_on == LATER
    assert posted(acme) == 8_500


def test_a_date_that_nobody_expects_stays_open_and_is_the_operators(acme):
    domain = make.domain(acme, on=True, expires_on=EXPIRY)
    with transaction() as session:
        row = session.get_one(SandboxName, domain.name)
        row.expires_at = datetime(2031, 1, 1, 12, tzinfo=UTC)
    run(before(30))
    assert db.session.scalars(select(OperatorTask.kind)).all() == ["registry_date"]
    assert db.session.scalars(select(Renewal.state)).one() is RenewalState.UNKNOWN
    assert (posted(acme), held(acme)) == (10_000, 1500)


def test_nothing_new_is_ordered_while_a_renewal_is_unknown(acme):
    domain = make.domain(acme, on=True, expires_on=EXPIRY)
    plan_faults(domain.name, *["down"] * 40)
    for days in range(30, 1, -1):
        run(before(days))
    assert len(attempts(domain)) == 1
    assert db.session.scalars(select(Renewal)).all()[0].state is RenewalState.UNKNOWN
    assert held(acme) == 1500


def test_registrars_cannot_be_called_inside_a_transaction(acme):
    with transaction(), pytest.raises(TransactionOpen):
        registrars().get("sandbox").info("example.org")


def test_e10_a_fee_above_the_price_stops_before_anything_is_charged(acme):
    domain = make.domain(acme, on=True, expires_on=EXPIRY)
    with transaction() as session:
        session.get_one(SandboxName, domain.name).fee = 2000
    run(before(30))
    assert attempts(domain) == [(before(30), Outcome.BLOCKED, "registry_refused")]
    assert (posted(acme), held(acme)) == (10_000, 0)
    assert registry(domain.name).renewals_seen == 0
    assert db.session.scalars(select(OperatorTask.kind)).all() == ["registry_refused"]
