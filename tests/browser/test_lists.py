"""Lists in a real browser: with htmx only the list changes, and the address follows."""

import re

import pytest
from playwright.sync_api import expect

from tests import make
from tests.pages import signed_in


@pytest.fixture
def acme(app):
    with app.app_context():
        make.usual_prices()
        acme = make.organization("Acme")
        domain = make.domain(acme, "example.org")
        for n in range(30):
            make.mailbox(domain, acme, f"m{n:02}", used_bytes=n)
        return acme


@pytest.fixture
def mailboxes(app, acme, open_page, live_server):
    """Opens the list of mailboxes as its owner."""
    with app.app_context():
        marie = make.owner(acme)

    def mailboxes(query="", **how):
        page = open_page(**how)
        cookie = signed_in(app, marie).get_cookie("vigie")
        page.context.add_cookies([{"name": "vigie", "value": cookie.value, "url": live_server}])
        page.goto(f"/domains/example.org/mailboxes{query}")
        return page

    return mailboxes


def first(page):
    return page.locator("#list td.main").first


def test_sorting_and_paging_change_the_list_alone_and_the_address(mailboxes):
    page = mailboxes("?size=25")
    page.evaluate("window.stays = true")
    page.get_by_role("link", name="Used space").click()
    expect(page).to_have_url(re.compile(r"sort=used"))
    page.get_by_role("link", name="Used space").click()
    expect(page).to_have_url(re.compile(r"\?sort=-used&size=25$"))
    expect(first(page)).to_have_text("m29@example.org")
    page.get_by_role("link", name="Next").click()
    expect(first(page)).to_have_text("m04@example.org")
    assert page.evaluate("window.stays")


def test_typing_searches_and_keeps_the_focus(mailboxes):
    page = mailboxes()
    search = page.get_by_role("searchbox")
    search.press_sequentially("m17")
    expect(page.locator("#list td.main")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=m17$"))
    expect(search).to_be_focused()


def test_a_click_right_after_typing_is_not_lost(mailboxes):
    page = mailboxes("?size=25")
    page.get_by_role("searchbox").press_sequentially("m2")
    expect(page.locator("#list td.main")).to_have_count(10)
    page.get_by_role("link", name="Address").click()
    expect(page).to_have_url(re.compile(r"sort=-address"))
    expect(first(page)).to_have_text("m29@example.org")


def test_ticked_rows_stay_ticked_on_other_pages(mailboxes):
    page = mailboxes("?size=25")
    page.get_by_label("Select m03@example.org").check()
    page.get_by_role("link", name="Next").click()
    page.get_by_label("Select m26@example.org").check()
    page.reload()
    expect(page.locator(".bulk-count")).to_have_text("2 mailboxes selected")
    page.get_by_role("link", name="Previous").click()
    expect(page.get_by_label("Select m03@example.org")).to_be_checked()


def test_without_javascript_the_same_list_is_filtered_by_a_button(mailboxes):
    page = mailboxes("?sort=-address", javascript=False)
    page.get_by_role("searchbox").fill("m1")
    page.get_by_role("button", name="Apply filters").click()
    expect(first(page)).to_have_text("m19@example.org")


def test_a_row_menu_leads_to_auto_renewal_by_keyboard(mailboxes):
    page = mailboxes()
    page.get_by_role("button", name="Actions for m00@example.org").press("Enter")
    item = page.get_by_role("menuitem", name="Manage auto-renewal").first
    expect(item).to_be_focused()
    item.press("Enter")
    expect(page).to_have_url(re.compile(r"/mailboxes/m00@example\.org/auto-renewal$"))


def test_on_a_phone_nothing_is_wider_than_the_screen(mailboxes):
    page = mailboxes(viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
