"""An operator looks at a customer's pages: changing nothing, with a reason, and not in secret."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.models import HostVisit, User
from app.db import insert_once
from app.journal.service import Actor, record
from app.lib.ids import digest

# Whoever forgets to leave has left.
LASTS = timedelta(hours=1)
SHOWN = 10


@dataclass(frozen=True)
class Visitor:
    """An operator, and the token of the sign-in in which they look."""

    user_id: int
    token: str


def begin(
    session: Session, visitor: Visitor, organization_id: int, reason: str, *, now: datetime
) -> None:
    """Show this organization to a sign-in, instead of the operator's own."""
    end(session, visitor.token, now)
    began = insert_once(
        session, HostVisit, user_id=visitor.user_id, token_hash=digest(visitor.token),
        organization_id=organization_id, reason=reason, began_at=now,
    )  # fmt: skip
    if began is None:
        # Another tab was faster: that visit is on.
        return
    record(
        session, "organization.visited", organization_id=organization_id, subject=reason,
        by=Actor(user_id=visitor.user_id), now=now,
    )  # fmt: skip


def end(session: Session, token: str, now: datetime) -> None:
    """End the visit of a sign-in, if there is one."""
    session.execute(
        update(HostVisit)
        .where(HostVisit.token_hash == digest(token), HostVisit.ended_at.is_(None))
        .values(ended_at=now)
    )


@dataclass(frozen=True)
class Visit:
    """A visit as the members of the organization see it."""

    began_at: datetime
    name: str
    reason: str


def latest(session: Session, organization_id: int) -> list[Visit]:
    """The latest visits to an organization, the newest first."""
    rows = session.execute(
        select(HostVisit.began_at, User.name, HostVisit.reason)
        .join(User, User.id == HostVisit.user_id)
        .where(HostVisit.organization_id == organization_id)
        .order_by(HostVisit.id.desc())
        .limit(SHOWN)
    )
    return [Visit(*row) for row in rows]
