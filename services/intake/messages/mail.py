"""A mail in bytes, and the addresses on it. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Final, get_args
from uuid import UUID

from schemas.words import Language
from services.intake.messages.errors import AddresseeInvalid, MailSettingsInvalid
from services.intake.messages.texts import UNPRINTABLE, MailText

_ADDRESS_MAX: Final = 254
_NAME_MAX: Final = 200
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAILBOX: Final = re.compile(rf"(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")
_NAMED: Final = re.compile(r"(?P<name>[^<>]*?) ?<(?P<address>[^<>]*)>")
_BARE: Final = re.compile(r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*")
_BARE_MAX: Final = 60
_FOLD: Final = "\r\n"


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a mail goes to. A domain with letters beyond ASCII is kept in its xn-- form. Raises AddresseeInvalid.

    The representation holds neither address nor name, so that no log does.
    """

    address: str = field(repr=False)
    name: str = field(repr=False)
    language: Language

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", mailbox(self.address))
        if not _prints(self.name) or not 1 <= len(self.name.strip()) <= _NAME_MAX:
            raise AddresseeInvalid(f"the addressee's name has to be one printable line of 1 to {_NAME_MAX} characters")
        if self.language not in get_args(Language):
            raise AddresseeInvalid(f"the addressee's language has to be one of {', '.join(get_args(Language))}")


def mailbox(address: str) -> str:
    """An address such as sihteeri@yhdistys.fi, its domain in ASCII. Raises AddresseeInvalid."""
    local, _, domain = address.rpartition("@")
    try:
        plain = f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        plain = ""
    if len(plain) > _ADDRESS_MAX or _MAILBOX.fullmatch(plain) is None:
        raise AddresseeInvalid(
            "the e-mail address has to read like sihteeri@yhdistys.fi: no letters beyond a to z before the @, no spaces"
        )
    return plain


def sender_of(sender: str) -> Address:
    """`name@domain` or `Name <name@domain>`. Raises MailSettingsInvalid."""
    named = _NAMED.fullmatch(sender)
    name, address = (named["name"].strip('"'), named["address"]) if named else ("", sender)
    try:
        if not _prints(sender):
            raise AddresseeInvalid
        return Address(display_name=name, addr_spec=mailbox(address))
    except AddresseeInvalid:
        raise MailSettingsInvalid(
            "the sender of mails has to read like avustukset@county.fi or County <avustukset@county.fi>"
        ) from None


def composed(
    message_id: UUID, sender: Address, to: Addressee, text: MailText, language: Language, at: datetime
) -> bytes:
    """The mail as the server gets it: plain text in UTF-8, marked as made by a machine (RFC 3834), dated `at`."""
    message = EmailMessage(policy.SMTP)
    message["Date"] = at
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.body, charset="utf-8", cte="quoted-printable")
    message["Content-Language"] = language
    # EmailMessage (tried on Python 3.11.7) folds a long name without its quotes, so that a comma in it ends the
    # address: what others have written is folded by Header.
    lines = (
        f"From: {_phrase('From', sender.display_name)}<{sender.addr_spec}>",
        f"To: {_phrase('To', to.name)}<{to.address}>",
        f"Subject: {_folded('Subject', text.subject)}",
        f"Message-ID: <{message_id}@{sender.domain}>",
    )
    return "".join(f"{line}\r\n" for line in lines).encode("ascii") + message.as_bytes()


def _phrase(header: str, name: str) -> str:
    """A name before an address: bare where it needs no quoting, else as encoded words, which need none."""
    if not name:
        return ""
    if len(name) <= _BARE_MAX and _BARE.fullmatch(name):
        return f"{name} "
    return f"{Header(name, 'utf-8', header_name=header).encode(linesep=_FOLD)}\r\n "


def _folded(header: str, text: str) -> str:
    return Header(text, "us-ascii" if text.isascii() else "utf-8", header_name=header).encode(linesep=_FOLD)


def _prints(text: str) -> bool:
    return not any(unicodedata.category(each) in UNPRINTABLE for each in text)
