"""The list of a domain's mailboxes as a CSV file."""

import csv
from datetime import date
from io import StringIO

import pytest

from tests import make
from tests.pages import signed_in, statements


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        return make.organization("Acme")


@pytest.fixture
def owner(app, acme):
    with app.app_context():
        domain = make.domain(acme, "example.org")
        make.mailbox(domain, acme, "info", expires_on=date(2027, 6, 30), on=True, used_bytes=2**20)
        make.mailbox(domain, acme, "=cmd", expires_on=date(2027, 3, 31))
        marie = make.owner(acme)
    return signed_in(app, marie)


def rows(client, query=""):
    answer = client.get(f"/domains/example.org/mailboxes.csv{query}")
    assert answer.status_code == 200
    return list(csv.reader(StringIO(answer.get_data().decode("utf-8-sig"), newline="")))


def test_a_line_tells_space_expiry_choice_and_payer(owner):
    head, command, info = rows(owner)
    assert dict(zip(head, info, strict=True)) == {
        "Address": "info@example.org",
        "Used space (MB)": "1.00",
        "Quota (MB)": "3072",
        "Expiry date": "2027-06-30",
        "Auto-renewal": "On",
        "Frequency": "Monthly",
        "Billed organization": "Acme",
        "Verdict": "",
    }
    # A mail address may begin like a formula.
    assert command[0] == "'=cmd@example.org"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?sort=-address", ["info", "'=cmd"]),
        ("?sort=-used", ["info", "'=cmd"]),
        ("?sort=expiry", ["'=cmd", "info"]),
        ("?expires=30", ["'=cmd"]),
        ("?auto_renewal=on", ["info"]),
        ("?q=%00&expires=%ff&payer=%00&sort=~&size=-1&after=%00&before=1", ["'=cmd", "info"]),
    ],
)
def test_filters_and_order_are_those_of_the_list(owner, query, expected):
    assert [row[0].removesuffix("@example.org") for row in rows(owner, query)[1:]] == expected


def test_the_list_offers_the_file_under_a_name_of_its_domain(owner):
    html = owner.get("/domains/example.org/mailboxes?expires=30").get_data(as_text=True)
    link = 'href="/domains/example.org/mailboxes.csv?expires=30" hx-boost="false">Download CSV</a>'
    assert link in html
    answer = owner.get("/domains/example.org/mailboxes.csv")
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=mailboxes-example.org-2027-03-01.csv"
    )


def test_strangers_get_no_file(app, owner):
    with app.app_context():
        stranger = make.owner(make.organization("Other"))
    assert signed_in(app, stranger).get("/domains/example.org/mailboxes.csv").status_code == 404


def test_filtered_lists_take_no_more_statements(app, owner):
    owner.get("/domains")  # the first request of all also reads the installation's terms
    with statements(app) as sent:
        owner.get("/domains/example.org/mailboxes?expires=30&auto_renewal=off&payer=others&q=cmd")
    assert len(sent) <= 6
