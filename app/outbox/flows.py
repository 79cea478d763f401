"""Drains the outbox: claim (commit), send, record (commit). At least once, one Message-ID (A12)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import or_, select, update

from app.db import reading, require_no_transaction, transaction
from app.journal.service import Actor, record
from app.operator_tasks.service import close_tasks, open_task
from app.outbox.models import Mail
from app.outbox.ports import Accepted, Letter, Rejected, TryLater, channel
from app.outbox.rules import LEASE, MailState, next_try
from app.web.state import settings

TO_SEND = or_(Mail.state == MailState.QUEUED, Mail.state == MailState.SENDING)
ACCEPTED = (MailState.SENT, MailState.BOUNCED)

# A relay that puts off so many in a row is asked again at the next tick: other jobs wait behind.
PATIENCE = 3


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
    sent = put_off = 0
    begun = monotonic()
    for mail_id in ids:
        # A lease runs from its claim, however long the mails before it took.
        claim = _claim(mail_id, now, now + timedelta(seconds=monotonic() - begun) + LEASE)
        if claim is None:
            continue
        require_no_transaction()
        answer = channel().send(claim.letter)
        _note(claim, answer, now, Actor(run_id=run_id))
        sent += isinstance(answer, Accepted)
        put_off = put_off + 1 if isinstance(answer, TryLater) else 0
        if put_off == PATIENCE:
            break
    return sent


def _claim(mail_id: int, now: datetime, until: datetime) -> _Claim | None:
    with transaction() as session:
        row = session.execute(
            update(Mail)
            .where(Mail.id == mail_id, TO_SEND, Mail.next_try_at <= now)
            .values(state=MailState.SENDING, next_try_at=until, tries=Mail.tries + 1)
            .returning(
                Mail.tries,
                Mail.queued_at,
                Mail.organization_id,
                Mail.message_id,
                Mail.recipient,
                Mail.subject,
                Mail.body,
                Mail.html,
                Mail.unsubscribe_url,
            )
        ).first()
    if row is None:
        return None
    letter = Letter(
        row.message_id, settings().mail_from, row.recipient, row.subject, row.body, row.queued_at,
        row.html, row.unsubscribe_url,
    )  # fmt: skip
    return _Claim(mail_id, row.tries, row.queued_at, row.organization_id, letter)


def _note(claim: _Claim, answer: Accepted | TryLater | Rejected, now: datetime, by: Actor) -> None:
    values = _outcome(claim, answer, now)
    # Another process may have taken the mail up since, and know better.
    mine = Mail.state == MailState.SENDING, Mail.tries == claim.tries
    # Sent is sent, and what has come back already does not become so by being noted late.
    known = (Mail.state.not_in(ACCEPTED),) if isinstance(answer, Accepted) else mine
    with transaction() as session:
        noted = session.scalar(
            update(Mail).where(Mail.id == claim.id, *known).values(**values).returning(Mail.state)
        )
        if noted is MailState.SENT:
            close_tasks(session, "mail_failed", subject=claim.letter.recipient, now=now)
            record(
                session,
                "mail.sent",
                organization_id=claim.organization_id,
                subject=claim.letter.recipient,
                by=by,
                now=now,
                message_id=claim.letter.message_id,
            )
        elif noted is MailState.FAILED:
            open_task(
                session, "mail_failed", claim.letter.recipient, now=now,
                mail=claim.letter.subject, reason=values["problem"],
            )  # fmt: skip


def _outcome(
    claim: _Claim, answer: Accepted | TryLater | Rejected, now: datetime
) -> dict[str, object]:
    match answer:
        case Accepted():
            return {"state": MailState.SENT, "sent_at": now, "problem": None}
        case TryLater(reason):
            later = next_try(claim.tries, claim.queued_at, now)
            state = MailState.QUEUED if later else MailState.FAILED
            return {"state": state, "next_try_at": later or now, "problem": reason[:500]}
        case Rejected(reason):
            return {"state": MailState.FAILED, "problem": reason[:500]}
