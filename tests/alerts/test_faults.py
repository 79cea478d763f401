"""Nobody is warned twice by two mails, nobody is skipped: races, deaths, downtime, relays."""

import threading
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, insert, select

from app.accounts.models import Organization
from app.accounts.rules import Plan
from app.alerts import service
from app.alerts.jobs import alerts as run_alerts
from app.alerts.models import Alert, AlertNotice, AlertStep
from app.alerts.types.card_expiry import CardExpiry
from app.billing.models import BillingContact, Wallet
from app.db import db, reading, transaction
from app.jobs.models import JobRun
from app.jobs.service import tick
from app.journal.models import JournalRow
from app.operator_tasks.models import OperatorTask
from app.outbox.channels.smtp import SmtpChannel
from app.outbox.models import Mail
from app.outbox.rules import MailState
from tests import make
from tests.alerts.world import (
    alerts,
    at,
    day,
    events,
    mails,
    number,
    states,
    steps,
    tick_daily,
    tick_on,
    told,
    unique,
)
from tests.fate import Killed, at_statements
from tests.outbox.relay import Relay
from tests.renewals.test_races import race


def in_debt(name: str = "Acme") -> make.Made:
    acme = make.organization(name, balance=-500)
    make.owner(acme, email=f"{name.lower()}@people.example")
    return acme


def suspended() -> bool:
    with reading() as session:
        return session.scalars(select(Organization.suspended_since)).first() is not None


# Several processes


def test_a1_eight_processes_open_one_alert_and_write_one_mail_each(app):
    with app.app_context():
        in_debt()
        make.domain(in_debt("Bolt"), "example.org", expires_on=day(40))
        db.session.remove()
        instant = at(day(0))
        assert race(app, lambda: tick(instant, "alerts")) == []
        assert states() == ["open", "open", "open"]
        assert len(mails("acme@people.example")) == 1
        assert len(events("alert.opened")) == 3


def test_eight_processes_remind_expire_and_suspend_once(app):
    with app.app_context():
        in_debt()
        tick_daily(0, 19)
        for some in (20, 21):
            db.session.remove()
            assert race(app, lambda some=some: tick(at(day(some)), "alerts")) == []
            tick_on(day(some), jobs=("mails",))
        assert states() == ["expired"]
        assert len(told("acme@people.example")) == 6
        assert events("organization.suspended") == ["organization.suspended"]


def test_a10_a_top_up_that_commits_while_the_expiry_waits_for_the_lock_counts(app, monkeypatch):
    """The expiry has found its work and waits; the money arrives; nobody is suspended."""
    with app.app_context():
        acme = in_debt()
        tick_daily(0, 20)
        db.session.remove()
    paying, ticking = threading.Event(), threading.Event()
    real = service._lock

    def lock_late(*given: object) -> None:
        ticking.set()
        real(*given)

    def pay() -> None:
        with app.app_context():
            with transaction() as session:
                wallet = session.scalars(select(Wallet).with_for_update()).one()
                paying.set()
                # On SQLite the other cannot even begin; there its transaction comes after ours.
                ticking.wait(1)
                wallet.posted = 0
            db.session.remove()

    monkeypatch.setattr(service, "_lock", lock_late)
    payer = threading.Thread(target=pay)
    payer.start()
    paying.wait()
    with app.app_context():
        tick(at(day(21)), "alerts")
        payer.join()
        assert acme.id
        assert states() == ["resolved"]
        assert not suspended()
        db.session.remove()


# Deaths


@pytest.fixture
def fate(app):
    with app.app_context(), at_statements() as fate:
        yield fate


# What is about to happen on a day: the number of days already lived, and the steps after it.
MOMENTS = [
    ("opening", (), 0, ["opening"]),
    ("reminding", (0,), 3, ["opening", "+3"]),
    ("expiring", (0, 3, 7, 14, 20), 21, ["opening", "+3", "+7", "+14", "+20", "expiry"]),
]


