"""Reads of the outbox, for operators: mails of all customers."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, cast, select
from sqlalchemy.orm import Session

from app.db.search import begins_with
from app.outbox.models import Mail
from app.outbox.rules import MailState
from app.web.listing import Listing, Order, Page, Wish, read_number

MAILS = Listing({"queued": Order(Mail.id, read_number)}, "-queued")
# What a list may be narrowed to, by the names of addresses.
STATES = {
    "waiting": (MailState.QUEUED, MailState.SENDING),
    "sent": (MailState.SENT,),
    "failed": (MailState.FAILED,),
    "bounced": (MailState.BOUNCED,),
}


@dataclass(frozen=True)
class MailFilter:
    """Which mails are meant: those to addresses that begin with a text, in a state of STATES."""

    text: str = ""
    state: str = ""


def mails_for_staff(session: Session, chosen: MailFilter, wish: Wish) -> Page:
    """Mails of all customers, in one statement; the newest first, as they were queued."""
    statement = select(
        Mail.id, Mail.recipient, Mail.subject, Mail.state, Mail.queued_at, Mail.problem
    )
    if chosen.text:
        statement = statement.where(begins_with(Mail.recipient, chosen.text.lower()))
    if chosen.state:
        # Of one address there are few: their states are read, not looked up among all mails.
        state = cast(Mail.state, String) + "" if chosen.text else Mail.state
        statement = statement.where(state.in_(STATES[chosen.state]))
    return MAILS.page(session, statement, wish)


@dataclass(frozen=True)
class StoredMail:
    """A mail as it stands in the outbox, its text and HTML with whatever secrets they hold."""

    id: int
    recipient: str
    subject: str
    kind: str
    state: MailState
    tries: int
    queued_at: datetime
    next_try_at: datetime
    sent_at: datetime | None
    bounced_at: datetime | None
    problem: str | None
    message_id: str
    body: str
    html: str | None


_MAIL = select(
    Mail.id, Mail.recipient, Mail.subject, Mail.kind, Mail.state, Mail.tries, Mail.queued_at,
    Mail.next_try_at, Mail.sent_at, Mail.bounced_at, Mail.problem, Mail.message_id, Mail.body,
    Mail.html,
)  # fmt: skip


def mail_for_staff(session: Session, mail_id: int) -> StoredMail | None:
    """The mail of that number."""
    row = session.execute(_MAIL.where(Mail.id == mail_id)).one_or_none()
    return StoredMail(**row._asdict()) if row else None
