"""`make shots`: pictures of every page, as a demo customer sees it, into var/shots.

Each page × desktop and phone × light and dark × English and French; arguments choose pages and
kinds by parts of their file names: `make shots SHOTS="mailboxes 390-dark-fr"`.
"""

import logging
import re
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from flask_migrate import upgrade
from playwright.sync_api import Browser, Page, sync_playwright

from app import create_app
from app.interchange.demo import PASSWORD
from app.settings import Settings
from tests.browser import chromium
from tests.conftest import ROOT, serve

FOLDER = ROOT / "var" / "shots"
WIDTHS = {1280: 900, 390: 844}
SCHEMES = ("light", "dark")
LANGUAGES = ("en", "fr")
PERSON = "marie@acme.example"

SIGNED_OUT = {
    "login": "/login",
    "forgotten": "/password/forgotten",
}
PAGES = {
    "overview": "/",
    "alerts": "/alerts",
    "alerts-past": "/alerts?show=past",
    "domains": "/domains",
    "domains-advanced": "/domains?view=advanced",
    "domains-none": "/domains?q=nothing",
    "domains-renew": "/domains/renew",
    "domain": "/domains/acme-demo.fr",
    "domain-external": "/domains/acme-shop-demo.net",
    "domain-history": "/domains/acme-demo.fr/history",
    "domain-auto-renewal": "/domains/acme-demo.fr/auto-renewal",
    "domain-auto-renewal-off": "/domains/acme-boutique-demo.org/auto-renewal",
    "domain-leave": "/domains/acme-demo.fr/leave",
    "mailboxes": "/domains/acme-demo.com/mailboxes",
    "mailboxes-few": "/domains/acme-demo.fr/mailboxes",
    "mailbox": "/mailboxes/info@acme-demo.fr",
    "mailbox-in-grace": "/mailboxes/stage@acme-demo.fr",
    "mailbox-auto-renewal": "/mailboxes/anne.bernard@acme-demo.com/auto-renewal",
    "mailbox-price-limit": "/mailboxes/anne.bernard@acme-demo.com/auto-renewal/limit",
    "mailbox-auto-renewal-grace": "/mailboxes/stage@acme-demo.fr/auto-renewal",
    "mailbox-renew": "/mailboxes/info@acme-demo.fr/renew",
    "forwarding": "/domains/acme-demo.fr/forwardings/new",
    "forwarding-edit": "/domains/acme-demo.com/forwardings/jobs@acme-demo.com/edit",
    "forwarding-remove": "/domains/acme-demo.com/forwardings/jobs@acme-demo.com/remove",
    "billing": "/billing",
    "top-up": "/billing/top-up",
    "top-up-amount": "/billing/top-up?amount=20",
    "statement": "/billing/statement",
    "statement-none": "/billing/statement?kind=refund",
    "contacts": "/billing/contacts",
    "contact": "/billing/contacts/acme-main",
    "invoices": "/billing/invoices",
    "proformas": "/billing/proformas",
    "cards": "/billing/cards",
    "card": "/billing/cards/acme-mastercard",
    "card-remove": "/billing/cards/acme-visa/remove",
    "card-new": "/billing/cards/new",
    "accounts": "/accounts",
    "account": "/accounts/acme-web",
    "organization": "/organization",
    "remove-member": "/organization/members/vera/remove",
    "profile": "/profile",
    "logout": "/logout",
    "error-404": "/nowhere",
}  # fmt: skip
# For the host, who signs in with a code of their own.
OPERATOR = "camille@host.example"
GIVEN: set[str] = set()
STAFF = {
    "staff": "/staff",
    "staff-organizations": "/staff/organizations",
    "staff-organization": "/staff/organizations/acme",
    "staff-mails": "/staff/mails",
    "staff-mail": "/staff/mails/1",
    "staff-alerts": "/staff/alerts",
    "staff-delays": "/staff/alerts/inactivity",
    "staff-moves": "/staff/moves",
    "staff-move": "/staff/moves/debian-13",
    "staff-move-new": "/staff/moves/new",
}


def row_menu(page: Page) -> None:
    page.goto(PAGES["mailboxes"])
    page.locator("tbody .dots").nth(1).click()


def selection(page: Page) -> None:
    """Some that are on and some that are off, as they end soonest; the README shows it."""
    page.goto(f"{PAGES['mailboxes']}?sort=expiry")
    page.locator(".bulk").wait_for(state="attached")
    for row in (0, 1, 2, 4, 5):
        page.locator("tbody [type=checkbox]").nth(row).check()
    page.locator(".bulk[data-count='5']").wait_for()


def whole_page(page: Page) -> None:
    page.goto(PAGES["mailboxes"])
    page.locator("[data-tick-all]").check()
    page.locator(".bulk [value=matching]").wait_for()


def renewal_dialog(page: Page) -> None:
    selection(page)
    page.locator(".bulk [value=go]").click()
    # They differ, so that how often is still to be chosen; it is the preview one wants to see.
    page.locator("dialog [name=period][value=monthly]").check(force=True)
    page.locator("dialog #preview time").wait_for()


def renewal_page(page: Page) -> None:
    """Where a browser without a script makes the choice."""
    whole_page(page)
    page.goto(f"{PAGES['mailboxes']}/auto-renewal")


