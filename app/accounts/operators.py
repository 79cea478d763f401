"""The people of the host: made and dismissed on the server, let in by password and code (L16)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.accounts import limits
from app.accounts.links import INVITATION_LASTS, new_link, person_of
from app.accounts.models import Operator, SignIn, User
from app.accounts.second_factor import place_of, secret_of
from app.journal.service import HOST, Actor, record
from app.lib.ids import digest, token

# So long after a code an operator's pages stay open in that browser.
LASTS = timedelta(hours=12)


class NoOperator(Exception):
    """Nobody with that address is an operator."""


@dataclass(frozen=True)
class Appointed:
    """A new operator's factor and, for somebody without a password, the link to choose one."""

    factor: str
    link: str | None


@dataclass(frozen=True)
class Named:
    """An operator as the host's commands list them."""

    email: str
    name: str
    since: datetime


def operators(session: Session) -> list[Named]:
    """All operators, by e-mail address."""
    rows = session.execute(
        select(User.email, User.name, Operator.since)
        .join(Operator, Operator.user_id == User.id)
        .order_by(User.email)
    )
    return [Named(*row) for row in rows]


def appoint(session: Session, email: str, now: datetime) -> Appointed:
    """Make a person an operator, or give one another second factor.

    Their browsers must give a code of it from now on. `email` is in lower case; whoever is unknown
    becomes a person of the portal.
    """
    user, factor = person_of(session, email, now), token()
    link = None if user.password_hash else new_link(session, user.id, INVITATION_LASTS, now)
    session.merge(Operator(user_id=user.id, factor=factor, factor_used=0, since=now))
    session.execute(update(SignIn).where(SignIn.user_id == user.id).values(confirmed_at=None))
    _note(session, "operator.appointed", user.email, now)
    return Appointed(factor, link)


def dismiss(session: Session, email: str, now: datetime) -> None:
    """Make an operator a person like any other, and end their sign-ins. Raises NoOperator."""
    who = select(User.id).where(User.email == email).scalar_subquery()
    gone = session.scalar(
        delete(Operator).where(Operator.user_id == who).returning(Operator.user_id)
    )
    if gone is None:
        raise NoOperator
    session.execute(delete(SignIn).where(SignIn.user_id == gone))
    _note(session, "operator.dismissed", email, now)


def factor_of(session: Session, user_id: int) -> str | None:
    """The factor of an operator, None for anybody else."""
    return session.scalars(select(Operator.factor).where(Operator.user_id == user_id)).one_or_none()


@dataclass(frozen=True)
class Try:
    """A code that an operator gives, in which sign-in, from which address."""

    user_id: int
    sign_in_id: int
    email: str
    address: str
    code: str


def confirm(session: Session, tried: Try, key: str, now: datetime) -> str | None:
    """Open the operator's pages to a sign-in; its new token, or None for a code that is not good.

    Another token, as always when rights grow (threat 7). `key` is the installation's.
    """
    operator = session.get(Operator, tried.user_id, with_for_update=True)
    if operator is None:
        return None
    place = place_of(secret_of(key, operator.factor), tried.code, now)
    if place is None or place <= operator.factor_used:
        return None
    operator.factor_used = place
    limits.forget(session, limits.CODE, tried.email, tried.address)
    secret = token()
    session.execute(
        update(SignIn)
        .where(SignIn.id == tried.sign_in_id)
        .values(confirmed_at=now, token_hash=digest(secret))
    )
    record(
        session, "operator.confirmed", organization_id=None, subject=tried.email,
        by=Actor(user_id=tried.user_id), now=now,
    )  # fmt: skip
    return secret


def _note(session: Session, event: str, email: str, now: datetime) -> None:
    record(session, event, organization_id=None, subject=email, by=HOST, now=now)
