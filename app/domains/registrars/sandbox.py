"""The sandbox registrar: a registry of its own in this database, with faults on demand.

It is part of the product: the demo, trials and tests run on it. It keeps to RFC 5731 by the same
pure rule (`domains.rules.renew_at_registry`) that golden rows E1-E7 check.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.db import transaction
from app.domains.models import SandboxName
from app.domains.ports import NameInfo, NotOurs, Renewed, RenewRefused, Unknown
from app.domains.rules import SANDBOX, Refusal, Refused, RegistryName, renew_at_registry

NAME = SANDBOX


class SandboxRegistrar:
    """Renews at once, except where a fault was planned for the name."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def info(self, name: str) -> NameInfo | NotOurs | Unknown:
        """What the sandbox registry holds; a planned "down" makes it unreachable once."""
        with transaction() as session:
            row = session.get(SandboxName, name)
            if row is None or row.sponsor != NAME:
                return NotOurs()
            if _next_fault(row) == "down":
                _drop_fault(row)
                return Unknown("the sandbox registry is down")
            return NameInfo(row.expires_at, frozenset(row.statuses))

    def renew(
        self, name: str, current_expiry: date, years: int, *, fee_limit: int, key: str
    ) -> Renewed | RenewRefused | Unknown:
        """Renew as a registry would. Planned faults: before, after, or instead of the change."""
        with transaction() as session:
            row = session.get(SandboxName, name)
            fault = _drop_fault(row) if row else None
            if fault in ("down", "timeout-before"):
                return Unknown(f"sandbox fault: {fault}")
            known = (
                RegistryName(row.expires_at, frozenset(row.statuses), row.sponsor) if row else None
            )
            try:
                later = renew_at_registry(
                    known, current_expiry, self._now(), registrar=NAME, years=years
                )
            except Refused as refused:
                return RenewRefused(refused.refusal)
            assert row is not None
            if row.fee is not None and row.fee * years > fee_limit:
                return RenewRefused(Refusal.FEES)
            row.expires_at = later
            row.renewals_seen += 1
            if fault == "timeout-after":
                return Unknown("sandbox fault: timeout-after")
            return Renewed(later)


def enrol(session: Session, name: str, expires_at: datetime) -> None:
    """Register a name at the sandbox registry, in the caller's transaction; harmless when it is."""
    if session.get(SandboxName, name) is None:
        session.add(
            SandboxName(name=name, sponsor=NAME, expires_at=expires_at, statuses=[], faults=[])
        )
        session.flush()


def enrol_all(session: Session, names: Mapping[str, datetime]) -> None:
    """Register many names at once; those that are there already stay as they are."""
    known = set(session.scalars(select(SandboxName.name)))
    fresh = [
        {
            "name": name, "sponsor": NAME, "expires_at": expires_at, "statuses": [], "faults": [],
            "renewals_seen": 0,
        }
        for name, expires_at in names.items()
        if name not in known
    ]  # fmt: skip
    if fresh:
        session.execute(insert(SandboxName), fresh)


def _next_fault(row: SandboxName) -> str | None:
    return row.faults[0] if row.faults else None


def _drop_fault(row: SandboxName) -> str | None:
    fault = _next_fault(row)
    row.faults = row.faults[1:]
    return fault
