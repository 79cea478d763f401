"""The help page's recipe for many domains (seed-C), clicked step by step in both languages."""

import re
from dataclasses import dataclass
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from tests import make
from tests.browser.seed_b import colour, is_green, with_and_without_javascript

ALL = 60
TICKED = ("name02.org", "name05.org", "name07.org")
SECOND = "Second office, Paris"


@dataclass(frozen=True)
class Labels:
    """What product.md calls things in one language."""

    email: str
    password: str
    sign_in: str
    domains: str
    select: str
    actions: str
    renew: str
    renew_all: str
    recurring: str
    recurring_all: str
    contact: str
    billing_contact: str
    card: str
    confirm: str
    done: str
    undo: str
    mark: str


FRENCH = Labels(
    email="Adresse e-mail", password="Mot de passe", sign_in="Se connecter", domains="Domaines",
    select="Sélectionner", actions="Actions", renew="Renouveler", renew_all="Renouveler tout",
    recurring="Paiement récurrent", recurring_all="Paiement récurrent tout", contact="Contact",
    billing_contact="Contact de facturation", card="Carte", confirm="Confirmer",
    done="% domaines se renouvellent désormais automatiquement.", undo="Revenir en arrière",
    mark="Renouvellement automatique activé",
)  # fmt: skip
ENGLISH = Labels(
    email="E-mail", password="Password", sign_in="Sign in", domains="Domains",
    select="Select", actions="Actions", renew="Renew", renew_all="Renew all",
    recurring="Recurring payment", recurring_all="Recurring payment for all", contact="Contact",
    billing_contact="Billing contact", card="Card", confirm="Confirm",
    done="% domains renew by themselves now.", undo="Undo",
    mark="Auto-renewal on",
)  # fmt: skip

languages = pytest.mark.parametrize(
    ("locale", "labels"), [("fr-FR", FRENCH), ("en-GB", ENGLISH)], ids=["fr", "en"]
)


@dataclass(frozen=True)
class Customer:
    """Marie's organization with more domains than a page shows, none of them on."""

    marie: make.Made
    acme: make.Made


@pytest.fixture
def customer(app, clock):
    with app.app_context():
        make.usual_prices()
        acme = make.organization("Acme", balance=2000_00)
        for number in range(ALL):
            make.domain(acme, f"name{number:02}.org", expires_on=date(2027, 9, 15))
        make.contact(acme)
        return Customer(make.owner(acme), acme)


@pytest.fixture
def card(app, customer):
    with app.app_context():
        return make.card(customer.acme, holder="Second office")


def to_domains(page: Page, customer: Customer, labels: Labels) -> None:
    page.goto("/login")
    page.get_by_role("textbox", name=labels.email, exact=True).fill(customer.marie.name)
    page.get_by_label(labels.password, exact=True).fill(make.PASSWORD)
    page.get_by_role("button", name=labels.sign_in, exact=True).click()
    page.get_by_role("link", name=labels.domains, exact=True).first.click()
    expect(page).to_have_url(re.compile(r"/domains$"))


def choose(page: Page, labels: Labels, action: str) -> None:
    """One of the menu *Actions*."""
    page.get_by_role("button", name=labels.actions, exact=True).click()
    menu = page.get_by_role("menu", name=labels.actions, exact=True)
    menu.get_by_role("menuitem", name=action, exact=True).click()


def expect_done(page: Page, labels: Labels, number: int, shown: int) -> None:
    """Back on the list, with the message, its way back, and the marks."""
    expect(page).to_have_url(re.compile(r"/domains$"))
    message = page.get_by_role("status").filter(has_text=labels.done.replace("%", str(number)))
    expect(message.get_by_role("button", name=labels.undo, exact=True)).to_be_visible()
    marks = page.get_by_role("img", name=labels.mark, exact=True)
    expect(marks).to_have_count(shown)
    assert is_green(colour(marks.first))


