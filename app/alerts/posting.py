"""Hands a letter to the outbox: one mail for each occasion and recipient, for ever (A12)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.alerts.mails import Letter
from app.alerts.recipients import Recipient
from app.journal.service import Actor
from app.lib.ids import digest
from app.outbox.models import Mail
from app.outbox.service import queue


@dataclass(frozen=True)
class Occasion:
    """Why people of an organization are written to; `key` names it, whoever the mail is for."""

    key: str
    kind: str
    organization_id: int
    by: Actor
    now: datetime


def post(
    session: Session,
    occasion: Occasion,
    person: Recipient,
    written: Letter,
    *,
    unsubscribe_url: str | None = None,
) -> int:
    """Queue it, unless it ever was; the mail's id."""
    key = f"{occasion.key}:{digest(person.email)[:32]}"
    mail_id = queue(
        session,
        key=key,
        kind=occasion.kind,
        to=person.email,
        subject=written.subject,
        body=written.body,
        html=written.html,
        unsubscribe_url=unsubscribe_url,
        by=occasion.by,
        now=occasion.now,
        organization_id=occasion.organization_id,
    )
    return mail_id or session.scalars(select(Mail.id).where(Mail.key == key)).one()
