"""What each type watches, and what resolves it (A-1, A-3 to A-6)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.accounts.models import Organization, User
from app.accounts.rules import Plan
from app.alerts.ports import AlertType
from app.alerts.types import types
from app.billing.models import Card
from app.db import reading, transaction
from app.domains.models import Domain
from app.domains.rules import DomainStatus
from app.journal.service import HOST
from app.moves import service as moves
from app.moves.models import Move
from app.moves.rules import MoveState
from app.operator_tasks.models import OperatorTask
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Status, Verdict
from tests import make
from tests.alerts.world import (
    alerts,
    at,
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


def change(model: type, row_id: int | None = None, **values: object) -> None:
    """Set columns of one row, or of all."""
    with transaction() as session:
        wanted = update(model).values(**values)
        session.execute(wanted if row_id is None else wanted.where(model.id == row_id))


def open_tasks() -> list[str]:
    with reading() as session:
        return list(
            session.scalars(select(OperatorTask.kind).where(OperatorTask.done_at.is_(None)))
        )


def test_the_six_types_are_found_worst_first():
    assert list(types()) == [
        "negative_balance", "inactivity", "unfunded_renewal", "domain_expiry", "card_expiry",
        "move",
    ]  # fmt: skip
    assert all(isinstance(kind, AlertType) for kind in types().values())


#


@pytest.fixture
def idle(db_context):
    """A free organization whose owner signs in on the first day and never again."""
    idle = make.organization(plan=Plan.FREE)
    owner = make.owner(idle)
    change(User, owner.id, last_login_at=at(day(0)))
    return owner


def test_d20_inactivity_opens_after_120_days(idle):
    tick_on(day(119))
    assert alerts() == []
    tick_on(day(120))
    assert states("inactivity") == ["open"]
    assert alerts()[0].deadline_on == day(150)


def test_a13_a_paid_plan_is_never_idle(idle):
    change(Organization, plan=Plan.PAID)
    tick_on(day(200))
    assert alerts() == []


def test_who_pays_for_something_is_not_idle(idle, db_context):
    organization_id = db_context.scalars(select(Organization.id)).one()
    db_context.rollback()
    make.domain(make.Made(organization_id, "acme"), expires_on=day(900))
    tick_on(day(200))
    assert alerts() == []


def test_an_idle_organization_is_suspended_and_comes_back_with_a15_a_sign_in(idle):
    tick_daily(120, 149)
    assert not suspended()
    tick_on(day(150))
    assert suspended()
    assert steps() == {
        "opening": "sent", "+7": "sent", "+21": "sent", "+27": "sent", "expiry": "sent",
    }  # fmt: skip
    change(User, idle.id, last_login_at=at(day(160)))
    tick_on(day(160))
    assert not suspended()
    assert alerts()[0].resolution == "signed_in"


def test_becoming_paying_resolves_it(idle):
    tick_on(day(120))
    change(Organization, plan=Plan.PAID)
    tick_on(day(121))
    assert alerts()[0].resolution == "paying"


#


def org_domain(ends: date, name: str = "example.org", **more: object) -> make.MadeService:
    acme = make.organization()
    make.owner(acme)
    return make.domain(acme, name, expires_on=ends, **more)


def test_a_generic_name_has_the_notices_of_the_law_in_their_own_mails(db_context):
    org_domain(day(90))
    tick_daily(30, 95)
    assert steps() == {
        "opening": "sent", "-31": "sent", "-15": "sent", "-7": "sent", "-3": "sent", "-1": "sent",
        "expiry": "skipped", "+1": "sent",
    }  # fmt: skip
    assert states() == ["expired"]
    assert alerts()[0].opened_on == day(30)
    legal = {mail.sent_at.date() for mail in mails() if mail.kind == "alert"}
    assert legal == {day(59), day(83), day(91)}


def test_e14_who_does_not_renew_is_told_within_five_days_after(db_context):
    org_domain(day(60))
    tick_on(day(0), day(58), day(64))
    assert states() == ["expired"]
    assert steps()["+1"] == "sent"


def test_a18_a_name_renewed_after_the_first_notice_gets_no_second(db_context):
    made = org_domain(day(60))
    tick_daily(0, 30)
    change(Subscription, made.subscription_id, expires_on=day(425))
    tick_daily(31, 60)
    assert "-7" not in steps()
    assert alerts()[0].resolution == "renewed"


def test_a19_auto_renewal_with_an_empty_wallet(db_context):
    make.usual_prices()
    made = org_domain(day(60), on=True)
    change(Subscription, made.subscription_id, verdict=Verdict.SHORT, missing=1500)
    tick_daily(0, 54)
    notices = steps("domain_expiry")
    assert (notices["-31"], notices["-7"]) == ("sent", "sent")
    assert states("unfunded_renewal") == ["open"]


def test_e15_a_name_that_left_resolves_what_was_open(db_context):
    made = org_domain(day(40), on=True)
    change(Subscription, made.subscription_id, verdict=Verdict.SHORT, missing=1500)
    tick_on(day(0))
    assert states() == ["open", "open"]
    change(Domain, status=DomainStatus.GONE)
    tick_on(day(20))
    assert {alert.resolution for alert in alerts()} == {"gone"}


def test_a_missed_window_is_told_to_the_operator_and_never_back_dated(db_context):
    org_domain(day(60))
    tick_on(day(0), day(40))
    assert steps() == {"opening": "sent", "-31": "missed"}
    assert "notice_missed" in open_tasks()


def test_a_national_name_has_reminders_only(db_context):
    org_domain(day(60), "example.fr")
    tick_daily(0, 61)
    assert {mail.kind for mail in mails()} == {"alerts"}


def test_a25_addresses_on_the_expiring_name_alone_are_warned_of(db_context):
    acme = make.organization()
    make.owner(acme, email="hostmaster@example.org")
    change_contact("compta@example.org")
    make.domain(acme, "example.org", expires_on=day(50))
    tick_on(day(0))
    assert alerts()[0].unreachable
    assert "Add an address on another domain" in mails()[0].body
    make.owner(acme, email="marie@elsewhere.net")
    tick_on(day(20))
    assert not alerts()[0].unreachable


def change_contact(email: str) -> None:
    from app.billing.models import BillingContact

    change(BillingContact, email=email)


#


@pytest.fixture
def short(db_context):
    """A mailbox that ends on day 40, and that nothing can pay for."""
    acme = make.organization()
    make.owner(acme)
    domain = make.domain(acme, "example.fr", expires_on=day(900))
    made = make.mailbox(domain, acme, on=True, expires_on=day(40))
    change(Subscription, made.subscription_id, verdict=Verdict.SHORT, missing=300)
    return made


def test_a2_short_and_soon_opens_thirty_days_before_the_first_attempt(short):
    tick_on(day(4))
    assert alerts() == []
    tick_on(day(5))
    assert states("unfunded_renewal") == ["open"]
    assert alerts()[0].deadline_on is None
    assert "€3.00" in mails()[0].body


def test_it_reminds_weekly_and_then_with_each_failed_attempt(short):
    tick_daily(5, 34)
    assert steps() == {
        "opening": "sent", "+7": "sent", "+14": "sent", "+21": "sent", "+28": "sent",
    }  # fmt: skip
    attempt(short, day(35))
    tick_on(day(35))
    tick_on(day(36))
    attempt(short, day(37))
    tick_on(day(37))
    assert steps()["-5"] == "sent"
    assert steps()["-4"] == "skipped"
    assert steps()["-3"] == "sent"


def attempt(made: make.MadeService, on: date) -> None:
    from app.renewals.models import Attempt
    from app.renewals.rules import Outcome

    with transaction() as session:
        session.add(
            Attempt(
                subscription_id=made.subscription_id,
                cur_expires_on=day(40),
                business_date=on,
                trigger="daily",
                at=at(on),
                outcome=Outcome.UNFUNDED,
            )
        )


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"verdict": Verdict.WILL_RENEW, "missing": None}, "funded"),
        ({"auto_renewal": False, "next_slot_on": None, "verdict": None}, "switched_off"),
        ({"status": Status.GRACE}, "mailbox_expired"),
    ],
)
def test_what_resolves_it(short, values, why):
    tick_on(day(5))
    change(Subscription, short.subscription_id, **values)
    tick_on(day(6))
    assert alerts()[0].resolution == why


def test_a_domain_that_ended_has_an_alert_of_its_own_and_a_mailbox_has_none(db_context):
    acme = make.organization()
    make.owner(acme)
    for kind, name in (("domain", "example.fr"), ("mailbox", "other.fr")):
        made = make.domain(acme, name, on=kind == "domain", expires_on=day(40))
        if kind == "mailbox":
            made = make.mailbox(made, acme, on=True, expires_on=day(20))
        change(Subscription, made.subscription_id, verdict=Verdict.SHORT, missing=300)
    tick_on(day(10))
    for alert in alerts("unfunded_renewal"):
        change(Subscription, alert.subject_id, status=Status.GRACE)
    tick_on(day(11))
    assert {alert.subject: alert.resolution for alert in alerts("unfunded_renewal")} == {
        "example.fr": "expired", "info@other.fr": "mailbox_expired",
    }  # fmt: skip


def test_it_never_expires_but_ends_with_the_service(short):
    tick_daily(5, 39)
    assert states() == ["open"]
    tick_on(day(40))
    assert states() == ["resolved"]


def test_another_payer_is_told_as_a_new_matter(short):
    tick_on(day(5))
    payer = make.organization("Payer")
    make.owner(payer, "Paul")
    change(Subscription, short.subscription_id, billed_organization_id=payer.id)
    tick_on(day(6), day(7))
    assert states() == ["resolved", "open"]
    assert alerts()[1].organization_id == payer.id


#


def test_a11_a_card_of_february(db_context):
    acme = make.organization()
    make.owner(acme)
    card = make.card(acme, exp=(2, 2027))
    tick_on(date(2027, 1, 28))
    assert states() == []
    tick_on(date(2027, 1, 29))
    assert states() == ["open"]
    change(Card, card.id, exp_year=2030)
    tick_on(date(2027, 1, 30))
    assert states() == ["resolved"]
    assert alerts()[0].resolution == "updated"


def test_a_card_is_reminded_of_until_it_has_expired_and_never_expires_itself(db_context):
    acme = make.organization()
    make.owner(acme, language="en")
    make.card(acme, exp=(3, 2027))
    tick_daily(0, 60)
    assert steps() == {
        "opening": "sent", "-15": "sent", "-7": "sent", "-1": "sent", "+1": "sent",
    }  # fmt: skip
    assert states() == ["open"]
    assert "has expired" in mails()[-1].subject


def test_removing_the_card_resolves_it(db_context):
    acme = make.organization()
    card = make.card(acme, exp=(3, 2027))
    tick_on(day(0))
    with transaction() as session:
        session.delete(session.get_one(Card, card.id))
    tick_on(day(1))
    assert alerts()[0].resolution == "removed"


#


@pytest.fixture
def move(db_context):
    acme = make.organization()
    make.owner(acme)
    make.move(make.account(acme), due_on=day(30))
    return acme


def move_state() -> MoveState:
    with reading() as session:
        return session.scalars(select(Move.state)).one()


def test_a_move_is_reminded_of_half_way_then_queued_on_its_day(move):
    tick_daily(0, 29)
    assert steps() == {"opening": "sent", "half": "sent", "-7": "sent", "-1": "sent"}
    assert move_state() is MoveState.SCHEDULED
    tick_on(day(30))
    assert move_state() is MoveState.QUEUED
    assert states() == ["expired"]
    assert events("alert.expired", "move.queued") == ["move.queued", "alert.expired"]


def test_a_move_nobody_was_told_of_waits_and_the_operator_knows(move, post):
    from app.outbox.ports import TryLater

    post.answer = TryLater("451")
    tick_daily(0, 31)
    assert move_state() is MoveState.SCHEDULED
    assert "alert_not_told" in open_tasks()


def test_a_move_put_off_is_announced_again(move):
    tick_on(day(0))
    change(Move, due_on=day(50))
    tick_on(day(1))
    assert states() == ["resolved", "open"]
    assert alerts()[1].deadline_on == day(50)


def test_a_move_called_off_is_resolved(move, db_context):
    tick_on(day(0))
    with transaction() as session:
        move_id = session.scalars(select(Move.id)).one()
        moves.cancel(session, move_id, by=HOST, now=datetime(2027, 3, 2, tzinfo=UTC))
    tick_on(day(2))
    assert alerts()[0].resolution == "cancelled"


def test_facts_are_plain_values_for_pages(move):
    tick_on(day(0))
    assert alerts()[0].facts == {
        "title": "PHP 8.5", "due_on": day(30).isoformat(), "move_state": "scheduled",
    }  # fmt: skip
    assert told() == [["opening"]]
    assert timedelta(0) == alerts()[0].opened_on - day(0)
