"""Fixtures for tests that drive a real Chromium against the real application."""

import os

import pytest
from playwright.sync_api import Page

from tests.browser import chromium
from tests.pages import signed_in

NO_CHROMIUM = "no Chromium: run `make test`, or name one in VIGIE_TEST_CHROMIUM"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in item.path.relative_to(item.config.rootpath).parts:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args, playwright):
    path = chromium.installed() or chromium.downloaded(playwright)
    if path is None:
        # CI must not stay green because nothing was tested.
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(NO_CHROMIUM)
    return browser_type_launch_args | {"executable_path": path, "args": chromium.ARGUMENTS}


@pytest.fixture(scope="session")
def base_url(settings):
    return settings.public_url


@pytest.fixture
def page(open_page):
    """A desktop page in English, light, with JavaScript."""
    return open_page()


@pytest.fixture
def open_page(live_server, new_context):
    """Opens pages as different people see them; a script error on any of them fails the test."""
    problems: list[str] = []

    def open_page(viewport=DESKTOP, locale="en-GB", scheme="light", javascript=True) -> Page:
        context = new_context(
            viewport=viewport,
            locale=locale,
            color_scheme=scheme,
            java_script_enabled=javascript,
            timezone_id="Europe/Paris",
            # Many frames of an animation would make screenshots and clicks a matter of luck.
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: _note(message, problems))
        return page

    yield open_page
    assert problems == []


@pytest.fixture
def visit(app, open_page, live_server):
    """Opens an address as somebody who is signed in; takes what `open_page` takes.

    An operator who `is_confirmed` has given a code of their second factor.
    """

    def visit(user, address="/", *, is_confirmed=False, **how) -> Page:
        page = open_page(**how)
        cookie = signed_in(app, user, is_confirmed=is_confirmed).get_cookie("vigie")
        page.context.add_cookies([{"name": "vigie", "value": cookie.value, "url": live_server}])
        page.goto(address)
        return page

    return visit


def _note(message, problems: list[str]) -> None:
    # An answer of 401 or 422 is written to the console by Chromium itself; it is meant.
    if message.type == "error" and not message.text.startswith("Failed to load resource"):
        problems.append(message.text)
