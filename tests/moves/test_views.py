"""Pages of hosting accounts: what is planned, applying it now, how it went, and suspension."""

from datetime import timedelta

import pytest

from app.accounts.rules import Role
from app.accounts.suspensions import suspend
from app.db import transaction
from app.jobs.service import tick
from app.journal.service import HOST
from app.moves import service
from app.moves.service import Announcement
from tests import make
from tests.pages import fill, send, signed_in, statements, submit


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        return make.organization()


@pytest.fixture
def web(app, acme):
    with app.app_context():
        return make.account(acme)


@pytest.fixture
def client(app, acme):
    with app.app_context():
        owner = make.owner(acme, language="en")
    return signed_in(app, owner)


def moved(app, web, title="PHP 8.5") -> make.Made:
    with app.app_context():
        return make.move(web, title)


def run(app, clock, seconds: int = 0) -> None:
    clock.advance(timedelta(seconds=seconds))
    with app.app_context():
        tick(clock.now(), "moves")


def page(client, web) -> str:
    return client.get(f"/accounts/{web.name}").get_data(as_text=True)


def apply_now(client, web, **more):
    return fill(client, f"/accounts/{web.name}", {}, **more)


def test_the_list_tells_plan_state_and_next_move(app, client, web):
    moved(app, web)
    html = client.get("/accounts").get_data(as_text=True)
    for text in (web.name, "Paid plan", "Active", "PHP 8.5"):
        assert text in html


def test_the_page_tells_what_will_change(app, client, web):
    with app.app_context(), transaction() as session:
        announcement = Announcement(
            "Debian 13", make.TODAY + timedelta(days=30), "We renew the server.", "Restart of sites"
        )
        service.announce(session, web.id, announcement, name="move-1", by=HOST, now=make.NOW)
    html = page(client, web)
    for text in ("Debian 13", "We renew the server.", "What will change", "Restart of sites"):
        assert text in html


def test_apply_now_queues_it_and_a_job_applies_it(app, client, web, clock):
    moved(app, web)
    answer = apply_now(client, web)
    assert (answer.status_code, answer.location) == (303, f"/accounts/{web.name}")
    assert "Waiting its turn" in page(client, web)
    run(app, clock)
    html = page(client, web)
    assert "Applied" in html
    assert "Apply now" not in html
    assert "PHP 8.5: in place" in html, "the log is there"


def test_progress_is_asked_for_again_while_it_runs_and_not_after(app, client, web, clock):
    moved(app, web, "PHP 8.5 (slow)")
    assert "every 2s" not in page(client, web)
    apply_now(client, web)
    run(app, clock)
    run(app, clock, 10)
    html = page(client, web)
    assert 'hx-trigger="every 2s"' in html
    assert 'value="50"' in html
    assert f'<a href="/accounts/{web.name}">Refresh</a>' in html
    run(app, clock, 10)
    assert "every 2s" not in page(client, web)


def test_the_part_that_htmx_asks_for_is_the_same_as_on_the_page(app, client, web):
    moved(app, web)
    apply_now(client, web)
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    part = client.get(f"/accounts/{web.name}", headers=headers).get_data(as_text=True).strip()
    assert part.startswith('<div id="moves"')
    assert part in client.get(f"/accounts/{web.name}").get_data(as_text=True)


def test_a_failed_move_says_so_and_can_be_tried_again(app, client, web, clock):
    moved(app, web, "PHP 8.5 (fails)")
    apply_now(client, web)
    run(app, clock)
    html = page(client, web)
    for text in ("Failed", "the new version does not start", "as it was before", "Try again"):
        assert text in html
    apply_now(client, web)
    assert "Waiting its turn" in page(client, web)


def test_a_double_click_acts_once(app, client, web, clock):
    moved(app, web, "PHP 8.5 (fails)")
    html = page(client, web)
    send(client, f"/accounts/{web.name}", html, {})
    run(app, clock)
    send(client, f"/accounts/{web.name}", html, {})
    assert "Failed" in page(client, web)


def test_whoever_may_only_look_has_no_button(app, acme, web):
    with app.app_context():
        viewer = make.user("Vera", language="en")
        make.member(viewer, acme, Role.VIEWER)
    moved(app, web)
    client = signed_in(app, viewer)
    assert "Apply now" not in page(client, web)


def test_another_accounts_move_is_not_found(app, client, acme, web):
    with app.app_context():
        other = make.account(make.organization("Other"))
    foreign = moved(app, other)
    fields = {"move": foreign.name, "tries": "0"}
    answer = submit(client, f"/accounts/{web.name}", fields, page="/profile")
    assert answer.status_code == 404


def test_the_page_takes_few_statements(app, client, web):
    for _ in range(3):
        moved(app, web)
    with statements(app) as sent:
        page(client, web)
    assert len(sent) <= 6
    with statements(app) as sent:
        client.get("/accounts")
    assert len(sent) <= 6


def suspended(app, acme, reason="negative_balance") -> None:
    with app.app_context(), transaction() as session:
        suspend(session, acme.id, reason, by=HOST, now=make.NOW)


def test_a_suspended_organization_sees_why_on_every_page_and_what_to_do(app, client, acme, web):
    suspended(app, acme)
    for address in ("/", "/accounts", f"/accounts/{web.name}", "/organization", "/domains"):
        html = client.get(address).get_data(as_text=True)
        assert "Acme is suspended" in html, address
        assert "Its balance is below zero." in html
        assert 'href="/billing">Pay what is owed</a>' in html
    assert client.get("/billing").status_code == 200


def test_while_suspended_no_move_can_be_asked_for(app, client, acme, web):
    moved(app, web)
    html = page(client, web)
    suspended(app, acme)
    assert "Apply now" not in page(client, web)
    answer = send(client, f"/accounts/{web.name}", html, {})
    assert answer.status_code == 409
    assert "Not while the organization is suspended" in answer.get_data(as_text=True)


def test_while_suspended_forwardings_stay_as_they_are(app, client, acme):
    with app.app_context():
        domain = make.domain(acme, "acme.org")
        forwarding = make.forwarding(domain)
    suspended(app, acme)
    html = client.get("/domains/acme.org/mailboxes").get_data(as_text=True)
    assert forwarding.name.replace("@", "<wbr>@").split("<")[0] in html
    assert "Add a forwarding" not in html
    answer = client.get("/domains/acme.org/forwardings/new")
    assert answer.status_code == 409
    assert "You can still see everything, pay and renew." in answer.get_data(as_text=True)


def test_a_mailbox_tells_its_state(app, client, acme):
    with app.app_context():
        box = make.mailbox(make.domain(acme), acme)
    assert "being set up" in client.get(f"/mailboxes/{box.name}").get_data(as_text=True)
    with app.app_context():
        tick(make.NOW, "mail_states")
    assert "Active" in client.get(f"/mailboxes/{box.name}").get_data(as_text=True)
    suspended(app, acme)
    with app.app_context():
        tick(make.NOW, "mail_states")
    html = client.get(f"/mailboxes/{box.name}").get_data(as_text=True)
    assert '<span class="badge red">Suspended</span>' in html


def test_another_suspended_organization_is_named_with_a_way_to_it(app, acme, client):
    with app.app_context():
        zeta = make.organization("Zeta")
        both = make.owner(zeta, language="en")
        make.member(both, acme)
    suspended(app, acme)
    someone = signed_in(app, both)
    submit(someone, "/choose-organization", {"organization": zeta.name}, page="/profile")
    html = someone.get("/").get_data(as_text=True)
    assert "Acme is suspended" in html
    assert "See why" in html
    assert "Pay what is owed" not in html
