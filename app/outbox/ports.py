"""Channels that carry mails out, as the outbox sees them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast

from flask import current_app


@dataclass(frozen=True)
class Letter:
    """A mail ready to go."""

    message_id: str
    sender: str
    recipient: str
    subject: str
    body: str
    written_at: datetime
    html: str | None = None
    # Where one click ends mails of this kind (RFC 8058).
    unsubscribe_url: str | None = None


@dataclass(frozen=True)
class Accepted:
    """The next server took the mail and answers for it."""


@dataclass(frozen=True)
class TryLater:
    """Not now: busy, unreachable, greylisted; `reason` is for the operator."""

    reason: str


@dataclass(frozen=True)
class Rejected:
    """Never: this address or mail will not be accepted."""

    reason: str


class Channel(Protocol):
    """One way out for mails; a repeated letter keeps its Message-ID."""

    def send(self, letter: Letter) -> Accepted | TryLater | Rejected:
        """Hand one letter over."""
        ...


def channel() -> Channel:
    """The channel that wiring put in place."""
    return cast(Channel, current_app.extensions["vigie.channel"])
