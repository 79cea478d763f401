"""Until when a name that has ended can be renewed, bought back, or not be had at all (R10)."""

from datetime import date, timedelta

import pytest

from app.domains.rules import is_lost, is_too_late, renewable_until

ENDED = date(2027, 1, 10)


@pytest.mark.parametrize(
    ("days", "too_late", "lost"),
    [(-1, False, False), (0, False, False), (45, False, False), (46, True, False),
     (79, True, False), (80, True, True), (400, True, True)],
)  # fmt: skip
def test_an_ended_name_is_kept_then_bought_back_for_more_then_lost(days, too_late, lost):
    today = ENDED + timedelta(days=days)
    assert (is_too_late(ENDED, today), is_lost(ENDED, today)) == (too_late, lost)


def test_the_last_day_is_one_on_which_it_can_still_be_renewed():
    assert not is_too_late(ENDED, renewable_until(ENDED))
