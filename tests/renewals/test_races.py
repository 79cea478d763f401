"""Several processes at once: whoever is first renews, and nobody renews twice (R9, R12, R15)."""

import threading
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import func, select

from app.billing import service as billing
from app.billing.models import LedgerTx, Wallet
from app.db import db, transaction
from app.domains.models import SandboxName
from app.jobs.service import tick
from app.journal.models import JournalRow
from app.renewals.models import Attempt, Renewal
from tests import make
from tests.renewals.test_engine import EXPIRY, at, before

RACERS = 8


def race(app, work: Callable[[], None]) -> list[Exception]:
    """Run `work` in eight threads that start together; what they raised."""
    start, raised = threading.Barrier(RACERS), []

    def racer() -> None:
        with app.app_context():
            start.wait()
            try:
                work()
            except Exception as problem:  # noqa: BLE001 - the test looks at all of them
                raised.append(problem)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=racer) for _ in range(RACERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def count(model: type) -> int:
    return db.session.scalars(select(func.count()).select_from(model)).one()


@pytest.fixture
def acme(app):
    with app.app_context():
        make.usual_prices()
        yield make.organization(balance=10_000)


def test_x2_eight_ticks_at_once_renew_a_mailbox_once(app, acme):
    make.mailbox(make.domain(acme), acme, on=True, expires_on=EXPIRY)
    instant = at(before(5))
    db.session.remove()
    assert race(app, lambda: tick(instant)) == []
    assert (count(Attempt), count(Renewal), count(LedgerTx)) == (1, 1, 2)
    assert db.session.scalars(select(Wallet.posted)).one() == 9_900


def test_eight_ticks_at_once_renew_a_domain_once(app, acme):
    domain = make.domain(acme, on=True, expires_on=EXPIRY)
    instant = at(before(30))
    db.session.remove()
    assert race(app, lambda: tick(instant)) == []
    assert count(Renewal) == 1
    assert db.session.get_one(SandboxName, domain.name).renewals_seen == 1
    wallet = db.session.execute(select(Wallet.posted, Wallet.held)).one()
    assert tuple(wallet) == (8_500, 0)


def test_eight_ticks_over_forty_mailboxes_pay_each_once(app, acme):
    domain = make.domain(acme)
    for number in range(40):
        make.mailbox(domain, acme, f"box{number}", on=True, expires_on=EXPIRY)
    instant = at(before(5))
    db.session.remove()
    assert race(app, lambda: tick(instant)) == []
    renewed = (
        select(func.count()).select_from(JournalRow).where(JournalRow.event == "mailbox.renewed")
    )
    assert db.session.scalars(renewed).one() == 40
    assert db.session.scalars(select(Wallet.posted)).one() == 10_000 - 40 * 100


def test_x3_of_two_spends_that_do_not_both_fit_one_is_refused(app, acme):
    wallet_id = db.session.scalars(select(Wallet.id)).one()
    db.session.remove()

    def spend() -> None:
        with transaction() as session:
            billing.debit(session, wallet_id, 8_000)

    raised = race(app, spend)
    assert [type(problem) for problem in raised] == [billing.NotEnough] * (RACERS - 1)
    assert db.session.scalars(select(Wallet.posted)).one() == 2_000


def test_the_last_instant_of_a_slot_and_the_first_of_the_next_are_two_days(app, acme):
    box = make.mailbox(make.domain(acme), acme, on=True, expires_on=date(2027, 3, 31))
    tick(at(before(5), 23))
    tick(at(before(4), 9))
    assert count(Attempt) == 1
    assert box.subscription_id
