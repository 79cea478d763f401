"""When a mail is tried again, and when it is given up (A12)."""

import re
from datetime import datetime, timedelta
from enum import StrEnum


class MailState(StrEnum):
    """Life of one mail."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    # Accepted, and sent back later.
    BOUNCED = "bounced"


# After a refusal that may pass; beyond the last, once an hour until the mail is two days old.
BACK_OFF = (60, 300, 900, 1800)
GIVE_UP_AFTER = timedelta(days=2)
# A mail still "sending" after this belongs to a process that died: it is sent again with the
# same Message-ID.
LEASE = timedelta(minutes=10)
# Plain spaces, and all that may end a line or is no character of a text.
_FOLDED = re.compile(r"[ \x00-\x1f\x7f-\x9f\u2028\u2029]+")


def one_line(subject: str) -> str:
    """A subject without line breaks; the no-break spaces before « : » and « € » stay."""
    return _FOLDED.sub(" ", subject).strip(" ")


def may_bounce(state: MailState, tries: int) -> bool:
    """Whether a mail can have come back: it left, as far as anybody knows.

    One that is still being sent may have left without our knowing it.
    """
    return tries > 0 and state in (MailState.SENT, MailState.SENDING, MailState.QUEUED)


def may_be_sent_anew(state: MailState) -> bool:
    """Whether a person may have it sent again: not what has arrived, nor what is on its way."""
    return state in (MailState.QUEUED, MailState.FAILED, MailState.BOUNCED)


def next_try(tries: int, queued_at: datetime, now: datetime) -> datetime | None:
    """When to try again after `tries` failures, or None to give up."""
    wait = BACK_OFF[tries - 1] if tries <= len(BACK_OFF) else 3600
    later = now + timedelta(seconds=wait)
    return later if later - queued_at <= GIVE_UP_AFTER else None
