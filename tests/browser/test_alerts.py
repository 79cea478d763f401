"""Each type of alert as its customer sees it: it appears, and its button resolves it."""

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from app.accounts.models import Organization
from app.accounts.rules import Plan
from app.db import transaction
from app.jobs.service import tick
from tests import make
from tests.make import NOW, PASSWORD, TODAY


@dataclass(frozen=True)
class Labels:
    """What the pages call things in one language."""

    alerts: str
    resolved: str
    all_is_well: str
    pay_missing: str
    top_up: str
    renew: str
    card: str
    move: str
    inactive: str
    signed_in: str
    pay: str
    holder: str
    proforma: str
    remove: str
    apply: str
    email: str
    password: str
    sign_in: str


ENGLISH = Labels(
    alerts="Alerts", resolved="Resolved", all_is_well="All is well",
    pay_missing="Pay what is missing", top_up="Top up or add a card", renew="Renew acme.org",
    card="Update or remove the card", move="Apply the move",
    inactive="Nobody has signed in for a long time", signed_in="You are signed in",
    pay="Pay", holder="Card holder", proforma="Make the pro forma", remove="Remove the card",
    apply="Apply now", email="E-mail", password="Password", sign_in="Sign in",
)  # fmt: skip
FRENCH = Labels(
    alerts="Alertes", resolved="Résolue", all_is_well="Tout va bien",
    pay_missing="Payer ce qui manque", top_up="Recharger ou ajouter une carte",
    renew="Renouveler acme.org", card="Mettre à jour ou supprimer la carte",
    move="Appliquer la migration", inactive="Personne ne s’est connecté depuis longtemps",
    signed_in="Vous êtes connecté", pay="Payer", holder="Titulaire de la carte",
    proforma="Établir la facture pro forma", remove="Supprimer la carte",
    apply="Appliquer maintenant", email="Adresse e-mail", password="Mot de passe",
    sign_in="Se connecter",
)  # fmt: skip
languages = pytest.mark.parametrize(
    ("locale", "labels"), [("fr-FR", FRENCH), ("en-GB", ENGLISH)], ids=["fr", "en"]
)


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        make.usual_prices()
        return make.organization("Acme")


@pytest.fixture
def ticks(app, clock):
    """Runs all jobs, a minute later each time."""

    def ticks(times: int = 1) -> None:
        for _time in range(times):
            clock.advance(timedelta(minutes=1))
            with app.app_context():
                tick(clock.now())

    return ticks


@pytest.fixture
def opened(app, visit, ticks, acme):
    """Lets the alert open and goes to it from the overview, as its owner."""

    def opened(locale: str, labels: Labels) -> Page:
        with app.app_context():
            marie = make.owner(acme)
        ticks()
        page = visit(marie, "/", locale=locale)
        expect(page.get_by_role("link", name=f"{labels.alerts} 1", exact=True)).to_be_visible()
        page.get_by_role("main").get_by_role("table").first.get_by_role("link").first.click()
        expect(page).to_have_url(re.compile(r"/alerts/[a-z0-9]+$"))
        return page

    return opened


def resolves(page: Page, labels: Labels, alert: str) -> None:
    """The alert says so, and nothing else is open."""
    page.goto(alert)
    expect(page.get_by_role("main").locator(".notice")).to_contain_text(labels.resolved)
    page.locator("#nav").get_by_role("link", name=labels.alerts, exact=True).click()
    expect(page.get_by_role("heading", name=labels.all_is_well)).to_be_visible()


def pays_by_card(page: Page, labels: Labels) -> None:
    """On the top-up page, where the amount is filled in, and at the sandbox bank."""
    page.get_by_role("button", name=labels.pay, exact=True).click()
    page.get_by_role("textbox", name=labels.holder, exact=True).fill("Acme SARL")
    page.get_by_role("button", name=re.compile(f"^{labels.pay}")).click()
    expect(page).to_have_url(re.compile(r"/billing/payments/[a-z0-9]+$"))


@languages
def test_a_negative_balance_is_paid(app, acme, opened, ticks, locale, labels):
    with app.app_context():
        make.money(acme, -1250)
    page = opened(locale, labels)
    alert = page.url
    page.get_by_role("link", name=labels.pay_missing, exact=True).click()
    pays_by_card(page, labels)
    ticks()
    resolves(page, labels, alert)


@languages
def test_a_renewal_that_cannot_be_paid_is_paid_for(app, acme, opened, ticks, locale, labels):
    with app.app_context():
        domain = make.domain(acme, "acme.org", external=True)
        make.mailbox(domain, acme, "info", expires_on=TODAY + timedelta(days=20), on=True)
    page = opened(locale, labels)
    alert = page.url
    page.get_by_role("link", name=labels.top_up, exact=True).click()
    pays_by_card(page, labels)
    ticks()
    resolves(page, labels, alert)


@languages
def test_a_domain_that_expires_is_renewed(app, acme, opened, ticks, locale, labels):
    with app.app_context():
        make.money(acme, 5000)
        make.domain(acme, "acme.org", expires_on=TODAY + timedelta(days=40))
    page = opened(locale, labels)
    alert = page.url
    page.get_by_role("link", name=labels.renew, exact=True).click()
    page.get_by_role("button", name=labels.proforma, exact=True).click()
    page.get_by_role("link", name=labels.pay, exact=True).click()
    page.get_by_role("button", name=re.compile(f"^{labels.pay}")).click()
    ticks(2)
    resolves(page, labels, alert)


@languages
def test_a_card_that_expires_is_removed(app, acme, opened, ticks, locale, labels):
    with app.app_context():
        make.card(acme, exp=(3, 2027))
    page = opened(locale, labels)
    alert = page.url
    page.get_by_role("link", name=labels.card, exact=True).click()
    page.get_by_role("link", name="Visa •••• 4242", exact=True).click()
    page.get_by_role("link", name=labels.remove, exact=True).click()
    page.get_by_role("button", name=labels.remove, exact=True).click()
    ticks()
    resolves(page, labels, alert)


@languages
def test_a_move_is_applied(app, acme, opened, ticks, locale, labels):
    with app.app_context():
        make.move(make.account(acme))
    page = opened(locale, labels)
    alert = page.url
    page.get_by_role("link", name=labels.move, exact=True).click()
    page.get_by_role("button", name=labels.apply, exact=True).click()
    expect(page.get_by_role("status")).not_to_have_count(0)
    ticks(3)
    resolves(page, labels, alert)


@languages
def test_an_unused_free_plan_is_kept_by_signing_in(
    app, acme, clock, open_page, live_server, ticks, locale, labels
):
    with app.app_context():
        marie = make.owner(acme)
        with transaction() as session:
            long_ago = NOW - timedelta(days=200)
            session.execute(update(Organization).values(plan=Plan.FREE, created_at=long_ago))
    ticks()
    page = open_page(locale=locale)
    page.goto("/")
    page.get_by_role("textbox", name=labels.email).fill(marie.name)
    page.get_by_role("textbox", name=labels.password).fill(PASSWORD)
    page.get_by_role("button", name=labels.sign_in, exact=True).click()
    row = page.get_by_role("row", name=re.compile(labels.inactive))
    expect(row).to_contain_text(labels.signed_in)
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", name=labels.inactive)).to_be_visible()
    alert = page.url
    ticks()
    resolves(page, labels, alert)
