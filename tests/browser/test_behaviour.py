"""What people do to pages: click twice, go back, use two tabs, stay away too long, type."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, func, select

from tests import make

ADDRESS = "info@example.org"
LIST = "/domains/example.org/mailboxes"
CHOICE = f"/mailboxes/{ADDRESS}/auto-renewal"


@pytest.fixture
def marie(app, clock):
    """Owns Acme, which has thirty mailboxes; info@ is the first."""
    with app.app_context():
        make.usual_prices()
        acme = make.organization("Acme", balance=5000)
        domain = make.domain(acme, "example.org")
        make.mailbox(domain, acme, "info", used_bytes=1)
        for n in range(29):
            make.mailbox(domain, acme, f"m{n:02}", used_bytes=n + 2)
        return make.owner(acme)


@pytest.fixture
def changes(app):
    """Counts the changes of auto-renewal that the journal tells of."""
    from app.db import db
    from app.journal.models import JournalRow

    def changes() -> int:
        with app.app_context():
            told = select(func.count()).where(JournalRow.event.startswith("auto_renewal"))
            return db.session.scalar(told) or 0

    return changes


def update(page: Page) -> None:
    page.get_by_role("button", name="Update", exact=True).click()


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "nojs"])
def test_a_double_click_on_update_is_one_change(visit, marie, changes, javascript):
    page = visit(marie, CHOICE, javascript=javascript)
    page.get_by_role("switch").check()
    page.get_by_role("button", name="Update", exact=True).dblclick()
    expect(page).to_have_url(re.compile(f"{LIST}$"))
    expect(page.get_by_role("img", name="Auto-renewal on")).to_have_count(1)
    assert changes() == 1


def test_after_signing_out_the_back_button_shows_nothing_private(visit, marie):
    page = visit(marie, LIST)
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_text("example.org")).to_have_count(0)


def test_of_two_tabs_the_second_is_told_what_the_first_changed(visit, marie, changes):
    first = visit(marie, CHOICE)
    second = first.context.new_page()
    second.goto(CHOICE)
    first.get_by_role("switch").check()
    update(first)
    expect(first).to_have_url(re.compile(f"{LIST}$"))
    second.get_by_role("switch").check()
    second.get_by_role("radio", name="Yearly").check()
    update(second)
    expect(second.get_by_text("Somebody changed this in the meantime")).to_be_visible()
    expect(second.get_by_role("radio", name="Yearly")).to_be_checked()
    assert changes() == 1
    update(second)
    expect(second).to_have_url(re.compile(f"{LIST}$"))
    assert changes() == 2


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "nojs"])
@pytest.mark.parametrize("cookie_too", [True, False], ids=["nocookie", "cookie"])
def test_a_form_that_outlived_its_session_changes_nothing_and_comes_back(
    app, visit, marie, changes, javascript, cookie_too
):
    from app.accounts.models import SignIn
    from app.db import transaction

    page = visit(marie, f"{CHOICE}?next={LIST}%3Fsort=-used", javascript=javascript)
    page.get_by_role("switch").check()
    if javascript:
        expect(page.locator("#preview")).to_contain_text("€1.00 for 1 month")
    with app.app_context(), transaction() as session:
        session.execute(delete(SignIn))
    if cookie_too:
        page.context.clear_cookies()
    update(page)
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    page.get_by_label("E-mail").fill(marie.name)
    page.get_by_label("Password").fill(make.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/mailboxes/info@example\.org/auto-renewal\?next="))
    expect(page.get_by_role("switch")).not_to_be_checked()
    assert changes() == 0


def test_a_preview_of_an_ended_session_leads_to_the_sign_in_page(app, visit, marie):
    from app.accounts.models import SignIn
    from app.db import transaction

    page = visit(marie, CHOICE)
    with app.app_context(), transaction() as session:
        session.execute(delete(SignIn))
    page.get_by_role("switch").click()
    expect(page).to_have_url(re.compile(r"/login\?next=/mailboxes/info@example\.org/auto-renewal"))


def test_the_back_button_takes_back_sorting_paging_and_filtering(visit, marie):
    page = visit(marie, f"{LIST}?size=25")
    first = page.locator("#list td.main").first
    expect(first).to_have_text(ADDRESS)
    page.get_by_role("link", name="Next", exact=True).click()
    expect(page).to_have_url(re.compile("after="))
    expect(first).to_have_text("m24@example.org")
    page.get_by_role("link", name="Used space").click()
    expect(page).to_have_url(re.compile("sort=used"))
    expect(first).to_have_text(ADDRESS)
    page.get_by_role("combobox", name="Auto-renewal").select_option(label="On")
    expect(page).to_have_url(re.compile("auto_renewal=on"))
    expect(page.get_by_text("No mailbox matches")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile(r"\?sort=used&size=25$"))
    expect(first).to_have_text(ADDRESS)
    expect(page.get_by_role("combobox", name="Auto-renewal")).to_have_value("")
    page.go_back()
    expect(first).to_have_text("m24@example.org")
    page.go_back()
    expect(page).to_have_url(re.compile(r"\?size=25$"))
    expect(first).to_have_text(ADDRESS)


def test_a_row_menu_is_worked_by_keys_alone(visit, marie):
    page = visit(marie, LIST)
    dots = page.get_by_role("button", name=f"Actions for {ADDRESS}")
    dots.focus()
    page.keyboard.press("Enter")
    items = page.get_by_role("menu", name=f"Actions for {ADDRESS}").get_by_role("menuitem")
    expect(items.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(items.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(items.last).to_be_focused()
    page.keyboard.press("Escape")
    expect(items.first).to_be_hidden()
    expect(dots).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/auto-renewal$"))


def test_the_auto_renewal_page_is_worked_by_keys_alone(visit, marie, changes):
    page = visit(marie, CHOICE)
    page.get_by_role("switch").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="Monthly")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Yearly")).to_be_checked()
    page.keyboard.press("Tab")
    expect(page.get_by_role("combobox", name="Billed organization")).to_be_focused()
    expect(page.locator("#preview")).to_contain_text("€10.00 for 1 year")
    page.get_by_role("button", name="Update", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("img", name="Auto-renewal on")).to_have_count(1)
    assert changes() == 1
