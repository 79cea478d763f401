"""Topping up on the sandbox bank's page and by transfer, as people click."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests import make
from tests.browser.seed_b import with_and_without_javascript


@dataclass(frozen=True)
class Labels:
    """What the pages call things in one language."""

    top_up: str
    amount: str
    typed: str
    another: str
    transfer: str
    pay: str
    holder: str
    bank_pay: str
    bank_cancel: str
    paid: str
    not_paid: str
    go_on: str
    in_wallet: str
    reference: str
    cancel_transfer: str
    cancelled: str
    already: str
    movement: str
    bad: str


ENGLISH = Labels(
    top_up="Top up", amount="Amount", typed="1,234.50", another="Card", transfer="Bank transfer",
    pay="Pay", holder="Card holder", bank_pay="Pay", bank_cancel="Cancel", paid="Paid",
    not_paid="Nothing was taken.", go_on="Continue to the payment page",
    in_wallet="€1,234.50 is in the wallet.", reference="Reference to quote",
    cancel_transfer="Cancel this transfer", cancelled="The bank transfer is cancelled.",
    already="This was already paid", movement="Top-up by card", bad="without a minus sign",
)  # fmt: skip
FRENCH = Labels(
    top_up="Recharger", amount="Montant", typed="1 234,50", another="Carte",
    transfer="Virement bancaire", pay="Payer", holder="Titulaire de la carte", bank_pay="Payer",
    bank_cancel="Annuler", paid="Payé", not_paid="Rien n’a été prélevé.",
    go_on="Continuer vers la page de paiement",
    in_wallet="1 234,50 € sont sur le compte prépayé.", reference="Référence à indiquer",
    cancel_transfer="Annuler ce virement", cancelled="Le virement est annulé.",
    already="Ce versement a déjà été payé", movement="Rechargement par carte",
    bad="sans signe moins",
)  # fmt: skip
languages = pytest.mark.parametrize(
    ("locale", "labels"), [("fr-FR", FRENCH), ("en-GB", ENGLISH)], ids=["fr", "en"]
)
AT_THE_BANK = re.compile(r"/sandbox/gateway/[a-z0-9]+$")
BACK = re.compile(r"/billing/payments/[a-z0-9]+$")


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        return make.organization("Acme")


@pytest.fixture
def marie(app, acme):
    with app.app_context():
        return make.owner(acme)


def asked(page: Page, labels: Labels, means: str, amount: str | None = None) -> None:
    """From the balance to the form, filled in and sent."""
    page.goto("/billing")
    page.get_by_role("link", name=labels.top_up, exact=True).click()
    page.get_by_role("textbox", name=labels.amount, exact=True).fill(amount or labels.typed)
    page.get_by_role("radio", name=means, exact=True).check()
    page.get_by_role("button", name=labels.pay, exact=True).click()


@languages
@with_and_without_javascript
def test_a_card_pays_on_the_banks_page(visit, marie, locale, labels, javascript):
    page = visit(marie, "/billing", locale=locale, javascript=javascript)
    asked(page, labels, labels.another)
    expect(page).to_have_url(AT_THE_BANK)
    page.get_by_role("textbox", name=labels.holder, exact=True).fill("Acme SARL")
    page.get_by_role("button", name=re.compile(f"^{labels.bank_pay}")).click()
    expect(page).to_have_url(BACK)
    expect(page.get_by_role("main")).to_contain_text(labels.in_wallet)
    page.goto("/billing/statement")
    expect(page.get_by_role("link", name=re.compile(f"^{labels.movement}"))).to_have_count(1)


@languages
@with_and_without_javascript
def test_whoever_turns_back_at_the_bank_has_paid_nothing(visit, marie, locale, labels, javascript):
    page = visit(marie, "/billing", locale=locale, javascript=javascript)
    asked(page, labels, labels.another)
    page.get_by_role("button", name=labels.bank_cancel, exact=True).click()
    expect(page).to_have_url(BACK)
    expect(page.get_by_role("main")).to_contain_text(labels.not_paid)


@languages
def test_whoever_goes_back_can_still_go_on(visit, marie, locale, labels):
    page = visit(marie, "/billing", locale=locale)
    asked(page, labels, labels.another)
    expect(page).to_have_url(AT_THE_BANK)
    page.goto("/billing")
    page.get_by_role("table").first.get_by_role("link").first.click()
    expect(page.get_by_role("main")).to_contain_text(labels.not_paid)
    page.get_by_role("link", name=labels.go_on, exact=True).click()
    expect(page).to_have_url(AT_THE_BANK)


@languages
def test_whoever_goes_back_after_paying_sees_it_was_paid(app, visit, acme, marie, locale, labels):
    with app.app_context():
        make.card(acme)
    page = visit(marie, "/billing", locale=locale)
    asked(page, labels, "Visa •••• 4242")
    expect(page).to_have_url(BACK)
    paid = page.url
    page.go_back()
    expect(page).to_have_url(paid)
    expect(page.get_by_role("status")).to_contain_text(labels.already)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto("/billing/statement")
    expect(page.get_by_role("link", name=re.compile("Visa"))).to_have_count(1)


@languages
@with_and_without_javascript
def test_a_transfer_tells_what_to_quote_and_is_cancelled(visit, marie, locale, labels, javascript):
    page = visit(marie, "/billing", locale=locale, javascript=javascript)
    asked(page, labels, labels.transfer)
    expect(page).to_have_url(BACK)
    main = page.get_by_role("main")
    expect(main).to_contain_text(labels.reference)
    expect(main).to_contain_text(re.compile(r"RF\d\d [2-9A-Z]{4} [2-9A-Z]{4} [2-9A-Z]{2}"))
    page.get_by_role("button", name=labels.cancel_transfer, exact=True).click()
    expect(page.get_by_role("status")).to_have_text(labels.cancelled)


@languages
def test_a_bad_amount_is_told_beside_the_field_and_kept(visit, marie, locale, labels):
    page = visit(marie, "/billing", locale=locale)
    asked(page, labels, labels.another, amount="-12")
    field = page.get_by_role("textbox", name=labels.amount, exact=True)
    expect(field).to_have_value("-12")
    expect(field).to_have_accessible_description(re.compile(labels.bad))
    expect(page.get_by_role("alert")).to_contain_text(labels.bad)
