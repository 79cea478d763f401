"""What every hosting server promises, whoever it is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.db import TransactionOpen, transaction
from app.moves.ports import (
    AccountState,
    Begun,
    Broken,
    Done,
    Hosting,
    MoveOrder,
    NeverBegun,
    Running,
    hosting,
)
from app.service_states.ports import Applied, Refused, Unknown
from app.service_states.rules import ServiceState

WEB = AccountState("web", ServiceState.ACTIVE, 1)
ORDER = MoveOrder("move:php:1", "web", "PHP 8.5")


@pytest.fixture(params=["sandbox"])
def server(request, app, db_context, clock) -> Hosting:
    assert request.param == "sandbox"
    return hosting()


def test_it_holds_the_state_that_it_was_told_last(server):
    suspended = replace(WEB, state=ServiceState.SUSPENDED, revision=2)
    assert server.tell([WEB]) == [Applied()]
    assert server.tell([suspended]) == [Applied()]
    assert server.tell([WEB]) == [Applied()], "it came late"
    assert server.held("web") == suspended


def test_of_what_it_was_not_told_it_knows_nothing(server):
    assert server.held("nowhere") is None
    assert server.progress("move:none:1") == NeverBegun()


def test_a_move_that_was_ordered_is_carried_out(server):
    assert server.begin(ORDER) == Begun()
    assert isinstance(server.progress(ORDER.key), Done)


def test_the_same_key_begins_nothing_a_second_time(server):
    slow = replace(ORDER, title="PHP 8.5 (slow)")
    server.begin(slow)
    assert server.begin(slow) == Begun()
    assert isinstance(server.progress(ORDER.key), Running)


def test_another_key_is_another_try(server):
    server.begin(replace(ORDER, title="PHP 8.5 (fails)"))
    again = replace(ORDER, key="move:php:2")
    server.begin(again)
    assert isinstance(server.progress(ORDER.key), Broken)
    assert isinstance(server.progress(again.key), Done)


def test_a_move_that_takes_long_tells_how_far_it_is(server, clock):
    server.begin(replace(ORDER, title="PHP 8.5 (slow)"))
    clock.advance(timedelta(seconds=10))
    assert server.progress(ORDER.key) == Running(50, "Copy made")


def test_an_order_whose_answer_is_lost_can_be_looked_up(server):
    assert isinstance(server.begin(replace(ORDER, title="PHP 8.5 (lost)")), Unknown)
    assert isinstance(server.progress(ORDER.key), Done)


def test_what_it_refuses_never_begins(server):
    assert isinstance(server.begin(replace(ORDER, title="Windows (refused)")), Refused)
    assert server.progress(ORDER.key) == NeverBegun()


def test_it_is_never_called_inside_a_transaction(server):
    with transaction(), pytest.raises(TransactionOpen):
        server.begin(ORDER)
