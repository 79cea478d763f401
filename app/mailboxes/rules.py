"""What a forwarding may be (no way in circles), and the state a mailbox shall be in."""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum

from app.service_states.rules import ServiceState
from app.subscriptions.rules import Status

MAX_DESTINATIONS = 50
# Narrower than what mail allows, wide enough for what people choose.
_LOCAL_PART = re.compile(r"[a-z0-9_+-]+(\.[a-z0-9_+-]+)*")
LOCAL_PART_LENGTH = 64


class Refusal(StrEnum):
    """Why a forwarding is not taken."""

    IS_MAILBOX = "is_mailbox"
    TAKEN = "taken"
    TO_ITSELF = "to_itself"
    CIRCLE = "circle"


class Refused(Exception):
    """The forwarding was not taken; nothing was changed. `through` is the address in the circle."""

    def __init__(self, refusal: Refusal, through: str = "") -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
        self.through = through


def is_local_part(text: str) -> bool:
    """Whether the text, in lower case, can stand before the @ of a new address."""
    return len(text) <= LOCAL_PART_LENGTH and _LOCAL_PART.fullmatch(text) is not None


def without_repeats(addresses: Collection[str]) -> list[str]:
    """Each address once, in the order in which they came."""
    return list(dict.fromkeys(addresses))


def check_circle(
    address: str, destinations: Collection[str], others: Mapping[str, Collection[str]]
) -> None:
    """Raise Refused when mail to `address` would come back to it, at once or through `others`.

    `others` are the destinations of the domain's other forwardings, by their address.
    """
    if address in destinations:
        raise Refused(Refusal.TO_ITSELF)
    for first in destinations:
        if _reaches(first, address, others):
            raise Refused(Refusal.CIRCLE, first)


def _reaches(start: str, goal: str, others: Mapping[str, Collection[str]]) -> bool:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        address = waiting.pop()
        if address == goal:
            return True
        if address not in seen:
            seen.add(address)
            waiting.extend(others.get(address, ()))
    return False


def wanted_state(status: Status, *, is_suspended: bool) -> ServiceState:
    """What the mail server shall do with a mailbox of that status (R4), and organization (A11)."""
    if is_suspended:
        return ServiceState.SUSPENDED
    if status in (Status.SUSPENDED, Status.DELETABLE):
        return ServiceState.NO_LOGIN
    return ServiceState.ACTIVE
