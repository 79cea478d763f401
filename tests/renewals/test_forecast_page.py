"""/billing/forecast: what will be charged, drawn and listed; where the money falls short."""

from datetime import date

import pytest

from app.accounts.rules import Role
from app.renewals.chart import scale
from tests import make
from tests.pages import signed_in

PAGE = "/billing/forecast"


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        make.usual_prices()
        return make.organization("Acme", balance=4000)


@pytest.fixture
def owner(app, acme):
    with app.app_context():
        marie = make.owner(acme)
    return signed_in(app, marie)


def domains(app, acme, number: int = 3) -> None:
    with app.app_context():
        for one in range(number):
            make.domain(acme, f"name{one}.org", on=True, expires_on=date(2027, 6, 1))


def page(client) -> str:
    return client.get(PAGE).get_data(as_text=True)


def test_three_domains_at_15_with_40_fall_short_by_5(app, acme, owner):
    domains(app, acme)
    html = page(owner)
    assert "the money falls short" in html
    assert "name2.org cannot be paid that day: €5.00 are missing." in html
    assert 'href="/billing/top-up?amount=5.00"' in html
    assert "top up €5.00" in html
    assert html.count("<svg") >= 1


def test_a_card_pays_what_is_missing(app, acme, owner):
    domains(app, acme)
    with app.app_context():
        make.card(acme)
    html = page(owner)
    assert "Everything can be paid" in html
    assert "Visa •••• 4242" in html
    assert "top up €5.00" in html


def test_nothing_switched_on_says_so(owner):
    assert "Nothing is charged in the next twelve months" in page(owner)


def test_the_file_holds_every_charge(app, acme, owner):
    domains(app, acme)
    text = owner.get("/billing/forecast.csv").get_data(as_text=True)
    rows = [line.split(",") for line in text.splitlines()[1:]]
    assert [row[1:5] for row in rows] == [
        ["name0.org", "-15.00", "EUR", "Wallet"],
        ["name1.org", "-15.00", "EUR", "Wallet"],
        ["name2.org", "-15.00", "EUR", "Cannot be paid"],
    ]


def test_members_who_may_not_bill_do_not_see_it(app, acme, owner):
    with app.app_context():
        viewer = make.user("Vic")
        make.member(viewer, acme, Role.VIEWER)
    assert signed_in(app, viewer).get(PAGE).status_code == 403


@pytest.mark.parametrize(
    ("lowest", "highest", "expected"),
    [
        (0, 4000, [0, 1000, 2000, 3000, 4000]),
        (-300, 900, [-500, 0, 500, 1000]),
        (0, 1, [0, 1]),
        (0, 99_999, [0, 50_000, 100_000]),
    ],
)
def test_the_scale_is_round_and_holds_both_ends(lowest, highest, expected):
    assert scale(lowest, highest) == expected
