"""A customer applies a move when it suits them, and watches it happen."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from app.jobs.service import tick
from tests import make


@pytest.fixture
def marie(app, clock):
    with app.app_context():
        acme = make.organization("Acme")
        make.move(make.account(acme), "PHP 8.5 (slow)")
        return make.owner(acme)


def run(app, clock, seconds: int = 0) -> None:
    clock.advance(timedelta(seconds=seconds))
    with app.app_context():
        tick(clock.now(), "moves")


LABELS = [
    ("en-GB", "Apply now", "Waiting its turn", "Applied"),
    ("fr-FR", "Appliquer maintenant", "En attente de son tour", "Appliquée"),
]


@pytest.mark.parametrize(("locale", "label", "waiting", "applied"), LABELS, ids=["en", "fr"])
def test_apply_now_shows_progress_until_it_is_done(
    app, visit, marie, clock, locale, label, waiting, applied
):
    page = visit(marie, "/accounts", locale=locale)
    page.get_by_role("main").get_by_role("link").first.click()
    page.get_by_role("button", name=label).click()
    expect(page.get_by_text(waiting)).to_be_visible()
    run(app, clock)
    run(app, clock, 10)
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "50")
    run(app, clock, 10)
    expect(page.get_by_text(applied, exact=True)).to_be_visible()
    expect(page.get_by_role("button", name=label)).to_have_count(0)


def test_without_javascript_a_link_shows_how_far_it_is(app, visit, marie, clock):
    page = visit(marie, "/accounts", javascript=False)
    page.get_by_role("main").get_by_role("link").first.click()
    page.get_by_role("button", name="Apply now").click()
    run(app, clock)
    run(app, clock, 10)
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "50")
    run(app, clock, 10)
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("Applied", exact=True)).to_be_visible()
