"""The outbox: one mail a key, one Message-ID, never lost, at most twice after a crash (A12)."""

import threading
from collections import Counter
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.db import TransactionOpen, db, reading, transaction
from app.jobs.service import tick
from app.journal.models import JournalRow
from app.journal.service import HOST
from app.operator_tasks.service import open_tasks
from app.outbox import flows
from app.outbox.models import Mail
from app.outbox.ports import Accepted, Letter, Rejected, TryLater
from app.outbox.rules import LEASE, MailState, next_try
from app.outbox.service import queue
from tests import make
from tests.fate import Killed
from tests.outbox.world import LEASE_IS_OVER, MINUTE, NOW, carry, killed, mail, write

# Queueing


def test_a_mail_is_queued_once_by_its_key(db_context, post):
    assert write()
    assert not write(subject="Another text")
    assert carry() == 1
    assert [letter.subject for letter in post.letters] == ["Hello"]
    assert not write()
    assert carry() == 0


def test_the_message_id_follows_from_the_key(db_context):
    write("a")
    write("b")
    first, other = mail("a").message_id, mail("b").message_id
    assert first != other
    with transaction() as session:
        for row in session.scalars(select(Mail)):
            session.delete(row)
    write("a", now=NOW + timedelta(days=9))
    assert mail("a").message_id == first


def test_a_mail_is_only_queued_if_what_it_tells_of_happened(db_context, post):
    with pytest.raises(Killed):
        _queue_and_die()
    assert carry() == 0


def _queue_and_die() -> None:
    with transaction() as session:
        queue(
            session, key="k", kind="test", to="a@b.example", subject="s", body="b", by=HOST, now=NOW
        )
        raise Killed


def test_a_name_with_line_breaks_adds_no_header(db_context, post):
    write(subject="Hello \r\nBcc: x@evil.example\u2028\x85\x1cyou")
    carry()
    assert post.letters[0].subject == "Hello Bcc: x@evil.example you"


def test_a_subject_keeps_the_no_break_spaces_of_french(db_context, post):
    write(subject="Rappel\u00a0: il manque\n 1\u202f234,50\u00a0€\t")
    carry()
    assert post.letters[0].subject == "Rappel\u00a0: il manque 1\u202f234,50\u00a0€"


def test_an_address_that_is_none_harms_no_other_mail(app, db_context):
    write("bad", to="a@b.example\r\nBcc: x@evil.example")
    write("good")
    assert carry() == 1
    assert mail("bad").state is MailState.FAILED
    assert mail("good").state is MailState.SENT


# Sending


def test_a_mail_that_is_accepted_is_journaled_in_its_organizations_history(db_context, post):
    acme = make.organization()
    write(organization_id=acme.id)
    run = tick(NOW, "mails")
    with reading() as session:
        row = session.scalars(select(JournalRow).where(JournalRow.event == "mail.sent")).one()
    assert (row.subject, row.organization_id, [row.run_id]) == (
        "marie@people.example", acme.id, run,
    )  # fmt: skip
    assert row.detail == {"message_id": mail().message_id}
    assert (mail().state, mail().sent_at, mail().tries) == (MailState.SENT, NOW, 1)


def test_a_refusal_that_may_pass_is_tried_again_when_its_time_has_come(db_context, post):
    write()
    post.answer = TryLater("451 Greylisted")
    assert carry() == 0
    assert (mail().state, mail().problem) == (MailState.QUEUED, "451 Greylisted")
    post.answer = Accepted()
    assert carry(NOW + MINUTE - timedelta(seconds=1)) == 0
    assert carry(NOW + MINUTE) == 1
    assert len({letter.message_id for letter in post.letters}) == 1
    assert mail().problem is None


