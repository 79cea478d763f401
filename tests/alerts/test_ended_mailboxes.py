"""Mailboxes that were not renewed: who is told of which stage, on which day, and only once (R4)."""

from datetime import date
from functools import partial

import pytest
from sqlalchemy import select, update

from app.accounts.rules import Role
from app.accounts.suspensions import suspend
from app.alerts.ended_mailboxes import untold
from app.billing.models import BillingContact
from app.db import db, reading, transaction
from app.domains.models import Domain
from app.domains.rules import DomainStatus
from app.jobs.models import JobRun
from app.jobs.service import REDO_AFTER, tick
from app.journal.service import HOST
from app.operator_tasks.models import OperatorTask
from app.outbox.models import Mail
from app.subscriptions.models import Subscription
from tests import make
from tests.alerts.test_types import change
from tests.alerts.world import at, day, tick_on, unique
from tests.fate import at_statements

TENTH = day(10)
JOBS = ("lapses", "ended_mailboxes", "mails")
MARIE = "marie@people.example"


def sent(to: str | None = None) -> list[Mail]:
    with reading() as session:
        wanted = select(Mail).where(Mail.kind.startswith("mailboxes_")).order_by(Mail.id)
        found = list(session.scalars(wanted.where(Mail.recipient == to) if to else wanted))
        session.expunge_all()
    return found


def stages() -> list[str]:
    """Of each mail to Marie, the oldest first."""
    return [mail.key.split(":")[0] for mail in sent(MARIE)]


def live(first: int, last: int) -> None:
    tick_on(*(day(number) for number in range(first, last + 1)), jobs=JOBS)


@pytest.fixture
def acme(db_context):
    make.usual_prices()
    acme = make.organization()
    make.owner(acme, email=MARIE, language="en")
    return acme


@pytest.fixture
def domain(acme):
    return make.domain(acme, "example.fr", expires_on=day(900))


def box(domain, acme, local="info", ends: date = TENTH) -> make.MadeService:
    return make.mailbox(domain, acme, local, anchor=ends, months=0, expires_on=ends)


def test_each_stage_is_told_once_on_its_first_day(acme, domain):
    box(domain, acme)
    live(0, 60)
    assert stages() == ["mailboxes-grace", "mailboxes-suspended", "mailboxes-deletable"]
    days = [mail.queued_at.date() for mail in sent(MARIE)]
    assert days == [day(10), day(17), day(47)]
    assert len(sent()) == 6
    assert unique(mail.message_id for mail in sent())


def test_what_each_stage_says_and_until_when(acme, domain):
    box(domain, acme)
    live(10, 47)
    grace, suspended, deletable = sent(MARIE)
    assert grace.subject == "info@example.fr has expired (Acme)"
    for text in (
        "It expired on Mar 11, 2027 without being renewed. It works as usual until Mar 18, 2027.",
        "Renew it before Mar 18, 2027 to lose nothing.",
        "mail that arrives is kept until Apr 17, 2027",
        "/mailboxes/info@example.fr/renew",
    ):
        assert text in grace.body
    assert suspended.subject == "The mailbox info@example.fr is suspended (Acme)"
    for text in (
        "Nobody can sign in or send from it; mail that arrives is kept until Apr 17, 2027.",
        "Renew it before Apr 17, 2027 to lose nothing.",
        "From that day on it may be deleted with all its mail.",
    ):
        assert text in suspended.body
    assert deletable.subject == "info@example.fr may be deleted (Acme)"
    # Deleted never less than seven days after its mail.
    assert "but not before Apr 24, 2027." in deletable.body
    assert all(mail.unsubscribe_url is None and mail.html for mail in sent())


def test_all_that_expired_on_a_day_are_in_one_mail(acme, domain):
    for number in range(53):
        box(domain, acme, f"box{number:02}")
    box(domain, acme, "later", day(11))
    live(10, 11)
    first, second = sent(MARIE)
    assert first.subject == "53 mailboxes have expired (Acme)"
    assert "– box49@example.fr\n– and 3 more\n" in first.body
    assert "box50@example.fr" not in first.body + (first.html or "")
    assert "<li>box49@example.fr</li><li>and 3 more</li>" in (first.html or "")
    assert "/domains/example.fr/mailboxes?expires=expired" in first.body
    assert second.subject == "later@example.fr has expired (Acme)"


def test_each_domain_has_its_link(acme, domain):
    box(domain, acme)
    box(make.domain(acme, "other.fr", expires_on=day(900)), acme)
    live(10, 10)
    (mail,) = sent(MARIE)
    for name in ("example.fr", "other.fr"):
        link = f"/domains/{name}/mailboxes?expires=expired"
        assert link in mail.body
        assert link in (mail.html or "")
        assert f"Renew on {name}" in mail.body


