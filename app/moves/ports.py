"""The hosting server as the portal sees it: states of accounts, and moves carried out on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from flask import current_app

from app.service_states.ports import Answer, Refused, Unknown
from app.service_states.rules import ServiceState


@dataclass(frozen=True)
class AccountState:
    """A hosting account as it shall be."""

    name: str
    state: ServiceState
    revision: int


@dataclass(frozen=True)
class MoveOrder:
    """A move to carry out. `key` is of this one try: the same key begins nothing a second time."""

    key: str
    account: str
    title: str


@dataclass(frozen=True)
class Begun:
    """The server has taken the order."""


@dataclass(frozen=True)
class NeverBegun:
    """The server knows no such order: nothing happened."""


@dataclass(frozen=True)
class Running:
    """It is being carried out; `percent` where the server can tell."""

    percent: int | None
    log: str


@dataclass(frozen=True)
class Done:
    """It was carried out."""

    log: str


@dataclass(frozen=True)
class Broken:
    """It could not be carried out; the account is as it was before."""

    reason: str
    log: str


Progress = NeverBegun | Running | Done | Broken | Unknown


class Hosting(Protocol):
    """One kind of hosting server. Each call has a time limit of its own, below `ASK_LASTS`."""

    def tell(self, wanted: Sequence[AccountState]) -> Sequence[Answer]:
        """Bring accounts into the state that they shall be in; an answer to each, in order.

        Safe to repeat. A `revision` below the one that the server has came late: it changes nothing
        and is answered with Applied.
        """
        ...

    def held(self, account: str) -> AccountState | Unknown | None:
        """What the server holds of an account now; None when it was never told of it."""
        ...

    def begin(self, order: MoveOrder) -> Begun | Refused | Unknown:
        """Order a move. It need not be done when this returns: `progress` tells."""
        ...

    def progress(self, key: str) -> Progress:
        """What became of an order."""
        ...


def hosting() -> Hosting:
    """The hosting server of this installation."""
    return cast(Hosting, current_app.extensions["vigie.hosting"])
