"""Suspending an organization and letting it go on: the reasons are a set (A11).

Its hosting accounts are wanted in that state at once; rooms above follow with theirs. A job tells
the servers.
"""

from datetime import datetime

from sqlalchemy import case, delete, exists, select, update
from sqlalchemy.orm import Session

from app.accounts.models import Account, Organization, Suspension
from app.db import insert_once
from app.journal.service import Actor, record
from app.service_states.rules import ServiceState


class OrganizationSuspended(Exception):
    """Nothing technical is changed while the organization is suspended."""


def require_active(session: Session, organization_id: int) -> None:
    """Raise OrganizationSuspended, for services that change technical things."""
    since = select(Organization.suspended_since).where(Organization.id == organization_id)
    if session.scalar(since):
        raise OrganizationSuspended


def suspend(
    session: Session, organization_id: int, reason: str, *, by: Actor, now: datetime
) -> bool:
    """Add a reason, a code as `accounts.words` names them; whether it is a new one."""
    organization = _locked(session, organization_id)
    added = insert_once(
        session, Suspension, organization_id=organization_id, reason=reason, since=now
    )
    if added is None:
        return False
    is_first = organization.suspended_since is None
    if is_first:
        organization.suspended_since = now
        session.flush()
        follow(session, organization_id)
    event = "organization.suspended" if is_first else "organization.suspension_added"
    _note(session, organization, event, reason, by=by, now=now)
    return True


def resume(
    session: Session, organization_id: int, reason: str, *, by: Actor, now: datetime
) -> bool:
    """Take a reason away; whether it was one. With the last one the organization goes on."""
    organization = _locked(session, organization_id)
    own = Suspension.organization_id == organization_id
    gone = session.scalar(
        delete(Suspension).where(own, Suspension.reason == reason).returning(Suspension.id)
    )
    if gone is None:
        return False
    is_last = not session.scalar(select(exists().where(own)))
    if is_last:
        organization.suspended_since = None
        session.flush()
        follow(session, organization_id)
    event = "organization.resumed" if is_last else "organization.suspension_lifted"
    _note(session, organization, event, reason, by=by, now=now)
    return True


def follow(session: Session, organization_id: int | None = None) -> None:
    """Want each hosting account in the state of its organization; all of them without an id."""
    own = Organization.id == Account.organization_id
    wanted = case(
        (Organization.suspended_since.is_not(None), ServiceState.SUSPENDED),
        else_=ServiceState.ACTIVE,
    )
    some = [] if organization_id is None else [Organization.id == organization_id]
    session.execute(
        update(Account)
        .where(own, Account.desired_state != wanted, *some)
        .values(desired_state=wanted, desired_revision=Account.desired_revision + 1),
        execution_options={"synchronize_session": False},
    )


def reasons(session: Session, organization_id: int) -> list[Suspension]:
    """Why an organization is suspended, the oldest reason first; empty when it is not."""
    return list(
        session.scalars(
            select(Suspension)
            .where(Suspension.organization_id == organization_id)
            .order_by(Suspension.since, Suspension.id)
        )
    )


def _locked(session: Session, organization_id: int) -> Organization:
    # Two reasons that come and go at once must see one another.
    return session.get_one(
        Organization, organization_id, with_for_update=True, populate_existing=True
    )


def _note(
    session: Session,
    organization: Organization,
    event: str,
    reason: str,
    *,
    by: Actor,
    now: datetime,
) -> None:
    record(
        session, event, organization_id=organization.id, subject=organization.public_id,
        by=by, now=now, reason=reason,
    )  # fmt: skip
