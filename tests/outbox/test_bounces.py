"""Mails that come back: which change, that it is told once, and that nobody fakes it (A8, A12)."""

import pytest
from sqlalchemy import select

from app.db import db, reading, transaction
from app.journal.models import JournalRow
from app.journal.service import HOST
from app.operator_tasks.service import open_tasks
from app.outbox.bounces import Outcome, note
from app.outbox.delivery_reports import Report
from app.outbox.ports import Accepted, Rejected, TryLater
from app.outbox.rules import MailState, may_bounce
from tests import make
from tests.outbox.world import LEASE_IS_OVER, MINUTE, NOW, carry, killed, mail, write

LATER = NOW + 30 * MINUTE
MARIE = "marie@people.example"


def comes_back(key: str = "welcome:1", **changes: object) -> Outcome:
    report = {
        "action": "failed", "recipient": MARIE, "reason": "550 Unknown",
        "message_ids": ("<somebody@else.example>", mail(key).message_id),
    } | changes  # fmt: skip
    with transaction() as session:
        return note(session, Report(**report), LATER).outcome


def events(name: str) -> list[JournalRow]:
    with reading() as session:
        found = list(session.scalars(select(JournalRow).where(JournalRow.event == name)))
        session.expunge_all()
    return found


def test_a_mail_that_comes_back_is_marked_journaled_and_told_to_the_host(db_context, post):
    acme = make.organization()
    write(organization_id=acme.id)
    carry()
    assert comes_back() is Outcome.BOUNCED
    one = mail()
    assert (one.state, one.sent_at, one.bounced_at) == (MailState.BOUNCED, NOW, LATER)
    assert one.problem == "550 Unknown"
    (task,) = open_tasks(db.session())
    assert (task.kind, task.subject) == ("mail_failed", MARIE)
    assert task.detail == {"mail": "Hello", "reason": "550 Unknown"}
    (row,) = events("mail.bounced")
    assert (row.organization_id, row.subject, row.at) == (acme.id, MARIE, LATER)
    assert row.detail == {"kind": "test", "message_id": one.message_id}


def test_a_second_report_changes_nothing(db_context, post):
    write()
    carry()
    comes_back()
    assert comes_back(reason="552 Full") is Outcome.KNOWN
    assert mail().problem == "550 Unknown"
    assert len(events("mail.bounced")) == len(open_tasks(db.session())) == 1


@pytest.mark.parametrize("action", ["delayed", "relayed", "delivered", "expanded", "nonsense"])
def test_what_did_not_fail_changes_nothing(db_context, post, action):
    write()
    carry()
    assert comes_back(action=action) is Outcome.NOT_FAILED
    assert mail().state is MailState.SENT
    assert open_tasks(db.session()) == []


def test_a_mail_of_somebody_else_changes_nothing(db_context, post):
    write()
    carry()
    assert comes_back(message_ids=("<1@else.example>",)) is Outcome.NOT_OURS
    assert comes_back(message_ids=()) is Outcome.NOT_OURS
    assert mail().state is MailState.SENT


STATES = {
    MailState.QUEUED: True,
    MailState.SENDING: True,
    MailState.SENT: True,
    MailState.FAILED: False,
    MailState.BOUNCED: False,
}


@pytest.mark.parametrize("state", MailState)
def test_what_was_handed_over_may_come_back_and_what_never_left_cannot(state):
    assert may_bounce(state, tries=1) is STATES[state]
    assert may_bounce(state, tries=0) is False


def test_nobody_stops_a_mail_that_waits_by_reporting_that_it_came_back(db_context, post):
    write()
    assert comes_back() is Outcome.KNOWN
    assert carry() == 1


def test_a_mail_given_up_stays_so(db_context, post):
    post.answer = Rejected("550 no")
    write()
    carry()
    assert comes_back() is Outcome.KNOWN
    assert (mail().state, mail().problem) == (MailState.FAILED, "550 no")


def test_a_mail_back_before_its_acceptance_was_noted_is_not_sent_again(app, post):
    with app.app_context():
        write()
        post.dies = "after"
        killed(carry)
        post.dies = None
        assert comes_back() is Outcome.BOUNCED
        assert carry(LEASE_IS_OVER) == 0
    assert len(post.letters) == 1


@pytest.mark.parametrize("answer", [Accepted(), TryLater("451"), Rejected("550")])
def test_what_came_back_meanwhile_stays_so_whatever_the_relay_answers(
    db_context, post, monkeypatch, answer
):
    write()
    monkeypatch.setattr(post, "send", lambda _letter: comes_back() and answer)
    carry()
    assert (mail().state, mail().problem) == (MailState.BOUNCED, "550 Unknown")
    assert events("mail.sent") == []
    assert len(open_tasks(db.session())) == 1


def test_the_next_mail_that_is_accepted_closes_the_task(db_context, post):
    write()
    carry()
    comes_back()
    write("welcome:2")
    carry(LATER)
    assert open_tasks(db.session()) == []


def test_an_address_behind_the_address_is_named_and_what_a_server_says_is_cut(db_context, post):
    write()
    carry()
    comes_back(recipient="paul@elsewhere.example", reason="x" * 500)
    assert mail().problem.startswith("paul@elsewhere.example: xxx")
    assert len(mail().problem) == 500


def test_an_address_that_the_server_names_itself_is_named_once(db_context, post):
    write()
    carry()
    comes_back(recipient="paul@elsewhere.example", reason="550 <paul@elsewhere.example> unknown")
    assert mail().problem == "550 <paul@elsewhere.example> unknown"


# Queueing is journaled here, for every room


def test_a_mail_that_is_queued_is_journaled_once_without_what_it_says(db_context):
    acme = make.organization()
    write(organization_id=acme.id, body="Your secret link: https://portal.example/password/abc")
    write(organization_id=acme.id)
    (row,) = events("mail.queued")
    assert (row.organization_id, row.subject, row.at) == (acme.id, MARIE, NOW)
    assert (row.user_id, row.run_id) == (HOST.user_id, HOST.run_id)
    assert row.detail == {"kind": "test", "message_id": mail().message_id}
