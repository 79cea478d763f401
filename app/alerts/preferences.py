"""Which optional reminders somebody wants; mandatory mails have no switch (A14, RFC 8058)."""

from collections.abc import Collection
from datetime import datetime

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.accounts.rules import Role
from app.alerts.models import MutedReminder
from app.alerts.types import types
from app.db import insert_once
from app.web.state import settings


def offered(roles: Collection[Role]) -> dict[str, str]:
    """Labels by name of the types of which members with these roles are told."""
    return {name: kind.label() for name, kind in types().items() if kind.roles & set(roles)}


def wanted(session: Session, email: str) -> dict[str, bool]:
    """Whether somebody wants the optional reminders of each type, by its name, worst first."""
    muted = set(
        session.scalars(select(MutedReminder.type).where(MutedReminder.email == email.lower()))
    )
    return {name: name not in muted for name in types()}


def choose(session: Session, email: str, names: Collection[str], *, now: datetime) -> None:
    """Have the reminders of exactly these types sent to somebody."""
    mute(session, email, [name for name in types() if name not in names], now=now)
    session.execute(
        delete(MutedReminder).where(
            MutedReminder.email == email.lower(), MutedReminder.type.in_(names)
        )
    )


def mute(session: Session, email: str, names: Collection[str], *, now: datetime) -> None:
    """Send somebody no reminders of these types any more; harmless when repeated."""
    for name in names:
        insert_once(session, MutedReminder, email=email.lower(), type=name, at=now)


def unsubscribe_url(email: str, names: Collection[str]) -> str:
    """The address that ends these reminders and can do nothing else (threat 23)."""
    token = _signer().dumps([email.lower(), *sorted(names)])
    return f"{settings().public_url}/notifications/unsubscribe/{token}"


def read_token(token: str) -> tuple[str, list[str]] | None:
    """The address and types of such a link; None for one that is not ours."""
    try:
        email, *names = _signer().loads(token)
    except (BadSignature, ValueError):
        return None
    return email, [name for name in names if name in types()]


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.config["SECRET_KEY"]), salt="unsubscribe")
