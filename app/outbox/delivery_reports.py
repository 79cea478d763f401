"""Reads delivery status notifications: what mail servers send back about a mail (RFC 3464).

Whoever knows the address may send anything there, so nothing that is read here is trusted.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_string
from email.message import Message

# Mails come back whole; all that matters stands before their bodies.
LIMIT = 256 * 1024
FAILED = "failed"

_STATUS = ("message/delivery-status", "message/global-delivery-status")
_RETURNED = ("message/rfc822", "message/global", "message/global-headers")
_RETURNED_HEADERS = "text/rfc822-headers"
# Printable ASCII, so that a database may be asked for it.
_ID = re.compile(r"<[!-;=?-~]{1,198}>")
# Of references as long as somebody likes.
_MOST_IDS = 20


@dataclass(frozen=True)
class Report:
    """What a server says became of a mail. All texts are one printable line, or empty.

    `action` is one of RFC 3464 §2.3.3 in lower case; `message_ids` are those of the mail that it
    may be about, the likeliest first.
    """

    action: str
    recipient: str
    reason: str
    message_ids: tuple[str, ...]


def read(content: bytes) -> Report | None:
    """The report that a mail is; None for any other mail, and for what is no mail at all."""
    try:
        mail = message_from_string(content[:LIMIT].decode(errors="replace"))
    except RecursionError:
        # Mails inside mails inside mails.
        return None
    if mail.get_content_type() != "multipart/report":
        return None
    parts = _inside(mail)
    groups = [group for part in parts for group in _groups(part) if group["Action"]]
    if not groups:
        return None
    # One address of many that failed is what somebody has to know.
    group = next((one for one in groups if _action(one) == FAILED), groups[0])
    ids = dict.fromkeys([*_returned_ids(parts), *_answered_ids(mail)])
    return Report(_action(group), _recipient(group), _reason(group), tuple(ids)[:_MOST_IDS])


def _inside(mail: Message) -> list[Message]:
    payload = mail.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _groups(part: Message) -> Iterator[Message]:
    """The groups of fields of a status: one about the whole, then one a recipient."""
    if part.get_content_type() not in _STATUS:
        return
    for group in _inside(part):
        yield group
        # Only the ASCII variety is taken apart by the library (RFC 6533).
        rest = group.get_payload()
        if isinstance(rest, str):
            yield from map(message_from_string, re.split(r"(?:\r?\n){2,}", rest.strip()))


def _action(group: Message) -> str:
    return _line(group["Action"], 40).partition(" ")[0].lower()


def _recipient(group: Message) -> str:
    return _typed(group["Final-Recipient"] or group["Original-Recipient"], 254).strip("<>")


def _reason(group: Message) -> str:
    status, diagnostic = _line(group["Status"], 40), _typed(group["Diagnostic-Code"], 440)
    return diagnostic if status in diagnostic else f"{status} {diagnostic}".strip()


def _returned_ids(parts: Iterable[Message]) -> list[str]:
    """Of the mail that came back, or of its headers."""
    for part in parts:
        kind = part.get_content_type()
        if kind in _RETURNED:
            return [one for mail in _inside(part)[:1] for one in _ids(mail, "Message-ID")]
        if kind == _RETURNED_HEADERS:
            return _ids(message_from_string(_text(part).lstrip()), "Message-ID")
    return []


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode(errors="replace") if isinstance(payload, bytes) else ""


def _answered_ids(mail: Message) -> list[str]:
    """The mail that the report says it answers; of references the last is the nearest."""
    return _ids(mail, "In-Reply-To") + _ids(mail, "References")[::-1]


def _ids(mail: Message, header: str) -> list[str]:
    return _ID.findall(str(mail[header] or ""))


def _typed(value: object, most: int) -> str:
    """What follows a type, as in ``rfc822; marie@people.example``."""
    kind, mark, rest = _line(value, most).partition(";")
    return rest.strip() if mark else kind


def _line(value: object, most: int) -> str:
    """One printable line: a terminal or a page that shows it shows text and nothing else."""
    text = "".join(sign if sign.isprintable() else " " for sign in str(value or ""))
    return " ".join(text.split())[:most]