def domain_menu(page: Page) -> None:
    page.goto(PAGES["domains"])
    for row in (0, 1, 2):
        page.locator("tbody [type=checkbox]").nth(row).check()
    page.locator("[popovertarget=domain-actions]").click()


def recurring(page: Page) -> None:
    domain_menu(page)
    page.locator("#domain-actions [value=recurring-all]").click()
    page.locator("#preview").scroll_into_view_if_needed()


def first_alert(page: Page) -> None:
    page.goto("/alerts")
    page.locator("tbody .main a").first.click()
    page.locator(".timeline").scroll_into_view_if_needed()


def drawer_or_person(page: Page) -> None:
    page.goto("/")
    menu = page.locator(".nav-toggle")
    (menu if menu.is_visible() else page.locator("button.person")).click()


def forwarding_refused(page: Page) -> None:
    page.goto(PAGES["forwarding"])
    page.locator("#local").fill("not an address")
    page.locator("#destinations").fill("nobody")
    page.locator("main form .button.primary").click()
    page.locator(".notice.danger").wait_for()


def undo_offered(page: Page) -> None:
    """Last of all: it changes the demo."""
    page.goto(PAGES["mailbox-auto-renewal"])
    page.locator("[name=period]:not(:checked)").check(force=True)
    page.locator("main form .button.primary").first.click()
    page.locator(".flashes .notice").wait_for()


# What can be seen only after a click; these show the window, not the whole page.
SCENES: dict[str, Callable[[Page], None]] = {
    "mailboxes-menu": row_menu,
    "mailboxes-ticked": selection,
    "mailboxes-dialog": renewal_dialog,
    "mailboxes-ticked-all": whole_page,
    "mailboxes-many": renewal_page,
    "domains-menu": domain_menu,
    "domains-recurring": recurring,
    "overview-menu": drawer_or_person,
    "alert": first_alert,
    "forwarding-refused": forwarding_refused,
    "mailboxes-undo": undo_offered,
}


def main(words: list[str]) -> int:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    path = chromium.installed()
    with sync_playwright() as playwright, demo() as address:
        browser = playwright.chromium.launch(
            executable_path=path or chromium.downloaded(playwright), args=chromium.ARGUMENTS
        )
        if not words:
            shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True, exist_ok=True)
        count = sum(
            take(browser, address, *kind, words) for kind in product(WIDTHS, SCHEMES, LANGUAGES)
        )
    print(f"{count} pictures in {FOLDER.relative_to(ROOT)}")
    return 0 if count else 1


@contextmanager
def demo() -> Iterator[str]:
    """The application with the demo customers behind a free port; yields its address."""
    with TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://localhost:{listener.getsockname()[1]}"
        app = create_app(
            Settings.model_validate({"sandbox": True, "var_dir": folder, "public_url": address})
        )
        fill(app)
        with serve(app, listener):
            yield address


def fill(app: Flask) -> None:
    with app.app_context():
        upgrade(str(ROOT / "migrations"))
    for command in ("demo", "tick"):
        answer = app.test_cli_runner().invoke(args=[command])
        if answer.exit_code:
            sys.exit(answer.output)


def take(
    browser: Browser, address: str, width: int, scheme: str, language: str, words: list[str]
) -> int:
    """All pictures of one kind; returns how many."""
    kind = f"{width}-{scheme}-{language}"
    wanted = {name: path(name, kind) for name in (*SIGNED_OUT, *PAGES, *SCENES, *STAFF)}
    wanted = {name: path for name, path in wanted.items() if chosen(path, words)}
    if not wanted:
        return 0
    context = browser.new_context(
        base_url=address, locale=language, color_scheme=scheme, reduced_motion="reduce",
        viewport={"width": width, "height": WIDTHS[width]}, timezone_id="Europe/Paris",
    )  # fmt: skip
    page = context.new_page()
    show(page, SIGNED_OUT, wanted)
    sign_in(page, language)
    show(page, PAGES, wanted)
    for name in [one for one in SCENES if one in wanted]:
        SCENES[name](page)
        page.screenshot(path=wanted[name])
    if wanted.keys() & STAFF.keys():
        context.clear_cookies()
        sign_in(page, language, OPERATOR)
        confirm(page)
        show(page, STAFF, wanted)
    context.close()
    return len(wanted)


def show(page: Page, addresses: dict[str, str], wanted: dict[str, Path]) -> None:
    for name, address in addresses.items():
        if name in wanted:
            page.goto(address)
            page.screenshot(path=wanted[name], full_page=True)


def sign_in(page: Page, language: str, person: str = PERSON) -> None:
    page.goto("/login")
    page.locator("[name=email]").fill(person)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button").click()
    page.locator(f".foot [name=language][value={language}]").click()


def confirm(page: Page) -> None:
    """Give the code that a sandbox shows; each opens once: the next may be long in coming."""
    code = ""
    while not code or code in GIVEN:
        page.goto("/staff/confirm")
        code = re.findall(r"\b\d{6}\b", page.locator("main").inner_text())[0]
        page.wait_for_timeout(500)
    GIVEN.add(code)
    page.locator("[name=code]").fill(code)
    page.locator("main form button").click()


def path(name: str, kind: str) -> Path:
    return FOLDER / f"{name}-{kind}.png"


def chosen(picture: Path, words: list[str]) -> bool:
    return all(word in picture.stem for word in words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
