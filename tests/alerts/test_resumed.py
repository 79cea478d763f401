"""The mail that all works again: with the last reason of a suspension, once, alone (A11)."""

from functools import partial

import pytest
from sqlalchemy import select

from app.accounts.models import Organization
from app.accounts.rules import Role
from app.accounts.suspensions import resume, suspend
from app.db import reading, transaction
from app.jobs.service import tick
from app.journal.service import HOST
from app.outbox.models import Mail
from tests import make
from tests.alerts.world import at, day, tick_daily, tick_on
from tests.fate import at_statements

MARIE = "marie@people.example"


def told() -> list[Mail]:
    with reading() as session:
        found = list(session.scalars(select(Mail).where(Mail.kind == "resumed").order_by(Mail.id)))
        session.expunge_all()
    return found


@pytest.fixture
def acme(db_context):
    """An organization that was suspended on day 21, because nobody paid."""
    acme = make.organization(balance=-500)
    make.owner(acme, email=MARIE, language="fr")
    for role in set(Role) - {Role.OWNER}:
        make.member(make.user(role.value), acme, role)
    tick_daily(0, 22)
    return acme


def test_owners_and_the_contact_are_told_in_their_language_and_once(acme):
    assert told() == []
    make.money(acme, 500)
    tick_on(day(23), day(24), day(25))
    assert [mail.recipient for mail in told()] == [MARIE, "compta@people.example"]
    assert {mail.subject for mail in told()} == {"Acme fonctionne à nouveau"}
    assert told()[0].unsubscribe_url is None


def test_it_comes_with_the_last_reason_only(acme):
    with transaction() as session:
        suspend(session, acme.id, "inactivity", by=HOST, now=at(day(22)))
    make.money(acme, 500)
    tick_on(day(23))
    assert told() == []


def test_another_suspension_ends_with_another_mail(acme):
    make.money(acme, 500)
    tick_on(day(23))
    make.money(acme, -700)
    tick_daily(40, 62)
    make.money(acme, 700)
    tick_on(day(63))
    assert [mail.recipient for mail in told()].count(MARIE) == 2


def test_what_the_host_lifted_before_is_not_told_by_the_alert(acme):
    with transaction() as session:
        resume(session, acme.id, "negative_balance", by=HOST, now=at(day(22)))
    make.money(acme, 500)
    tick_on(day(23))
    assert told() == []


def test_whatever_statement_kills_the_process_it_is_told_once(acme):
    make.money(acme, 500)
    with at_statements() as fate:
        for _step in fate.steps(more_than=11):
            fate.kills(partial(tick, at(day(23)), "alerts"))
    assert len(told()) == 2
    with reading() as session:
        assert session.scalars(select(Organization.suspended_since)).one() is None
