"""Filters on a phone: folded away behind a button that counts them, with JavaScript and without."""

import re

import pytest
from playwright.sync_api import expect

from tests import make
from tests.browser.conftest import PHONE

LIST = "/domains"


@pytest.fixture
def owner(app):
    with app.app_context():
        acme = make.organization("Acme")
        make.domain(acme, "alpha.org", on=True)
        make.domain(acme, "beta.net")
        return make.owner(acme)


def names(page):
    return page.locator("#list td.main")


@pytest.mark.parametrize("javascript", [True, False])
def test_a_phone_unfolds_the_filters_and_counts_them(visit, owner, javascript):
    page = visit(owner, LIST, viewport=PHONE, javascript=javascript)
    choice = page.get_by_role("combobox", name="Auto-renewal")
    expect(choice).not_to_be_visible()
    page.locator("summary").click()
    choice.select_option("on")
    if not javascript:
        page.get_by_role("button", name="Filter", exact=True).click()
    expect(names(page)).to_have_text(["alpha.org"])
    expect(page).to_have_url(re.compile(r"[?&]auto_renewal=on"))
    expect(page.locator("summary")).to_have_text("Filters1")
    page.get_by_role("link", name="Clear filters").click()
    expect(names(page)).to_have_count(2)
    expect(page).to_have_url(re.compile(r"/domains$"))
    expect(page.locator("summary .count")).to_be_hidden()


def test_the_filters_stay_unfolded_while_the_list_changes(visit, owner):
    page = visit(owner, LIST, viewport=PHONE)
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Extension").select_option("org")
    page.get_by_label("Expires within").select_option("expired")
    expect(page.get_by_role("heading", name="No domain matches")).to_be_visible()
    expect(page.locator("summary")).to_have_text("Filters2")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("javascript", [True, False])
def test_where_there_is_room_nothing_is_folded_away(visit, owner, javascript):
    page = visit(owner, LIST, javascript=javascript)
    expect(page.get_by_label("Billed organization")).to_be_visible()
    expect(page.locator("summary")).not_to_be_visible()


def test_the_list_is_downloaded_as_it_is_filtered(visit, owner):
    page = visit(owner, LIST)
    page.get_by_label("Extension").select_option("net")
    expect(names(page)).to_have_text(["beta.net"])
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    assert "beta.net" in download.value.path().read_text("utf-8-sig")
    assert "alpha.org" not in download.value.path().read_text("utf-8-sig")
    expect(names(page)).to_have_text(["beta.net"])
