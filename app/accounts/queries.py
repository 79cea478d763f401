"""Reads of people and organizations."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import User


@dataclass(frozen=True)
class Credentials:
    """What a password is tried against."""

    user_id: int
    password_hash: str | None


def credentials(session: Session, email: str) -> Credentials | None:
    """The credentials of an e-mail address in lower case, if somebody has it."""
    row = session.execute(select(User.id, User.password_hash).where(User.email == email)).first()
    return Credentials(row.id, row.password_hash) if row else None
