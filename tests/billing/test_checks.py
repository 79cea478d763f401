"""The nightly check: what differs is told, stops cards, and is closed once it is right (L3)."""

from datetime import date

import pytest
from sqlalchemy import select, text

from app.billing import service as billing
from app.billing.checks import check_balances, differences, uncredited_payments
from app.billing.models import Wallet
from app.billing.payment_models import Payment
from app.billing.queries import wallet_is_in_doubt
from app.billing.rules import PaymentState
from app.db import db, transaction
from app.domains.models import SandboxName
from app.jobs.service import tick
from app.operator_tasks.models import OperatorTask
from app.operator_tasks.service import open_tasks
from app.renewals.models import Renewal
from app.renewals.rules import RenewalState
from tests import make
from tests.renewals.test_engine import at


@pytest.fixture
def acme(db_context):
    make.usual_prices()
    return make.organization("Acme", balance=1000)


def bend(organization, change):
    """Change a wallet behind the ledger's back."""
    with transaction() as session:
        session.execute(
            text(f"UPDATE wallets SET {change} WHERE organization_id = :id"),
            {"id": organization.id},
        )


def told():
    with transaction() as session:
        return [(task.kind, task.detail) for task in open_tasks(session)]


@pytest.mark.parametrize("change", ["posted = posted + 1", "held = held + 1"])
def test_a_difference_is_told_and_closed_once_it_is_gone(acme, change):
    bend(acme, change)
    assert [check_balances(make.NOW, 1), check_balances(make.NOW, 2)] == [1, 1]
    (kind, detail), *rest = told()
    assert (kind, rest) == ("balance_differs", [])
    assert detail["run"] == 1
    assert (detail["posted"], detail["entries"], detail["held"], detail["holds"]) in (
        (1001, 1000, 0, 0), (1000, 1000, 1, 0),
    )  # fmt: skip
    bend(acme, change.replace("+", "-"))
    assert check_balances(make.NOW, 3) == 0
    assert told() == []
    assert db.session.scalars(select(OperatorTask.done_at)).one() is not None


def test_what_is_under_way_is_what_is_held(acme):
    domain = make.domain(acme, "acme.org", on=True, expires_on=date(2027, 3, 31))
    with transaction() as session:
        session.get_one(SandboxName, domain.name).faults = ["timeout-after"]
    make.money(acme, 5000)
    tick(at(date(2027, 3, 1)))
    with transaction() as session:
        assert session.scalars(select(Renewal.state)).one() is RenewalState.UNKNOWN
        assert session.scalars(select(Wallet.held)).one() == 1500
        assert differences(session) == []
    assert check_balances(make.NOW, 1) == 0


def test_a_payment_that_was_taken_and_not_credited_is_found(acme):
    lost = make.payment(acme, state=PaymentState.CAPTURED)
    assert uncredited_payments(db.session()) == [lost.name]
    assert check_balances(make.NOW, 1) == 1
    assert told() == [("payment_uncredited", {"run": 1})]
    with transaction() as session:
        session.execute(text("UPDATE payments SET state = 'abandoned'"))
    assert check_balances(make.NOW, 2) == 0
    assert told() == []


def test_while_a_wallet_is_in_doubt_its_money_renews_and_its_card_is_not_charged(acme):
    """Renewals from money that is there go on; what would need the card waits (L3)."""
    make.card(acme)
    domain = make.domain(acme, "acme.org", expires_on=date(2030, 1, 1))
    for local in ("one", "two"):
        make.mailbox(domain, acme, local, on=True, expires_on=date(2027, 3, 6), renewal_months=12)
    bend(acme, "posted = posted + 1")
    check_balances(make.NOW, 1)
    with transaction() as session:
        assert wallet_is_in_doubt(session, acme.id, "EUR")
    tick(at(date(2027, 3, 1)))
    assert renewed() == 1
    assert db.session.scalars(select(Payment.id)).all() == []
    bend(acme, "posted = posted - 1")
    check_balances(make.NOW, 2)
    with transaction() as session:
        assert not wallet_is_in_doubt(session, acme.id, "EUR")
    tick(at(date(2027, 3, 2)))
    assert renewed() == 2
    assert db.session.scalars(select(Payment.state)).all() == [PaymentState.CAPTURED]


def renewed() -> int:
    db.session.rollback()
    return len(db.session.scalars(select(Renewal.id)).all())


def test_two_wallets_are_told_apart(acme):
    other = make.organization("Other", balance=5)
    bend(other, "posted = 6")
    assert check_balances(make.NOW, 1) == 1
    with transaction() as session:
        wallet_id = billing.ensure_wallet(session, other.id, "EUR")
        assert [task.subject for task in open_tasks(session)] == [f"wallet:{wallet_id}"]
        assert not wallet_is_in_doubt(session, acme.id, "EUR")
