"""One way of sending a file; `message` gives all of them the same mail."""

import re
from email.message import EmailMessage
from email.policy import SMTP

import idna

from app.outbox.ports import Letter

# One plain address: what else a header may hold (names, lists, comments) is nobody's address.
_ADDRESS = re.compile(r'[^\s@<>()\[\]\\,;:"\x00-\x1f\x7f]+@[^\s@<>()\[\]\\,;:"\x00-\x1f\x7f]+')


def address(recipient: str) -> str:
    """The recipient as servers know it, its domain in ASCII. Raises ValueError."""
    if not _ADDRESS.fullmatch(recipient):
        raise ValueError(f"{recipient!r} is not an address")
    local, _at, name = recipient.rpartition("@")
    return recipient if name.isascii() else f"{local}@{idna.encode(name, uts46=True).decode()}"


def message(letter: Letter) -> EmailMessage:
    """The letter as RFC 5322 text.

    Raises ValueError: a line break in a header is an error, never a new header.
    """
    mail = EmailMessage(policy=SMTP)
    mail["Message-ID"] = letter.message_id
    mail["Date"] = letter.written_at
    mail["From"] = letter.sender
    mail["To"] = address(letter.recipient)
    mail["Subject"] = letter.subject
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.body)
    return mail