@pytest.mark.parametrize(("what", "lived", "now", "expected"), MOMENTS)
def test_whatever_statement_kills_the_process_each_is_told_once(fate, what, lived, now, expected):
    """It dies at its first statement, then at its second, and so on until it lives."""
    in_debt()
    tick_on(*(day(some) for some in lived))
    instant = at(day(now))
    # A mail on its way belongs to the dead until its lease is over.
    for job, wait in (("alerts", 1), ("mails", 11)):
        for _step in fate.steps(more_than=11):
            if fate.kills(partial(tick, instant, job)):
                instant += timedelta(minutes=wait)
    for job in ("alerts", "mails"):
        tick(instant + timedelta(minutes=11), job)
    assert [some for mail in told("acme@people.example") for some in mail] == expected
    assert unique(mail.message_id for mail in mails())
    assert {mail.state for mail in mails()} == {MailState.SENT}
    assert suspended() == (what == "expiring")
    assert len(events("organization.suspended")) == (what == "expiring")


@pytest.mark.parametrize("dies", ["before", "after"])
def test_a23_a24_a_death_around_the_relay_leaves_one_message_id(app, monkeypatch, dies):
    letters = []

    class Dying:
        def send(self, letter):
            if len(letters) == 0 and dies == "before":
                letters.append(None)
                raise Killed
            letters.append(letter.message_id)
            if len(letters) == 1:
                raise Killed
            from app.outbox.ports import Accepted

            return Accepted()

    monkeypatch.setitem(app.extensions, "vigie.channel", Dying())
    with app.app_context():
        make.owner(make.organization(balance=-500), email="compta@people.example")
        tick(at(day(0)), "alerts")
        with pytest.raises(Killed):
            tick(at(day(0)), "mails")
        db.session.remove()
        tick(at(day(0), 10), "mails")
        tick(at(day(0), 12), "mails")
        ids = [one for one in letters if one]
        assert len(set(ids)) == 1
        assert len(ids) == (1 if dies == "before" else 2)
        assert [mail.state for mail in mails()] == [MailState.SENT]


def test_what_breaks_for_one_organization_stops_nobody_else(db_context, monkeypatch, caplog):
    bad, good = in_debt("Bad"), in_debt("Good")
    real = service.notices.send

    def send(session, tellings, context):
        if any(one.alert.organization_id == bad.id for one in tellings):
            raise RuntimeError("a row nobody can read")
        real(session, tellings, context)

    monkeypatch.setattr(service.notices, "send", send)
    tick_on(day(0))
    assert [alert.organization_id for alert in alerts()] == [good.id]
    assert "a row nobody can read" in caplog.text
    with reading() as session:
        task = session.scalars(select(OperatorTask)).one()
        assert (task.kind, task.done_at) == ("alerts_broken", None)
    monkeypatch.setattr(service.notices, "send", real)
    tick_on(day(1))
    assert len(alerts()) == 2
    with reading() as session:
        assert session.scalars(select(OperatorTask)).one().done_at is not None


def test_a_type_that_breaks_stops_no_other_type(db_context, monkeypatch, caplog):
    make.card(in_debt(), exp=(3, 2027))

    def broken(*_given: object) -> None:
        raise RuntimeError("a statement nobody can run")

    monkeypatch.setattr(CardExpiry, "watch", broken)
    tick_on(day(5))
    assert [alert.type for alert in alerts()] == ["negative_balance"]
    assert "a statement nobody can run" in caplog.text
    with reading() as session:
        assert session.scalars(select(OperatorTask.subject)).all() == ["type card_expiry"]


# Downtime and clocks


def test_two_weeks_of_downtime_send_one_reminder_and_suspend_nobody_at_once(db_context):
    in_debt()
    tick_daily(0, 5)
    tick_on(day(20))
    assert steps() == {
        "opening": "sent", "+3": "sent", "+7": "skipped", "+14": "skipped", "+20": "sent",
    }  # fmt: skip
    tick_on(day(21))
    assert suspended()


