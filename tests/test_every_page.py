"""Every address × everybody: who may see it, that it never breaks, and that its page is sound."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.rules import Role
from app.jobs.service import tick
from tests import make
from tests.invoices import papers
from tests.page_check import problems
from tests.pages import csrf_token, signed_in

# A route with a part in <…> needs an address to be tried at; names are those of `World.names`.
ADDRESSES = {
    "/accounts/<name>": "/accounts/{account}",
    "/alerts/<public_id>": "/alerts/{alert}",
    "/alerts/<public_id>/go": "/alerts/{alert}/go",
    "/billing/cards/<name>": "/billing/cards/{card}",
    "/billing/cards/<name>/place": "/billing/cards/{card}/place",
    "/billing/cards/<name>/remove": "/billing/cards/{card}/remove",
    "/billing/cards/return/<name>": "/billing/cards/return/{card_setup}",
    "/billing/cards/return/<name>/go": "/billing/cards/return/{card_setup}/go",
    "/billing/contacts/<public_id>": "/billing/contacts/{contact}",
    "/billing/payments/<name>": "/billing/payments/{payment}",
    "/billing/payments/<name>/cancel": "/billing/payments/{payment}/cancel",
    "/billing/payments/<name>/go": "/billing/payments/{payment}/go",
    "/billing/payments/<name>/return": "/billing/payments/{payment}/return",
    "/billing/invoices/<number>": "/billing/invoices/F2027-000001",
    "/billing/invoices/<number>.pdf": "/billing/invoices/F2027-000001.pdf",
    "/billing/invoices/<number>.xml": "/billing/invoices/F2027-000001.xml",
    "/billing/proformas/<number>": "/billing/proformas/PF2027-000001",
    "/billing/proformas/<number>.pdf": "/billing/proformas/PF2027-000001.pdf",
    "/billing/proformas/<number>/cancel": "/billing/proformas/PF2027-000001/cancel",
    "/billing/proformas/<number>/pay": "/billing/proformas/PF2027-000001/pay",
    "/domains/<name>": "/domains/{domain}",
    "/domains/<name>/auto-renewal": "/domains/{domain}/auto-renewal",
    "/domains/<name>/auto-renewal/limit": "/domains/{domain}/auto-renewal/limit",
    "/domains/<name>/forwardings": "/domains/{domain}/forwardings",
    "/domains/<name>/forwardings/<path:address>/edit": (
        "/domains/{domain}/forwardings/{forwarding}/edit"
    ),
    "/domains/<name>/forwardings/<path:address>/remove": (
        "/domains/{domain}/forwardings/{forwarding}/remove"
    ),
    "/domains/<name>/forwardings/new": "/domains/{domain}/forwardings/new",
    "/domains/<name>/history": "/domains/{domain}/history",
    "/domains/<name>/leave": "/domains/{domain}/leave",
    "/domains/<name>/mailboxes": "/domains/{domain}/mailboxes",
    "/domains/<name>/mailboxes.csv": "/domains/{domain}/mailboxes.csv",
    "/domains/<name>/mailboxes/auto-renewal": "/domains/{domain}/mailboxes/auto-renewal",
    "/domains/<name>/mailboxes/selection": "/domains/{domain}/mailboxes/selection",
    "/mailboxes/<path:address>": "/mailboxes/{mailbox}",
    "/mailboxes/<path:address>/auto-renewal": "/mailboxes/{mailbox}/auto-renewal",
    "/mailboxes/<path:address>/auto-renewal/limit": "/mailboxes/{mailbox}/auto-renewal/limit",
    "/mailboxes/<path:address>/leave": "/mailboxes/{mailbox}/leave",
    "/mailboxes/<path:address>/renew": "/mailboxes/{mailbox}/renew",
    "/notifications/unsubscribe/<token>": "/notifications/unsubscribe/{unsubscribe}",
    "/organization/members/<public_id>": "/organization/members/{member}",
    "/organization/members/<public_id>/remove": "/organization/members/{member}/remove",
    "/password/<token>": "/password/{token}",
    "/staff/alerts/<name>": "/staff/alerts/domain_expiry",
    "/staff/mails/<int:mail_id>": "/staff/mails/{mail}",
    "/staff/mails/<int:mail_id>/again": "/staff/mails/{mail}/again",
    "/staff/mails/<int:mail_id>/html": "/staff/mails/{mail}/html",
    "/staff/moves/<name>": "/staff/moves/{move}",
    "/staff/moves/<name>/cancel": "/staff/moves/{move}/cancel",
    "/staff/moves/<name>/retry": "/staff/moves/{move}/retry",
    "/staff/organizations/<public_id>": "/staff/organizations/{organization}",
    "/staff/organizations/<public_id>/visit": "/staff/organizations/{organization}/visit",
    "/staff/tasks/<int:task_id>/done": "/staff/tasks/{task}/done",
}
# Answered without signing in.
PUBLIC = {
    "/login", "/logout", "/password/forgotten", "/password/<token>", "/choose-language",
    "/notifications/unsubscribe/<token>",
}  # fmt: skip
# What mail programs post to by themselves (RFC 8058).
WITHOUT_TOKEN = {"/notifications/unsubscribe/<token>"}
# No pages: files, signs of life, and what gateways send.
NO_PAGES = {"/healthz", "/host.css", "/static/<path:filename>", "/webhooks/<gateway>"}
# Shown in a frame: a mail, which mail programs ask to have its styles inline.
FRAMED = {"/staff/mails/<int:mail_id>/html"}
# Show nothing themselves.
LEAD_ON = {"/alerts/<public_id>/go", "/billing/payments/<name>/return"}
# Who may see a page, where that is not every member; whoever may not gets 403.
OWNER, BILLING, TECHNICAL = "owner", "billing", "technical"
ONLY = {
    "/domains/recurring": {OWNER, BILLING, TECHNICAL},
    "/domains/renew": {OWNER, BILLING, TECHNICAL},
    "/billing/cards": {OWNER, BILLING},
    "/billing/forecast": {OWNER, BILLING},
    "/billing/forecast.csv": {OWNER, BILLING},
    "/billing/cards/<name>": {OWNER, BILLING},
    "/billing/cards/<name>/remove": {OWNER, BILLING},
    "/billing/cards/new": {OWNER, BILLING},
    "/billing/cards/return/<name>": {OWNER, BILLING},
    "/billing/cards/return/<name>/go": {OWNER, BILLING},
    "/billing/contacts": {OWNER, BILLING},
    "/billing/contacts/<public_id>": {OWNER, BILLING},
    "/billing/contacts/new": {OWNER, BILLING},
    "/billing/payments/<name>": {OWNER, BILLING},
    "/billing/payments/<name>/go": {OWNER, BILLING},
    "/billing/payments/<name>/return": {OWNER, BILLING},
    "/billing/invoices": {OWNER, BILLING},
    "/billing/invoices.csv": {OWNER, BILLING},
    "/billing/invoices/<number>": {OWNER, BILLING},
    "/billing/invoices/<number>.pdf": {OWNER, BILLING},
    "/billing/invoices/<number>.xml": {OWNER, BILLING},
    "/billing/proformas": {OWNER, BILLING},
    "/billing/proformas.csv": {OWNER, BILLING},
    "/billing/proformas/<number>": {OWNER, BILLING},
    "/billing/proformas/<number>/pay": {OWNER, BILLING},
    "/billing/proformas/<number>.pdf": {OWNER, BILLING},
    "/billing/statement": {OWNER, BILLING},
    "/billing/statement.csv": {OWNER, BILLING},
    "/billing/top-up": {OWNER, BILLING},
    "/domains/<name>/forwardings/<path:address>/edit": {OWNER, TECHNICAL},
    "/domains/<name>/forwardings/<path:address>/remove": {OWNER, TECHNICAL},
    "/domains/<name>/forwardings/new": {OWNER, TECHNICAL},
    "/organization/members/<public_id>/remove": {OWNER},
}
# What everybody may change, since it is their own.
OWN = {
    "/auto-renewal/undo", "/auto-renewal/undo-bulk", "/choose-language", "/choose-organization",
    "/domains/<name>/mailboxes/selection", "/logout", "/profile", "/profile/password",
    "/profile/reminders", "/profile/sign-out-elsewhere",
}  # fmt: skip


@dataclass
class World:
    """An organization with one of everything, its members, and a stranger."""

    app: Flask
    names: dict[str, str]
    people: dict[str, make.Made]

    def address(self, rule: str) -> str:
        """A real address of a route."""
        if "<" not in rule:
            return rule
        assert rule in ADDRESSES, f"{rule} is new: add an address for it to ADDRESSES"
        return ADDRESSES[rule].format_map(self.names)

    def client(self, who: str) -> FlaskClient:
        """A browser of somebody."""
        return (
            self.app.test_client() if who == "anonymous" else signed_in(self.app, self.people[who])
        )


@pytest.fixture
def world(app, clock) -> World:
    with app.app_context():
        make.usual_prices()
        acme = make.organization("Acme", balance=5000)
        people = {}
        for role in Role:
            people[role.value] = make.user(role.value.capitalize(), language="en")
            make.member(people[role.value], acme, role)
        account = make.account(acme)
        move = make.move(account)
        soon = make.TODAY + timedelta(days=3)
        domain = make.domain(acme, "acme.org", expires_on=soon, account=account)
        mailbox = make.mailbox(domain, acme, expires_on=soon, on=True)
        papers.issue(acme, 1500)
        papers.ask(acme, 1)
        names = {
            "alert": alert(),
            "account": account.name,
            "card": make.card(acme).name,
            "card_setup": make.card_setup(acme).name,
            "contact": f"{acme.name}-contact",
            "domain": domain.name,
            "forwarding": make.forwarding(domain).name,
            "mailbox": mailbox.name,
            "payment": make.payment(acme, hosted_url="https://bank.example/page").name,
            "mail": mail(),
            "member": public_id(people["viewer"]),
            "move": move.name,
            "organization": acme.name,
            "task": str(make.task()),
            "token": link(people["viewer"]),
        }
    with app.test_request_context():
        names["unsubscribe"] = unsubscribe_token()
    with app.app_context():
        people["stranger"] = make.owner(make.organization("Other"), "Eve", language="en")
    return World(app, names, people)


def public_id(user: make.Made) -> str:
    from app.accounts.models import User
    from app.db import db

    return db.session.get_one(User, user.id).public_id


def alert() -> str:
    """The alert that the domain's expiry opens."""
    from app.alerts.models import Alert
    from app.db import db

    tick(make.NOW, "alerts")
    return db.session.scalars(select(Alert.public_id).where(Alert.type == "domain_expiry")).one()


