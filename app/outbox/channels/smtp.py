"""Mails to a relay by SMTP, with STARTTLS where the relay offers it."""

import smtplib
import ssl
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from app.outbox.channels import message
from app.outbox.ports import Accepted, Letter, Rejected, TryLater

TIMEOUT = 30


class SmtpChannel:
    """`smtp://user:password@host:587` (STARTTLS when offered) or `smtps://…:465`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "localhost"
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 25)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")

    def send(self, letter: Letter) -> Accepted | TryLater | Rejected:
        """Hand over one letter. 4xx and silence may pass; 5xx will not (RFC 5321 §4.2.1)."""
        try:
            relay = self._connect()
            try:
                relay.send_message(message(letter), to_addrs=[letter.recipient])
            finally:
                # How the goodbye goes says nothing about the mail.
                with suppress(OSError, smtplib.SMTPException):
                    relay.quit()
        except smtplib.SMTPRecipientsRefused as refused:
            code, text = next(iter(refused.recipients.values()))
            return _verdict(code, text)
        except smtplib.SMTPResponseException as refused:
            return _verdict(refused.smtp_code, refused.smtp_error)
        except ValueError as problem:
            return Rejected(str(problem))
        except (OSError, smtplib.SMTPException) as problem:
            return TryLater(f"{type(problem).__name__}: {problem}")
        return Accepted()

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._tls:
            relay: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=TIMEOUT, context=context
            )
        else:
            relay = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT)
            relay.ehlo()
            if relay.has_extn("starttls"):
                relay.starttls(context=context)
        if self._user:
            relay.login(self._user, self._password)
        return relay


def _verdict(code: int, text: bytes | str) -> TryLater | Rejected:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    reason = f"{code} {words}"
    return Rejected(reason) if code >= 500 else TryLater(reason)
