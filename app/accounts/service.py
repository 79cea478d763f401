"""Signing in and out, and what people change about themselves."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.accounts import limits
from app.accounts.links import change_password
from app.accounts.models import SignIn, User
from app.accounts.queries import Credentials
from app.journal.service import Actor, record
from app.lib.ids import digest, token


@dataclass(frozen=True)
class Browser:
    """The browser somebody signs in with, and how long that shall last."""

    address: str
    name: str
    lasts: timedelta


class PasswordChanged(Exception):
    """The password was changed after the one given had been tried."""


def sign_in(
    session: Session,
    tried: Credentials,
    *,
    stronger_hash: str | None,
    here: Browser,
    now: datetime,
) -> str:
    """Open a sign-in for somebody whose password was right; the token for their cookie.

    `stronger_hash` replaces a hash that was made with weaker parameters.
    """
    user = session.get_one(User, tried.user_id, with_for_update=True)
    if user.password_hash != tried.password_hash:
        raise PasswordChanged
    if stronger_hash:
        user.password_hash = stronger_hash
    limits.forget(session, limits.SIGN_IN, user.email, here.address)
    return open_sign_in(session, user, here, now)


def open_sign_in(session: Session, user: User, here: Browser, now: datetime) -> str:
    """Write the sign-in of a person who has shown who they are; the token for their cookie."""
    session.execute(delete(SignIn).where(SignIn.user_id == user.id, SignIn.expires_at <= now))
    secret = token()
    session.add(
        SignIn(
            user_id=user.id, token_hash=digest(secret), created_at=now,
            expires_at=now + here.lasts, address=here.address[:45], browser=here.name[:200],
        )
    )  # fmt: skip
    user.last_login_at = now
    record(
        session, "user.signed_in", organization_id=None, subject=user.email,
        by=Actor(user_id=user.id), now=now,
    )  # fmt: skip
    return secret


def sign_out(session: Session, sign_in_id: int) -> None:
    """End one sign-in: its cookie opens nothing any more."""
    session.execute(delete(SignIn).where(SignIn.id == sign_in_id))


def choose_language(session: Session, user_id: int, language: str) -> None:
    """Speak this language on a person's pages and in their mails."""
    session.get_one(User, user_id).language = language


def change_profile(
    session: Session, user_id: int, *, name: str, language: str, now: datetime
) -> None:
    """Another name or language."""
    user = session.get_one(User, user_id)
    if (user.name, user.language) == (name, language):
        return
    user.name, user.language = name, language
    record(
        session, "user.changed", organization_id=None, subject=user.email,
        by=Actor(user_id=user_id), now=now, name=name, language=language,
    )  # fmt: skip


def replace_password(
    session: Session, tried: Credentials, password_hash: str, *, keep: int, now: datetime
) -> None:
    """Change the password of somebody who gave the present one; `keep` is their own sign-in."""
    user = session.get_one(User, tried.user_id, with_for_update=True)
    if user.password_hash != tried.password_hash:
        raise PasswordChanged
    change_password(session, user, password_hash, keep=keep, now=now)


def sign_out_elsewhere(session: Session, user_id: int, *, keep: int, now: datetime) -> None:
    """End all sign-ins of a person but one."""
    session.execute(delete(SignIn).where(SignIn.user_id == user_id, SignIn.id != keep))
    user = session.get_one(User, user_id)
    record(
        session, "user.signed_out_elsewhere", organization_id=None, subject=user.email,
        by=Actor(user_id=user_id), now=now,
    )  # fmt: skip