def test_owners_technical_members_and_the_contact_are_told_in_their_language(acme, domain):
    for role in Role:
        make.member(
            make.user(role.value, email=f"{role}@people.example", language="fr"), acme, role
        )
    box(domain, acme)
    live(10, 10)
    assert {mail.recipient: mail.subject for mail in sent()} == {
        MARIE: "info@example.fr has expired (Acme)",
        "compta@people.example": "info@example.fr has expired (Acme)",
        "owner@people.example": "info@example.fr a expiré (Acme)",
        "technical@people.example": "info@example.fr a expiré (Acme)",
    }


def test_a9_after_downtime_only_the_stage_that_was_reached_is_told(acme, domain):
    box(domain, acme)
    live(0, 9)
    live(20, 20)
    assert stages() == ["mailboxes-suspended"]
    live(80, 81)
    assert stages() == ["mailboxes-suspended", "mailboxes-deletable"]


def test_the_days_decide_where_the_status_is_late(acme, domain):
    made = box(domain, acme)
    tick_on(day(18), jobs=("ended_mailboxes",))
    assert stages() == ["mailboxes-suspended"]
    with reading() as session:
        assert session.get_one(Subscription, made.subscription_id).status == "active"


def test_what_was_renewed_or_left_with_its_domain_is_not_told(acme, domain):
    renewed, gone = box(domain, acme), make.domain(acme, "gone.fr", expires_on=day(900))
    box(gone, acme)
    change(Subscription, renewed.subscription_id, expires_on=day(40))
    change(Domain, gone.id, status=DomainStatus.GONE)
    live(10, 30)
    assert sent() == []


def test_renewed_in_grace_and_expired_again_is_told_again(acme, domain):
    made = box(domain, acme)
    live(10, 12)
    change(Subscription, made.subscription_id, expires_on=day(40), status="active")
    live(13, 41)
    assert stages() == ["mailboxes-grace", "mailboxes-grace"]


def test_who_joins_later_is_not_told_what_was_told(acme, domain):
    box(domain, acme)
    live(10, 10)
    make.owner(acme, "Ben", email="ben@people.example")
    live(11, 16)
    assert sent("ben@people.example") == []
    live(17, 17)
    assert len(sent("ben@people.example")) == 1


def test_nothing_works_in_a_suspended_organization_and_none_is_said_to(acme, domain):
    box(domain, acme)
    with transaction() as session:
        suspend(session, acme.id, "negative_balance", by=HOST, now=at(day(0)))
    live(10, 10)
    assert "works as usual" not in sent(MARIE)[0].body


def test_without_an_address_the_host_is_told_and_the_mail_comes_later(db_context):
    acme = make.organization()
    with transaction() as session:
        session.query(BillingContact).delete()
    box(make.domain(acme, "example.fr", expires_on=day(900)), acme)
    live(10, 11)
    assert sent() == []
    with reading() as session:
        assert session.scalars(select(OperatorTask.kind)).all() == ["mailboxes_without_address"]
    make.owner(acme, email=MARIE)
    live(12, 12)
    assert stages() == ["mailboxes-grace"]
    with reading() as session:
        assert session.scalars(select(OperatorTask.done_at)).one() is not None


def an_hour_passes() -> None:
    """After which a daily job that died is run again."""
    with transaction() as session:
        session.execute(update(JobRun).values(started_at=at(day(10)) - REDO_AFTER))


def test_whatever_statement_kills_the_process_each_is_told_once(acme, domain):
    box(domain, acme)
    box(domain, acme, "zoe", day(8))
    with at_statements() as fate:
        for _step in fate.steps(more_than=10):
            if fate.kills(partial(tick, at(day(10)), "ended_mailboxes")):
                an_hour_passes()
    assert sorted(mail.key.rpartition(":")[0] for mail in sent(MARIE)) == sorted(
        f"mailboxes-grace:{acme.id}:{ends}" for ends in (day(10), day(8))
    )
    assert len(sent()) == 4


def test_what_is_untold_is_found_by_indexes(acme, db_context):
    if db_context.get_bind().dialect.name != "sqlite":
        pytest.skip("PostgreSQL walks through what is empty")
    statement = str(untold(day(10)).compile(db.engine, compile_kwargs={"literal_binds": True}))
    plan = db_context.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all()
    steps = [row[3] for row in plan]
    assert any("ix_subscriptions_lapsing" in step for step in steps)
    assert [step for step in steps if step.startswith("SCAN") and step != "SCAN ended"] == [], steps
