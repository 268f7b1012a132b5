"""What an applicant should not have written into a text that everyone reads."""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "[poistettu]"
"""Stands where something was masked: "removed"."""

_IDENTITY_CODE = r"(?i:(?<![0-9])[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Y](?![0-9A-Z]))"
_FINNISH_IBAN = r"(?i:(?<![0-9A-Z])FI[0-9]{2}(?:\s?[0-9]){14}(?![0-9]))"
_IBAN = r"(?<![0-9A-Z])[A-Z]{2}[0-9]{2}(?: ?[0-9A-Z]{4}){2,7}(?: ?[0-9A-Z]{1,4})?(?![0-9A-Z])"
_E_MAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_MOBILE = r"(?<![0-9])(?:\+358[ -]?|0)(?:4[0-9]|50)(?:[ -]?[0-9]){5,8}(?![0-9])"
_PERSONAL: Final = re.compile(f"{_IDENTITY_CODE}|{_FINNISH_IBAN}|{_IBAN}|{_E_MAIL}|{_MOBILE}")


def masked(text: str) -> str:
    """The text without what looks like a Finnish personal identity code (*henkilötunnus*, with the separators of 2023),
    an IBAN, an e-mail address or a Finnish mobile number. It goes by the form alone: names stay.
    """
    return _PERSONAL.sub(MASK, text)
