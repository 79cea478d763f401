"""Drains the outbox: claim (commit), send, record (commit). At least once, one Message-ID (A12)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, update

from app.db import reading, require_no_transaction, transaction
from app.journal.service import Actor, record
from app.outbox.models import Mail
from app.outbox.ports import Accepted, Letter, Rejected, TryLater, channel
from app.outbox.rules import LEASE, MailState, next_try
from app.web.state import settings

TO_SEND = or_(Mail.state == MailState.QUEUED, Mail.state == MailState.SENDING)


@dataclass(frozen=True)
class _Claim:
    id: int
    tries: int
    queued_at: datetime
    organization_id: int | None
    letter: Letter


def drain(now: datetime, run_id: int) -> int:
    """Send what is due; the number of mails that were accepted."""
    with reading() as session:
        ids = session.scalars(
            select(Mail.id)
            .where(TO_SEND, Mail.next_try_at <= now)
            .order_by(Mail.next_try_at, Mail.id)
        ).all()
    sent = 0
    for mail_id in ids:
        claim = _claim(mail_id, now)
        if claim is not None:
            require_no_transaction()
            answer = channel().send(claim.letter)
            _note(claim, answer, now, Actor(run_id=run_id))
            sent += isinstance(answer, Accepted)
    return sent


def _claim(mail_id: int, now: datetime) -> _Claim | None:
    with transaction() as session:
        row = session.execute(
            update(Mail)
            .where(Mail.id == mail_id, TO_SEND, Mail.next_try_at <= now)
            .values(state=MailState.SENDING, next_try_at=now + LEASE, tries=Mail.tries + 1)
            .returning(
                Mail.tries,
                Mail.queued_at,
                Mail.organization_id,
                Mail.message_id,
                Mail.recipient,
                Mail.subject,
                Mail.body,
            )
        ).first()
    if row is None:
        return None
    letter = Letter(
        row.message_id, settings().mail_from, row.recipient, row.subject, row.body, row.queued_at
    )
    return _Claim(mail_id, row.tries, row.queued_at, row.organization_id, letter)


def _note(claim: _Claim, answer: Accepted | TryLater | Rejected, now: datetime, by: Actor) -> None:
    match answer:
        case Accepted():
            values: dict[str, object] = {"state": MailState.SENT, "sent_at": now, "problem": None}
        case TryLater(reason):
            later = next_try(claim.tries, claim.queued_at, now)
            state = MailState.QUEUED if later else MailState.FAILED
            values = {"state": state, "next_try_at": later or now, "problem": reason[:500]}
        case Rejected(reason):
            values = {"state": MailState.FAILED, "problem": reason[:500]}
    with transaction() as session:
        session.execute(update(Mail).where(Mail.id == claim.id).values(**values))
        if isinstance(answer, Accepted):
            record(
                session,
                "mail.sent",
                organization_id=claim.organization_id,
                subject=claim.letter.recipient,
                by=by,
                now=now,
                message_id=claim.letter.message_id,
            )
