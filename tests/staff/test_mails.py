"""Mails of all customers for an operator: found, read without their secrets, tried again once."""

from datetime import timedelta

import pytest
from flask import current_app
from sqlalchemy import func, select

from app.accounts.links import send_link
from app.accounts.rules import Role
from app.db import db, transaction
from app.jobs.service import tick
from app.journal.models import JournalRow
from app.journal.service import HOST
from app.outbox.models import Mail
from app.outbox.ports import Accepted, Rejected, TryLater
from app.outbox.queries import MAILS, MailFilter, mails_for_staff
from app.outbox.rules import MailState
from app.outbox.service import queue
from app.staff.rules import masked
from tests import make
from tests.pages import send, signed_in, statements, submit

SECRET = "s3cret-To_ken-of-43-letters-that-nobody-must-"


class Post:
    """A channel that answers as told, and counts."""

    def __init__(self) -> None:
        self.answer: Accepted | TryLater | Rejected = Accepted()
        self.ids: list[str] = []

    def send(self, letter):
        self.ids.append(letter.message_id)
        return self.answer


@pytest.fixture
def post(app, monkeypatch):
    post = Post()
    monkeypatch.setitem(app.extensions, "vigie.channel", post)
    return post


@pytest.fixture
def client(app, clock):
    with app.app_context():
        camille = make.operator("Camille")
    return signed_in(app, camille, is_confirmed=True)


def write(app, key: str = "one", **changes) -> int:
    mail = {
        "kind": "test", "to": "marie@people.example", "subject": "Hello Marie",
        "body": "Hello,\n", "by": HOST, "now": make.NOW,
    } | changes  # fmt: skip
    with app.app_context(), transaction() as session:
        return queue(session, key=key, **mail)


def put(app, mail_id: int, state: MailState) -> None:
    with app.app_context(), transaction() as session:
        mail = session.get_one(Mail, mail_id)
        mail.state, mail.tries, mail.problem = state, 3, "550 no such user"


