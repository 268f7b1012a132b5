"""Hands a mail to the county's mail server."""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

import aiosmtplib

from schemas.words import Language
from services.intake.messages.errors import Deferred, MailSettingsInvalid, Refused, ServerAway
from services.intake.messages.mail import Addressee, composed, sender_of
from services.intake.messages.texts import MailText

SEND_SECONDS: Final = 60.0
"""What one mail may take, from connecting to the server's acceptance."""
_QUIT_SECONDS: Final = 5.0
_HOST: Final = re.compile(r"[A-Za-z0-9_.:-]+")
_DETAIL: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS: Final = {"required": 587, "never": 25}


@dataclass(frozen=True, slots=True)
class _Server:
    host: str
    port: int
    tls: bool
    starttls: bool
    user: str | None
    password: str | None = field(repr=False)


class Mailer:
    """Sends through the server at `url`, one connection a mail; safe to use from several tasks.

    `smtp://[user[:password]@]host[:port]?starttls=required|never` (required unless said otherwise) or
    `smtps://[user[:password]@]host[:port]`; ports are 587, 25 and 465 by default. `password_file` holds the password
    instead, in one line. `sender` is `name@domain` or `Name <name@domain>`; its domain names us to the server and in
    Message-IDs. `trust` says which certificates are trusted, by default those that the system trusts. Raises
    MailSettingsInvalid; its text does not repeat the URL.
    """

    def __init__(
        self, url: str, sender: str, *, password_file: Path | None = None, trust: ssl.SSLContext | None = None
    ) -> None:
        self._server = _server(url, None if password_file is None else _secret(password_file))
        self._sender = sender_of(sender)
        self._trust = trust

    async def send(self, message_id: UUID, to: Addressee, text: MailText, language: Language, at: datetime) -> None:
        """Returns when the server has accepted the mail. `at` is its date. Raises Refused, Deferred, ServerAway.

        Cancelled, or after ServerAway, the server may have accepted it all the same: sent again it has the same
        Message-ID.
        """
        content = composed(message_id, self._sender, to, text, language, at)
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host, port=server.port, use_tls=server.tls, start_tls=server.starttls,
            username=server.user, password=server.password, local_hostname=self._sender.domain,
            timeout=SEND_SECONDS, tls_context=self._trust,
        )  # fmt: skip
        try:
            await self._handed_over(client, to.address, content)
            # The mail is accepted: whether the server also takes our leave changes nothing.
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=_QUIT_SECONDS)
        finally:
            client.close()

    async def _handed_over(self, client: aiosmtplib.SMTP, to: str, content: bytes) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await client.connect()
                await client.sendmail(self._sender.addr_spec, [to], content)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _judged(error.recipients[0]) from None
        except aiosmtplib.SMTPDataError as error:
            raise _judged(error) from None
        except aiosmtplib.SMTPResponseException as error:
            raise ServerAway(f"{type(error).__name__}: {_codes(error)}") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise ServerAway(type(error).__name__) from None


def _judged(error: aiosmtplib.SMTPResponseException) -> Refused | Deferred:
    return Refused(_codes(error)) if 500 <= error.code < 600 else Deferred(_codes(error))


def _codes(error: aiosmtplib.SMTPResponseException) -> str:
    """The reply code, and the enhanced status code (RFC 3463) where there is one, such as '550 5.1.1'."""
    detail = _DETAIL.match(error.message)
    return f"{error.code} {detail.group()}" if detail else str(error.code)


def _secret(file: Path) -> str:
    try:
        password = file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise MailSettingsInvalid(f"the file of the mail server's password cannot be read: {file}") from error
    if not password or "\n" in password:
        raise MailSettingsInvalid(f"the file of the mail server's password has to hold one line: {file}")
    return password


def _server(url: str, password: str | None) -> _Server:
    if not url.isprintable() or " " in url:
        raise _wrong("it has to be one word")  # urlsplit would drop line ends without a word.
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _wrong("its host and port have to read like mail.county.fi:587") from None
    if parts.scheme not in {"smtp", "smtps"}:
        raise _wrong("it has to begin with smtp:// or smtps://")
    if not parts.hostname or _HOST.fullmatch(parts.hostname) is None or parts.path not in {"", "/"} or parts.fragment:
        raise _wrong("after the host and port only ?starttls=required or ?starttls=never may follow")
    starttls = _starttls(parts.scheme, parts.query)
    user, password = _log_in(parts.username, parts.password, password)
    if password is not None and starttls == "never" and parts.hostname not in _LOOPBACK:
        raise _wrong("a password would be sent in the clear: use starttls=required or smtps://")
    default = 465 if starttls is None else _PORTS[starttls]
    return _Server(parts.hostname, port or default, starttls is None, starttls == "required", user, password)


def _starttls(scheme: str, query: str) -> str | None:
    """'required' or 'never'; None where the connection is TLS from its start."""
    try:
        options = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError:
        options = [("", "")]
    if scheme == "smtps":
        if options:
            raise _wrong("smtps:// is encrypted from the start and takes no option")
        return None
    match options:
        case []:
            return "required"
        case [("starttls", "required" | "never" as chosen)]:
            return chosen
    raise _wrong("its one option is starttls, which is 'required' or 'never'")


def _log_in(user: str | None, in_url: str | None, in_file: str | None) -> tuple[str | None, str | None]:
    if in_url is not None and in_file is not None:
        raise _wrong("the password stands both in it and in a file: leave one out")
    password = unquote(in_url) if in_url is not None else in_file
    if not user and password is not None:
        raise _wrong("there is a password but no user")
    if user and password is None:
        raise _wrong("there is a user but no password")
    return (unquote(user) if user else None), password


def _wrong(reason: str) -> MailSettingsInvalid:
    return MailSettingsInvalid(f"the mail server's address cannot be used: {reason}")
