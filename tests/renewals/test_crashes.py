"""The process dies at each SQL statement and outside call of a tick, then starts again (L8).

Each step gets a customer of its own a day later, so that one database serves all steps.
"""

from datetime import date, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from app.billing.models import LedgerEntry, Wallet
from app.billing.payment_models import Payment
from app.billing.ports import gateways
from app.billing.rules import PaymentState
from app.db import db, transaction
from app.domains.models import SandboxName
from app.domains.ports import registrars
from app.jobs.service import tick
from app.journal.models import JournalRow
from app.renewals.models import Attempt, Renewal
from app.renewals.rules import RenewalState
from app.subscriptions.models import Subscription
from tests import make
from tests.fate import at_statements
from tests.renewals.test_engine import EXPIRY, at

OPENING = 10_000


@pytest.fixture
def fate(app, monkeypatch):
    """A fate that counts every statement, and every outside call before and after it."""
    with app.app_context(), at_statements() as fate:
        doors = (
            (type(registrars().get("sandbox")), ("info", "renew")),
            (type(gateways().get("sandbox")), ("charge", "payment")),
        )
        for adapter, names in doors:
            for name in names:
                monkeypatch.setattr(adapter, name, fate.around(getattr(adapter, name)))
        make.usual_prices()
        yield fate


def work_on_money(now: datetime) -> None:
    """The jobs of a tick that move money, in their order; others are killed in their own tests."""
    for job in ("payments", "recovery", "renewals", "funded"):
        tick(now, job)


def mailbox(acme: make.Made, expires_on: date) -> make.MadeService:
    domain = make.domain(acme, expires_on=date(2030, 1, 1))
    return make.mailbox(domain, acme, on=True, expires_on=expires_on, renewal_months=12)


def domain(acme: make.Made, expires_on: date) -> make.MadeService:
    return make.domain(acme, on=True, expires_on=expires_on)


def domain_whose_answer_is_lost(acme: make.Made, expires_on: date) -> make.MadeService:
    made = make.domain(acme, on=True, expires_on=expires_on)
    with transaction() as session:
        session.get_one(SandboxName, made.name).faults = ["timeout-after"]
    return made


def mailbox_by_card(acme: make.Made, expires_on: date) -> make.MadeService:
    make.card(acme)
    return mailbox(acme, expires_on)


def mailbox_by_card_whose_answer_is_lost(acme: make.Made, expires_on: date) -> make.MadeService:
    make.card(acme, token="sandbox:timeout")
    return mailbox(acme, expires_on)


def domain_by_card(acme: make.Made, expires_on: date) -> make.MadeService:
    make.card(acme)
    return domain(acme, expires_on)


@pytest.mark.parametrize(
    ("build", "opening", "lead", "price"),
    [
        (mailbox, OPENING, 5, 1000),
        (domain, OPENING, 30, 1500),
        (domain_whose_answer_is_lost, OPENING, 30, 1500),
        (mailbox_by_card, 400, 5, 1000),
        (mailbox_by_card_whose_answer_is_lost, 400, 5, 1000),
        (domain_by_card, 400, 30, 1500),
    ],
)
def test_whatever_step_kills_the_process_there_is_one_renewal_and_one_debit(
    fate, build, opening, lead, price
):
    for step in fate.steps(more_than=30):
        expires_on = EXPIRY + timedelta(days=step)
        acme = make.organization(balance=opening)
        made = build(acme, expires_on)
        instant = at(expires_on - timedelta(days=lead))
        fate.kills(partial(work_on_money, instant))
        for minutes in (0, 6, 12):
            work_on_money(instant + timedelta(minutes=minutes))
        check(acme, made, expires_on, max(opening - price, 0))
        charged = [(price - opening, PaymentState.CAPTURED)] if price > opening else []
        assert payments_of(acme) == charged


def payments_of(acme: make.Made) -> list[tuple[int, PaymentState]]:
    rows = db.session.execute(
        select(Payment.amount, Payment.state).where(Payment.organization_id == acme.id)
    )
    return [(amount, state) for amount, state in rows]


def check(acme: make.Made, made: make.MadeService, expires_on: date, left: int) -> None:
    """One renewal, one debit, one extension, nothing held, nothing open, books balanced."""
    db.session.remove()
    own = Renewal.subscription_id == made.subscription_id
    assert db.session.scalars(select(Renewal.state).where(own)).all() == [RenewalState.DONE]
    wallet = db.session.execute(
        select(Wallet.posted, Wallet.held).where(Wallet.organization_id == acme.id)
    ).one()
    assert tuple(wallet) == (left, 0)
    assert db.session.scalars(select(func.sum(LedgerEntry.amount))).one() == 0
    ends = db.session.get_one(Subscription, made.subscription_id).expires_on
    assert ends == expires_on.replace(year=expires_on.year + 1)
    told = select(JournalRow.event).where(
        JournalRow.subject == made.name, JournalRow.event.like("%.renewed")
    )
    assert len(db.session.scalars(told).all()) == 1
    outcomes = select(Attempt.outcome).where(Attempt.subscription_id == made.subscription_id)
    assert None not in db.session.scalars(outcomes).all()
    if known := db.session.get(SandboxName, made.name):
        assert known.renewals_seen == 1
    db.session.remove()
