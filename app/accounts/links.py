"""Links to choose a password: forgotten, or a new member's first (threat 23)."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.accounts import limits, mails
from app.accounts.models import PasswordToken, SignIn, User
from app.db import insert_once
from app.journal.service import Actor, record
from app.lib.ids import digest, public_id, token
from app.outbox.service import queue
from app.web.i18n import speaking

FORGOTTEN_LASTS = timedelta(hours=2)
INVITATION_LASTS = timedelta(days=7)


class NoLink(Exception):
    """The link is unknown, used or too old."""


def send_link(session: Session, email: str, address: str, now: datetime) -> None:
    """Queue a link to choose a new password, where somebody has that address; or TooMany.

    For an address that nobody has the same is written and taken back, so that the answer takes as
    long (threat 8).
    """
    limits.count(session, limits.PASSWORD_LINK, email, address, now)
    user = session.scalars(select(User).where(User.email == email)).one_or_none()
    with session.begin_nested() as draft:
        _queue_link(session, user or _nobody(session, email, now), now)
        session.flush()
        if user is None:
            draft.rollback()


def _queue_link(session: Session, user: User, now: datetime) -> None:
    secret = new_link(session, user.id, FORGOTTEN_LASTS, now)
    with speaking(user.language):
        letter = mails.forgotten(user.name, secret)
    queue(
        session, key=f"password-link:{digest(secret)}", kind="password_link", to=user.email,
        subject=letter.subject, body=letter.body, by=Actor(), now=now,
    )  # fmt: skip
    record(
        session, "user.password_link_sent", organization_id=None, subject=user.email, by=Actor(),
        now=now,
    )  # fmt: skip


def _nobody(session: Session, email: str, now: datetime) -> User:
    user = User(public_id=public_id(), email=email, name=email[:120], created_at=now)
    session.add(user)
    session.flush()
    return user


def person_of(session: Session, email: str, now: datetime) -> User:
    """Whoever has this address, in lower case; somebody new without a password if nobody has."""
    insert_once(
        session, User, public_id=public_id(), email=email, name=email.partition("@")[0][:120],
        created_at=now,
    )  # fmt: skip
    return session.scalars(select(User).where(User.email == email)).one()


def new_link(session: Session, user_id: int, lasts: timedelta, now: datetime) -> str:
    """The secret of a new link; older ones of the person die."""
    session.execute(delete(PasswordToken).where(PasswordToken.user_id == user_id))
    secret = token()
    session.add(
        PasswordToken(
            user_id=user_id, token_hash=digest(secret), created_at=now, expires_at=now + lasts
        )
    )
    return secret


def choose_password(
    session: Session, secret: str, password_hash: str, name: str | None, now: datetime
) -> User:
    """Use a link: its person has this password from now on, and no browser stays signed in.

    Raises NoLink, also for the second of two that use it at once.
    """
    user_id = session.execute(
        update(PasswordToken)
        .where(
            PasswordToken.token_hash == digest(secret),
            PasswordToken.used_at.is_(None),
            PasswordToken.expires_at > now,
        )
        .values(used_at=now)
        .returning(PasswordToken.user_id)
    ).scalar_one_or_none()
    if user_id is None:
        raise NoLink
    user = session.get_one(User, user_id)
    if name:
        user.name = name
    change_password(session, user, password_hash, keep=None, now=now)
    return user


def change_password(
    session: Session, user: User, password_hash: str, *, keep: int | None, now: datetime
) -> None:
    """Another password: all sign-ins but `keep` end (ASVS 7.4.3), and the person is told."""
    is_first = user.password_hash is None
    user.password_hash = password_hash
    session.execute(delete(SignIn).where(SignIn.user_id == user.id, SignIn.id != (keep or 0)))
    session.execute(
        delete(PasswordToken).where(
            PasswordToken.user_id == user.id, PasswordToken.used_at.is_(None)
        )
    )
    record(
        session, "user.password_changed", organization_id=None, subject=user.email,
        by=Actor(user_id=user.id), now=now,
    )  # fmt: skip
    if is_first:
        return
    with speaking(user.language):
        letter = mails.changed(user.name)
    queue(
        session, key=f"password-changed:{user.id}:{digest(password_hash)[:16]}",
        kind="password_changed", to=user.email, subject=letter.subject, body=letter.body,
        by=Actor(user_id=user.id), now=now,
    )  # fmt: skip
