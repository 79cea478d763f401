"""Reads of people and organizations."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from app.accounts.models import Member, PasswordToken, SignIn, User
from app.accounts.rules import Right, Role, allows
from app.journal.models import JournalRow
from app.lib.ids import digest

ADDED = "member.added"


@dataclass(frozen=True)
class Credentials:
    """What a password is tried against."""

    user_id: int
    password_hash: str | None


def credentials(session: Session, email: str) -> Credentials | None:
    """The credentials of an e-mail address in lower case, if somebody has it."""
    row = session.execute(select(User.id, User.password_hash).where(User.email == email)).first()
    return Credentials(row.id, row.password_hash) if row else None


@dataclass(frozen=True)
class LinkOwner:
    """Whom a link to choose a password is for."""

    email: str
    name: str
    is_new: bool


def owner_of_link(session: Session, secret: str, now: datetime) -> LinkOwner | None:
    """Whom a link is for; None when it is unknown, used or too old."""
    row = session.execute(
        select(User.email, User.name, User.password_hash)
        .join(PasswordToken, PasswordToken.user_id == User.id)
        .where(
            PasswordToken.token_hash == digest(secret),
            PasswordToken.used_at.is_(None),
            PasswordToken.expires_at > now,
        )
    ).first()
    return LinkOwner(row.email, row.name, row.password_hash is None) if row else None


@dataclass(frozen=True)
class OpenSignIn:
    """A browser that is signed in."""

    id: int
    created_at: datetime
    address: str
    browser: str


def sign_ins(session: Session, user_id: int, now: datetime) -> list[OpenSignIn]:
    """Where a person is signed in, latest first."""
    rows = session.execute(
        select(SignIn.id, SignIn.created_at, SignIn.address, SignIn.browser)
        .where(SignIn.user_id == user_id, SignIn.expires_at > now)
        .order_by(SignIn.id.desc())
    )
    return [OpenSignIn(*row) for row in rows]


@dataclass(frozen=True)
class Addressee:
    """A member as a mail addresses them; without a language where they chose none."""

    user_id: int
    email: str
    name: str
    language: str | None


def members_with(session: Session, organization_id: int, right: Right) -> list[Addressee]:
    """Members of an organization whose role carries a right."""
    roles = [role for role in Role if allows(role, right)]
    rows = session.execute(
        select(User.id, User.email, User.name, User.language)
        .join(Member, Member.user_id == User.id)
        .where(Member.organization_id == organization_id, Member.role.in_(roles))
        .order_by(User.id)
    )
    return [Addressee(*row) for row in rows]


@dataclass(frozen=True)
class MemberRow:
    """A member of an organization. `name` is None until they signed in after they were added,

    so that adding an address does not tell whose it is, nor whether the portal knows it (threat 8).
    """

    public_id: str
    email: str
    name: str | None
    role: Role


def members(session: Session, organization_id: int) -> list[MemberRow]:
    """Members of an organization, by e-mail address."""
    added = (
        select(func.max(JournalRow.at))
        .where(
            JournalRow.event == ADDED,
            JournalRow.subject == User.email,
            JournalRow.organization_id == organization_id,
        )
        .correlate(User)
        .scalar_subquery()
    )
    came = or_(added.is_(None), and_(User.last_login_at.is_not(None), User.last_login_at >= added))
    rows = session.execute(
        select(User.public_id, User.email, User.name, Member.role, came.label("came"))
        .join(Member, Member.user_id == User.id)
        .where(Member.organization_id == organization_id)
        .order_by(User.email)
    )
    return [MemberRow(r.public_id, r.email, r.name if r.came else None, r.role) for r in rows]


def added_since(session: Session, organization_id: int, since: datetime) -> int:
    """How many members were added to an organization after an instant."""
    return session.scalars(
        select(func.count()).where(
            JournalRow.organization_id == organization_id,
            JournalRow.event == ADDED,
            JournalRow.at > since,
        )
    ).one()
