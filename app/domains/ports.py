"""Registrars as the engine sees them: what they are asked and what they may answer."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, cast

from flask import current_app

from app.domains.rules import Refusal
from app.lib.registry import Registry


@dataclass(frozen=True)
class Renewed:
    """The registry extended the name."""

    expires_at: datetime


@dataclass(frozen=True)
class RenewRefused:
    """The registry said no; nothing changed there."""

    refusal: Refusal


@dataclass(frozen=True)
class Unknown:
    """No answer came: it may or may not have happened, and must be looked up (CP8)."""

    detail: str


@dataclass(frozen=True)
class NameInfo:
    """What the registry holds about a name that is ours."""

    expires_at: datetime
    statuses: frozenset[str]


@dataclass(frozen=True)
class NotOurs:
    """The name does not exist any more, or another registrar has it (R19)."""


class Registrar(Protocol):
    """One registrar. Every call is safe to repeat with the same arguments."""

    def info(self, name: str) -> NameInfo | NotOurs | Unknown:
        """What the registry says of a name now."""
        ...

    def renew(
        self, name: str, current_expiry: date, years: int, *, fee_limit: int, key: str
    ) -> Renewed | RenewRefused | Unknown:
        """Add years to a name whose expiry (UTC date) is `current_expiry` (R9).

        Refused with FEES when the registry asks more than `fee_limit`, in minor units (R16).
        """
        ...


def registrars() -> Registry[Registrar]:
    """The registrars that wiring put in place."""
    return cast("Registry[Registrar]", current_app.extensions["vigie.registrars"])
