"""From an empty wallet to an invoice on disk: a card, a top-up, three domains by pro forma."""

import re
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from tests import make
from tests.browser.seed_b import with_and_without_javascript


@pytest.fixture
def marie(app, clock):
    with app.app_context():
        make.usual_prices()
        acme = make.organization("Acme")
        for name in ("one.org", "two.org", "three.org"):
            make.domain(acme, name, expires_on=date(2027, 9, 1))
        return make.owner(acme)


def add_a_card(page: Page) -> None:
    page.goto("/billing/cards")
    page.get_by_role("main").get_by_role("link", name="Add a card", exact=True).click()
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("textbox", name="Card holder", exact=True).fill("Acme SARL")
    page.get_by_role("button", name="Save card", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("The card is saved")


def top_up(page: Page, amount: str) -> None:
    page.goto("/billing")
    page.get_by_role("link", name="Top up", exact=True).first.click()
    page.get_by_role("textbox", name="Amount", exact=True).fill(amount)
    page.get_by_role("radio", name="Visa •••• 4242", exact=True).check()
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(page).to_have_url(re.compile(r"/billing/payments/[a-z0-9]+$"))
    expect(page.get_by_role("main")).to_contain_text("Paid")


def order_all(page: Page) -> None:
    page.goto("/domains")
    page.get_by_role("button", name="Actions", exact=True).click()
    page.get_by_role("menuitem", name="Renew all", exact=True).click()
    expect(page.get_by_role("heading", name="Renew domains early")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("3 domains for €45.00 in all, tax included.")
    page.get_by_role("button", name="Make the pro forma", exact=True).click()
    expect(page).to_have_url(re.compile(r"/billing/proformas/PF2027-000001$"))


@with_and_without_javascript
def test_a_card_a_top_up_three_domains_by_pro_forma_and_the_invoice(visit, marie, javascript):
    page = visit(marie, "/", javascript=javascript)
    add_a_card(page)
    top_up(page, "20")
    order_all(page)
    page.get_by_role("link", name="Pay", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("€25.00")
    page.get_by_role("radio", name="Visa •••• 4242", exact=True).check()
    page.get_by_role("button", name="Pay €25.00", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Paid.")
    page.get_by_role("link", name="F2027-000001", exact=True).first.click()
    with page.expect_download() as started:
        page.get_by_role("link", name="Download PDF", exact=True).click()
    assert started.value.suggested_filename == "F2027-000001.pdf"
    page.goto("/domains")
    expect(page.locator('main time[datetime="2028-09-01"]')).to_have_count(3)
    page.goto("/billing")
    expect(page.get_by_role("main")).to_contain_text("€0.00")
