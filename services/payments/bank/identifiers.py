"""Identifiers of bank files: deterministic, so that the same payment always carries the same id.

They have at most 35 characters of A–Z, 2–7, 0–9 and "-": inside the SEPA basic set, with no "_" and no "/".
"""

import base64
import hashlib
from uuid import UUID

from services.payments.bank.errors import IdentifierInvalid

ID_LENGTH_MAX = 35
_DIGEST_BYTES = 15  # 120 bits are 24 base32 characters without padding.


def end_to_end_id(application_id: UUID, instalment: int, attempt: int) -> str:
    """The EndToEndId of one attempt to pay one instalment: "E" + 24 characters + "-instalment-attempt".

    Instalments and attempts count from 1 to 999. Raises IdentifierInvalid.
    """
    _within("instalment", instalment)
    _within("attempt", attempt)
    return f"E{_digest('end-to-end', application_id.hex)}-{instalment}-{attempt}"


def message_id(run_id: UUID, part: int = 1) -> str:
    """The MsgId of the ``part``-th file (from 1 to 999) of a payment run: "M" + 24 characters + "-part".

    Raises IdentifierInvalid.
    """
    _within("part", part)
    return f"M{_digest('message', run_id.hex)}-{part}"


def _digest(purpose: str, key: str) -> str:
    digest = hashlib.sha256(f"{purpose}:{key}".encode()).digest()
    return base64.b32encode(digest[:_DIGEST_BYTES]).decode("ascii")


def _within(part: str, value: int) -> None:
    if not 1 <= value <= 999:
        raise IdentifierInvalid(part, value, "between 1 and 999")