@languages
@with_and_without_javascript
def test_some_domains(open_page, customer, card, locale, labels, javascript):
    page = open_page(locale=locale, javascript=javascript)
    to_domains(page, customer, labels)
    for name in TICKED:
        page.get_by_role("checkbox", name=f"{labels.select} {name}", exact=True).check()
    if javascript:
        expect(page.locator(".bulk-count")).to_contain_text("3")
    choose(page, labels, labels.recurring)
    expect(page).to_have_url(re.compile(r"/domains/recurring"))
    for name in TICKED:
        expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name=labels.contact, exact=True)).to_be_visible()
    contact = page.get_by_role("combobox", name=labels.billing_contact, exact=True)
    contact.select_option(label=SECOND)
    expect(page.get_by_role("combobox", name=labels.card, exact=True)).to_contain_text("4242")
    page.get_by_role("button", name=labels.confirm, exact=True).click()
    expect_done(page, labels, 3, 3)
    for name in TICKED:
        row = page.get_by_role("row").filter(has_text=name)
        expect(row.get_by_role("img", name=labels.mark, exact=True)).to_be_visible()


@with_and_without_javascript
def test_one_is_unticked_on_the_page_itself(open_page, customer, card, javascript):
    page = open_page(locale="en-GB", javascript=javascript)
    to_domains(page, customer, ENGLISH)
    choose(page, ENGLISH, ENGLISH.recurring_all)
    left_out = page.get_by_role("checkbox", name="Select name02.org", exact=True)
    left_out.uncheck()
    if javascript:
        expect(page.get_by_role("heading", name=f"{ALL - 1} domains are ticked")).to_be_visible()
        expect(left_out).to_be_focused()
    page.get_by_role("button", name=ENGLISH.confirm, exact=True).click()
    expect_done(page, ENGLISH, ALL - 1, 49)


@languages
@with_and_without_javascript
def test_all_domains(open_page, customer, card, locale, labels, javascript):
    page = open_page(locale=locale, javascript=javascript)
    to_domains(page, customer, labels)
    choose(page, labels, labels.recurring_all)
    expect(page).to_have_url(re.compile(r"/domains/recurring$"))
    expect(page.get_by_role("main")).to_contain_text(f"{ALL} ")
    page.get_by_role("button", name=labels.confirm, exact=True).click()
    expect_done(page, labels, ALL, 50)
    page.locator("a[rel=next]").click()
    expect(page.get_by_role("img", name=labels.mark, exact=True)).to_have_count(10)


@languages
def test_the_menu_before_and_after_there_is_a_card(app, open_page, customer, locale, labels):
    page = open_page(locale=locale)
    to_domains(page, customer, labels)
    menu = page.get_by_role("menu", name=labels.actions, exact=True)
    page.get_by_role("button", name=labels.actions, exact=True).click()
    expect(menu.get_by_role("menuitem", name=labels.recurring)).to_have_count(0)
    expect(menu.locator("a[href='/billing/cards']")).to_be_visible()
    with app.app_context():
        make.card(customer.acme)
    page.reload()
    page.get_by_role("button", name=labels.actions, exact=True).click()
    expect(menu.get_by_role("menuitem")).to_have_text(
        [labels.renew, labels.renew_all, labels.recurring, labels.recurring_all]
    )


@languages
def test_a_card_of_another_holder_is_warned_of_before_confirming(
    app, open_page, customer, card, locale, labels
):
    with app.app_context():
        make.card(customer.acme, holder="Acme")
    page = open_page(locale=locale)
    to_domains(page, customer, labels)
    choose(page, labels, labels.recurring_all)
    warning = page.locator("#preview .notice.warning")
    expect(warning).to_have_count(1)
    page.get_by_role("combobox", name=labels.billing_contact, exact=True).select_option(
        label=SECOND
    )
    expect(warning).to_have_count(0)
    page.get_by_role("button", name=labels.confirm, exact=True).click()
    expect_done(page, labels, ALL, 50)