def test_the_waits_grow_to_an_hour_and_end_after_two_days():
    waits, now, tries = [], NOW, 0
    while (later := next_try(tries := tries + 1, NOW, now)) is not None:
        waits.append((later - now) // MINUTE)
        now = later
    assert waits[:6] == [1, 5, 15, 30, 60, 60]
    assert set(waits[4:]) == {60}
    assert timedelta(days=2) - timedelta(hours=1) < now - NOW <= timedelta(days=2)


def test_a_mail_that_nobody_takes_is_given_up_and_told_to_the_host(db_context, post):
    write()
    post.answer = TryLater("no answer")
    now = NOW
    while mail().state is MailState.QUEUED:
        now = mail().next_try_at
        carry(now)
    assert mail().state is MailState.FAILED
    assert now - NOW > timedelta(days=1, hours=22)
    (task,) = open_tasks(db.session())
    assert (task.kind, task.subject) == ("mail_failed", "marie@people.example")
    assert task.detail == {"mail": "Hello", "reason": "no answer"}


def test_what_is_rejected_is_not_tried_again_and_the_next_success_closes_the_task(db_context, post):
    write()
    post.answer = Rejected("550 Unknown")
    carry()
    assert carry(NOW + timedelta(days=1)) == 0
    assert mail().state is MailState.FAILED
    assert len(open_tasks(db.session())) == 1
    post.answer = Accepted()
    write("welcome:2")
    assert carry() == 1
    assert open_tasks(db.session()) == []


def test_a_relay_that_puts_everything_off_does_not_hold_up_the_tick(db_context, post):
    for number in range(10):
        write(f"mail:{number}")
    post.answer = TryLater("timed out")
    carry()
    assert len(post.letters) == flows.PATIENCE
    carry()
    assert len({letter.message_id for letter in post.letters}) == 2 * flows.PATIENCE


def test_the_channel_is_never_called_inside_a_transaction(db_context, post):
    write()
    with pytest.raises(TransactionOpen), transaction():
        carry()
    assert post.letters == []


# Crashes


def test_a23_dying_after_the_relay_accepted_sends_twice_under_one_message_id(app, post):
    with app.app_context():
        write()
        post.dies = "after"
        killed(carry)
        post.dies = None
        assert carry(LEASE_IS_OVER) == 1
        assert carry(LEASE_IS_OVER + LEASE) == 0
    assert len(post.letters) == 2
    assert len({letter.message_id for letter in post.letters}) == 1


def test_a24_dying_before_the_data_sends_once(app, post):
    with app.app_context():
        write()
        post.dies = "before"
        killed(carry)
        post.dies = None
        assert carry(LEASE_IS_OVER) == 1
    assert len(post.letters) == 1


def test_a_mail_on_its_way_is_left_alone_until_its_lease_ends(app, post):
    with app.app_context():
        write()
        post.dies = "before"
        killed(carry)
        post.dies = None
        assert mail().state is MailState.SENDING
        assert carry(NOW + LEASE - MINUTE) == 0
        assert carry(LEASE_IS_OVER) == 1


def test_a_lease_runs_from_its_claim_however_long_the_mails_before_took(
    db_context, post, monkeypatch
):
    times = iter([0.0, 0.0, 3600.0])
    monkeypatch.setattr(flows, "monotonic", lambda: next(times))
    leases = []
    monkeypatch.setattr(post, "send", lambda _letter: leases.append(_latest_lease()) or Accepted())
    write("first")
    write("second")
    carry()
    assert leases == [NOW + LEASE, NOW + timedelta(hours=1) + LEASE]


def _latest_lease() -> datetime:
    with reading() as session:
        sending = select(Mail.next_try_at).where(Mail.state == MailState.SENDING)
        return session.scalars(sending).one()


@pytest.mark.parametrize("late", [TryLater("451"), Rejected("550")])
def test_who_comes_back_after_its_lease_does_not_undo_what_another_did(
    db_context, post, monkeypatch, late
):
    write()

    def slow(_letter: Letter) -> TryLater | Rejected:
        monkeypatch.setattr(post, "send", lambda _letter: Accepted())
        # Meanwhile the lease ends, and another process sends the mail.
        assert carry(LEASE_IS_OVER) == 1
        return late

    monkeypatch.setattr(post, "send", slow)
    carry()
    assert mail().state is MailState.SENT
    assert carry(NOW + timedelta(days=1)) == 0


def test_eight_drains_at_once_send_each_mail_once(app, post):
    with app.app_context():
        for number in range(25):
            write(f"mail:{number}")
        db.session.remove()
    start, raised = threading.Barrier(8), []

    def drainer() -> None:
        with app.app_context():
            start.wait()
            try:
                carry()
            except BaseException as problem:  # noqa: BLE001 - the test looks at it
                raised.append(problem)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=drainer) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == []
    assert Counter(Counter(letter.message_id for letter in post.letters).values()) == {1: 25}
    with app.app_context():
        assert mail("mail:24").state is MailState.SENT
