"""The help page's two recipes for one mailbox, clicked step by step in both languages.

Controls are looked for by role and name, as a screen reader announces them.
"""

import re
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from tests import make
from tests.browser.seed_b import (
    ADDRESS,
    Labels,
    colour,
    is_green,
    is_grey,
    languages,
    mailboxes,
    with_and_without_javascript,
)


@pytest.fixture
def marie(app, clock):
    """Owns two organizations, the first with the mailbox, which does not renew by itself."""
    with app.app_context():
        make.usual_prices()
        acme, beta = make.organization("Acme", balance=5000), make.organization("Beta")
        marie = make.owner(acme)
        make.member(marie, beta)
        domain = make.domain(acme, "example.org")
        make.mailbox(domain, acme, "info", expires_on=date(2027, 4, 15))
        make.mailbox(domain, acme, "other", expires_on=date(2027, 4, 15))
        return marie


def choose(page: Page, labels: Labels, *, period: str, payer: str) -> None:
    """Fill the auto-renewal page and leave it by its button, back to the list."""
    expect(page).to_have_url(re.compile(r"/mailboxes/info@example\.org/auto-renewal$"))
    switch = page.get_by_role("switch", name=labels.auto_renewal, exact=True)
    expect(switch).not_to_be_checked()
    switch.check()
    frequency = page.get_by_role("radiogroup", name=labels.frequency, exact=True)
    expect(frequency.get_by_role("radio")).to_have_count(2)
    frequency.get_by_role("radio", name=period, exact=True).check()
    page.get_by_role("combobox", name=labels.billed, exact=True).select_option(label=payer)
    page.get_by_role("button", name=labels.update, exact=True).click()
    expect(page).to_have_url(re.compile(r"/domains/example\.org/mailboxes$"))


def row(page: Page):
    return page.get_by_role("row").filter(has_text=ADDRESS)


def expect_mark_after_expiry(page: Page, labels: Labels) -> None:
    """A green A in the mailbox's row alone, right after its expiry date."""
    mark = row(page).get_by_role("img", name=labels.mark, exact=True)
    expect(mark).to_have_text("A")
    expect(page.get_by_role("img", name=labels.mark, exact=True)).to_have_count(1)
    expect(row(page).locator("time[datetime='2027-04-15'] + *")).to_have_accessible_name(
        labels.mark
    )
    assert is_green(colour(mark))


@languages
@with_and_without_javascript
def test_from_the_list_of_mailboxes(open_page, marie, locale, labels, javascript):
    page = open_page(locale=locale, javascript=javascript)
    mailboxes(page, marie, labels)
    page.get_by_role("button", name=labels.actions, exact=True).click()
    items = page.get_by_role("menu", name=labels.actions).get_by_role("menuitem")
    expect(items.first).to_have_text(labels.manage)
    items.first.click()
    choose(page, labels, period=labels.yearly, payer="Beta")
    expect_mark_after_expiry(page, labels)


@languages
@with_and_without_javascript
def test_from_the_mailbox_itself(open_page, marie, locale, labels, javascript):
    page = open_page(locale=locale, javascript=javascript)
    mailboxes(page, marie, labels)
    page.get_by_role("link", name=ADDRESS, exact=True).click()
    block = page.locator("section").filter(
        has=page.get_by_role("heading", name=labels.configuration, exact=True)
    )
    line = block.locator("dl").filter(has_text=labels.auto_renewal)
    state = line.get_by_text(labels.off, exact=True)
    assert is_grey(colour(state)), colour(state)
    line.get_by_role("link", name=labels.change).click()
    choose(page, labels, period=labels.monthly, payer="Acme")
    expect_mark_after_expiry(page, labels)
    page.get_by_role("link", name=ADDRESS, exact=True).click()
    state = line.get_by_text(labels.on, exact=True)
    assert is_green(colour(state)), colour(state)
