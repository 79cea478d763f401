"""The list of domains as a CSV file."""

import csv
from datetime import date, timedelta
from io import StringIO

import pytest
from sqlalchemy import update

from app.accounts.models import Organization
from app.db import db, transaction
from app.subscriptions.models import Subscription
from app.subscriptions.rules import Verdict
from app.web import listing
from tests import make
from tests.pages import signed_in


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        make.usual_prices()
        return make.organization("Acme")


@pytest.fixture
def owner(app, acme):
    with app.app_context():
        marie = make.owner(acme)
    return signed_in(app, marie)


@pytest.fixture
def three(app, acme):
    with app.app_context():
        alpha = make.domain(acme, "alpha.org", expires_on=date(2028, 5, 1), on=True)
        make.domain(acme, "beta.net", expires_on=date(2027, 4, 1))
        make.domain(acme, "gamma.org", external=True)
        make.mailbox(alpha, acme, "info")
        with transaction() as session:
            session.get_one(Subscription, alpha.subscription_id).verdict = Verdict.WILL_RENEW


def rows(client, address, delimiter=",", **headers):
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    text = answer.get_data().decode("utf-8-sig")
    assert text.endswith("\r\n")
    return list(csv.reader(StringIO(text, newline=""), delimiter=delimiter))


def names(client, address):
    return [row[0] for row in rows(client, address)[1:]]


def test_a_line_tells_all_that_the_advanced_view_tells(owner, three):
    head, alpha, beta, gamma = rows(owner, "/domains.csv")
    assert dict(zip(head, alpha, strict=True)) == {
        "Domain": "alpha.org",
        "Expiry date": "2028-05-01",
        "Auto-renewal": "On",
        "Registrar": "Sandbox",
        "Mailboxes": "1",
        "Billed organization": "Acme",
        "Billing contact": "",
        "Card": "",
        "Price": "15.00",
        "Currency": "EUR",
        "Years": "1",
        "Last day to renew": "2028-04-30",
        "Verdict": "Will renew",
    }
    assert (beta[2], beta[-1]) == ("Off", "Off")
    assert gamma == ["gamma.org", "", "", "Registered elsewhere", "0", *[""] * 8]


def test_in_french_the_file_speaks_french_and_is_cut_by_semicolons(owner, three):
    french = {"Accept-Language": "fr"}
    head, alpha, *_rest = rows(owner, "/domains.csv", ";", **french)
    assert head[5] == "Organisation débitée"
    assert alpha[2] == "Activé"
    assert alpha[8] == "15.00"


def test_the_file_has_a_safe_name_and_is_kept_by_nobody(owner, three):
    answer = owner.get("/domains.csv")
    assert answer.headers["Content-Disposition"] == "attachment; filename=domains-2027-03-01.csv"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.get_data().startswith(b"\xef\xbb\xbfDomain,")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sort=-name", ["gamma.org", "beta.net", "alpha.org"]),
        ("sort=expiry", ["beta.net", "alpha.org", "gamma.org"]),
        ("extension=org&sort=-expiry", ["gamma.org", "alpha.org"]),
        ("expires=60", ["beta.net"]),
        ("q=nowhere", []),
    ],
)
def test_filters_and_order_are_those_of_the_list(owner, three, query, expected):
    html = owner.get(f"/domains?{query}").get_data(as_text=True)
    if expected:
        assert 'href="/domains.csv?' in html
    assert names(owner, f"/domains.csv?{query}") == expected


def test_a_page_of_the_list_downloads_the_whole_list(owner, three):
    html = owner.get("/domains?sort=-name&after=beta.net&size=25&view=advanced&mailboxes=without")
    assert 'href="/domains.csv?mailboxes=without&amp;sort=-name"' in html.get_data(as_text=True)
    assert names(owner, "/domains.csv?after=beta.net&size=25") == [
        "alpha.org", "beta.net", "gamma.org",
    ]  # fmt: skip


@pytest.mark.parametrize("sort", ["name", "-name", "expiry", "-expiry"])
def test_a_long_list_comes_whole_in_parts_of_one_read_each(app, owner, acme, sort, monkeypatch):
    with app.app_context():
        for n in range(9):
            make.domain(acme, expires_on=make.TODAY + timedelta(days=n % 3), external=n % 4 == 0)
    whole = names(owner, f"/domains.csv?sort={sort}")
    monkeypatch.setattr(listing.Listing.parts, "__defaults__", (2,))
    assert names(owner, f"/domains.csv?sort={sort}") == whole
    assert len(set(whole)) == 9


def test_no_transaction_is_open_while_somebody_reads_slowly(app, owner, three, monkeypatch):
    monkeypatch.setattr(listing.Listing.parts, "__defaults__", (1,))
    answer = owner.get("/domains.csv", buffered=False)
    parts = answer.iter_encoded()
    assert b"alpha.org" in next(parts)
    with app.app_context():
        make.domain(make.organization("Other"), "delta.org")
        assert not db.session().in_transaction()
    assert b"beta.net" in next(parts)
    answer.close()


def test_a_formula_in_a_name_is_defused(app, owner, acme, three):
    with app.app_context(), transaction() as session:
        session.execute(update(Organization).values(name="=HYPERLINK(1)"))
    assert rows(owner, "/domains.csv")[1][5] == "'=HYPERLINK(1)"


def test_another_organization_downloads_nothing_of_it(app, owner, three):
    with app.app_context():
        stranger = make.owner(make.organization("Other"))
        nobody = make.user("Nobody")
    assert names(signed_in(app, stranger), "/domains.csv") == []
    assert signed_in(app, nobody).get("/domains.csv").status_code == 404
