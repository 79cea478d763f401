"""The auto-renewal page and forwardings in a real browser, with and without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from tests import make

MAILBOX = "/mailboxes/info@example.org/auto-renewal"
DOMAIN = "/domains/example.org/auto-renewal"


@pytest.fixture
def marie(app, clock):
    """Owns two organizations, the first with a domain, a mailbox and a card."""
    with app.app_context():
        make.usual_prices()
        acme, beta = make.organization("Acme", balance=5000), make.organization("Beta")
        marie = make.owner(acme)
        make.member(marie, beta)
        make.mailbox(make.domain(acme, "example.org"), acme)
        make.card(acme)
        return marie


@pytest.fixture
def opened(open_page, marie):
    """Opens an address as Marie."""

    def opened(address: str, **how):
        page = open_page(**how)
        page.goto(f"/login?next={address}")
        page.get_by_label("E-mail").fill(marie.name)
        page.get_by_label("Password").fill(make.PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        return page

    return opened


def test_the_preview_follows_the_fields_and_update_can_be_undone(opened):
    page = opened(MAILBOX)
    page.get_by_role("switch", name="Auto-renewal").check()
    expect(page.locator("#preview")).to_contain_text("€1.00 for 1 month")
    page.get_by_role("radio", name="Yearly").check()
    expect(page.locator("#preview")).to_contain_text("€10.00 for 1 year")
    page.get_by_label("Billed organization").select_option(label="Beta")
    expect(page.locator("#preview")).to_contain_text("€10.00 short: Beta has €0.00.")
    page.get_by_role("button", name="Update").click()
    expect(page).to_have_url(re.compile("/domains/example.org/mailboxes$"))
    expect(page.get_by_role("img", name="Auto-renewal on")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("img", name="Auto-renewal on")).to_have_count(0)


def test_another_payer_brings_its_own_contacts_and_cards(opened):
    page = opened(DOMAIN)
    page.get_by_role("switch", name="Auto-renewal").check()
    page.get_by_label("Card").select_option(index=1)
    page.get_by_label("Billed organization").select_option(label="Beta")
    expect(page.get_by_label("Billing contact")).to_contain_text("Beta, Paris")
    expect(page.get_by_label("Card").locator("option")).to_have_text(["No card"])


def test_a_ticked_domain_stays_ticked_while_the_preview_changes(opened):
    page = opened(MAILBOX)
    page.get_by_role("switch", name="Auto-renewal").check()
    domain_too = page.get_by_role("checkbox", name="Switch on auto-renewal of example.org too")
    domain_too.check()
    page.get_by_role("radio", name="Yearly").check()
    expect(page.locator("#preview")).to_contain_text("€10.00 for 1 year")
    expect(domain_too).to_be_checked()


def test_without_javascript_a_button_shows_the_preview(opened):
    page = opened(MAILBOX, javascript=False)
    page.get_by_role("switch", name="Auto-renewal").check()
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text("€1.00 for 1 month")
    page.get_by_role("button", name="Update").click()
    expect(page.get_by_role("img", name="Auto-renewal on")).to_be_visible()


def test_a_forwarding_is_added_and_removed(opened):
    page = opened("/domains/example.org/mailboxes")
    page.get_by_role("link", name="Add a forwarding").click()
    page.get_by_label("Address").fill("contact")
    page.get_by_label("Destinations").fill("info@example.org")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="Actions for contact@example.org").click()
    page.get_by_role("menuitem", name="Remove").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No forwarding yet")).to_be_visible()