def mail() -> str:
    """The number of a mail that has an HTML part: the alert's."""
    from app.db import db
    from app.outbox.models import Mail

    return str(db.session.scalars(select(Mail.id).where(Mail.html.is_not(None))).first())


def unsubscribe_token() -> str:
    from app.alerts.preferences import unsubscribe_url

    return unsubscribe_url("viewer@people.example", ["move"]).rpartition("/")[2]


def link(user: make.Made) -> str:
    from app.accounts.links import new_link
    from app.db import transaction

    with transaction() as session:
        return new_link(session, user.id, timedelta(hours=2), make.NOW)


@cache
def rules(method: str) -> list[str]:
    """All routes that take a method, from an application that serves nothing."""
    from app import create_app
    from app.settings import Settings

    app = create_app(Settings(database_url="sqlite:///:memory:", secret_key="only-for-tests"))
    return sorted(
        {rule.rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())}
        - NO_PAGES
    )


everybody = pytest.mark.parametrize(
    "who", ["anonymous", "stranger", *(role.value for role in Role)]
)


def is_staffs(rule: str) -> bool:
    """Whether a page is the operator's, of which nobody else learns that it exists."""
    return rule == "/staff" or rule.startswith("/staff/")


def expected(rule: str, who: str) -> int:
    if who == "anonymous":
        return 200 if rule in PUBLIC else 303
    if is_staffs(rule):
        return 404
    if rule in PUBLIC:
        return 200
    if who == "stranger" and "<" in rule:
        return 404
    if who == "stranger":
        who = OWNER
    if who not in ONLY.get(rule, {who}):
        return 403
    return 303 if rule in LEAD_ON else 200


