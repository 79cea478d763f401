"""One way of sending a file; `message` gives all of them the same mail."""

import re
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy

import idna

from app.lib.ids import digest
from app.outbox.ports import Letter

# One plain address: what else a header may hold (names, lists, comments) is nobody's address.
_ADDRESS = re.compile(r'[^\s@<>()\[\]\\,;:"\x00-\x1f\x7f]+@[^\s@<>()\[\]\\,;:"\x00-\x1f\x7f]+')


class _Whole(UnstructuredHeader, BaseHeader):
    """An address in one piece: folded as text, it would be encoded as if it were foreign."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _Whole)
_POLICY = SMTP.clone(header_factory=_HEADERS)


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
    mail = EmailMessage(policy=_POLICY)
    mail["Message-ID"] = letter.message_id
    mail["Date"] = letter.written_at
    mail["From"] = letter.sender
    mail["To"] = address(letter.recipient)
    mail["Subject"] = letter.subject
    mail["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe_url:
        mail["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(letter.body)
    if letter.html is not None:
        mail.add_alternative(letter.html, subtype="html")
        # The same letter is the same bytes, however often it is sent.
        mail.set_boundary(f"=_{digest(letter.message_id)[:32]}")
    return mail
