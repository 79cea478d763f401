"""Queues mails inside the transaction of what they tell of (A12)."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.db import insert_once
from app.lib.ids import digest
from app.outbox.models import Mail
from app.outbox.rules import MailState
from app.web.state import settings


def queue(
    session: Session,
    *,
    key: str,
    kind: str,
    to: str,
    subject: str,
    body: str,
    now: datetime,
    organization_id: int | None = None,
) -> bool:
    """Queue a plain-text mail unless one of the same `key` was ever queued; whether it is new.

    The Message-ID follows from the key, so a mail sent twice after a crash is one mail to its
    reader. Line breaks in `subject` are folded, which keeps names from adding headers.
    """
    sender = settings().mail_from.rpartition("@")[2].strip("> ")
    queued = insert_once(
        session,
        Mail,
        key=key,
        message_id=f"<{digest(key)[:40]}@{sender}>",
        kind=kind,
        organization_id=organization_id,
        recipient=to,
        subject=" ".join(subject.split())[:200],
        body=body,
        state=MailState.QUEUED,
        tries=0,
        queued_at=now,
        next_try_at=now,
    )
    return queued is not None