# Whoever is signed in does not see these again; whoever is not cannot sign out.
TURNED_AWAY = {("/login", True), ("/logout", False)}


@everybody
def test_every_page_is_shown_to_those_who_may_see_it_and_is_sound(world, who):
    client = world.client(who)
    wrong = []
    for rule in rules("GET"):
        answer = client.get(world.address(rule))
        status = 303 if (rule, who != "anonymous") in TURNED_AWAY else expected(rule, who)
        if answer.status_code != status:
            wrong.append(f"{rule}: {answer.status_code} instead of {status}")
        if answer.headers.get("Cache-Control") != "no-store":
            wrong.append(f"{rule}: may be kept by caches")
        if answer.mimetype == "text/html" and answer.status_code != 303:
            wrong += [f"{rule}: {one}" for one in problems(answer.get_data(as_text=True))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("rule", [r for r in rules("GET") if r not in PUBLIC])
def test_whoever_is_not_signed_in_comes_back_after_signing_in(world, rule):
    address = world.address(rule)
    answer = world.client("anonymous").get(address)
    assert (answer.status_code, answer.location) == (303, f"/login?next={address}")


@pytest.mark.parametrize("rule", [r for r in rules("POST") if r not in WITHOUT_TOKEN])
def test_no_form_is_taken_without_its_token(world, rule):
    assert world.client(OWNER).post(world.address(rule)).status_code == 403


@pytest.mark.parametrize("rule", [r for r in rules("POST") if r not in PUBLIC])
def test_nothing_is_changed_by_whoever_is_not_signed_in(world, rule):
    client = world.client("anonymous")
    token = csrf_token(client.get("/login").get_data(as_text=True))
    answer = client.post(world.address(rule), data={"csrf_token": token})
    assert answer.status_code == 303
    assert answer.location.startswith("/login")


@pytest.mark.parametrize("rule", [r for r in rules("POST") if "<" in r and r not in PUBLIC])
def test_things_of_others_do_not_exist_for_strangers(world, rule):
    client = world.client("stranger")
    token = csrf_token(client.get("/profile").get_data(as_text=True))
    assert client.post(world.address(rule), data={"csrf_token": token}).status_code == 404


@pytest.mark.parametrize("rule", [r for r in rules("POST") if is_staffs(r)])
def test_customers_do_nothing_on_pages_of_the_operator(world, rule):
    client = world.client(OWNER)
    token = csrf_token(client.get("/profile").get_data(as_text=True))
    assert client.post(world.address(rule), data={"csrf_token": token}).status_code == 404


@pytest.mark.parametrize("rule", [r for r in rules("GET") if is_staffs(r)])
def test_every_page_of_the_operator_is_shown_to_them_alone_and_is_sound(world, rule):
    with world.app.app_context():
        camille = make.operator("Camille")
    answer = signed_in(world.app, camille, is_confirmed=True).get(world.address(rule))
    assert answer.status_code == (303 if rule == "/staff/confirm" else 200)
    if answer.status_code == 200 and rule not in FRAMED:
        assert problems(answer.get_data(as_text=True)) == []
    unconfirmed = signed_in(world.app, camille).get(world.address(rule))
    assert unconfirmed.status_code == (200 if rule == "/staff/confirm" else 303)


CHANGES = [r for r in rules("POST") if r not in PUBLIC | OWN and not is_staffs(r)]


@pytest.mark.parametrize("rule", CHANGES)
def test_an_operator_who_visits_changes_nothing(world, rule):
    with world.app.app_context():
        camille = make.operator("Camille")
    client = signed_in(world.app, camille, is_confirmed=True)
    page = client.get(world.address("/staff/organizations/<public_id>")).get_data(as_text=True)
    token = csrf_token(page)
    visit = world.address("/staff/organizations/<public_id>/visit")
    client.post(visit, data={"csrf_token": token, "reason": "Your call of today"})
    answer = client.post(world.address(rule), data={"csrf_token": token, "role": "owner"})
    assert answer.status_code == 403


@pytest.mark.parametrize("rule", CHANGES)
def test_a_viewer_changes_nothing(world, rule):
    client = world.client("viewer")
    token = csrf_token(client.get("/profile").get_data(as_text=True))
    fields = {"csrf_token": token, "role": "owner"}
    assert client.post(world.address(rule), data=fields).status_code == 403


def test_the_check_of_pages_finds_what_is_wrong():
    page = """<html><head><title></title><style></style></head><body onload="x"><main>
    <h1>A</h1><h1>B</h1><input name="a"><p id="x"><p id="x"><button></button>
    <label for="y">Y</label></main></body></html>"""
    found = " ".join(problems(page))
    for sign in ("language", "<title>", "<style>", "onload", "2 <h1>", "without a label", "twice",
                 "<button> without a name", "'y'"):  # fmt: skip
        assert sign in found
