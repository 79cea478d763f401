"""The mail server as the portal sees it: what it is told, and what it holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from flask import current_app

from app.lib.registry import Registry
from app.service_states.ports import Answer, Unknown
from app.service_states.rules import ServiceState


@dataclass(frozen=True)
class MailboxState:
    """A mailbox as it shall be. `quota_mib` in MiB; without a password nobody signs in."""

    name: str
    state: ServiceState
    revision: int
    quota_mib: int
    password_hash: str | None


@dataclass(frozen=True)
class ForwardingState:
    """A forwarding as it shall be, and where it leads."""

    name: str
    state: ServiceState
    revision: int
    destinations: tuple[str, ...]


@dataclass(frozen=True)
class NoAddress:
    """An address that shall not exist."""

    name: str
    revision: int


Wanted = MailboxState | ForwardingState | NoAddress


class MailServer(Protocol):
    """One kind of mail server. Each call has a time limit of its own, below `CLAIM_LASTS`."""

    def tell(self, wanted: Sequence[Wanted]) -> Sequence[Answer]:
        """Bring addresses into the state that they shall be in; an answer to each, in order.

        Makes what is not there. Safe to repeat; a `revision` below the one that the server has of
        an address came late: it changes nothing and is answered with Applied.
        """
        ...

    def held(self, address: str) -> MailboxState | ForwardingState | Unknown | None:
        """What the server holds of an address now; None when it does not know it."""
        ...


def mail_servers() -> Registry[MailServer]:
    """The mail servers that wiring knows."""
    return cast("Registry[MailServer]", current_app.extensions["vigie.mail_servers"])


def mail_server() -> MailServer:
    """The mail server of this installation."""
    return cast(MailServer, current_app.extensions["vigie.mail_server"])
