"""Who was not told of a tacit renewal may leave it, and gets back what was not served (R17)."""

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.rules import Role
from app.db import reading, transaction
from app.journal.models import JournalRow
from app.operator_tasks.models import OperatorTask
from app.outbox.models import Mail
from app.renewals.models import Attempt
from app.renewals.rules import PaidPeriod, to_give_back
from app.subscriptions.models import Subscription
from tests import make
from tests.alerts.world import day, tick_on
from tests.page_check import problems
from tests.pages import csrf_token, fill, send, signed_in

YEAR = (date(2027, 1, 1), date(2028, 1, 1))
# The notice was due by day 1 at the latest, and the host's server was down until day 10.
ENDS = day(62)
BEGUN = ENDS + timedelta(days=10)
LEAVE = "/domains/example.org/leave"
PAGES = ("/domains/example.org", "/domains/example.org/auto-renewal")


@pytest.mark.parametrize(
    ("leaves_on", "refund"),
    [
        (date(2026, 12, 1), 3650),
        (date(2027, 1, 1), 3650),
        (date(2027, 1, 2), 3640),
        (date(2027, 12, 31), 10),
        (date(2028, 1, 1), 0),
        (date(2029, 1, 1), 0),
    ],
)
def test_what_is_given_back_is_by_days(leaves_on, refund):
    assert to_give_back([PaidPeriod(*YEAR, 3650)], leaves_on) == refund


def test_what_does_not_come_out_even_is_rounded_for_the_customer():
    assert to_give_back([PaidPeriod(*YEAR, 1500)], date(2027, 1, 2)) == 1496  # 1495.89…
    assert to_give_back([PaidPeriod(*YEAR, 1)], date(2027, 12, 31)) == 1


def test_a_period_bought_on_top_is_given_back_whole():
    later = PaidPeriod(date(2028, 1, 1), date(2029, 1, 1), 1000)
    assert to_give_back([PaidPeriod(*YEAR, 3650), later], date(2027, 12, 31)) == 1010


def test_a_period_without_days_gives_nothing():
    assert to_give_back([PaidPeriod(YEAR[0], YEAR[0], 100)], YEAR[0]) == 0


@pytest.fixture
def wanted(app, clock, monkeypatch):
    """The host has switched the notice on."""
    state = app.extensions["vigie"]
    monkeypatch.setattr(
        state, "settings", state.settings.model_copy(update={"tacit_renewal_notice": True})
    )


@pytest.fixture
def acme(app, wanted):
    with app.app_context():
        make.usual_prices()
        acme = make.organization(balance=10_000)
        make.domain(acme, "example.org", on=True, expires_on=ENDS)
        return acme


@pytest.fixture
def marie(app, acme):
    with app.app_context():
        return make.owner(acme, email="marie@people.example")


@pytest.fixture
def missing(app, clock, acme, marie):
    """No notice was sent, and it renewed."""
    with app.app_context():
        tick_on(day(20), jobs=("tacit_notices",))
        tick_on(ENDS - timedelta(days=30), jobs=("prices", "renewals"))
    clock.set(clock.now() + (BEGUN - day(0)))


def told(app, model, *where) -> int:
    with app.app_context(), reading() as session:
        return session.scalars(select(func.count()).select_from(model).where(*where)).one()


def page(app, who, address) -> str:
    html = signed_in(app, who).get(address).get_data(as_text=True)
    assert problems(html) == []
    return html


def test_a_notice_that_was_sent_is_shown_with_its_proof(app, acme, marie, clock):
    with app.app_context():
        with transaction() as session:
            session.scalars(select(Subscription)).one().expires_on = day(75)
        tick_on(day(0), jobs=("tacit_notices", "mails"))
    for address in PAGES:
        html = page(app, marie, address)
        assert "We announced the next renewal" in html
        assert "€15.00" in html
        assert "until Apr 15, 2027" in html
        assert html.count("accepted by the mail server on") == 2
        assert "marie<wbr>@people.<wbr>example" in html
    with app.app_context(), transaction() as session:
        one = session.scalars(select(Subscription)).one()
        one.auto_renewal, one.next_slot_on = False, None
    assert "We announced" not in page(app, marie, PAGES[0])


def test_before_it_renews_the_pages_say_that_the_notice_is_missing(app, acme, marie):
    with app.app_context():
        tick_on(day(20), jobs=("tacit_notices",))
    for address in PAGES:
        assert "was not announced in time" in page(app, marie, address)
    assert "Nothing to leave here" in page(app, marie, LEAVE)
    client = signed_in(app, marie)
    data = {"csrf_token": csrf_token(client.get("/profile").get_data(as_text=True))}
    answer = client.post(LEAVE, data=data | {"refund": "1500"})
    assert answer.status_code == 422
    assert told(app, OperatorTask, OperatorTask.kind == "exit_asked") == 0


