"""The pages of mailboxes: those of a domain, and one of them."""

from datetime import date, timedelta
from html import unescape
from urllib.parse import quote

import pytest

from app.accounts.rules import Role
from app.accounts.suspensions import suspend
from app.db import db, transaction
from app.journal.service import HOST
from tests import make
from tests.pages import listed, signed_in, statements, without_tokens

GIB = 2**30
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
ODD = ["o'brien", "a+b", "a/b", "50%", "x?y=z", "a#b", "é"]


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
def domain(app, acme):
    with app.app_context():
        return make.domain(acme, "example.org")


@pytest.fixture
def three(app, acme, domain):
    with app.app_context():
        later, sooner = date(2027, 6, 30), date(2027, 3, 31)
        make.mailbox(domain, acme, "info", expires_on=later, on=True, used_bytes=GIB)
        make.mailbox(domain, acme, "sales", expires_on=sooner, used_bytes=2 * GIB)
        make.mailbox(domain, acme, "support", expires_on=sooner)


def page(client, address, status=200, **more):
    answer = client.get(address, **more)
    assert answer.status_code == status
    return unescape(answer.get_data(as_text=True))


def names(html):
    return [name.removesuffix("@example.org") for name in listed(html)]


# ---- The list of a domain


def test_the_list_shows_address_space_expiry_mark_and_menu(owner, three):
    html = page(owner, "/domains/example.org/mailboxes")
    assert names(html) == ["info", "sales", "support"]
    assert "1 GB of 3 GB" in html
    assert 'Jun 30, 2027</time> <span class="mark"' in html
    assert html.count('aria-label="Auto-renewal on"') == 1
    menu = html.split('role="menu" aria-label="Actions for info@example.org"')[1]
    assert menu.split("</a>")[0].endswith(">Manage auto-renewal")
    assert 'href="/mailboxes/info@example.org/auto-renewal' in menu


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sort=-address", ["support", "sales", "info"]),
        ("sort=used", ["support", "info", "sales"]),
        ("sort=-used", ["sales", "info", "support"]),
        ("sort=expiry", ["sales", "support", "info"]),
        ("sort=-expiry", ["info", "support", "sales"]),
        ("q=S", ["sales", "support"]),
        ("q=nf", []),
        ("q=ale", ["sales"]),
        ("q=exam", []),
        ("q=s@exam", ["sales"]),
        ("q=%25%25%25", []),
        ("q=___", []),
        ("q=%00", ["info", "sales", "support"]),
        ("auto_renewal=on", ["info"]),
        ("auto_renewal=off&sort=-address", ["support", "sales"]),
        ("expires=30", ["sales", "support"]),
        ("expires=30&sort=-used", ["sales", "support"]),
        ("expires=30&sort=-expiry", ["support", "sales"]),
        ("expires=7", []),
        ("expires=expired", []),
        ("expires=soon", ["info", "sales", "support"]),
        ("payer=others", []),
        ("sort=used&after=x~y&size=1", ["support", "info", "sales"]),
    ],
)
def test_search_filter_and_order_live_in_the_address(owner, three, query, expected):
    assert names(page(owner, f"/domains/example.org/mailboxes?{query}")) == expected


@pytest.mark.parametrize("few", [0, 1000])
@pytest.mark.parametrize("query", ["auto_renewal=off", "expires=30", "expires=30&auto_renewal=off"])
@pytest.mark.parametrize("sort", ["address", "-used", "expiry"])
def test_few_and_many_are_found_in_their_own_ways_but_shown_alike(
    owner, three, few, query, sort, monkeypatch
):
    monkeypatch.setattr("app.mailboxes.queries.COUNTED", few)
    html = page(owner, f"/domains/example.org/mailboxes?{query}&sort={sort}")
    assert names(html) == ["sales", "support"]
    assert "2 mailboxes" in html


