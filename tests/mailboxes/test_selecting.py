"""Ticked mailboxes are kept by the server: over pages, filters, tabs, and without a script."""

import re

import pytest

from tests import make
from tests.pages import csrf_token, signed_in

LIST = "/domains/example.org/mailboxes"
SELECTION = f"{LIST}/selection"


@pytest.fixture
def owner(app, clock):
    with app.app_context():
        acme = make.organization()
        person = make.owner(acme)
        domain = make.domain(acme, "example.org")
        for number in range(60):
            make.mailbox(domain, acme, f"box{number:02}", on=number % 2 == 0)
    client = signed_in(app, person)
    client.person = person
    return client


def boxes(html: str) -> dict[str, bool]:
    """Each box of the page: its id, and whether it is ticked."""
    tags = re.findall(r'<input type="checkbox" form="bulk"[^>]*>', html)
    return {re.search(r'value="(\d+)"', tag)[1]: " checked" in tag for tag in tags}


def page(client, query: str = "") -> str:
    return client.get(f"{LIST}{query}").get_data(as_text=True)


def send(client, html: str, ticked: list[str], do: str = "keep", **more):
    """Send the bar's form as a browser without a script does."""
    hidden = dict(re.findall(r'<input type="hidden" name="(back|was|shown)" value="([^"]*)"', html))
    fields = {"csrf_token": csrf_token(html), **hidden, "mailbox": ticked, "do": do, **more}
    return client.post(SELECTION, data=fields, follow_redirects=True)


def number(client, query: str = "") -> int:
    return int(re.search(r'data-count="(\d+)"', page(client, query))[1])


def test_ticks_survive_paging_sorting_filtering_and_a_reload(owner):
    first = page(owner, "?size=25")
    some = list(boxes(first))[:3]
    send(owner, first, some)
    for query in ("?size=25", "?size=25&sort=-address", "?auto_renewal=on", ""):
        assert number(owner, query) == 3
    assert [i for i, on in boxes(page(owner)).items() if on] == some


def test_ticks_of_several_pages_add_up(owner):
    first = page(owner, "?size=25")
    send(owner, first, list(boxes(first))[:2])
    after = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = owner.get(after).get_data(as_text=True)
    send(owner, second, list(boxes(second))[:2])
    assert number(owner) == 4


def test_unticking_a_row_leaves_the_others(owner):
    html = page(owner)
    some = list(boxes(html))[:3]
    send(owner, html, some)
    send(owner, page(owner), some[1:])
    assert number(owner) == 2


def test_all_that_match_a_filter_less_one(owner):
    html = page(owner, "?auto_renewal=on&size=25")
    send(owner, html, list(boxes(html)), do="matching")
    assert number(owner) == 30
    html = page(owner, "?auto_renewal=on&size=25")
    ticked = list(boxes(html))
    send(owner, html, ticked[1:])
    assert number(owner) == 29
    off = boxes(page(owner, "?auto_renewal=off"))
    assert not any(off.values())


def test_the_offer_names_how_many_match_once_the_page_is_ticked(owner):
    html = page(owner, "?size=25")
    assert "<noscript><button" in html.split("Select all 60")[0][-200:]
    answer = send(owner, html, list(boxes(html))).get_data(as_text=True)
    assert "<noscript>" not in answer.split("Select all 60 mailboxes matching")[0][-120:]
    assert number(owner, "?size=25") == 25


def test_clearing_unticks_everything(owner):
    html = page(owner)
    send(owner, html, list(boxes(html)), do="matching")
    send(owner, page(owner), [], do="clear")
    assert number(owner) == 0


def test_an_old_tab_undoes_nothing_of_a_newer_one(owner):
    old, new = page(owner), page(owner)
    first, second = list(boxes(old))[:2]
    send(owner, new, [first])
    send(owner, old, [second])
    assert number(owner) == 2


def test_a_script_names_the_boxes_that_were_touched(owner):
    html = page(owner)
    first, second = list(boxes(html))[:2]
    send(owner, html, [first, second], touched=f"{first},{second}")
    send(owner, html, [second], touched=first)
    assert number(owner) == 1


def test_a_tick_with_htmx_answers_the_bar_alone(owner):
    html = page(owner)
    first = next(iter(boxes(html)))
    answer = owner.post(
        SELECTION,
        data={"csrf_token": csrf_token(html), "mailbox": first, "touched": first, "shown": "50"},
        headers={"HX-Request": "true", "HX-Request-Type": "partial"},
    ).get_data(as_text=True)
    assert answer.strip().startswith("<form")
    assert 'data-count="1"' in answer
    assert "<table" not in answer


def test_another_browser_has_a_selection_of_its_own(app, owner):
    html = page(owner)
    send(owner, html, list(boxes(html))[:3])
    assert number(signed_in(app, owner.person)) == 0


def test_ids_of_others_and_nonsense_are_never_counted(app, owner):
    with app.app_context():
        other = make.organization("Other")
        foreign = make.mailbox(make.domain(other, "other.org"), other)
    html = page(owner)
    own = next(iter(boxes(html)))
    send(owner, html, [own, str(foreign.id), "x", "-1", "9" * 30])
    assert number(owner) == 1


def test_a_foreign_address_to_go_back_to_is_not_followed(owner):
    html = page(owner)
    answer = owner.post(
        SELECTION, data={"csrf_token": csrf_token(html), "back": "//evil.example", "do": "clear"}
    )
    assert answer.location == LIST


def test_the_bar_stays_where_the_filters_find_nothing(owner):
    html = page(owner)
    assert 'id="bulk"' not in page(owner, "?q=nowhere")
    send(owner, html, list(boxes(html))[:3])
    empty = page(owner, "?q=nowhere")
    assert "No mailbox matches" in empty
    assert "3 mailboxes selected" in empty
    send(owner, empty, [], do="clear")
    assert number(owner) == 0
