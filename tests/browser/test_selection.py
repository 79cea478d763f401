"""Ticking in a real browser: the bar, the dialog it opens, and every way to lose a tick."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests import make
from tests.browser.conftest import PHONE

LIST = "/domains/example.org/mailboxes"


@pytest.fixture
def marie(app, clock):
    """Owns sixty mailboxes, of which every second renews by itself, and a second organization."""
    with app.app_context():
        make.usual_prices()
        acme, beta = make.organization("Acme", balance=500_00), make.organization("Beta")
        domain = make.domain(acme, "example.org")
        for n in range(60):
            make.mailbox(domain, acme, f"m{n:02}", on=n % 2 == 0, used_bytes=n)
        marie = make.owner(acme)
        make.member(marie, beta)
        return marie


@pytest.fixture
def opened(visit, marie):
    """Opens the list as Marie."""

    def opened(query: str = "", **how) -> Page:
        return visit(marie, f"{LIST}{query}", **how)

    return opened


def box(page: Page, name: str):
    return page.get_by_role("checkbox", name=f"Select {name}@example.org", exact=True)


def head(page: Page):
    return page.get_by_role("checkbox", name="Select all on this page")


def count(page: Page):
    return page.locator(".bulk-count")


def button(page: Page, name: str):
    return page.locator(".bulk").get_by_role("button", name=name, exact=True)


def link(page: Page, name: str):
    return page.get_by_role("main").get_by_role("link", name=name, exact=True)


def dialog(page: Page):
    return page.get_by_role("dialog", name="Auto-renewal")


def open_dialog(page: Page):
    button(page, "Auto-renewal").click()
    expect(dialog(page)).to_be_visible()
    return dialog(page)


# ---- the bar


def test_the_bar_appears_with_the_first_tick_and_goes_with_the_last(opened):
    page = opened()
    expect(page.locator(".bulk")).to_be_hidden()
    for number, name in enumerate(("m01", "m02", "m03"), 1):
        box(page, name).check()
        expect(count(page)).to_have_text(re.compile(rf"^{number} mailbox(es)? selected$"))
    for name in ("m01", "m02", "m03"):
        box(page, name).uncheck()
    expect(page.locator(".bulk")).to_be_hidden()


def test_the_box_in_the_head_ticks_the_page_then_the_rest_is_offered(opened):
    page = opened()
    expect(page.get_by_role("button", name="Select all 60 mailboxes matching")).to_be_hidden()
    head(page).check()
    expect(count(page)).to_have_text("50 mailboxes selected")
    button(page, "Select all 60 mailboxes matching").click()
    expect(count(page)).to_have_text("60 mailboxes selected")
    expect(button(page, "Auto-renewal")).to_be_focused()
    box(page, "m07").uncheck()
    expect(count(page)).to_have_text("59 mailboxes selected")
    link(page, "Next").click()
    expect(box(page, "m59")).to_be_checked()


def test_all_that_match_are_those_of_the_filter(opened):
    page = opened("?auto_renewal=off&size=25")
    head(page).check()
    button(page, "Select all 30 mailboxes matching").click()
    expect(count(page)).to_have_text("30 mailboxes selected")
    link(page, "Clear filters").click()
    expect(box(page, "m01")).to_be_checked()
    expect(box(page, "m02")).not_to_be_checked()


def test_the_head_shows_whether_some_or_all_are_ticked(opened):
    page = opened("?size=25")
    box(page, "m03").check()
    expect(head(page)).to_have_js_property("indeterminate", True)
    head(page).check()
    expect(count(page)).to_have_text("25 mailboxes selected")
    expect(head(page)).to_be_checked()
    head(page).uncheck()
    expect(page.locator(".bulk")).to_be_hidden()


def test_clear_selection_leaves_the_list_where_it_was(opened):
    page = opened("?size=25")
    link(page, "Next").click()
    box(page, "m30").check()
    button(page, "Clear selection").click()
    expect(page.locator(".bulk")).to_be_hidden()
    expect(box(page, "m30")).not_to_be_checked()
    expect(head(page)).to_be_focused()
    page.go_back()
    expect(box(page, "m00")).to_be_visible()


def test_shift_and_click_tick_all_between(opened):
    page = opened()
    box(page, "m05").click()
    box(page, "m11").click(modifiers=["Shift"])
    expect(count(page)).to_have_text("7 mailboxes selected")
    box(page, "m09").click()
    box(page, "m05").click(modifiers=["Shift"])
    expect(count(page)).to_have_text("2 mailboxes selected")
    page.reload()
    expect(count(page)).to_have_text("2 mailboxes selected")


def test_the_bar_never_hides_what_has_the_focus(opened):
    page = opened()
    box(page, "m00").check()
    expect(count(page)).to_have_text("1 mailbox selected")
    for _ in range(60):
        page.keyboard.press("Tab")
        hidden = page.evaluate("""() => {
          const [bar, here] = [document.querySelector('.bulk'), document.activeElement];
          if (bar.contains(here)) return null;
          const [over, box] = [bar.getBoundingClientRect(), here.getBoundingClientRect()];
          return box.bottom > over.top && box.top < over.bottom ? here.outerHTML : null;
        }""")
        assert hidden is None


def test_on_a_phone_the_bar_fits_and_its_buttons_can_be_hit(opened):
    page = opened(viewport=PHONE)
    head(page).check()
    expect(count(page)).to_have_text("50 mailboxes selected")
    for name in ("Select all 60 mailboxes matching", "Auto-renewal", "Clear selection"):
        edge = button(page, name).bounding_box()
        assert edge["x"] >= 0
        assert edge["x"] + edge["width"] <= PHONE["width"]
        assert edge["height"] >= 24
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# ---- what is ticked stays ticked


def test_ticks_survive_paging_sorting_filtering_and_a_reload(opened):
    page = opened("?size=25")
    for name in ("m00", "m03"):
        box(page, name).check()
    link(page, "Next").click()
    expect(box(page, "m25")).to_be_visible()
    expect(count(page)).to_have_text("2 mailboxes selected")
    link(page, "Used space").click()
    expect(box(page, "m03")).to_be_checked()
    page.get_by_role("combobox", name="Auto-renewal").select_option(label="Off")
    expect(box(page, "m00")).to_have_count(0)
    expect(box(page, "m03")).to_be_checked()
    expect(count(page)).to_have_text("2 mailboxes selected")
    page.reload()
    expect(box(page, "m03")).to_be_checked()
    expect(count(page)).to_have_text("2 mailboxes selected")


def test_a_second_tab_shows_the_same_and_neither_undoes_the_other(opened):
    page = opened()
    old = page.context.new_page()
    old.goto(LIST)
    box(page, "m01").check()
    expect(count(page)).to_have_text("1 mailbox selected")
    box(old, "m02").check()
    expect(count(old)).to_have_text("2 mailboxes selected")
    page.reload()
    expect(count(page)).to_have_text("2 mailboxes selected")
    expect(box(page, "m02")).to_be_checked()


@pytest.mark.parametrize("clicks", [2, 3, 7])
def test_quick_ticks_and_unticks_end_as_the_box_stands(opened, clicks):
    page = opened()
    slow_then_quick(page)
    for _ in range(clicks):
        box(page, "m04").click(no_wait_after=True)
    box(page, "m06").check()
    until_sent(page)
    expect(count(page)).to_have_text(re.compile(rf"^{1 + clicks % 2} mailbox(es)? selected$"))
    page.reload()
    expect(box(page, "m04")).to_be_checked(checked=clicks % 2 == 1)
    expect(box(page, "m06")).to_be_checked()


def test_a_page_asked_right_after_a_tick_knows_of_it(opened):
    page = opened("?size=25")
    slow_then_quick(page)
    box(page, "m04").check()
    link(page, "Next").click()
    expect(box(page, "m25")).to_be_visible()
    expect(count(page)).to_have_text("1 mailbox selected")
    box(page, "m26").check()
    expect(count(page)).to_have_text("2 mailboxes selected")


def test_the_dialog_opened_right_after_a_tick_knows_of_it(opened):
    page = opened()
    box(page, "m01").check()
    expect(count(page)).to_have_text("1 mailbox selected")
    slow_then_quick(page)
    box(page, "m03").check()
    expect(open_dialog(page)).to_contain_text("2 mailboxes of example.org")


def test_ticks_of_many_boxes_while_the_server_is_slow_all_count(opened):
    page = opened()
    slow_then_quick(page)
    for n in range(12):
        box(page, f"m{n:02}").check()
    expect(count(page)).to_have_text("12 mailboxes selected")
    page.reload()
    expect(count(page)).to_have_text("12 mailboxes selected")


def test_a_tick_that_could_not_be_sent_goes_along_with_the_next(opened):
    page = opened()
    page.route("**/selection", lambda route: route.fulfill(status=503), times=1)
    box(page, "m01").check()
    expect(page.get_by_role("alert")).to_contain_text("could not be done")
    box(page, "m02").check()
    expect(count(page)).to_have_text("2 mailboxes selected")


def slow_then_quick(page: Page) -> None:
    """Each tick reaches the server sooner after it was sent than the one before."""
    page.evaluate("""() => {
      const [send, waits] = [window.fetch.bind(window), [400, 200]];
      window.fetch = async (...what) => {
        const wait = String(what[0]).endsWith('/selection') ? waits.shift() ?? 0 : 0;
        await new Promise(done => setTimeout(done, wait));
        return send(...what);
      };
    }""")


def until_sent(page: Page) -> None:
    expect(page.locator(".bulk.htmx-request")).to_have_count(0)


# ---- the dialog


def test_the_dialog_opens_with_the_form_and_escape_gives_the_focus_back(opened):
    page = opened()
    box(page, "m01").check()
    where = open_dialog(page)
    expect(where.get_by_role("switch", name="Auto-renewal")).to_be_focused()
    page.keyboard.press("Escape")
    expect(where).to_be_hidden()
    expect(button(page, "Auto-renewal")).to_be_focused()
    expect(box(page, "m01")).to_be_checked()


def test_cancel_closes_the_dialog_and_leaves_the_list_as_it_is(opened):
    page = opened()
    box(page, "m01").check()
    page.evaluate("window.stays = true")
    open_dialog(page).get_by_role("link", name="Cancel").click()
    expect(dialog(page)).to_be_hidden()
    assert page.evaluate("window.stays")


def test_the_preview_follows_the_fields(opened):
    page = opened()
    for name in ("m00", "m01", "m02"):
        box(page, name).check()
    preview = open_dialog(page).locator("#preview")
    expect(preview).to_contain_text("€3.00 in all")
    expect(preview).to_contain_text("Enough to renew all of them once: Acme has €500.00.")
    dialog(page).get_by_role("radio", name="Yearly").check()
    expect(preview).to_contain_text("€2.50 in all")
    dialog(page).get_by_label("Billed organization").select_option(label="Beta")
    expect(preview).to_contain_text("€30.00 are missing: Beta has €0.00")
    dialog(page).get_by_role("switch").uncheck()
    expect(preview).to_contain_text("Nothing is charged by itself")
    expect(dialog(page).get_by_role("switch")).to_be_focused()


def test_update_is_in_sight_however_small_the_window(opened):
    page = opened(viewport={"width": 390, "height": 500})
    box(page, "m01").check()
    update = open_dialog(page).get_by_role("button", name="Update")
    expect(update).to_be_in_viewport(ratio=1)


def test_update_leads_back_to_the_list_with_marks_and_can_be_undone(opened):
    page = opened("?auto_renewal=off&size=25")
    for name in ("m01", "m03", "m05"):
        box(page, name).check()
    open_dialog(page).get_by_role("button", name="Update").click()
    expect(page).to_have_url(re.compile(r"\?auto_renewal=off&size=25$"))
    expect(page.get_by_role("status").first).to_contain_text("Auto-renewal is on for 3 mailboxes.")
    expect(box(page, "m01")).to_have_count(0)
    expect(page.locator(".bulk")).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(box(page, "m01")).to_be_visible()


def test_what_another_tab_ticked_meanwhile_is_told_before_anything_changes(opened):
    page = opened()
    box(page, "m01").check()
    open_dialog(page)
    other = page.context.new_page()
    other.goto(LIST)
    box(other, "m03").check()
    expect(count(other)).to_have_text("2 mailboxes selected")
    dialog(page).get_by_role("button", name="Update").click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("no longer what you saw")
    expect(main).to_contain_text("2 mailboxes of example.org")
    main.get_by_role("button", name="Update").click()
    expect(page.get_by_role("status").first).to_contain_text("Auto-renewal is on for 2 mailboxes.")


# ---- without JavaScript the bar is a form


def test_without_javascript_ticks_are_kept_by_a_button_and_cleared_by_another(opened):
    page = opened("?size=25", javascript=False)
    box(page, "m01").check()
    button(page, "Keep selection").click()
    expect(count(page)).to_have_text("1 mailbox selected")
    link(page, "Next").click()
    expect(count(page)).to_have_text("1 mailbox selected")
    box(page, "m26").check()
    button(page, "Auto-renewal").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Auto-renewal")
    expect(page.get_by_role("main")).to_contain_text("2 mailboxes of example.org")
    page.get_by_role("radio", name="Yearly").check()
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text("€20.00 in all")
    page.get_by_role("link", name="Cancel").click()
    expect(page).to_have_url(re.compile("size=25&after="))
    button(page, "Clear selection").click()
    expect(count(page)).to_have_text("Tick rows above, then choose here.")


def test_without_javascript_all_that_match_are_ticked_by_a_button(opened):
    page = opened("?auto_renewal=off", javascript=False)
    button(page, "Select all 30 mailboxes matching").click()
    expect(count(page)).to_have_text("30 mailboxes selected")
    box(page, "m01").uncheck()
    button(page, "Keep selection").click()
    expect(count(page)).to_have_text("29 mailboxes selected")
