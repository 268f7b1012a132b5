"""What an applicant should not have written into a text that everyone reads."""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "[poistettu]"
"""Stands where something was masked: "removed"."""

_DASH = r"\-\u2010-\u2015\u2212"
_DAY = r"(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])[0-9]{2}"
_IDENTITY_CODE = rf"(?i:(?<![0-9]){_DAY}(?: ?[{_DASH}+] ?|[A-FU-Y])[0-9]{{3}}[0-9A-Y](?![0-9A-Z]))"
_FINNISH_IBAN = rf"(?i:(?<![0-9A-Z])FI[0-9]{{2}}(?:[\s{_DASH}]?[0-9]){{14}}(?![0-9]))"
_IBAN = r"(?<![0-9A-Z])[A-Z]{2}[0-9]{2}(?:\s?[0-9A-Z]{4}){2,7}(?:\s?[0-9A-Z]{1,4})?(?![0-9A-Z])"
_ABROAD = rf"(?:\+|(?<![0-9])00)358(?:[\s{_DASH}]?\(0\))?(?:[\s{_DASH}]?[0-9]){{5,10}}(?![0-9])"
_MOBILE = rf"(?<![0-9])\(?0(?:4[0-9]|50)\)?(?:[\s/{_DASH}]?[0-9]){{5,8}}(?![0-9])"
_NUMBERS: Final = re.compile(f"{_IDENTITY_CODE}|{_FINNISH_IBAN}|{_IBAN}|{_ABROAD}|{_MOBILE}")
_DIGITS_MIN = re.compile(r"(?:[^0-9]*+[0-9]){8}")
"""What a number that is masked has at least. Most texts have fewer, and then need no closer look."""
_E_MAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+(?:[\w.+@-]*\w)?")
"""It begins where a run of such characters does, and so takes a time that grows with the text's length alone."""


def masked(text: str) -> str:
    """The text without what looks like a Finnish personal identity code (*henkilötunnus*, with the separators of 2023),
    an IBAN, an e-mail address, a Finnish mobile number or one that begins with +358. It goes by the form alone: names
    stay.
    """
    if _DIGITS_MIN.match(text):
        text = _NUMBERS.sub(MASK, text)
    return _E_MAIL.sub(MASK, text) if "@" in text else text