def page(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def again(client, mail_id: int, html: str):
    return send(client, f"/staff/mails/{mail_id}/again", html, {})


def state_of(app, mail_id: int) -> MailState:
    with app.app_context():
        return db.session.get_one(Mail, mail_id).state


def drain(app, now) -> None:
    with app.app_context():
        tick(now, "mails")


def test_the_newest_comes_first_and_states_and_addresses_narrow_the_list(app, client):
    for n, state in enumerate(MailState):
        number = write(app, str(n), to=f"{state}@people.example", subject=f"About {state}")
        put(app, number, state)
    html = page(client, "/staff/mails")
    assert html.index("About bounced") < html.index("About queued")
    for wanted, found in {
        "state=waiting": {"queued", "sending"}, "state=sent": {"sent"}, "state=failed": {"failed"},
        "state=bounced": {"bounced"}, "q=SEN": {"sent", "sending"}, "q=%25": set(),
        "q=sen&state=waiting": {"sending"}, "state=odd": set(MailState), "q=%00": set(MailState),
    }.items():  # fmt: skip
        html = page(client, f"/staff/mails?{wanted}")
        assert {one for one in MailState if f"About {one}<" in html} == found, wanted


def test_a_page_of_many_takes_as_many_statements_as_one_of_few(app, client):
    with app.app_context():
        make.organization()
    for n in range(120):
        write(app, str(n), to=f"p{n:03}@people.example", subject=f"Mail {n:03}")
    with statements(app) as sent:
        first = page(client, "/staff/mails")
    assert len(sent) <= 6, sent
    assert "Mail 119" in first
    assert "Mail 069" not in first
    following = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert "Mail 069" in page(client, following)


@pytest.mark.parametrize(
    ("chosen", "index"),
    [
        (MailFilter(state="failed"), "ix_mails_of_state"),
        (MailFilter(text="marie@people.example"), "ix_mails_of_recipient"),
        (MailFilter(text="marie@people.example", state="sent"), "ix_mails_of_recipient"),
    ],
)
def test_what_is_looked_for_among_a_million_is_found_by_an_index(db_context, chosen, index):
    """Which one an empty table would be read by says nothing, so PostgreSQL may not read it."""
    session = db_context()
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    with statements(current_app) as sent:
        mails_for_staff(session, chosen, MAILS.wish({}))
    statement, values = sent[-1]
    connection = session.connection()
    if is_postgresql:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    explain = "EXPLAIN " if is_postgresql else "EXPLAIN QUERY PLAN "
    plan = " ".join(map(str, connection.exec_driver_sql(explain + statement, values)))
    assert index in plan


def test_a_mail_tells_what_became_of_it(app, client):
    number = write(app)
    put(app, number, MailState.FAILED)
    html = page(client, f"/staff/mails/{number}")
    for told in ("550 no such user", "Failed", "Hello,", "@", "test"):
        assert told in html
    assert "<iframe" not in html
    assert client.get(f"/staff/mails/{number}/html").status_code == 404
    for unknown in (number + 1, 2**40, 10**30):
        assert client.get(f"/staff/mails/{unknown}").status_code == 404


def test_html_is_shown_in_a_frame_that_can_do_nothing(app, client):
    number = write(app, html="<p style='color:red' onclick='x()'>Hello</p><script>x()</script>")
    html = page(client, f"/staff/mails/{number}")
    assert '<iframe class="letter" sandbox title=' in html
    assert "x()" not in html
    answer = client.get(f"/staff/mails/{number}/html")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none';")
    assert "frame-ancestors 'self'" in policy
    assert "allow-" not in policy + html.partition("<iframe")[2].partition(">")[0]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in client.get("/staff").headers["Content-Security-Policy"]


def test_no_mail_lets_an_operator_into_an_account(app, client):
    """Every mail with a secret that the portal writes, through the code that writes it."""
    with app.app_context():
        acme = make.organization("Acme")
        marie = make.owner(acme, "Marie", language="en")
        with transaction() as session:
            send_link(session, marie.name, "127.0.0.1", make.NOW)
    owner = signed_in(app, marie)
    submit(owner, "/organization/members", {"email": "new@people.example", "role": Role.VIEWER},
           page="/organization")  # fmt: skip
    with app.app_context():
        mails = {one.kind: one for one in db.session.scalars(select(Mail))}
    assert set(mails) == {"password_link", "member_added"}
    for mail in mails.values():
        secret = mail.body.partition("/password/")[2].split()[0]
        assert len(secret) > 40
        html = page(client, f"/staff/mails/{mail.id}")
        assert secret not in html
        assert "/password/…" in html
        assert "The secret part of a link is hidden" in html
        assert secret not in page(client, "/staff/mails")


def test_every_address_that_a_token_opens_is_masked(app):
    rules = [rule.rule for rule in app.url_map.iter_rules() if "<token>" in rule.rule]
    assert len(rules) >= 2
    for rule in rules:
        link = "https://portal.example" + rule.replace("<token>", SECRET)
        for text in (f"Here: {link}.", f'<a href="{link}">{link}</a>', f"<{link}>", f"({link})"):
            assert SECRET[:12] not in masked(text), rule
            assert SECRET[-12:] not in masked(text), rule


def test_other_links_stay_as_they_are():
    for text in (
        "https://portal.example/password/forgotten", "https://portal.example/alerts/abc/go",
        "https://portal.example/password/forgotten.", "password/ in words",
    ):  # fmt: skip
        assert masked(text) == text
    assert masked("/password/forgotten-looking-secret") == "/password/…"


def test_html_is_masked_too(app, client):
    link = f"https://portal.example/password/{SECRET}"
    number = write(app, html=f'<a href="{link}">{link}</a>')
    html = page(client, f"/staff/mails/{number}/html")
    assert "s3cret" not in html
    assert html.count("/password/…") == 2
    assert "The secret part of a link is hidden" in page(client, f"/staff/mails/{number}")


@pytest.mark.parametrize("state", [MailState.FAILED, MailState.BOUNCED])
def test_what_failed_or_came_back_is_tried_again_once(app, client, clock, post, state):
    number = write(app)
    put(app, number, state)
    html = page(client, f"/staff/mails/{number}")
    for _click in range(2):
        assert again(client, number, html).status_code == 303
    assert state_of(app, number) is MailState.QUEUED
    drain(app, clock.now())
    assert again(client, number, html).status_code == 303
    assert state_of(app, number) is MailState.SENT
    assert len(post.ids) == 1
    with app.app_context():
        row = db.session.scalars(
            select(JournalRow).where(JournalRow.event == "mail.sent_anew")
        ).one()
        assert row.user_id is not None
        assert row.detail["message_id"] == post.ids[0]


def test_what_waits_for_its_next_try_is_tried_at_once(app, client, clock, post):
    number = write(app)
    post.answer = TryLater("451 busy")
    drain(app, clock.now())
    clock.advance(timedelta(seconds=20))
    drain(app, clock.now())
    assert len(post.ids) == 1
    html = page(client, f"/staff/mails/{number}")
    assert "451 busy" in html
    for _click in range(2):
        again(client, number, html)
    drain(app, clock.now())
    assert len(post.ids) == 2
    assert len(set(post.ids)) == 1
    with app.app_context():
        anew = select(func.count()).where(JournalRow.event == "mail.sent_anew")
        assert db.session.scalar(anew) == 1


def test_a_mail_given_up_after_two_days_has_one_more_try(app, client, clock, post):
    number = write(app)
    put(app, number, MailState.FAILED)
    with app.app_context(), transaction() as session:
        session.get_one(Mail, number).queued_at = clock.now() - timedelta(days=5)
    post.answer = TryLater("451 still busy")
    again(client, number, page(client, f"/staff/mails/{number}"))
    drain(app, clock.now())
    assert state_of(app, number) is MailState.FAILED
    assert "451 still busy" in page(client, f"/staff/mails/{number}")


@pytest.mark.parametrize("state", [MailState.SENT, MailState.SENDING])
def test_what_has_arrived_or_is_on_its_way_is_not_sent_anew(app, client, state):
    number = write(app)
    put(app, number, MailState.FAILED)
    html = page(client, f"/staff/mails/{number}")
    put(app, number, state)
    again(client, number, html)
    assert state_of(app, number) is state
    assert "Try again now" not in page(client, f"/staff/mails/{number}")


def test_what_came_back_counts_as_never_accepted_until_it_is_accepted_again(app, client, clock):
    number = write(app)
    with app.app_context(), transaction() as session:
        mail = session.get_one(Mail, number)
        mail.state, mail.tries = MailState.BOUNCED, 1
        mail.sent_at = mail.bounced_at = clock.now()
    again(client, number, page(client, f"/staff/mails/{number}"))
    with app.app_context():
        mail = db.session.get_one(Mail, number)
        assert (mail.state, mail.sent_at, mail.bounced_at) == (MailState.QUEUED, None, None)
