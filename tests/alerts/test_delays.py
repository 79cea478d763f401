"""What the host sets, what that would do to alerts open now, and what makes no sense."""

import pytest

from app.accounts.installation import Context, terms
from app.alerts.delays import Effect, delays_of, effect_of, set_delays
from app.alerts.rules import Delays
from app.db import transaction
from app.journal.service import HOST
from tests import make
from tests.alerts.world import alerts, at, day, states, steps, tick_daily, tick_on

TYPE = "negative_balance"


@pytest.fixture
def acme(db_context):
    acme = make.organization(balance=-500)
    make.owner(acme)
    return acme


def context(on: int) -> Context:
    return Context(at(day(on)), terms(), HOST)


def choose(name: str, wanted: Delays, on: int = 0) -> bool:
    with transaction() as session:
        return set_delays(session, name, wanted, context(on))


def test_the_defaults_are_those_of_the_specification(db_context):
    assert delays_of(db_context()) == {
        "inactivity": Delays(opens=120, reminders=(7, 21, 27), expires=30),
        "negative_balance": Delays(reminders=(3, 7, 14, 20), expires=21),
        "domain_expiry": Delays(opens=60, reminders=(-31, -15, -7, -3, -1, 1)),
        "unfunded_renewal": Delays(opens=30, reminders=(7,)),
        "card_expiry": Delays(opens=30, reminders=(-15, -7, -1, 1)),
        "move": Delays(reminders=(-7, -1)),
    }


def test_a_change_moves_the_deadlines_of_what_is_open(acme):
    tick_daily(0, 5)
    assert choose(TYPE, Delays(reminders=(5, 10, 28), expires=30), on=5)
    assert not choose(TYPE, Delays(reminders=(5, 10, 28), expires=30), on=5)
    assert alerts()[0].deadline_on == day(30)
    tick_daily(6, 30)
    assert steps() == {
        "opening": "sent", "+3": "sent", "+5": "sent", "+10": "sent", "+28": "sent",
        "expiry": "sent",
    }  # fmt: skip


def test_its_effect_is_told_before_and_changes_nothing(acme, db_context):
    make.domain(acme, "example.fr", expires_on=day(80))
    tick_on(day(0))
    effect = effect_of(db_context(), "domain_expiry", Delays(opens=90), context(0))
    assert effect == Effect(opening=1, resolving=0, sooner=0, later=0, due=0, told=2)
    effect = effect_of(db_context(), TYPE, Delays(expires=10), context(12))
    assert effect == Effect(opening=0, resolving=0, sooner=1, later=0, due=1, told=0)
    assert alerts()[0].deadline_on == day(21)


def test_whoever_would_be_reminded_at_once_is_counted(acme, db_context):
    make.owner(make.organization("Beta", balance=-100), "Bob")
    tick_daily(0, 4)
    effect = effect_of(db_context(), TYPE, Delays(reminders=(3, 4), expires=21), context(4))
    # Both owners and the address of both organizations' billing contact.
    assert effect == Effect(opening=0, resolving=0, sooner=0, later=0, due=0, told=3)
    choose(TYPE, Delays(reminders=(3, 4), expires=21), on=4)
    tick_on(day(4))
    assert steps()["+4"] == "sent"
    assert effect_of(db_context(), TYPE, Delays(reminders=(3, 4), expires=21), context(4)).told == 0


def test_a_shorter_lead_resolves_what_would_not_have_opened(acme):
    make.domain(acme, "example.fr", expires_on=day(55))
    tick_on(day(0))
    choose("domain_expiry", Delays(opens=40, reminders=(-7,)))
    tick_on(day(1))
    assert states("domain_expiry") == ["resolved"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("domain_expiry", Delays(opens=34)),
        ("domain_expiry", Delays(opens=60, expires=3)),
        ("negative_balance", Delays(expires=7)),
        ("negative_balance", Delays()),
        ("inactivity", Delays(opens=0, expires=30)),
        ("inactivity", Delays(opens=10**9, expires=30)),
        ("inactivity", Delays(opens=120, reminders=(-(10**9),), expires=30)),
        ("unfunded_renewal", Delays(opens=30, reminders=(7, 14))),
        ("unfunded_renewal", Delays(opens=30, reminders=(0,))),
    ],
)
def test_what_makes_no_sense_or_breaks_the_law_is_refused(db_context, name, wanted):
    with pytest.raises(ValueError, match=r"\w"):
        choose(name, wanted)
