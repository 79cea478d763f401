"""A card added on the sandbox bank's page, and what it opens up (seed-C), as customers click it."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests import make
from tests.browser.seed_b import with_and_without_javascript
from tests.browser.test_pages import DESK, PHONE, problems


@dataclass(frozen=True)
class Labels:
    """What the pages call things in one language."""

    add: str
    go_on: str
    holder: str
    save: str
    sca: str
    confirm: str
    cancel: str
    saved: str
    none: str
    actions: str
    recurring: str
    recurring_all: str
    last: str
    remove: str
    removed: str


ENGLISH = Labels(
    add="Add a card", go_on="Continue", holder="Card holder", save="Save card",
    sca="The bank asks its holder to confirm each payment", confirm="Confirm", cancel="Cancel",
    saved="The card is saved.", none="No card was saved.", actions="Actions",
    recurring="Recurring payment", recurring_all="Recurring payment for all",
    last="This is the last card that can be charged", remove="Remove the card",
    removed="The card is removed.",
)  # fmt: skip
FRENCH = Labels(
    add="Ajouter une carte", go_on="Continuer", holder="Titulaire de la carte",
    save="Enregistrer la carte", sca="La banque demande au titulaire de confirmer chaque paiement",
    confirm="Confirmer", cancel="Annuler", saved="La carte est enregistrée.",
    none="Aucune carte n’a été enregistrée.", actions="Actions", recurring="Paiement récurrent",
    recurring_all="Paiement récurrent tout", last="C’est la dernière carte qui puisse être débitée",
    remove="Supprimer la carte", removed="La carte est supprimée.",
)  # fmt: skip
languages = pytest.mark.parametrize(
    ("locale", "labels"), [("fr-FR", FRENCH), ("en-GB", ENGLISH)], ids=["fr", "en"]
)


@pytest.fixture
def marie(app, clock):
    with app.app_context():
        make.usual_prices()
        acme = make.organization("Acme")
        make.domain(acme, "acme.org", on=True)
        return make.owner(acme)


def to_bank(page: Page, labels: Labels) -> None:
    page.get_by_role("main").get_by_role("link", name=labels.add, exact=True).click()
    page.get_by_role("button", name=labels.go_on, exact=True).click()
    expect(page).to_have_url(re.compile(r"/sandbox/gateway/[a-z0-9]+$"))


def fill_in(page: Page, labels: Labels) -> None:
    page.get_by_role("textbox", name=labels.holder, exact=True).fill("Acme SARL")
    page.get_by_role("button", name=labels.save, exact=True).click()


@languages
@with_and_without_javascript
def test_a_card_is_added_and_recurring_payment_appears(visit, marie, locale, labels, javascript):
    page = visit(marie, "/domains", locale=locale, javascript=javascript)
    page.get_by_role("button", name=labels.actions, exact=True).click()
    menu = page.get_by_role("menu", name=labels.actions, exact=True)
    expect(menu.get_by_role("menuitem", name=labels.recurring)).to_have_count(0)
    menu.get_by_role("menuitem", name=labels.add, exact=True).click()
    expect(page).to_have_url(re.compile(r"/billing/cards$"))
    to_bank(page, labels)
    fill_in(page, labels)
    expect(page).to_have_url(re.compile(r"/billing/cards$"))
    expect(page.get_by_role("status")).to_have_text(labels.saved)
    expect(page.get_by_role("link", name="Visa •••• 4242", exact=True)).to_be_visible()
    page.goto("/domains")
    page.get_by_role("button", name=labels.actions, exact=True).click()
    for name in (labels.recurring, labels.recurring_all):
        expect(menu.get_by_role("menuitem", name=name, exact=True)).to_be_visible()


@languages
@with_and_without_javascript
def test_a_bank_that_wants_confirmation_is_confirmed(visit, marie, locale, labels, javascript):
    page = visit(marie, "/billing/cards", locale=locale, javascript=javascript)
    to_bank(page, labels)
    page.get_by_role("radio", name=labels.sca, exact=True).check()
    fill_in(page, labels)
    page.get_by_role("button", name=labels.confirm, exact=True).click()
    expect(page.get_by_role("status")).to_have_text(labels.saved)
    expect(page.get_by_role("link", name="Visa •••• 3184", exact=True)).to_be_visible()


@languages
def test_whoever_turns_back_at_the_bank_has_no_card(visit, marie, locale, labels):
    page = visit(marie, "/billing/cards", locale=locale)
    to_bank(page, labels)
    page.get_by_role("button", name=labels.cancel, exact=True).click()
    expect(page.get_by_role("status")).to_have_text(labels.none)
    expect(page.get_by_role("table")).to_have_count(0)


@languages
@with_and_without_javascript
def test_a_card_is_removed_after_what_depends_on_it_was_shown(
    visit, marie, locale, labels, javascript
):
    page = visit(marie, "/billing/cards", locale=locale, javascript=javascript)
    to_bank(page, labels)
    fill_in(page, labels)
    page.get_by_role("link", name="Visa •••• 4242", exact=True).click()
    page.get_by_role("link", name=labels.remove, exact=True).click()
    expect(page.get_by_role("main")).to_contain_text(labels.last)
    page.get_by_role("button", name=labels.remove, exact=True).click()
    expect(page.get_by_role("status")).to_have_text(labels.removed)
    expect(page.get_by_role("table")).to_have_count(0)


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_the_pages_of_cards_and_of_the_bank_can_be_used_by_everybody(visit, marie, viewport):
    page = visit(marie, "/billing/cards", viewport=viewport)
    to_bank(page, ENGLISH)
    wrong = problems(page, "card")
    page.get_by_role("radio", name=ENGLISH.sca, exact=True).check()
    fill_in(page, ENGLISH)
    wrong += problems(page, "confirm")
    page.get_by_role("button", name=ENGLISH.confirm, exact=True).click()
    page.get_by_role("link", name="Visa •••• 3184", exact=True).click()
    wrong += problems(page, "one card")
    page.get_by_role("link", name=ENGLISH.remove, exact=True).click()
    wrong += problems(page, "remove")
    assert not wrong, "\n".join(wrong)
