"""Mails to a relay by SMTP, with STARTTLS where the relay offers it."""

import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from functools import cached_property
from urllib.parse import unquote, urlsplit

from app.outbox.channels import message
from app.outbox.ports import Accepted, Letter, Rejected, TryLater

TIMEOUT = 30
# What stays on this machine needs no certificate, and mail servers seldom have one for it.
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class SmtpChannel:
    """`smtp://user:password@host:587` (STARTTLS when offered) or `smtps://…:465`.

    What cannot be delivered comes back to `bounces_to`, or to the sender of the mail.
    """

    def __init__(self, url: str, bounces_to: str = "") -> None:
        self._bounces_to = bounces_to or None
        parts = urlsplit(url)
        self._host = parts.hostname or "localhost"
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 25)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")

    def send(self, letter: Letter) -> Accepted | TryLater | Rejected:
        """Hand over one letter. 4xx and silence may pass; 5xx will not (RFC 5321 §4.2.1)."""
        try:
            mail = message(letter)
        except ValueError as problem:
            return Rejected(str(problem))
        try:
            relay = self._connect()
        except (OSError, smtplib.SMTPException) as problem:
            # A relay that is down or refuses our password says nothing about the mail, 5xx or not.
            return TryLater(_words(problem))
        try:
            return _hand_over(relay, mail, self._bounces_to)
        finally:
            # Nor does the goodbye.
            with suppress(OSError, smtplib.SMTPException):
                relay.quit()
            relay.close()

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """Kept, because reading the system's certificates costs more than sending a mail."""
        context = ssl.create_default_context()
        if self._host in LOOPBACK:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    def _connect(self) -> smtplib.SMTP:
        if self._tls:
            relay: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=TIMEOUT, context=self._context
            )
        else:
            relay = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT)
        try:
            self._greet(relay)
        except BaseException:
            relay.close()
            raise
        return relay

    def _greet(self, relay: smtplib.SMTP) -> None:
        relay.ehlo_or_helo_if_needed()
        if not self._tls and relay.has_extn("starttls"):
            relay.starttls(context=self._context)
        elif self._user and not self._tls and self._host not in LOOPBACK:
            raise smtplib.SMTPException("no STARTTLS: the password would be sent in clear")
        if self._user:
            relay.login(self._user, self._password)


def _hand_over(
    relay: smtplib.SMTP, mail: EmailMessage, bounces_to: str | None
) -> Accepted | TryLater | Rejected:
    try:
        relay.send_message(mail, from_addr=bounces_to, to_addrs=[str(mail["To"])])
    except smtplib.SMTPRecipientsRefused as refused:
        code, text = next(iter(refused.recipients.values()))
        return _verdict(code, text)
    except smtplib.SMTPDataError as refused:
        return _verdict(refused.smtp_code, refused.smtp_error)
    except smtplib.SMTPNotSupportedError as problem:
        # An address beyond ASCII, and a relay that cannot carry it (RFC 6531).
        return Rejected(_words(problem))
    except (OSError, smtplib.SMTPException) as problem:
        return TryLater(_words(problem))
    return Accepted()


def _verdict(code: int, text: bytes | str) -> TryLater | Rejected:
    words = text.decode(errors="replace") if isinstance(text, bytes) else text
    reason = f"{code} {words}"
    return Rejected(reason) if code >= 500 else TryLater(reason)


def _words(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"
