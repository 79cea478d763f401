"""Who is signed in, for which organization, and whether they may: every view asks here."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import abort
from flask import session as cookie
from flask_login import UserMixin, current_user
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.accounts.models import Member, Organization, SignIn, User
from app.accounts.rules import Right, Role, allows
from app.accounts.suspensions import OrganizationSuspended
from app.journal.service import Actor
from app.lib.ids import digest

CHOSEN = "organization"


@dataclass(frozen=True)
class Membership:
    """An organization of the person who is signed in, and their role in it.

    `open_alerts` is read with it, so that the navigation's count costs no statement of its own.
    """

    organization_id: int
    public_id: str
    name: str
    role: Role
    suspended_since: datetime | None
    open_alerts: int


@dataclass(frozen=True)
class Person(UserMixin):
    """The person who is signed in: plain data, so that no transaction can make it stale."""

    user_id: int
    email: str
    name: str
    language: str | None
    token: str
    sign_in_id: int
    memberships: tuple[Membership, ...]

    def get_id(self) -> str:
        """What the cookie keeps: the token of the sign-in, not the user's id."""
        return self.token


# Built once, as every page runs it.
_WHO = (
    select(
        User.id, User.email, User.name, User.language, SignIn.id.label("sign_in_id"),
        Organization.id.label("organization_id"), Organization.public_id,
        Organization.name.label("organization_name"), Member.role, Organization.suspended_since,
        Organization.open_alerts,
    )
    .join(SignIn, SignIn.user_id == User.id)
    .outerjoin(Member, Member.user_id == User.id)
    .outerjoin(Organization, Organization.id == Member.organization_id)
    .where(SignIn.token_hash == bindparam("token_hash"), SignIn.expires_at > bindparam("now"))
    .order_by(Organization.name, Organization.id)
)  # fmt: skip


def load_person(session: Session, token: str, now: datetime) -> Person | None:
    """The person behind a cookie's token and all their memberships, in one statement."""
    rows = session.execute(_WHO, {"token_hash": digest(token), "now": now}).all()
    if not rows:
        return None
    who = rows[0]
    memberships = tuple(
        Membership(
            row.organization_id, row.public_id, row.organization_name, row.role,
            row.suspended_since, row.open_alerts,
        )
        for row in rows
        if row.organization_id is not None
    )  # fmt: skip
    return Person(who.id, who.email, who.name, who.language, token, who.sign_in_id, memberships)


def person() -> Person:
    """The person who is signed in; views behind `login_required` only."""
    return cast(Person, current_user._get_current_object())  # noqa: SLF001 - a proxy's own door


def actor() -> Actor:
    """The person as the journal names them."""
    return Actor(user_id=person().user_id)


def chosen() -> Membership | None:
    """The organization that lists show: the one last picked in the header, else the first."""
    memberships = person().memberships
    wanted = cookie.get(CHOSEN)
    return next(
        (m for m in memberships if m.public_id == wanted), memberships[0] if memberships else None
    )


def shown_for(public_id: str | None) -> Membership:
    """The organization that a form names, whatever the header says meanwhile; else the chosen one.

    404 for a stranger.
    """
    if not public_id:
        return chosen() or abort(404)
    found = [m for m in person().memberships if m.public_id == public_id]
    return found[0] if found else abort(404)


def scope() -> list[int]:
    """Ids of all organizations of the person: what pages about one thing may show."""
    return [m.organization_id for m in person().memberships]


def membership_in(organization_id: int) -> Membership:
    """The person's membership there; 404 for a stranger, who must not learn that it exists."""
    found = [m for m in person().memberships if m.organization_id == organization_id]
    return found[0] if found else abort(404)


def may(right: Right, organization_id: int) -> bool:
    """Whether the person holds the right in that organization."""
    return any(
        m.organization_id == organization_id and allows(m.role, right) for m in person().memberships
    )


def require(right: Right, organization_id: int) -> None:
    """404 for a stranger, 403 for a member whose role does not carry the right."""
    if not allows(membership_in(organization_id).role, right):
        abort(403)


def may_change(organization_id: int) -> bool:
    """Whether the person may change technical things there, which a suspension stops."""
    is_suspended = membership_in(organization_id).suspended_since is not None
    return may(Right.MANAGE_SERVICES, organization_id) and not is_suspended


def require_to_change(organization_id: int) -> None:
    """As `require`, for technical things. Raises OrganizationSuspended, which answers 409."""
    require(Right.MANAGE_SERVICES, organization_id)
    if membership_in(organization_id).suspended_since is not None:
        raise OrganizationSuspended


def organizations_with(right: Right) -> list[Membership]:
    """The person's organizations in which they hold the right, by name."""
    return [m for m in person().memberships if allows(m.role, right)]


def billable() -> Collection[int]:
    """Ids of the organizations that the person may have pay (product.md, *billed organization*)."""
    return {m.organization_id for m in organizations_with(Right.BILL)}
