"""A mail server of a test's own: aiosmtpd on a free loopback port, in the test's loop."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"
CUT = "cut"
"""As an answer: the connection ends instead of one."""


@dataclass(frozen=True)
class Arrived:
    """A mail that the server has taken. `encrypted` says how it came, `user` who had logged in."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    encrypted: bool
    user: str | None


@dataclass
class MailServer:
    """Takes mails once started. `to_recipients` and `to_mails` are its next answers to RCPT and to a mail's end; where
    none is left it says 250. With `users` nobody sends without a password.
    """

    starttls: ssl.SSLContext | None = None
    tls: ssl.SSLContext | None = None
    users: Mapping[str, str] = field(default_factory=dict)
    arrived: list[Arrived] = field(default_factory=list)
    to_recipients: deque[str] = field(default_factory=deque)
    to_mails: deque[str] = field(default_factory=deque)
    port: int = 0
    _server: asyncio.Server | None = None
    _open: list[SMTP] = field(default_factory=list)

    async def start(self) -> None:
        """Listens; started again, on the same port."""
        self._server = await asyncio.get_running_loop().create_server(self._session, HOST, self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Is away: nothing listens, and open connections end."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for each in self._open:
            if each.transport is not None:
                each.transport.close()
        self._open.clear()

    def _session(self) -> SMTP:
        session = SMTP(
            self, hostname="mail.example", tls_context=self.starttls, require_starttls=self.starttls is not None,
            auth_required=bool(self.users), auth_require_tls=False, authenticator=self._log_in,
            loop=asyncio.get_running_loop(),
        )  # fmt: skip
        self._open.append(session)
        return session

    def _log_in(self, _server: SMTP, session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        session.user = data.login.decode()
        return AuthResult(success=self.users.get(session.user) == data.password.decode(), handled=False)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        answer = self._next(self.to_recipients, server)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        answer = self.to_mails[0] if self.to_mails else "250"
        if answer.startswith("250") or answer == CUT:
            message = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(message, EmailMessage)
            encrypted = session.ssl is not None or self.tls is not None
            recipients, user = tuple(envelope.rcpt_tos), getattr(session, "user", None)
            self.arrived.append(Arrived(envelope.mail_from, recipients, message, encrypted, user))
        return self._next(self.to_mails, server)

    def _next(self, answers: deque[str], server: SMTP) -> str:
        answer = answers.popleft() if answers else "250 OK"
        if answer == CUT:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return answer

    @property
    def ids(self) -> list[str]:
        """The Message-IDs of what has arrived, in that order."""
        return [str(each.message["Message-ID"]) for each in self.arrived]


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate of its own for the loopback address, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(Encoding.PEM)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "mail.pem").write_bytes(private + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "mail.pem")
    return server, ssl.create_default_context(cadata=pem.decode())
