"""`flask price`: the catalogue shown and changed; who was shown less is told first (R16)."""

import pytest
from sqlalchemy import select

from app.billing.models import Wallet
from app.db import db, transaction
from app.renewals.verdicts import forecasts
from app.subscriptions.models import Subscription
from app.subscriptions.queries import prices
from app.subscriptions.rules import Kind
from tests import make


@pytest.fixture
def price(app, clock):
    """Runs `flask price …`."""
    return lambda *words: app.test_cli_runner().invoke(args=["price", *words])


@pytest.fixture
def box(app, clock):
    """A mailbox that was switched on a moment ago: no tick noted its price yet."""
    with app.app_context():
        make.usual_prices()
        acme = make.organization("Acme", balance=5000)
        domain = make.domain(acme, on=True)
        made = make.mailbox(domain, acme, on=True)
        forecasts(make.NOW, 0)
        return made


def costs(app, kind, extension, months):
    with app.app_context():
        return prices(db.session()).of(kind, extension, months)


def due(app) -> list[bool]:
    with app.app_context():
        return db.session.scalars(select(Wallet.forecast_due)).all()


def test_alone_it_lists(box, price):
    assert price().output.splitlines() == [
        "mailbox monthly  €1.00", "mailbox yearly  €10.00", "domain org  €15.00",
    ]  # fmt: skip


def test_without_prices_it_says_so(price):
    assert price().output == "There are no prices: nothing can be renewed.\n"


def test_a_rise_keeps_what_was_shown_and_says_who_is_told(app, box, price):
    assert due(app) == [False]
    result = price("mailbox", "monthly", "120")
    assert (result.exit_code, result.output) == (
        0,
        (
            "mailbox monthly: €1.20 instead of €1.00\n"
            "1 service that renews by itself was shown a lower price: who pays is told first.\n"
        ),
    )
    assert costs(app, Kind.MAILBOX, "", 1) == 120
    assert due(app) == [True]
    with app.app_context():
        kept = db.session.get_one(Subscription, box.subscription_id)
        assert (kept.announced_price, kept.announced_months) == (100, 1)


def test_a_lower_price_has_nobody_to_be_told(app, box, price):
    assert price("mailbox", "monthly", "80").output == "mailbox monthly: €0.80 instead of €1.00\n"


def test_several_years_follow_the_price_of_one_until_they_have_their_own(app, box, price):
    with app.app_context(), transaction() as session:
        own = session.scalars(select(Subscription).filter_by(kind=Kind.DOMAIN)).one()
        own.renewal_months = 24
    assert "1 service" in price("domain", ".ORG", "1600").output
    assert price("domain", "org", "2900", "--years", "2").output == (
        "domain org --years 2: €29.00 (new)\n"
    )
    assert costs(app, Kind.DOMAIN, "org", 24) == 2900
    assert "service" not in price("domain", "org", "1700").output


def test_the_same_again_changes_nothing(app, box, price):
    assert price("mailbox", "yearly", "1000").output == "mailbox yearly: €10.00, as before\n"
    assert due(app) == [False]


@pytest.mark.parametrize(
    "words",
    [
        ("mailbox", "weekly", "1"), ("mailbox", "monthly", "1.20"), ("mailbox", "monthly", "-1"),
        ("mailbox", "monthly", "9" * 30), ("mailbox", "monthly"), ("domain", "o rg", "1"),
        ("domain", "", "1"), ("domain", "x" * 64, "1"), ("domain", "org", "1", "--years", "0"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(app, box, price, words):
    assert price(*words).exit_code == 2
    assert costs(app, Kind.MAILBOX, "", 1) == 100
