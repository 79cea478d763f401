"""The states a service can be in, and how long to wait before a server is asked again."""

from datetime import timedelta
from enum import StrEnum

# No call to a server takes as long; whoever has claimed a row and died holds it for this long.
CLAIM_LASTS = timedelta(minutes=10)
# So many vain tries of one thing are worth a person's time.
WORTH_A_TASK = 5
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=1)


class ServiceState(StrEnum):
    """What a server lets a service do.

    ``no_login``: nobody signs in or sends, mail that arrives is kept (R4). ``suspended``: nothing
    works; mail that arrives is put off, so that its sender tries again. ``removed``: not there.
    """

    ACTIVE = "active"
    NO_LOGIN = "no_login"
    SUSPENDED = "suspended"
    REMOVED = "removed"


def wait_after(tries: int) -> timedelta:
    """How long to wait after so many vain tries: a minute, then twice as long each time."""
    doublings = min(max(tries, 1) - 1, 10)
    return min(_LONGEST_WAIT, _FIRST_WAIT * (1 << doublings))