def test_once_it_has_renewed_both_pages_lead_to_the_way_out(app, marie, missing):
    for address in PAGES:
        html = page(app, marie, address)
        assert "You may leave at any time" in html
        assert f'href="{LEAVE}"' in html
    html = page(app, marie, LEAVE)
    # 366 days from 2 May 2027 on, 10 of which are over.
    assert "€14.60" in html
    assert "stays registered at its registry until May 2, 2028" in html


def test_leaving_tells_the_host_and_the_customer_and_stops_the_renewal(app, clock, marie, missing):
    client = signed_in(app, marie)
    answer = fill(client, LEAVE, {})
    assert (answer.status_code, answer.location) == (303, "/domains/example.org")
    with app.app_context(), reading() as session:
        assert not session.scalars(select(Subscription.auto_renewal)).one()
        task = session.execute(
            select(OperatorTask.kind, OperatorTask.subject, OperatorTask.detail).where(
                OperatorTask.done_at.is_(None)
            )
        ).one()
        mails = session.scalars(select(Mail).where(Mail.kind == "exit_asked")).all()
        assert {one.recipient for one in mails} == {
            "marie@people.example", "compta@people.example",
        }  # fmt: skip
        assert "€14.60" in mails[0].body
        assert "/domains/example.org" in mails[0].body
    assert (task.kind, task.subject) == ("exit_asked", "example.org")
    assert task.detail == {
        "amount": 1460, "currency": "EUR", "on": "2027-05-12", "refund_by": "2027-06-11",
    }  # fmt: skip
    for address in (*PAGES, LEAVE):
        html = page(app, marie, address)
        assert "You asked us to end this" in html
        assert "€14.60" in html
    assert "Its end was asked for, with a refund: €14.60" in page(
        app, marie, "/domains/example.org/history"
    )
    # Also days later, when a day less would be left.
    clock.set(clock.now() + timedelta(days=5))
    assert "€14.60" in page(app, marie, PAGES[0])


def test_a_form_sent_twice_leaves_once(app, marie, missing):
    client = signed_in(app, marie)
    html = client.get(LEAVE).get_data(as_text=True)
    assert [send(client, LEAVE, html, {}).status_code for _ in range(2)] == [303, 303]
    assert told(app, JournalRow, JournalRow.event == "exit.asked") == 1
    assert told(app, OperatorTask, OperatorTask.kind == "exit_asked") == 1
    assert told(app, Mail, Mail.kind == "exit_asked") == 2


def test_two_at_the_same_moment_leave_once(app, marie, missing):
    clients = [signed_in(app, marie) for _ in range(4)]
    pages = [client.get(LEAVE).get_data(as_text=True) for client in clients]
    threads = [
        threading.Thread(target=send, args=(client, LEAVE, html, {}))
        for client, html in zip(clients, pages, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told(app, JournalRow, JournalRow.event == "exit.asked") == 1
    assert told(app, Mail, Mail.kind == "exit_asked") == 2


def test_after_midnight_the_amount_is_shown_again(app, clock, marie, missing):
    client = signed_in(app, marie)
    html = client.get(LEAVE).get_data(as_text=True)
    clock.set(clock.now() + timedelta(days=1))
    answer = send(client, LEAVE, html, {})
    assert answer.status_code == 409
    assert "€14.55" in answer.get_data(as_text=True)
    assert told(app, OperatorTask, OperatorTask.kind == "exit_asked") == 0


@pytest.mark.parametrize("role", [Role.TECHNICAL, Role.VIEWER])
def test_who_may_not_bill_sees_the_right_and_cannot_use_it(app, acme, marie, missing, role):
    with app.app_context():
        other = make.user("Tom")
        make.member(other, acme, role)
    assert "An owner or a billing member" in page(app, other, PAGES[0])
    assert f'href="{LEAVE}"' not in page(app, other, PAGES[0])
    client = signed_in(app, other)
    html = client.get("/profile").get_data(as_text=True)
    data = {"csrf_token": csrf_token(html), "refund": "1460"}
    assert client.post(LEAVE, data=data).status_code == 403


def test_a_stranger_finds_nothing(app, missing):
    with app.app_context():
        stranger = make.owner(make.organization("Else"), "Sam")
    assert signed_in(app, stranger).get(LEAVE).status_code == 404


def test_who_renewed_it_by_hand_knew_of_it(app, clock, acme, marie):
    with app.app_context():
        tick_on(day(20), jobs=("tacit_notices",))
        tick_on(ENDS - timedelta(days=30), jobs=("prices", "renewals"))
        with transaction() as session:
            session.scalars(select(Attempt)).one().trigger = "manual:form"
    clock.set(clock.now() + (BEGUN - day(0)))
    assert "You may leave" not in page(app, marie, PAGES[0])


def test_a_period_that_is_over_gives_no_right(app, clock, marie, missing):
    clock.set(clock.now() + timedelta(days=360))
    html = page(app, marie, PAGES[0])
    assert "You may leave" not in html
