"""The help page's recipe for several or all mailboxes, clicked step by step in both languages."""

import re
from datetime import date

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import make
from tests.browser.seed_b import (
    Labels,
    colour,
    is_green,
    languages,
    mailboxes,
    with_and_without_javascript,
)

ALL = 60
TICKED = ("box02@example.org", "box05@example.org", "box07@example.org")


@pytest.fixture
def marie(app, clock):
    """Owns two organizations, the first with more mailboxes than a page shows, none of them on."""
    with app.app_context():
        make.usual_prices()
        acme, beta = make.organization("Acme", balance=500_00), make.organization("Beta")
        marie = make.owner(acme)
        make.member(marie, beta)
        domain = make.domain(acme, "example.org")
        for number in range(ALL):
            make.mailbox(domain, acme, f"box{number:02}", expires_on=date(2027, 4, 15))
        return marie


@languages
@with_and_without_javascript
def test_several_mailboxes(open_page, marie, locale, labels, javascript):
    page = open_page(locale=locale, javascript=javascript)
    mailboxes(page, marie, labels)
    for name in TICKED:
        page.get_by_role("checkbox", name=labels.select.replace("%", name), exact=True).check()
    if javascript:
        expect(page.locator(".bulk").get_by_text("3", exact=False).first).to_be_visible()
    open_renewal(page, labels)
    choose(form(page, labels, javascript), labels, period=labels.yearly, payer="Beta")
    expect_marks(page, labels, 3)
    for name in TICKED:
        row = page.get_by_role("row").filter(has_text=name)
        expect(row.get_by_role("img", name=labels.mark, exact=True)).to_be_visible()


@languages
@with_and_without_javascript
def test_all_mailboxes(open_page, marie, locale, labels, javascript):
    page = open_page(locale=locale, javascript=javascript)
    mailboxes(page, marie, labels)
    if javascript:
        page.get_by_role("checkbox", name=labels.select_page, exact=True).check()
    page.get_by_role("button", name=labels.select_all.replace("%", str(ALL)), exact=True).click()
    expect(page.locator(".bulk-count")).to_contain_text(str(ALL))
    open_renewal(page, labels)
    choose(form(page, labels, javascript), labels, period=labels.monthly, payer="Acme")
    expect_marks(page, labels, 50)
    page.locator("a[rel=next]").click()
    expect_marks(page, labels, 10)


def open_renewal(page: Page, labels: Labels) -> None:
    """The bar at the bottom of the page, and its button."""
    bar = page.locator(".bulk")
    expect(bar.get_by_role("button", name=labels.clear, exact=True)).to_be_visible()
    bar.get_by_role("button", name=labels.auto_renewal, exact=True).click()


def form(page: Page, labels: Labels, javascript: bool) -> Locator:
    """Where the choice is made: a dialog over the list, or a page without JavaScript."""
    if javascript:
        return page.get_by_role("dialog", name=labels.auto_renewal, exact=True)
    expect(page).to_have_url(re.compile(r"/domains/example\.org/mailboxes/auto-renewal"))
    return page.get_by_role("main")


def choose(where: Locator, labels: Labels, *, period: str, payer: str) -> None:
    """Fill the form and leave it by its button."""
    where.get_by_role("switch", name=labels.auto_renewal, exact=True).check()
    frequency = where.get_by_role("radiogroup", name=labels.frequency, exact=True)
    expect(frequency.get_by_role("radio")).to_have_count(2)
    frequency.get_by_role("radio", name=period, exact=True).check()
    where.get_by_role("combobox", name=labels.billed, exact=True).select_option(label=payer)
    where.get_by_role("button", name=labels.update, exact=True).click()


def expect_marks(page: Page, labels: Labels, number: int) -> None:
    """Back on the list, so many rows have the green A, right after their expiry date."""
    expect(page).to_have_url(re.compile(r"/domains/example\.org/mailboxes(\?after=[^&]+)?$"))
    marks = page.get_by_role("img", name=labels.mark, exact=True)
    expect(marks).to_have_count(number)
    expect(marks.first).to_have_text("A")
    expect(page.locator("time[datetime='2027-04-15'] + .mark")).to_have_count(number)
    assert is_green(colour(marks.first))
