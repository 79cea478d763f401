"""A mail server on loopback that answers as told, and one that never answers."""

import gc
import shutil
import socket
import ssl
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

OK = "250 OK"


@dataclass
class Relay:
    """What arrived, and what to answer; an answer of None cuts the connection."""

    to_recipient: str = OK
    to_data: str | None = OK
    password: str | None = None
    utf8: bool = False
    envelopes: list[Envelope] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if self.to_recipient == OK:
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope):  # noqa: N802
        self.envelopes.append(envelope)
        self.encrypted.append(session.ssl is not None)
        if self.to_data is None:
            server.transport.abort()
        return self.to_data or OK

    def authenticate(self, _server, _session, _envelope, _mechanism, login) -> AuthResult:
        right = login.login == b"me@host" and login.password.decode() == self.password
        return AuthResult(success=right, handled=right)

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(one.content, policy=policy.default) for one in self.envelopes]

    @contextmanager
    def serving(self, certificate: ssl.SSLContext | None = None, **more: object) -> Iterator[str]:
        """Listen on a free port; the address to send to."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        if self.password is not None:
            more |= {"authenticator": self.authenticate, "auth_require_tls": False}
        controller = Controller(
            self, "127.0.0.1", self.port, tls_context=certificate, enable_SMTPUTF8=self.utf8, **more
        )
        controller.start()
        try:
            yield f"127.0.0.1:{self.port}"
        finally:
            controller.stop()
            del controller
            # aiosmtpd leaves connections open that were cut short; found later, they would fail
            # another test.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResourceWarning)
                gc.collect()


@contextmanager
def silent_server() -> Iterator[str]:
    """Takes the connection and says nothing, ever."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def nobody() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


def self_signed(folder: Path) -> ssl.SSLContext:
    """A certificate that nobody has a reason to trust, as fresh mail servers have it."""
    if not (openssl := shutil.which("openssl")):
        pytest.skip("no openssl to make a certificate")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=relay.example",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
