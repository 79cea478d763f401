"""Who is signed in, for which organization, and whether they may: every view asks here."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from flask import abort
from flask import session as cookie
from flask_login import UserMixin, current_user
from sqlalchemy import Row, and_, bindparam, func, select
from sqlalchemy.orm import Session

from app.accounts import operators, visits
from app.accounts.models import HostVisit, Member, Operator, Organization, SignIn, User
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
    """The person who is signed in: plain data, so that no transaction can make it stale.

    An operator has given a code lately (`is_confirmed`). While `is_visiting` they see the visited
    organization alone, and change nothing.
    """

    user_id: int
    email: str
    name: str
    language: str | None
    token: str
    sign_in_id: int
    memberships: tuple[Membership, ...]
    is_operator: bool = False
    is_confirmed: bool = False
    is_visiting: bool = False

    def get_id(self) -> str:
        """What the cookie keeps: the token of the sign-in, not the user's id."""
        return self.token


# Built once, as every page runs it.
_WHO = (
    select(
        User.id, User.email, User.name, User.language, SignIn.id.label("sign_in_id"),
        Organization.id.label("organization_id"), Organization.public_id,
        Organization.name.label("organization_name"), Member.role, Organization.suspended_since,
        Organization.open_alerts, Operator.user_id.label("operator_id"), SignIn.confirmed_at,
        HostVisit.organization_id.label("visited_id"),
    )
    .join(SignIn, SignIn.user_id == User.id)
    .outerjoin(Operator, Operator.user_id == User.id)
    .outerjoin(
        HostVisit,
        and_(
            HostVisit.token_hash == SignIn.token_hash, HostVisit.ended_at.is_(None),
            HostVisit.user_id == Operator.user_id, HostVisit.began_at > bindparam("visits_since"),
            SignIn.confirmed_at > bindparam("confirmed_since"),
        ),
    )
    .outerjoin(Member, Member.user_id == User.id)
    .outerjoin(
        Organization,
        Organization.id == func.coalesce(HostVisit.organization_id, Member.organization_id),
    )
    .where(SignIn.token_hash == bindparam("token_hash"), SignIn.expires_at > bindparam("now"))
    .order_by(Organization.name, Organization.id)
)  # fmt: skip


def load_person(session: Session, token: str, now: datetime) -> Person | None:
    """The person behind a cookie's token and all their memberships, in one statement."""
    given = {
        "token_hash": digest(token), "now": now, "visits_since": now - visits.LASTS,
        "confirmed_since": now - operators.LASTS,
    }  # fmt: skip
    rows = session.execute(_WHO, given).all()
    if not rows:
        return None
    who = rows[0]
    if who.visited_id is not None:
        return _visitor(who, token)
    memberships = tuple(
        Membership(
            row.organization_id, row.public_id, row.organization_name, row.role,
            row.suspended_since, row.open_alerts,
        )
        for row in rows
        if row.organization_id is not None
    )  # fmt: skip
    confirmed = who.confirmed_at is not None and who.confirmed_at > now - operators.LASTS
    return Person(
        who.id, who.email, who.name, who.language, token, who.sign_in_id, memberships,
        is_operator=who.operator_id is not None, is_confirmed=confirmed,
    )  # fmt: skip


def _visitor(who: Row[*tuple[Any, ...]], token: str) -> Person:
    """An operator who sees what an owner sees; `navigation` refuses whatever they would change.

    Only while confirmed: who has been given another factor looks at nothing either.
    """
    visited = Membership(
        who.organization_id, who.public_id, who.organization_name, Role.OWNER,
        who.suspended_since, who.open_alerts,
    )  # fmt: skip
    return Person(
        who.id, who.email, who.name, who.language, token, who.sign_in_id, (visited,),
        is_operator=True, is_confirmed=True, is_visiting=True,
    )  # fmt: skip


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
