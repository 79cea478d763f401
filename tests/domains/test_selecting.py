"""Ticked domains, the menu *Actions*, and where its buttons lead (seed-C)."""

import re

import pytest
from sqlalchemy import update

from app.accounts.rules import Role
from app.billing.models import Card
from app.db import db, transaction
from tests import make
from tests.pages import csrf_token, fields, listed, signed_in, statements

LIST = "/domains"
SELECTION = "/domains/selection"


@pytest.fixture
def acme(app, clock):
    with app.app_context():
        make.usual_prices()
        return make.organization("Acme")


@pytest.fixture
def domains(app, acme):
    with app.app_context():
        made = [make.domain(acme, f"name{number:02}.org", on=number < 10) for number in range(29)]
        return [*made, make.domain(acme, "strange.net", external=True)]


@pytest.fixture
def owner(app, acme, domains):
    with app.app_context():
        marie = make.owner(acme)
    client = signed_in(app, marie)
    client.person = marie
    return client


@pytest.fixture
def card(app, acme):
    with app.app_context():
        return make.card(acme)


def page(client, query: str = "") -> str:
    return client.get(f"{LIST}{query}").get_data(as_text=True)


def boxes(html: str) -> dict[str, bool]:
    tags = re.findall(r'<input type="checkbox" form="bulk"[^>]*>', html)
    return {re.search(r'value="(\d+)"', tag)[1]: " checked" in tag for tag in tags}


def send(client, html: str, ticked: list[str], do: str = "keep"):
    """Send the bar's form as a browser without a script does."""
    return client.post(SELECTION, data={**fields(html, SELECTION), "domain": ticked, "do": do})


def number(client, query: str = "") -> int:
    return int(re.search(r'data-count="(\d+)"', page(client, query))[1])


def test_ticks_survive_paging_sorting_filters_and_the_other_view(owner):
    html = page(owner, "?size=25")
    some = list(boxes(html))[:3]
    send(owner, html, some)
    for query in ("?size=25&sort=-expiry", "?view=advanced", "?auto_renewal=off", "?q=nowhere", ""):
        assert number(owner, query) == 3, query
    assert [i for i, on in boxes(page(owner)).items() if on] == some


def test_all_that_match_a_filter_less_one(owner):
    html = page(owner, "?auto_renewal=on")
    send(owner, html, list(boxes(html)), "matching")
    html = page(owner, "?auto_renewal=on")
    send(owner, html, list(boxes(html))[1:])
    assert number(owner) == 9


def test_names_registered_elsewhere_can_be_ticked(owner, domains):
    send(owner, page(owner), [str(domains[-1].id)])
    assert number(owner, "?extension=net") == 1


def test_the_menu_says_what_is_missing_before_there_is_a_card(owner):
    html = page(owner)
    assert "appears here once this organization has a validated card" in html
    assert 'href="/billing/cards"' in html
    assert "Recurring payment</button>" not in html
    assert "Recurring payment for all" not in html


def test_a_card_that_is_not_validated_is_none(app, owner, card):
    with app.app_context(), transaction() as session:
        session.execute(update(Card).values(validated=False))
    assert "Recurring payment for all" not in page(owner)


def test_the_menu_offers_four_actions_once_there_is_a_card(owner, card):
    menu = page(owner).split('id="domain-actions"')[1].split("</div>")[0]
    assert re.findall(r"<button[^>]*>([^<]+)<", menu) == [
        "Renew", "Renew all", "Recurring payment", "Recurring payment for all",
    ]  # fmt: skip


@pytest.mark.parametrize("do", ["recurring", "renew"])
def test_an_action_goes_on_with_what_is_ticked_and_knows_the_way_back(owner, card, do):
    html = page(owner, "?auto_renewal=on")
    answer = send(owner, html, list(boxes(html))[:2], do)
    assert answer.location == f"/domains/{do}?next=%2Fdomains%3Fauto_renewal%3Don"
    assert number(owner) == 2


@pytest.mark.parametrize("do", ["recurring", "renew"])
def test_an_action_for_all_ticks_every_domain_over_pages_and_filters(owner, card, do):
    answer = send(owner, page(owner, "?q=nowhere"), [], f"{do}-all")
    assert answer.location == f"/domains/{do}"
    assert number(owner, "?size=25") == 30


def test_a_viewer_has_neither_boxes_nor_actions(app, acme, domains, card):
    with app.app_context():
        vera = make.user("Vera")
        make.member(vera, acme, Role.VIEWER)
    client = signed_in(app, vera)
    html = page(client)
    assert "name00" in html
    assert listed(html) == []
    assert "domain-actions" not in html
    assert 'id="bulk"' not in html
    for address in ("/domains/recurring", "/domains/renew"):
        assert client.get(address).status_code == 403
    token = csrf_token(html)
    assert client.post(SELECTION, data={"csrf_token": token}).status_code == 403


def test_another_organization_has_a_selection_of_its_own(app, owner, acme, domains):
    with app.app_context():
        other = make.organization("Aaa")
        make.member(owner.person, other)
        make.domain(other, "other.org")
    client = signed_in(app, owner.person)
    html = page(client)
    assert listed(html) == ["other.org"]
    send(client, html, [*boxes(html), str(domains[0].id)])
    assert number(client) == 1


def test_a_tick_with_htmx_answers_the_bar_alone(owner, card):
    html = page(owner)
    first = next(iter(boxes(html)))
    answer = owner.post(
        SELECTION,
        data={"csrf_token": csrf_token(html), "domain": first, "touched": first, "shown": "50"},
        headers={"HX-Request": "true", "HX-Request-Type": "partial"},
    ).get_data(as_text=True)
    assert answer.strip().startswith("<form")
    assert 'data-count="1"' in answer
    assert "Recurring payment</button>" in answer


@pytest.mark.parametrize("ticked", ["none", "some", "all"])
@pytest.mark.parametrize("query", ["?view=advanced&size=25", "?q=nowhere"])
def test_a_list_with_ticks_takes_six_statements(app, owner, card, ticked, query):
    html = page(owner)
    if ticked != "none":
        send(owner, html, list(boxes(html)), {"some": "keep", "all": "matching"}[ticked])
    with statements(app) as sent:
        page(owner, query)
    assert len(sent) <= 6


@pytest.mark.parametrize("ticked", ["some", "all"])
@pytest.mark.parametrize("sort", ["name", "-name"])
def test_the_database_finds_a_page_of_ticks_by_index(app, owner, card, ticked, sort, request):
    if request.config.getoption("database") != "sqlite":
        pytest.skip("PostgreSQL plans thirty rows by reading them all")
    html = page(owner)
    send(owner, html, list(boxes(html)), {"some": "keep", "all": "matching"}[ticked])
    with statements(app) as sent:
        page(owner, f"?sort={sort}")
    (statement, values), = [one for one in sent if "ORDER BY domains" in one[0]]  # fmt: skip
    with app.app_context():
        rows = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        plan = "\n".join(row.detail for row in rows)
    assert "TEMP B-TREE" not in plan, plan
    for table in ("domains", "subscriptions", "selection_items"):
        assert f"SCAN {table}" not in plan, plan
