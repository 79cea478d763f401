"""Where verdicts are shown: lists, pages, the overview; and that they are right after a change."""

from datetime import date
from html import unescape

import pytest
from sqlalchemy import update

from app.db import transaction
from app.renewals import verdicts
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Kind
from tests import make
from tests.pages import fill, listed, signed_in, statements
from tests.renewals.test_engine import at

ENDS = date(2027, 4, 30)
SHORT = "Cannot be paid: €5.00 short"


@pytest.fixture
def acme(app, clock):
    """Three domains at 15 with 40, a mailbox on the one that cannot be paid, one that is off."""
    with app.app_context():
        make.usual_prices()
        acme = make.organization("Acme", balance=4000)
        names = [make.domain(acme, f"{n}.org", expires_on=ENDS, on=True) for n in "abc"]
        make.domain(acme, "off.org", expires_on=ENDS)
        make.domain(acme, "elsewhere.org", external=True)
        make.mailbox(names[2], acme, "info", expires_on=ENDS, on=True)
        make.mailbox(names[2], acme, "sales", expires_on=ENDS)
        return acme


@pytest.fixture
def owner(app, acme):
    with app.app_context():
        return signed_in(app, make.owner(acme))


def work_out(app):
    with app.app_context():
        verdicts.forecasts(at(make.TODAY), 0)


def page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return unescape(answer.get_data(as_text=True))


def test_the_warning_stands_beside_the_mark_and_says_why(app, owner):
    work_out(app)
    html = page(owner, "/domains")
    assert html.count(f'A</span> <span class="warning">{SHORT}</span>') == 1
    assert html.count("Cannot be paid: ") == 1
    box = page(owner, "/domains/c.org/mailboxes")
    assert box.count('A</span> <span class="warning">Will not renew: its domain ends') == 1


def test_the_advanced_view_has_the_verdict_of_each_row(app, owner):
    work_out(app)
    html = page(owner, "/domains?view=advanced")
    cells = [part.split("</td>")[0] for part in html.split('data-label="Verdict">')[1:]]
    short = f'<span class="warning">{SHORT}</span>'
    assert cells == ["Will renew", "Will renew", short, "–", "Off"]
    assert html.count("Cannot be paid: ") == 1


def test_until_it_is_worked_out_nothing_is_said(owner):
    for address in ("/domains", "/domains?view=advanced", "/domains/c.org/mailboxes", "/"):
        assert "Cannot be paid: " not in page(owner, address)


def test_the_pages_of_a_domain_and_a_mailbox_tell_switch_and_verdict_apart(app, owner):
    work_out(app)
    html = page(owner, "/domains/c.org")
    assert SHORT in html
    assert '<span class="badge green">On</span>' in html
    assert "Will renew" in page(owner, "/domains/a.org")
    assert "Verdict" not in page(owner, "/domains/off.org")
    assert "its domain ends before it" in page(owner, "/mailboxes/info@c.org")


def test_the_overview_lists_what_cannot_be_paid(app, owner):
    work_out(app)
    html = page(owner, "/")
    assert html.count('class="warning"') == 2
    assert SHORT in html


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("will_renew", ["a.org", "b.org"]),
        ("cannot_be_paid", ["c.org"]),
        ("off", ["off.org"]),
        ("nonsense", ["a.org", "b.org", "c.org", "elsewhere.org", "off.org"]),
    ],
)
def test_domains_are_found_by_verdict(app, owner, query, expected):
    work_out(app)
    assert listed(page(owner, f"/domains?verdict={query}")) == expected


def test_mailboxes_are_found_by_verdict(app, owner):
    work_out(app)
    for query, expected in {
        "will_renew": [], "cannot_be_paid": ["info@c.org"], "off": ["sales@c.org"]
    }.items():  # fmt: skip
        assert listed(page(owner, f"/domains/c.org/mailboxes?verdict={query}")) == expected


def test_what_another_wallet_lacks_is_not_told(app, acme, owner):
    with app.app_context():
        other = make.organization("Other", balance=1499)
        make.domain(acme, "paid.org", expires_on=ENDS, on=True, payer=other)
    work_out(app)
    for address in ("/domains", "/domains/paid.org", "/"):
        html = page(owner, address)
        assert "€0.01" not in html
        assert "Cannot be paid: the balance is too low" in html


def test_after_a_change_the_list_is_right_at_once(app, owner):
    work_out(app)
    assert fill(owner, "/domains/a.org/auto-renewal", {"on": None}).status_code == 303
    html = page(owner, "/domains?view=advanced")
    assert "Cannot be paid" not in html.partition('id="list"')[2]
    assert html.count("Will renew</td>") == 2
    assert "Cannot be paid" not in page(owner, "/domains/c.org/mailboxes").partition('id="list"')[2]


def test_after_a_renewal_by_hand_too(app, owner):
    work_out(app)
    fill(owner, "/mailboxes/sales@c.org/renew", {"period": "yearly"})
    assert "Cannot be paid: €15.00 short" in page(owner, "/domains/c.org")
    assert "Will renew" in page(owner, "/domains/a.org")


def test_a_forecast_that_breaks_does_not_break_the_page(app, owner, monkeypatch, caplog):
    def broken(*_args):
        raise RuntimeError("boom")

    monkeypatch.setattr(verdicts, "known_of", broken)
    assert fill(owner, "/domains/a.org/auto-renewal", {"on": None}).status_code == 303
    assert "boom" in caplog.text


def test_verdicts_cost_lists_no_statement(app, owner):
    counts = []
    for _ in range(2):
        with statements(app) as sent:
            for address in ("/domains?view=advanced", "/domains/c.org/mailboxes"):
                page(owner, address)
        counts.append(len(sent))
        with app.app_context(), transaction() as session:
            session.execute(update(Subscription).where(Subscription.kind == Kind.DOMAIN).values(
                verdict=None
            ))  # fmt: skip
        work_out(app)
    assert counts[0] >= counts[1]
