"""A-2: below zero, reminded, suspended, paid (golden A3, A5, A6, A7, A8, P7)."""

import itertools

import pytest
from sqlalchemy import select

from app.accounts.models import Organization
from app.billing import service as billing
from app.billing.rules import AccountKind, EntryKind
from app.db import db, reading, transaction
from app.operator_tasks.models import OperatorTask
from app.outbox.ports import Rejected
from tests import make
from tests.alerts.world import (
    alerts,
    come_back,
    day,
    events,
    mails,
    states,
    steps,
    suspended,
    tick_daily,
    tick_on,
    told,
)

TYPE = "negative_balance"
KEYS = itertools.count()


@pytest.fixture
def acme(db_context):
    acme = make.organization(balance=-500)
    make.owner(acme, language="en")
    return acme


def test_it_opens_with_a_mail_to_owner_and_billing_contact(acme):
    tick_on(day(0))
    (alert,) = alerts()
    assert (alert.type, alert.state, alert.deadline_on) == (TYPE, "open", day(21))
    assert {mail.recipient for mail in mails()} == {"compta@people.example", mails()[0].recipient}
    assert len(mails()) == 2
    assert events("alert.opened") == ["alert.opened"]


def test_it_is_reminded_then_suspends_and_tells_so(acme):
    tick_daily(0, 20)
    assert steps() == {"opening": "sent", "+3": "sent", "+7": "sent", "+14": "sent", "+20": "sent"}
    assert not suspended()
    tick_on(day(21))
    assert suspended()
    assert states() == ["expired"]
    assert steps()["expiry"] == "sent"
    assert "suspended" in mails()[-1].subject
    tick_daily(22, 30)
    assert len(alerts()) == 1
    assert len(mails()) == 12


def test_a3_one_cent_below_zero_is_still_open_and_zero_resolves(acme):
    tick_on(day(0))
    make.money(acme, 499)
    tick_on(day(1))
    assert states() == ["open"]
    make.money(acme, 1)
    tick_on(day(2))
    assert states() == ["resolved"]
    assert alerts()[0].resolution == "paid"


def test_paying_lifts_the_suspension(acme):
    tick_daily(0, 21)
    assert suspended()
    make.money(acme, 500)
    tick_on(day(22))
    assert not suspended()
    assert states() == ["resolved"]


def test_a7_bounced_mails_suspend_nobody_and_tell_the_operator(acme, post):
    post.answer = Rejected("550 Unknown")
    tick_daily(0, 40)
    assert not suspended()
    assert states() == ["open"]
    with reading() as session:
        kinds = session.scalars(select(OperatorTask.kind).where(OperatorTask.done_at.is_(None)))
        assert list(kinds).count("alert_not_told") == 1


def tasks() -> list[str]:
    with reading() as session:
        wanted = select(OperatorTask.kind).where(OperatorTask.done_at.is_(None))
        return list(session.scalars(wanted.order_by(OperatorTask.id)))


def tick_and_bounce(first: int, last: int, *arrive: str) -> None:
    """Days on which mails are accepted and come back an hour later, but those of these steps."""
    back = set()
    for number in range(first, last + 1):
        tick_on(day(number))
        sent = [one for one, steps in zip(mails(), told(), strict=True) if steps[0] not in arrive]
        new = {mail.message_id for mail in sent} - back
        come_back(*sorted(new), on=day(number))
        back |= new


def test_a7_mails_that_were_accepted_and_came_back_suspend_nobody(acme):
    tick_and_bounce(0, 21)
    assert not suspended()
    assert states() == ["open"]
    assert alerts()[0].held_because == "not_told"
    assert len(events("mail.bounced")) == len(mails()) == 10
    assert sorted(tasks()) == ["alert_not_told", "mail_failed", "mail_failed"]
    tick_and_bounce(22, 40)
    assert not suspended()
    assert tasks().count("alert_not_told") == 1


def test_a8_a_reminder_that_arrives_does_not_stand_in_for_an_opening_that_came_back(acme):
    tick_and_bounce(0, 40, "+7", "+14", "+20")
    assert not suspended()
    assert alerts()[0].held_because == "not_told"
    assert tasks().count("alert_not_told") == 1


