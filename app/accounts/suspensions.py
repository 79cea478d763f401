"""Suspending an organization and letting it go on: the reasons are a set (A11).

What its services do about it is a desired state that a job brings to the servers.
"""

from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from app.accounts.models import Organization, Suspension
from app.db import insert_once
from app.journal.service import Actor, record


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
    event = "organization.resumed" if is_last else "organization.suspension_lifted"
    _note(session, organization, event, reason, by=by, now=now)
    return True


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