def test_downtime_over_the_deadline_warns_before_it_suspends(db_context):
    in_debt()
    tick_on(day(0))
    tick_on(day(40))
    assert not suspended()
    assert steps()["+20"] == "sent"
    tick_on(day(41))
    assert suspended()


def test_downtime_before_any_mail_was_sent_gives_seven_full_days(db_context):
    in_debt()
    tick_on(day(0), jobs=("alerts",))
    tick_on(day(40))
    tick_on(day(46))
    assert not suspended()
    tick_on(day(47))
    assert suspended()


def test_a_clock_set_back_repeats_nothing(db_context):
    in_debt()
    tick_daily(0, 14)
    before = told()
    with transaction() as session:
        run = session.scalars(
            insert(JobRun).values(job="alerts", started_at=at(day(5)), count=0).returning(JobRun.id)
        ).one()
    assert run_alerts(at(day(5)), run) == 0
    assert told() == before


# Relays


def test_a_relay_that_greylists_delays_the_mail_and_the_sanction(db_context, app, monkeypatch):
    acme = make.organization(balance=-500)
    make.owner(acme, email="compta@people.example")
    relay = Relay(to_recipient="451 Greylisted")
    with relay.serving() as address:
        monkeypatch.setitem(app.extensions, "vigie.channel", SmtpChannel(f"smtp://{address}"))
        tick_on(day(0))
        relay.to_recipient = "250 OK"
        tick_on(day(0), hour=11)
        (mail,) = relay.mails
    assert "Negative balance" in str(mail["Subject"])
    assert mail.get_body(("plain",)) is not None
    assert mail.get_body(("html",)) is not None
    assert mail["List-Unsubscribe"] is None
    assert mails()[0].sent_at == at(day(0), 11)


def test_a_reminder_on_the_wire_carries_the_one_click(db_context, app, monkeypatch):
    acme = make.organization(balance=-500)
    make.owner(acme, email="compta@people.example")
    relay = Relay()
    with relay.serving() as address:
        monkeypatch.setitem(app.extensions, "vigie.channel", SmtpChannel(f"smtp://{address}"))
        tick_on(day(0), day(3))
        _opening, reminder = relay.mails
    assert reminder["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "/notifications/unsubscribe/" in reminder["List-Unsubscribe"]


def test_a_relay_that_refuses_for_good_leaves_the_service_on(db_context, app, monkeypatch):
    in_debt()
    relay = Relay(to_recipient="550 Unknown")
    with relay.serving() as address:
        monkeypatch.setitem(app.extensions, "vigie.channel", SmtpChannel(f"smtp://{address}"))
        tick_daily(0, 22)
    assert not suspended()
    assert alerts()[0].held_because == "not_told"


# Many


@pytest.mark.slow
def test_ten_thousand_alerts_open_on_one_day(db_context):
    count = 10_000
    with transaction() as session:
        session.execute(insert(Organization), [
            {"id": n, "public_id": f"o{n}", "name": f"O{n}", "country": "FR", "plan": Plan.PAID,
             "created_at": make.NOW} for n in range(1, count + 1)
        ])  # fmt: skip
        session.execute(insert(BillingContact), [
            {"public_id": f"c{n}", "organization_id": n, "name": f"O{n}", "address": "", "city": "",
             "postcode": "", "country": "FR", "email": f"o{n}@people.example", "is_default": True}
            for n in range(1, count + 1)
        ])  # fmt: skip
        session.execute(insert(Wallet), [
            {"organization_id": n, "currency": "EUR", "posted": -n, "held": 0, "overdraft": n,
             "forecast_due": False} for n in range(1, count + 1)
        ])  # fmt: skip
    tick_on(day(0), jobs=("alerts",))
    assert [number(model) for model in (Alert, AlertStep, AlertNotice, Mail)] == [count] * 4
    assert len(events("alert.opened")) == count
    with reading() as session:
        told_to = session.scalars(select(func.count(func.distinct(Mail.recipient)))).one()
        assert told_to == count
        before = session.scalars(select(func.count()).select_from(JournalRow)).one()
    tick_on(day(0), jobs=("alerts",))
    assert number(JournalRow) == before