@pytest.mark.parametrize("sort", ["address", "-address", "used", "-used", "expiry", "-expiry"])
def test_pages_follow_each_other_without_gap_or_repeat(app, owner, acme, domain, sort):
    with app.app_context():
        for n in range(60):
            day = date(2027, 4, 1) + timedelta(days=n % 3)
            make.mailbox(domain, acme, f"m{n}", expires_on=day, used_bytes=n % 4)
    address = f"/domains/example.org/mailboxes?size=25&sort={sort}"
    pages = [page(owner, address)]
    while address := link(pages[-1], "next"):
        pages.append(page(owner, address))
    assert [len(names(html)) for html in pages] == [25, 25, 10]
    assert len({name for html in pages for name in names(html)}) == 60
    assert names(page(owner, link(pages[2], "prev"))) == names(pages[1])
    assert "60 mailboxes" in pages[1]


def link(html, rel):
    marker = f'rel="{rel}" href="'
    return html.split(marker)[1].split('"')[0] if marker in html else None


@pytest.mark.parametrize(
    ("expires_on", "words"),
    [
        (date(2027, 3, 1), "Expired – works until Mar 8, 2027"),
        (date(2027, 2, 22), "Expired – suspended, kept until Mar 31, 2027"),
        (date(2027, 1, 1), "Expired – may be deleted"),
    ],
)
def test_what_was_not_renewed_says_where_it_stands(app, owner, acme, domain, expires_on, words):
    with app.app_context():
        make.mailbox(domain, acme, expires_on=expires_on)
    assert words in page(owner, "/domains/example.org/mailboxes")
    assert words in page(owner, "/mailboxes/info@example.org")


def test_a_domain_without_mailboxes_says_so(owner, domain):
    assert "No mailbox yet" in page(owner, "/domains/example.org/mailboxes")


def test_where_nothing_matches_one_click_clears_the_filters(owner, three):
    html = page(owner, "/domains/example.org/mailboxes?q=nobody&sort=-used")
    assert "No mailbox matches" in html
    assert 'href="/domains/example.org/mailboxes?sort=-used">Clear filters</a>' in html


@pytest.mark.parametrize("query", ["", "?sort=-expiry", "?q=nobody", "?auto_renewal=on&size=25"])
def test_the_part_that_htmx_gets_is_that_part_of_the_page(owner, three, query):
    address = f"/domains/example.org/mailboxes{query}"
    part = without_tokens(page(owner, address, headers=PART)).strip()
    assert part.startswith('<div id="list">')
    assert part in without_tokens(page(owner, address))


def test_two_hundred_mailboxes_take_as_many_statements_as_ten(app, owner, acme, domain):
    page(owner, "/domains")  # the first request of all also reads the installation's terms
    counts = []
    for numbers in (range(10), range(10, 200)):
        with app.app_context():
            for n in numbers:
                make.mailbox(domain, acme, f"m{n}")
        with statements(app) as sent:
            page(owner, "/domains/example.org/mailboxes?size=200")
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 6


@pytest.mark.parametrize("query", ["sort=address", "sort=-used", "sort=expiry", "sort=-expiry"])
@pytest.mark.parametrize("cursor", ["", "after", "before"])
def test_the_database_finds_a_page_by_index_and_sorts_nothing(
    app, owner, three, query, cursor, request
):
    if request.config.getoption("database") != "sqlite":
        pytest.skip("PostgreSQL plans three rows by reading them all")
    place = {"address": "m@example.org", "used": "1~1", "expiry": "2027-04-01~1"}
    key = query.removeprefix("sort=").removeprefix("-")
    with statements(app) as sent:
        page(owner, f"/domains/example.org/mailboxes?{query}&{cursor}={place[key]}")
    (statement, values), = [one for one in sent if "ORDER BY mailboxes" in one[0]
                            or "ORDER BY subscriptions" in one[0]]  # fmt: skip
    with app.app_context():
        rows = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        plan = "\n".join(row.detail for row in rows)
    index = {"address": "by_address", "used": "by_use", "expiry": "by_expiry"}[key]
    assert index in plan
    assert "TEMP B-TREE" not in plan
    assert "SCAN mailboxes" not in plan
    assert "SCAN subscriptions" not in plan


# ---- One mailbox


