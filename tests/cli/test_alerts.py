"""`flask alert-delays`: what stands, what a change would do, and the change."""

import pytest

from app.alerts.delays import delays_of
from app.db import db


@pytest.fixture
def command(app, clock):
    return lambda *words, **more: app.test_cli_runner().invoke(
        args=["alert-delays", *words], **more
    )


def test_all_types_are_listed_with_their_days(command):
    answer = command()
    assert answer.exit_code == 0
    assert "inactivity  opens=120  reminders=7,21,27  expires=30" in answer.output
    assert "domain_expiry  opens=60" in answer.output


def test_a_change_is_shown_first_and_made_after_a_yes(app, command):
    answer = command("inactivity", "--opens", "90", input="y\n")
    assert answer.exit_code == 0, answer.output
    assert "At the next tick:\n  Nothing changes for the alerts that are open now." in answer.output
    with app.app_context():
        assert delays_of(db.session())["inactivity"].opens == 90


def test_whoever_says_no_changes_nothing(app, command):
    assert command("inactivity", "--opens", "90", input="n\n").exit_code == 1
    with app.app_context():
        assert delays_of(db.session())["inactivity"].opens == 120


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("boredom", "--opens", "3"), "There is no type boredom."),
        (("inactivity", "--reminders", "soon"), "soon is no list of days"),
    ],
)
def test_nonsense_is_told(command, words, told):
    answer = command(*words)
    assert answer.exit_code in (1, 2)
    assert told in answer.output


def test_what_a_type_does_not_have_is_refused(command):
    assert command("card_expiry", "--expires", "3", "--yes").exit_code == 1
