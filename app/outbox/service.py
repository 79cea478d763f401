"""Queues mails inside the transaction of what they tell of, and journals that (A12)."""

from datetime import datetime

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from app.db import insert_once
from app.journal.service import Actor, record
from app.lib.ids import digest
from app.outbox.models import Mail
from app.outbox.rules import MailState, may_be_sent_anew, one_line
from app.web.state import settings


def queue(
    session: Session,
    *,
    key: str,
    kind: str,
    to: str,
    subject: str,
    body: str,
    by: Actor,
    now: datetime,
    organization_id: int | None = None,
    html: str | None = None,
    unsubscribe_url: str | None = None,
) -> int | None:
    """Queue a mail unless one of the same `key` was ever queued; its id, or None if there was.

    `body` is its plain text; `html`, if given, says the same. `unsubscribe_url` is only for mails
    that people may do without (A14).

    The Message-ID follows from the key, so a mail sent twice after a crash is one mail to its
    reader. Line breaks in `subject` are folded, which keeps names from adding headers; no-break
    spaces stay, as French writes them.
    """
    sender = settings().mail_from.rpartition("@")[2].strip("> ")
    message_id = f"<{digest(key)[:40]}@{sender}>"
    mail_id = insert_once(
        session,
        Mail,
        key=key,
        message_id=message_id,
        kind=kind,
        organization_id=organization_id,
        recipient=to,
        subject=one_line(subject)[:200],
        body=body,
        html=html,
        unsubscribe_url=unsubscribe_url,
        state=MailState.QUEUED,
        tries=0,
        queued_at=now,
        next_try_at=now,
    )
    if mail_id is not None:
        # Not what it says: some mails carry a link that lets their reader in.
        record(
            session, "mail.queued", organization_id=organization_id, subject=to, by=by, now=now,
            kind=kind, message_id=message_id,
        )  # fmt: skip
    return mail_id


def send_anew(session: Session, mail_id: int, *, tries: int, by: Actor, now: datetime) -> bool:
    """Have a mail tried at the next tick that failed, came back or waits; whether that was new.

    `tries` is what whoever asks has seen, so that a form sent twice asks once. They are counted on:
    by their number a process knows the mail that it has claimed. It stays the same mail, with its
    Message-ID; what came back counts as never accepted until it is accepted again (A8).
    """
    anew = [state for state in MailState if may_be_sent_anew(state)]
    # One that waits and is due is tried anyway.
    waits = or_(Mail.state != MailState.QUEUED, Mail.next_try_at > now)
    row = session.execute(
        update(Mail)
        .where(Mail.id == mail_id, Mail.tries == tries, Mail.state.in_(anew), waits)
        .values(state=MailState.QUEUED, next_try_at=now, sent_at=None, bounced_at=None)
        .returning(Mail.organization_id, Mail.recipient, Mail.kind, Mail.message_id)
    ).first()
    if row is None:
        return False
    record(
        session, "mail.sent_anew", organization_id=row.organization_id, subject=row.recipient,
        by=by, now=now, kind=row.kind, message_id=row.message_id,
    )  # fmt: skip
    return True