def test_the_configuration_says_who_pays_how_often_and_leads_to_changing_it(owner, three):
    html = page(owner, "/mailboxes/info@example.org")
    assert ">Configuration</h2>" in html
    assert '<span class="badge green">On</span>' in html
    assert 'href="/mailboxes/info@example.org/auto-renewal"' in html
    for words in ("Monthly", "Acme", "€1.00 in the days before Jun 30, 2027", "1 GB", "3 GB"):
        assert words in html
    assert 'href="/domains/example.org">example.org</a>' in html


def test_auto_renewal_off_is_grey_and_nothing_is_charged(owner, three):
    html = page(owner, "/mailboxes/sales@example.org")
    assert '<span class="badge grey">Off</span>' in html
    assert "€" not in html


@pytest.mark.parametrize(
    ("expires_on", "words"),
    [
        (date(2027, 3, 1), "It works as usual until Mar 8, 2027."),
        (date(2027, 2, 22), "Since Mar 1, 2027 nobody can sign in"),
    ],
)
def test_an_expired_mailbox_says_until_when_it_works_and_can_be_renewed_at_once(
    app, owner, acme, domain, expires_on, words
):
    with app.app_context():
        make.mailbox(domain, acme, expires_on=expires_on)
    html = page(owner, "/mailboxes/info@example.org")
    assert words in html
    assert 'href="/mailboxes/info@example.org/renew">Renew now</a>' in html


@pytest.mark.parametrize("expires_on", [date(2027, 2, 27), date(2027, 2, 1)])
def test_of_a_suspended_organization_it_promises_neither_work_nor_mail(
    app, owner, acme, domain, expires_on
):
    with app.app_context():
        make.mailbox(domain, acme, "late", expires_on=expires_on)
        with transaction() as session:
            suspend(session, acme.id, "negative_balance", by=HOST, now=make.NOW)
    html = page(owner, "/mailboxes/late@example.org")
    assert "While Acme is suspended, it does not work" in html
    assert "It works as usual" not in html
    assert "Mail that arrives is kept" not in html


def test_the_row_menu_renews_at_once_what_has_expired(app, owner, acme, domain, three):
    with app.app_context():
        make.mailbox(domain, acme, "late", expires_on=date(2027, 2, 27))
    address = "/domains/example.org/mailboxes"
    html = page(owner, address)
    menu = html.split('role="menu" aria-label="Actions for late@example.org"')[1]
    menu = menu.partition("</div>")[0]
    assert menu.index("Manage auto-renewal") < menu.index("Renew now")
    assert 'href="/mailboxes/late@example.org/renew"' in menu
    assert html.count(">Renew now</a>") == 1
    with app.app_context():
        paul = make.user("Paul")
        make.member(paul, acme, Role.TECHNICAL)
    assert "Renew now" not in page(signed_in(app, paul), address)


def test_a_mailbox_that_is_paid_for_has_no_banner(owner, three):
    assert "Renew now" not in page(owner, "/mailboxes/info@example.org")


@pytest.mark.parametrize("local", ODD)
def test_unusual_addresses_lead_to_their_pages(app, owner, acme, local):
    with app.app_context():
        address = make.mailbox(make.domain(acme, "exämple.org"), acme, local).name
    listing = page(owner, "/domains/exämple.org/mailboxes")
    href = listing.split('<td class="main"><a href="')[1].split('"')[0]
    assert href == "/mailboxes/" + quote(address, safe="/@+'=")
    assert f"<title>{address}" in page(owner, href)


@pytest.mark.parametrize(
    "address", ["nobody@example.org", "info", "@", "info@example.org/", "%00@example.org"]
)
def test_unknown_addresses_do_not_exist(owner, three, address):
    page(owner, f"/mailboxes/{address}", status=404)


def test_a_stranger_cannot_tell_whether_a_mailbox_exists(app, three):
    with app.app_context():
        stranger = make.owner(make.organization("Other"))
    page(signed_in(app, stranger), "/mailboxes/info@example.org", status=404)


def test_a_viewer_is_not_offered_what_they_may_not_change(app, acme, three):
    with app.app_context():
        viewer = make.user("Vera")
        make.member(viewer, acme, Role.VIEWER)
    client = signed_in(app, viewer)
    assert "Manage auto-renewal" not in page(client, "/domains/example.org/mailboxes")
    assert ">Change</a>" not in page(client, "/mailboxes/info@example.org")
