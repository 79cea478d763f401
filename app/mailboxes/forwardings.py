"""Forwardings of a domain: what there is, and adding, changing, removing one."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session, selectinload

from app.accounts.suspensions import require_active
from app.db import insert_once
from app.domains.models import Domain
from app.journal.service import Actor, record
from app.mailboxes import states
from app.mailboxes.models import Forwarding, ForwardingDestination, Mailbox
from app.mailboxes.rules import Refusal, Refused, check_circle


@dataclass(frozen=True)
class ForwardingLine:
    """One forwarding of a list."""

    address: str
    destinations: tuple[str, ...]


class AlreadyGone(Exception):
    """The forwarding was removed in the meantime."""


@cache
def _first(limit: int | None) -> Select[str, str | None]:
    some = (
        select(Forwarding.id, Forwarding.address)
        .where(
            Forwarding.domain_id == bindparam("domain_id"),
            Forwarding.address > bindparam("follows"),
        )
        .order_by(Forwarding.address)
        .limit(limit)
        .subquery()
    )
    return (
        select(some.c.address, ForwardingDestination.address)
        .outerjoin(ForwardingDestination, ForwardingDestination.forwarding_id == some.c.id)
        .order_by(some.c.address, ForwardingDestination.id)
    )


def forwardings_of(
    session: Session, domain_id: int, *, limit: int | None = None, after: str = ""
) -> list[ForwardingLine]:
    """The domain's forwardings by address, at most `limit` of those that follow `after`."""
    rows = session.execute(_first(limit), {"domain_id": domain_id, "follows": after})
    lines: dict[str, list[str]] = {}
    for address, destination in rows:
        lines.setdefault(address, []).extend([destination] if destination else [])
    return [ForwardingLine(address, tuple(to)) for address, to in lines.items()]


def find(session: Session, domain_id: int, address: str) -> ForwardingLine | None:
    """One forwarding of the domain."""
    row = _row(session, domain_id, address)
    if row is None:
        return None
    return ForwardingLine(row.address, tuple(one.address for one in row.destinations))


def add(
    session: Session,
    domain_id: int,
    local: str,
    destinations: Sequence[str],
    *,
    by: Actor,
    now: datetime,
) -> str:
    """Make a forwarding; returns its address. Raises Refused, OrganizationSuspended."""
    domain = session.get_one(Domain, domain_id)
    require_active(session, domain.organization_id)
    address = f"{local}@{domain.name}"
    if session.scalar(select(Mailbox.id).where(Mailbox.address == address)):
        raise Refused(Refusal.IS_MAILBOX)
    _check_circle(session, domain, address, destinations)
    made = insert_once(
        session, Forwarding, address=address, domain_id=domain_id, created_at=now,
        desired_revision=states.first_revision(session, address),
    )  # fmt: skip
    if made is None:
        raise Refused(Refusal.TAKEN)
    session.add_all(ForwardingDestination(forwarding_id=made, address=to) for to in destinations)
    _record(session, "forwarding.added", domain, address, by=by, now=now, to=list(destinations))
    return address


def change(
    session: Session,
    domain_id: int,
    address: str,
    destinations: Sequence[str],
    *,
    by: Actor,
    now: datetime,
) -> bool:
    """Give a forwarding other destinations; whether that changed anything.

    Raises Refused, AlreadyGone, OrganizationSuspended.
    """
    domain = session.get_one(Domain, domain_id)
    require_active(session, domain.organization_id)
    row = _row(session, domain_id, address, lock=True)
    if row is None:
        raise AlreadyGone
    before = {one.address: one for one in row.destinations}
    if set(before) == set(destinations):
        return False
    _check_circle(session, domain, address, destinations)
    row.destinations = [before.get(to) or ForwardingDestination(address=to) for to in destinations]
    row.desired_revision += 1
    _record(
        session, "forwarding.changed", domain, address, by=by, now=now,
        to=list(destinations), before=list(before),
    )  # fmt: skip
    return True


def remove(session: Session, domain_id: int, address: str, *, by: Actor, now: datetime) -> None:
    """Remove a forwarding. Raises AlreadyGone, OrganizationSuspended."""
    domain = session.get_one(Domain, domain_id)
    require_active(session, domain.organization_id)
    row = _row(session, domain_id, address, lock=True)
    if row is None:
        raise AlreadyGone
    before = [one.address for one in row.destinations]
    states.remove(session, address, row.desired_revision)
    session.delete(row)
    _record(session, "forwarding.removed", domain, address, by=by, now=now, before=before)


def _row(
    session: Session, domain_id: int, address: str, *, lock: bool = False
) -> Forwarding | None:
    statement = (
        select(Forwarding)
        .where(Forwarding.domain_id == domain_id, Forwarding.address == address)
        .options(selectinload(Forwarding.destinations))
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()


def _check_circle(
    session: Session, domain: Domain, address: str, destinations: Sequence[str]
) -> None:
    """Refuse mail that would come back; only links within the domain can make that happen."""
    inside = f"@{domain.name}"
    if not any(to.endswith(inside) for to in destinations):
        return
    rows = session.execute(
        select(Forwarding.address, ForwardingDestination.address)
        .join(ForwardingDestination, ForwardingDestination.forwarding_id == Forwarding.id)
        .where(
            Forwarding.domain_id == domain.id,
            Forwarding.address != address,
            ForwardingDestination.address.endswith(inside, autoescape=True),
        )
    )
    others: dict[str, list[str]] = defaultdict(list)
    for one, to in rows:
        others[one].append(to)
    check_circle(address, destinations, others)


def _record(
    session: Session,
    event: str,
    domain: Domain,
    address: str,
    *,
    by: Actor,
    now: datetime,
    **detail: object,
) -> None:
    record(
        session, event, organization_id=domain.organization_id, subject=address, by=by, now=now,
        **detail,
    )  # fmt: skip
