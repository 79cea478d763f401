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
        page.get_by_role("button", name="Apply filters", exact=True).click()
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


def test_without_a_script_the_bar_claims_no_number_that_it_cannot_know(visit, owner):
    page = visit(owner, LIST, javascript=False)
    bar = page.locator(".bulk")
    expect(bar).to_contain_text("Tick rows above, then choose here.")
    expect(bar).not_to_contain_text("selected")
    page.get_by_role("checkbox", name="Select alpha.org").check()
    bar.get_by_role("button", name="Keep selection").click()
    expect(bar).to_contain_text("1 domain selected")
    # One way to filter, not two of nearly the same name.
    expect(page.get_by_role("button", name=re.compile("filter", re.IGNORECASE))).to_have_count(1)


def test_the_language_spoken_is_the_one_that_stands_out(visit, owner):
    page = visit(owner, LIST, locale="fr-FR")
    weight = "one => getComputedStyle(one).fontWeight"
    spoken, other = (page.locator(f".foot [value={code}]") for code in ("fr", "en"))
    assert int(spoken.evaluate(weight)) > int(other.evaluate(weight))
    expect(spoken).to_have_attribute("aria-current", "true")


@pytest.mark.parametrize("locale", ["en-GB", "fr-FR"])
def test_the_advanced_view_fits_a_desk(app, visit, owner, locale):
    page = visit(owner, f"{LIST}?view=advanced", locale=locale)
    table = page.locator(".table.wide")
    assert table.evaluate("one => one.scrollWidth <= one.clientWidth")


def test_where_the_advanced_view_does_not_fit_its_edge_says_so(visit, owner):
    page = visit(owner, f"{LIST}?view=advanced", viewport={"width": 900, "height": 700})
    shade = "one => getComputedStyle(one, '::after').display"
    edge = page.locator("tbody .menu-cell").first
    assert edge.evaluate(shade) != "none"
    page.locator(".table.wide").evaluate("one => one.scrollTo(one.scrollWidth, 0)")
    page.wait_for_function(f"({shade})(document.querySelector('tbody .menu-cell')) === 'none'")
