"""Mails that came back after a server had accepted them (A8, A12)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.journal.service import HOST, record
from app.operator_tasks.service import open_task
from app.outbox.delivery_reports import FAILED, Report
from app.outbox.models import Mail
from app.outbox.rules import MailState, may_bounce


class Outcome(StrEnum):
    """What a report changed."""

    BOUNCED = "bounced"
    KNOWN = "known"
    NOT_FAILED = "not_failed"
    NOT_OURS = "not_ours"


@dataclass(frozen=True)
class Noted:
    """What a report changed, and to whom the mail went that it is about, if it is ours."""

    outcome: Outcome
    recipient: str = ""


def note(session: Session, report: Report, now: datetime) -> Noted:
    """Mark the mail that a report is about as come back; a second report changes nothing."""
    mail = _mail(session, report.message_ids)
    if mail is None:
        return Noted(Outcome.NOT_OURS)
    if report.action != FAILED:
        return Noted(Outcome.NOT_FAILED, mail.recipient)
    if not may_bounce(mail.state, mail.tries):
        return Noted(Outcome.KNOWN, mail.recipient)
    mail.state, mail.bounced_at = MailState.BOUNCED, now
    mail.problem = _problem(mail, report)
    open_task(
        session, "mail_failed", mail.recipient, now=now, mail=mail.subject, reason=mail.problem
    )
    record(
        session, "mail.bounced", organization_id=mail.organization_id, subject=mail.recipient,
        by=HOST, now=now, kind=mail.kind, message_id=mail.message_id,
    )  # fmt: skip
    return Noted(Outcome.BOUNCED, mail.recipient)


def _mail(session: Session, message_ids: tuple[str, ...]) -> Mail | None:
    found = session.scalars(
        select(Mail).where(Mail.message_id.in_(message_ids)).order_by(Mail.id).with_for_update()
    )
    ours = {mail.message_id: mail for mail in found}
    return next((ours[one] for one in message_ids if one in ours), None)


def _problem(mail: Mail, report: Report) -> str:
    """What the server said; about whom, where the address forwards to another."""
    said = report.reason or report.action
    if report.recipient.lower() == mail.recipient.lower() or report.recipient in said:
        return said[:500]
    return f"{report.recipient}: {said}"[:500]
