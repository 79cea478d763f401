"""The life of an alert as rules: tables of every case, and what holds in all of them (A0-A10)."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.alerts.rules import (
    ANNOUNCEMENT,
    SANCTION,
    AlertState,
    Hold,
    Life,
    Past,
    Step,
    StepKind,
    StepState,
    Tacit,
    Told,
    after_opening,
    around,
    expiry_is_due,
    half_way,
    held_back,
    is_generic,
    last_is_mandatory,
    legal_notices,
    next_look_on,
    only_on,
    passed_over,
    reopens,
    tacit_notice,
    turns,
)

OPENED = date(2027, 3, 1)
NOW = datetime(2027, 3, 22, 8, tzinfo=UTC)
DAY = timedelta(days=1)
SENT, SKIPPED, MISSED = StepState.SENT, StepState.SKIPPED, StepState.MISSED


def on(days: int) -> date:
    return OPENED + days * DAY


def life(steps: list[Step], *done: str, deadline: int | None = None) -> Life:
    return Life(
        AlertState.OPEN, OPENED, None if deadline is None else on(deadline), steps, frozenset(done)
    )


def told(one: Life, days: int) -> dict[str, StepState]:
    return {turn.step.name: turn.state for turn in turns(one, on(days))}


REMINDERS = after_opening((3, 7, 14, 20), OPENED)

# Days since the opening, steps behind it, and what becomes of the others.
A9 = [
    (2, "", {}),
    (3, "", {"+3": SENT}),
    (4, "", {"+3": SENT}),
    (4, "+3", {}),
    (7, "+3", {"+7": SENT}),
    (7, "", {"+3": SKIPPED, "+7": SENT}),
    (16, "+3", {"+7": SKIPPED, "+14": SENT}),
    (99, "", {"+3": SKIPPED, "+7": SKIPPED, "+14": SKIPPED, "+20": SENT}),
    (99, "+3 +7 +14 +20", {}),
]


@pytest.mark.parametrize(("days", "done", "expected"), A9)
def test_of_the_steps_that_are_due_the_latest_is_sent(days, done, expected):
    assert told(life(REMINDERS, *done.split()), days) == expected


# ICANN's notices of a name that expires on day 60: windows 25-34, 50-56, 60-65.
NOTICES = legal_notices(on(60), OPENED)
WINDOWS = [
    (28, "", {}),
    (29, "", {"-31": SENT}),
    (34, "", {"-31": SENT}),
    (35, "", {"-31": MISSED}),
    (53, "-31", {"-7": SENT}),
    (56, "", {"-31": MISSED, "-7": SENT}),
    (57, "-31", {"-7": MISSED}),
    (61, "-31 -7", {"+1": SENT}),
    (65, "-31 -7", {"+1": SENT}),
    (66, "-31 -7", {"+1": MISSED}),
]


@pytest.mark.parametrize(("days", "done", "expected"), WINDOWS)
def test_a_legal_notice_is_sent_in_its_window_or_missed(days, done, expected):
    assert told(life(NOTICES, *done.split()), days) == expected


def test_what_a_legal_notice_says_anyway_is_not_said_twice():
    one = life([*NOTICES, *around((-15, -3), on(60), OPENED)], "-31")
    assert told(one, 53) == {"-7": SENT, "-15": SKIPPED}
    assert told(one, 57) == {"-7": MISSED, "-15": SKIPPED, "-3": SENT}


def test_a_name_that_came_to_us_late_owes_no_earlier_notice():
    assert [step.name for step in legal_notices(on(60), on(40))] == ["-7", "+1"]


def test_a_step_that_is_not_ready_waits_for_its_day_to_end():
    waits = Step("-5", on(5), ready=False)
    assert told(life([waits]), 5) == {}
    assert next_look_on(life([waits]), on(5)) == on(5)
    assert told(life([waits]), 6) == {"-5": SKIPPED}


# A8: since when the relay has the opening, reminders it has, and what holds the sanction back.
A8 = [
    (None, 0, Hold.NOT_TOLD),
    (None, 2, Hold.NOT_TOLD),
    (30, 0, Hold.NOT_REMINDED),
    (7, 0, Hold.NOT_REMINDED),
    (6, 1, Hold.TOO_SOON),
    (7, 1, None),
    (30, 4, None),
]


@pytest.mark.parametrize(("days", "reminders", "expected"), A8)
def test_a8_nobody_is_suspended_without_accepted_notices(days, reminders, expected):
    since = None if days is None else NOW - days * DAY
    assert held_back(SANCTION, Told(since, reminders), NOW) is expected


def test_a8_seven_full_days_not_a_second_less():
    nearly = NOW - 7 * DAY + timedelta(seconds=1)
    assert held_back(SANCTION, Told(nearly, 1), NOW) is Hold.TOO_SOON


def test_what_is_no_sanction_only_needs_to_have_been_announced():
    assert held_back(ANNOUNCEMENT, Told(), NOW) is Hold.NOT_TOLD
    assert held_back(ANNOUNCEMENT, Told(NOW, 0), NOW) is None
    assert held_back(None, Told(), NOW) is None


# A10: days since it ended, whether the cause is the same, whether the cause is the matter itself.
A10 = {
    (days, same, identity): days <= 7 and (same or (days == 0 and not identity))
    for days, same, identity in product((0, 1, 7, 8, 30), (True, False), (True, False))
}


@pytest.mark.parametrize(("case", "expected"), A10.items())
def test_a10_what_reopens(case, expected):
    days, same, identity = case
    past = Past("invoice 7", OPENED)
    cause = "invoice 7" if same else "invoice 8"
    assert reopens(past, cause, on(days), cause_is_identity=identity) is expected


def test_a_subject_without_a_past_opens_afresh():
    assert not reopens(None, "x", OPENED, cause_is_identity=False)


@pytest.mark.parametrize(
    ("state", "deadline", "days", "expected"),
    [
        (AlertState.OPEN, 21, 20, False),
        (AlertState.OPEN, 21, 21, True),
        (AlertState.OPEN, 21, 40, True),
        (AlertState.OPEN, None, 400, False),
        (AlertState.EXPIRED, 21, 40, False),
        (AlertState.RESOLVED, 21, 40, False),
    ],
)
def test_only_what_is_open_expires(state, deadline, days, expected):
    one = Life(state, OPENED, None if deadline is None else on(deadline))
    assert expiry_is_due(one, on(days)) is expected


def test_an_expiry_passes_over_what_came_before_it_and_leaves_what_follows():
    one = life([*REMINDERS, *NOTICES], "+3", deadline=60)
    assert {turn.step.name for turn in passed_over(one)} == {"+7", "+14", "+20"}


def test_half_way_needs_a_day_between():
    assert half_way(OPENED, on(10)) == [Step("half", on(5))]
    assert half_way(OPENED, on(1)) == []
    assert half_way(OPENED, OPENED) == []


def test_the_last_reminder_of_a_sanction_has_no_switch():
    assert [step.optional for step in last_is_mandatory(REMINDERS)] == [True, True, True, False]


@pytest.mark.parametrize(
    ("extension", "expected"),
    [("com", True), ("org", True), ("fr", False), ("co.uk", False), ("gov", False)],
)
def test_icann_rules_generic_names(extension, expected):
    assert is_generic(extension) is expected


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        (["hostmaster@example.org"], True),
        (["a@example.org", "b@mail.EXAMPLE.org"], True),
        (["a@example.org", "b@elsewhere.net"], False),
        (["a@notexample.org"], False),
        ([], False),
    ],
)
def test_a25_addresses_on_the_expiring_domain_alone_are_no_way_to_reach_anybody(
    addresses, expected
):
    assert only_on("example.org", addresses) is expected


REFUSE_BY = date(2027, 6, 15)


@pytest.mark.parametrize(
    ("today", "chosen_on", "expected"),
    [
        (date(2027, 4, 30), date.min, Tacit.WAIT),
        (date(2027, 5, 1), date.min, Tacit.SEND),
        (date(2027, 5, 15), date.min, Tacit.SEND),
        (date(2027, 5, 16), date.min, Tacit.MISSING),
        (date(2027, 5, 16), date(2027, 5, 15), Tacit.MISSING),
        (date(2027, 5, 20), date(2027, 5, 16), Tacit.NOT_OWED),
    ],
)
def test_the_notice_of_a_tacit_renewal(today, chosen_on, expected):
    assert tacit_notice(REFUSE_BY, chosen_on, today) is expected


# Whatever the downtime, from the opening on until everything is over.

ticks = st.lists(st.integers(0, 120), min_size=1, max_size=40).map(sorted)


def played(steps: list[Step], days: list[int]) -> dict[str, tuple[StepState, date]]:
    """Ticks on some days; what became of each step, and when."""
    done: dict[str, tuple[StepState, date]] = {}
    for number in days:
        one = Life(AlertState.OPEN, OPENED, None, steps, set(done))
        for turn in turns(one, on(number)):
            assert turn.step.name not in done, "a step happens once"
            done[turn.step.name] = turn.state, on(number)
    return done


@given(ticks)
def test_no_tick_sends_two_reminders_and_none_comes_early(days):
    done = played(REMINDERS, days)
    sent = [when for state, when in done.values() if state is SENT]
    assert len(sent) == len(set(sent))
    assert all(
        when >= step.on for step in REMINDERS for _s, when in [done.get(step.name, (0, on(999)))]
    )


@given(ticks)
def test_after_a_tick_nothing_due_is_left_and_the_latest_was_sent(days):
    done = played(REMINDERS, days)
    due = [step.name for step in REMINDERS if step.on <= on(days[-1])]
    assert set(done) == set(due)
    if due:
        assert done[due[-1]][0] is SENT


@given(ticks)
def test_legal_notices_are_sent_in_their_windows_and_else_missed(days):
    done = played(NOTICES, days)
    for step in NOTICES:
        in_window = [number for number in days if step.on <= on(number) <= (step.until or step.on)]
        if in_window:
            assert done[step.name] == (SENT, on(in_window[0]))
        elif step.name in done:
            assert done[step.name][0] is MISSED


@given(ticks, st.sampled_from([REMINDERS, NOTICES, [*REMINDERS, *NOTICES]]))
def test_whoever_only_looks_on_the_days_told_misses_nothing(days, steps):
    """Ticks between those of `next_look_on` change nothing."""
    done: set[str] = set()
    look = OPENED
    for number in range(days[-1] + 1):
        one = Life(AlertState.OPEN, OPENED, None, steps, frozenset(done))
        found = turns(one, on(number))
        if look is None or on(number) < look:
            assert found == []
            continue
        done |= {turn.step.name for turn in found}
        look = next_look_on(Life(AlertState.OPEN, OPENED, None, steps, frozenset(done)), on(number))


def test_steps_of_one_day_are_one_reminder():
    both = [Step("half", on(5)), Step("-7", on(5))]
    assert sorted(told(life(both), 5).values()) == [SENT, SKIPPED]


def test_kinds_are_those_of_the_table():
    assert {kind.value for kind in StepKind} == {"opening", "reminder", "legal", "expiry"}
