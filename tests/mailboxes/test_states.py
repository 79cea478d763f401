"""Mailboxes and forwardings on the mail server: what shall be, and how it gets there (R4, A11)."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.accounts.suspensions import resume, suspend
from app.db import transaction
from app.jobs.service import tick
from app.journal.service import HOST
from app.mailboxes import forwardings, states
from app.mailboxes.models import Mailbox, RemovedAddress
from app.mailboxes.ports import ForwardingState, MailboxState, mail_server
from app.mailboxes.rules import wanted_state
from app.operator_tasks.service import open_tasks
from app.service_states.ports import Unknown
from app.service_states.rules import ServiceState
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Status
from tests import make
from tests.pages import statements

NOW = make.NOW


@pytest.fixture
def acme(db_context) -> make.Made:
    return make.organization()


@pytest.fixture
def domain(acme) -> make.MadeService:
    return make.domain(acme)


def held(address: str) -> MailboxState | ForwardingState | Unknown | None:
    return mail_server().held(address)


def state_of(address: str) -> ServiceState | None:
    answer = held(address)
    assert not isinstance(answer, Unknown)
    return answer.state if answer else None


def tell(minutes: int = 0) -> int:
    return states.tell(NOW + timedelta(minutes=minutes), 0)


def suspended(acme: make.Made) -> None:
    with transaction() as session:
        suspend(session, acme.id, "inactivity", by=HOST, now=NOW)


def resumed(acme: make.Made) -> None:
    with transaction() as session:
        resume(session, acme.id, "inactivity", by=HOST, now=NOW)


def set_status(mailbox: make.MadeService, status: Status) -> None:
    with transaction() as session:
        session.execute(
            update(Subscription)
            .where(Subscription.id == mailbox.subscription_id)
            .values(status=status)
        )
        states.follow_subscriptions(session, [mailbox.subscription_id])


def test_a_new_mailbox_is_made_on_the_server_and_nothing_is_told_twice(acme, domain):
    mailbox = make.mailbox(domain, acme)
    assert tell() == 1
    assert held(mailbox.name) == MailboxState(mailbox.name, ServiceState.ACTIVE, 1, 3072, None)
    assert tell() == 0


def test_a_suspended_organizations_mail_stops_and_goes_on_with_it(acme, domain):
    mailbox, forwarding = make.mailbox(domain, acme), make.forwarding(domain)
    other = make.organization("Other")
    foreign = make.mailbox(make.domain(other), other)
    tell()
    suspended(acme)
    assert tell() == 2
    assert state_of(mailbox.name) is state_of(forwarding.name) is ServiceState.SUSPENDED
    assert state_of(foreign.name) is ServiceState.ACTIVE
    resumed(acme)
    assert tell() == 2
    assert state_of(mailbox.name) is state_of(forwarding.name) is ServiceState.ACTIVE


def test_a_suspension_that_ended_before_anybody_looked_tells_nothing(acme, domain):
    make.mailbox(domain, acme)
    tell()
    suspended(acme)
    resumed(acme)
    assert tell() == 0


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("is_suspended", [False, True])
def test_the_database_wants_what_the_rule_says(db_context, acme, domain, status, is_suspended):
    mailbox = make.mailbox(domain, acme)
    if is_suspended:
        suspended(acme)
    set_status(mailbox, status)
    wanted = db_context.scalars(select(Mailbox.desired_state)).one()
    assert wanted is wanted_state(status, is_suspended=is_suspended)


def test_an_expired_mailbox_works_in_grace_and_then_takes_mail_only(acme, domain):
    mailbox = make.mailbox(domain, acme, expires_on=make.TODAY - timedelta(days=1))
    tick(NOW)
    assert state_of(mailbox.name) is ServiceState.ACTIVE
    tick(NOW + timedelta(days=6))
    assert state_of(mailbox.name) is ServiceState.NO_LOGIN


def test_changed_destinations_are_told(acme, domain):
    forwarding = make.forwarding(domain)
    tell()
    with transaction() as session:
        forwardings.change(session, domain.id, forwarding.name, ["new@b.example"], by=HOST, now=NOW)
    tell()
    assert held(forwarding.name) == ForwardingState(
        forwarding.name, ServiceState.ACTIVE, 2, ("new@b.example",)
    )


def test_a_removed_forwarding_is_removed_on_the_server(db_context, domain):
    forwarding = make.forwarding(domain)
    tell()
    with transaction() as session:
        forwardings.remove(session, domain.id, forwarding.name, by=HOST, now=NOW)
    assert tell() == 1
    assert held(forwarding.name) is None
    assert not db_context.scalars(select(func.count()).select_from(RemovedAddress)).one()


def test_a_forwarding_that_came_back_before_its_removal_was_told_stays(domain):
    forwarding = make.forwarding(domain)
    tell()
    with transaction() as session:
        forwardings.remove(session, domain.id, forwarding.name, by=HOST, now=NOW)
    with transaction() as session:
        forwardings.add(session, domain.id, "contact", ["c@b.example"], by=HOST, now=NOW)
    tell()
    answer = held(forwarding.name)
    assert isinstance(answer, ForwardingState)
    assert answer.destinations == ("c@b.example",)


def test_a_silent_server_is_asked_again_later_each_time(db_context, acme, domain):
    make.mailbox(domain, acme, "server-down")
    tell()
    row = db_context.scalars(select(Mailbox)).one()
    assert (row.state_tries, row.state_retry_at) == (1, NOW + timedelta(minutes=1))
    tell(1)
    db_context.expire_all()
    assert (row.state_tries, row.state_retry_at) == (2, NOW + timedelta(minutes=3))


def test_a_server_that_stays_silent_is_a_task_for_the_operator(db_context, acme, domain):
    make.mailbox(domain, acme, "server-down")
    for minutes in (0, 1, 3, 7, 15):
        assert not open_tasks(db_context())
        tell(minutes)
    assert [(one.kind, one.subject) for one in open_tasks(db_context())] == [
        ("server_silent", "mail")
    ]


def test_what_a_server_refuses_is_a_task_and_stops_nobody_else(db_context, acme, domain):
    refused = make.mailbox(domain, acme, "server-refused")
    mailbox = make.mailbox(domain, acme)
    tell()
    assert state_of(mailbox.name) is ServiceState.ACTIVE
    assert [(one.kind, one.subject) for one in open_tasks(db_context())] == [
        ("server_refused", refused.name)
    ]


def test_what_is_wanted_while_the_server_is_told_is_told_next(acme, domain, monkeypatch):
    mailbox = make.mailbox(domain, acme)
    server = type(mail_server()._server)
    true_tell = server.tell

    def slow(self, wanted):
        answers = true_tell(self, wanted)
        monkeypatch.setattr(server, "tell", true_tell)
        set_status(mailbox, Status.SUSPENDED)
        return answers

    monkeypatch.setattr(server, "tell", slow)
    tell()
    tell()
    assert state_of(mailbox.name) is ServiceState.NO_LOGIN


def test_nobody_else_tells_what_is_claimed_until_the_claim_ends(acme, domain, monkeypatch):
    mailbox = make.mailbox(domain, acme)
    server = type(mail_server()._server)
    true_tell = server.tell

    class Died(Exception):
        pass

    def dies(self, wanted):
        raise Died

    monkeypatch.setattr(server, "tell", dies)
    with pytest.raises(Died):
        tell()
    monkeypatch.setattr(server, "tell", true_tell)
    assert tell(5) == 0
    assert tell(10) == 1
    assert state_of(mailbox.name) is ServiceState.ACTIVE


def test_a_late_message_does_not_undo_a_newer_one(domain):
    with_new = ForwardingState("a@b.example", ServiceState.SUSPENDED, 2, ("c@d.example",))
    with_old = ForwardingState("a@b.example", ServiceState.ACTIVE, 1, ("c@d.example",))
    mail_server().tell([with_new])
    mail_server().tell([with_old])
    assert held("a@b.example") == with_new


def test_many_mailboxes_are_wanted_suspended_by_one_statement_a_table(app, acme, domain):
    for number in range(30):
        make.mailbox(domain, acme, f"m{number}")
    tell()
    suspended(acme)
    with statements(app) as sent:
        assert tell() == 30
    wanting = [sql for sql, _ in sent if sql.startswith("UPDATE") and "SET desired_state" in sql]
    assert len(wanting) == 2
