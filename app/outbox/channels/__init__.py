"""One way of sending a file; `message` gives all of them the same mail."""

from email.message import EmailMessage
from email.policy import SMTP

from app.outbox.ports import Letter


def message(letter: Letter) -> EmailMessage:
    """The letter as RFC 5322 text; a line break in a header is an error, never a new header."""
    mail = EmailMessage(policy=SMTP)
    mail["Message-ID"] = letter.message_id
    mail["Date"] = letter.written_at
    mail["From"] = letter.sender
    mail["To"] = letter.recipient
    mail["Subject"] = letter.subject
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.body)
    return mail
