"""On the page of recurring payment domains can be unticked: the boxes that are sent count."""

import pytest

from app.auto_renewal.forms import Boxes, read_boxes
from app.auto_renewal.models import BulkChange
from app.selections.sets import changed_to, named
from tests import make
from tests.auto_renewal.recurring_world import PAGE, World
from tests.pages import fields, signed_in


@pytest.fixture
def world(app, clock):
    made = World(app)
    made.tick()
    return made


def send(world, html: str, domains, **changes):
    data = {name: text for name, text in fields(html, PAGE).items() if "domain-" not in name}
    return world.client.post(
        PAGE, data=data | {f"domain-{one.id}": "on" for one in domains} | changes
    )


def boxes(html: str) -> tuple[int, int]:
    """How many boxes there are, and how many are ticked."""
    rows = html.split('name="domain-')[1:]
    return len(rows), sum(" checked" in row.partition(">")[0] for row in rows)


def test_every_ticked_domain_has_a_box(world):
    assert boxes(world.page()) == (4, 4)


def test_what_is_unticked_is_left_out_without_a_script(world):
    assert send(world, world.page(), world.domains[:2]).status_code == 303
    assert world.on() == [True, True, False, False]


def test_the_preview_counts_what_is_left_and_keeps_the_row(world):
    answer = send(world, world.page(), world.domains[1:], preview="1")
    html = answer.get_data(as_text=True)
    assert "3 domains are ticked" in html
    assert boxes(html) == (4, 3)
    # It can be ticked again, and what the preview showed is what is confirmed.
    assert send(world, html, world.domains).status_code == 303
    assert world.on() == [True] * 4


def test_what_is_unticked_here_is_unticked_in_the_list(world):
    send(world, world.page(), world.domains[1:], preview="1")
    assert boxes(world.page()) == (3, 3)


def test_with_none_left_nothing_is_changed(world):
    assert send(world, world.page(), []).status_code == 303
    assert world.on() == [True, False, False, False]


def test_a_double_click_acts_once(world):
    html = world.page()
    assert [send(world, html, world.domains[:2]).status_code for _ in range(2)] == [303, 303]
    assert world.on() == [True, True, False, False]
    assert world.count(BulkChange) == 1


def test_what_another_tab_ticked_meanwhile_is_told_and_the_unticked_stay_so(world):
    html = world.page()
    late = world.add("late.org")
    world.tick([late])
    answer = send(world, html, world.domains[:2])
    assert answer.status_code == 409
    assert world.on() == [True, False, False, False, False]
    assert "3 domains are ticked" in answer.get_data(as_text=True)


def test_a_box_of_another_organization_ticks_nothing(world, app):
    with app.app_context():
        other = make.organization("Other")
        theirs = make.domain(other, "theirs.org")
    html = world.page()
    listed = fields(html, PAGE)["listed"] + f",{theirs.id}"
    answer = send(world, html, [*world.domains, theirs], listed=listed)
    assert answer.status_code == 409
    assert "theirs.org" not in answer.get_data(as_text=True)
    assert world.on() == [True, False, False, False]


def test_who_may_not_bill_sees_the_list_without_boxes(world, app):
    from app.accounts.rules import Role

    with app.app_context():
        paul = make.user("Paul")
        make.member(paul, world.acme, Role.TECHNICAL)
    client = signed_in(app, paul)
    world.tick(client=client)
    assert boxes(world.page(client)) == (0, 0)


def test_nonsense_in_the_boxes_is_left_out():
    sent = {"listed": "1,2,x,,9999999999", "counted": "1,7", "domain-2": "on", "domain-3": "on"}
    assert read_boxes(sent, 50) == Boxes(frozenset({1, 2}), frozenset({1}), frozenset({2}))


def test_the_name_of_a_set_follows_what_joins_and_leaves_it():
    assert changed_to(named(0, 0), added=[1, 2_000_000_000], removed=[2_000_000_000]) == "1:1"
    for name in ("", "x", "1", "1:x"):
        assert changed_to(name, added=[1], removed=[]) == name
