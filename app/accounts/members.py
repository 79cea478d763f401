"""Who belongs to an organization: adding, roles, removing, and the organization's name."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import mails
from app.accounts.links import INVITATION_LASTS, new_link, person_of
from app.accounts.models import Member, Organization, User
from app.accounts.queries import ADDED, added_since
from app.accounts.rules import Role, last_owner_stays
from app.db import insert_once
from app.journal.service import Actor, record
from app.outbox.service import queue
from app.web.i18n import speaking

ADDED_A_DAY = 20


class Refused(Exception):
    """The change cannot be made; nothing was changed."""


class AlreadyMember(Refused):
    """That person is a member of the organization."""


class TooManyAdded(Refused):
    """More members were added within a day than anybody needs (threat 25)."""


class LastOwner(Refused):
    """An organization without an owner could never be changed again (threat 21)."""


class NoMember(Refused):
    """Nobody of that id is a member."""


@dataclass(frozen=True)
class Change:
    """Who changes which organization, and when."""

    organization_id: int
    by: Actor
    now: datetime


def add(session: Session, change: Change, email: str, role: Role) -> None:
    """Give a person access; whoever is unknown gets a link to choose a password."""
    organization = _locked(session, change)
    if added_since(session, organization.id, change.now - timedelta(days=1)) >= ADDED_A_DAY:
        raise TooManyAdded
    user = person_of(session, email, change.now)
    added = insert_once(
        session, Member, user_id=user.id, organization_id=organization.id, role=role
    )
    if added is None:
        raise AlreadyMember
    _note(session, change, ADDED, user, role=role.value)
    _tell(session, change, user, organization, role)


def change_role(session: Session, change: Change, user_public_id: str, role: Role) -> None:
    """Another role for a member."""
    member, user = _member(session, change, user_public_id)
    if member.role is role:
        return
    _keep_an_owner(session, change, member)
    before, member.role = member.role, role
    _note(session, change, "member.changed", user, before=before.value, role=role.value)


def remove(session: Session, change: Change, user_public_id: str) -> None:
    """Take a member's access; it ends with their next click."""
    member, user = _member(session, change, user_public_id)
    _keep_an_owner(session, change, member)
    session.delete(member)
    _note(session, change, "member.removed", user, role=member.role.value)


def rename(session: Session, change: Change, name: str) -> None:
    """Another name for the organization."""
    organization = _locked(session, change)
    before, organization.name = organization.name, name
    record(
        session, "organization.renamed", organization_id=organization.id, subject=name,
        by=change.by, now=change.now, before=before,
    )  # fmt: skip


def _locked(session: Session, change: Change) -> Organization:
    # Two owners who remove each other at once must wait for one another.
    return session.get_one(Organization, change.organization_id, with_for_update=True)


def _member(session: Session, change: Change, user_public_id: str) -> tuple[Member, User]:
    _locked(session, change)
    row = session.execute(
        select(Member, User)
        .join(User, User.id == Member.user_id)
        .where(Member.organization_id == change.organization_id, User.public_id == user_public_id)
    ).first()
    if row is None:
        raise NoMember
    return row[0], row[1]


def _keep_an_owner(session: Session, change: Change, leaving: Member) -> None:
    roles = session.scalars(
        select(Member.role).where(Member.organization_id == change.organization_id)
    )
    if last_owner_stays(list(roles), leaving.role):
        raise LastOwner


def _note(session: Session, change: Change, event: str, user: User, **detail: object) -> None:
    record(
        session, event, organization_id=change.organization_id, subject=user.email,
        by=change.by, now=change.now, **detail,
    )  # fmt: skip


def _tell(
    session: Session, change: Change, user: User, organization: Organization, role: Role
) -> None:
    with speaking(user.language):
        if user.password_hash is None:
            secret = new_link(session, user.id, INVITATION_LASTS, change.now)
            letter = mails.invitation(user.name, organization.name, role, secret)
        else:
            letter = mails.added(user.name, organization.name, role)
    queue(
        session, key=f"member:{organization.id}:{user.id}:{change.now.isoformat()}",
        kind="member_added", to=user.email, subject=letter.subject, body=letter.body,
        by=change.by, now=change.now, organization_id=organization.id,
    )  # fmt: skip