def test_a8_without_a_reminder_that_arrived_nobody_is_suspended(acme):
    tick_and_bounce(0, 40, "opening")
    assert not suspended()
    assert alerts()[0].held_because == "not_reminded"


def test_a8_one_reminder_that_arrived_is_enough_whatever_came_back_before(acme):
    tick_and_bounce(0, 20, "opening", "+7")
    assert not suspended()
    tick_on(day(21))
    assert suspended()


def test_a8_one_address_that_was_reached_is_enough(acme):
    tick_daily(0, 20)
    come_back(*(mail.message_id for mail in mails("compta@people.example")), on=day(20))
    tick_on(day(21))
    assert suspended()


def test_a8_after_downtime_only_the_latest_step_is_sent(acme):
    tick_daily(0, 4)
    tick_on(day(16))
    assert steps() == {"opening": "sent", "+3": "sent", "+7": "skipped", "+14": "sent"}
    assert not suspended()


def test_the_navigation_counts_what_is_open(acme):
    tick_on(day(0))
    assert db.session.scalars(select(Organization.open_alerts)).one() == 1
    make.money(acme, 500)
    tick_on(day(1))
    assert db.session.scalars(select(Organization.open_alerts)).one() == 0


# Again


def disputed(acme, amount: int, ref: str = "dispute 7") -> None:
    """Move money as a dispute does: debited where the amount is negative."""
    with transaction() as session:
        wallet_id = billing.ensure_wallet(session, acme.id, "EUR")
        other = billing.ledger_account(session, AccountKind.DISPUTES, "sandbox", "EUR")
        wallet = billing.wallet_account(session, wallet_id)
        billing.credit(session, wallet_id, amount)
        billing.post(
            session, kind=EntryKind.DISPUTE, ref=ref, currency="EUR",
            idem_key=f"{ref}:{next(KEYS)}",
            lines=[billing.Line(wallet, amount), billing.Line(other, -amount)],
            business_date=make.TODAY, now=make.NOW,
        )  # fmt: skip


@pytest.fixture
def paid(db_context):
    """An organization in debt for a dispute, that pays on the tenth day."""
    acme = make.organization()
    make.owner(acme)
    disputed(acme, -1200)
    tick_daily(0, 9)
    disputed(acme, 1200)
    tick_on(day(10))
    assert states() == ["resolved"]
    return acme


def test_a5_the_same_dispute_within_a_week_reopens_with_its_clock(paid):
    disputed(paid, -1200)
    before = len(mails())
    tick_on(day(13))
    (alert,) = alerts()
    assert (alert.state, alert.opened_on, alert.deadline_on) == ("open", day(0), day(21))
    assert alert.reopenings == 1
    assert len(mails()) == before
    tick_on(day(14))
    assert steps()["+14"] == "sent"


def test_a6_another_cause_eight_days_later_is_another_alert(paid):
    tick_daily(11, 17)
    disputed(paid, -900, "dispute 8")
    tick_on(day(18))
    assert states() == ["resolved", "open"]
    assert alerts()[1].deadline_on == day(39)


def test_another_cause_on_the_same_day_continues_the_alert(paid):
    disputed(paid, -900, "dispute 8")
    tick_on(day(10), hour=15)
    assert states() == ["open"]


def test_who_was_suspended_and_owes_again_within_a_week_is_suspended_and_told_again(db_context):
    acme = make.organization()
    make.owner(acme)
    disputed(acme, -1200)
    tick_daily(0, 21)
    assert suspended()
    disputed(acme, 1200)
    tick_on(day(22))
    assert not suspended()
    disputed(acme, -1200)
    tick_on(day(24))
    assert suspended()
    assert steps()["expiry:1"] == "sent"


def test_p7_a_dispute_on_an_empty_wallet_that_is_won(db_context):
    acme = make.organization()
    disputed(acme, -1200)
    tick_on(day(0))
    assert states() == ["open"]
    disputed(acme, 1200)
    tick_on(day(3))
    assert states() == ["resolved"]
