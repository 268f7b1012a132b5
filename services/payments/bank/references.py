"""Payment references: the Finnish reference number (*viitenumero*) and the ISO 11649 creditor reference (RF).

The Finnish number has 4–20 digits, the last being a check digit with the weights 7, 3, 1 from the right
(Finance Finland's guide on references). An RF reference is ``RF``, two check digits (mod 97) and up to 21
letters and digits. Leading zeros mean nothing in either: two spellings of one reference compare equal by
their canonical form.
"""

import re
from hashlib import sha256
from typing import Literal

from stdnum import iso11649
from stdnum.exceptions import ValidationError

from services.payments.bank.errors import ReferenceInvalid

Kind = Literal["national", "rf"]

_WEIGHTS = (7, 3, 1)
_SPACES = re.compile(r"[\s\u00a0\u202f]+")
_FINNISH = re.compile(r"[0-9]{4,20}")
_RF = re.compile(r"RF[0-9]{2}[0-9A-Z]{1,21}")
_FINNISH_RIGHT = "4–20 digits of which the last is the check digit (weights 7, 3, 1 from the right)"
_RF_RIGHT = "RF, two check digits (mod 97) and 1–21 letters or digits"


def finnish_reference(base: int | str) -> str:
    """Append the check digit to ``base`` (3–19 digits, leading zeros cut): 123456 → "1234561".

    Raises ReferenceInvalid when the base is no such number.
    """
    digits = _compact(str(base)).lstrip("0")
    if not re.fullmatch(r"[0-9]{3,19}", digits):
        raise ReferenceInvalid(str(base), "made from 3–19 digits that do not start with a zero")
    return digits + _check_digit(digits)


def is_finnish_reference(text: str) -> bool:
    """Tell whether ``text`` is a Finnish reference number with its right check digit (spaces allowed)."""
    digits = _compact(text)
    if not _FINNISH.fullmatch(digits):
        return False
    significant = digits.lstrip("0")
    return len(significant) >= 4 and significant[-1] == _check_digit(significant[:-1])


def is_rf_reference(text: str) -> bool:
    """Tell whether ``text`` is an RF reference with its right check digits (spaces allowed)."""
    compact = _compact(text).upper()
    if not _RF.fullmatch(compact) or not compact[4:].lstrip("0"):
        return False
    try:
        iso11649.validate(compact)
    except ValidationError:
        return False
    return True


def rf_from_finnish(text: str) -> str:
    """Write a Finnish reference as RF: "1234561" → "RF341234561". Raises ReferenceInvalid."""
    if not is_finnish_reference(text):
        raise ReferenceInvalid(text, _FINNISH_RIGHT)
    body = _compact(text).lstrip("0")
    remainder = int(f"{body}271500") % 97  # R = 27, F = 15, and 00 where the check digits come.
    return f"RF{98 - remainder:02d}{body}"


def finnish_from_rf(text: str) -> str:
    """Read the Finnish reference inside an RF reference: "RF341234561" → "1234561". Raises
    ReferenceInvalid.
    """
    if not is_rf_reference(text):
        raise ReferenceInvalid(text, _RF_RIGHT)
    body = _compact(text).upper()[4:].lstrip("0")
    if not is_finnish_reference(body):
        raise ReferenceInvalid(text, f"an RF reference around {_FINNISH_RIGHT}")
    return body


def payment_reference(end_to_end_id: str, kind: Kind) -> str:
    """The reference of a payment that was given none: 19 digits made of its EndToEndId and a check digit, as they are
    or as RF.

    The same payment always has the same one, and two payments have different ones but for a chance of one in 10^18.
    """
    digest = sha256(f"payment-reference:{end_to_end_id}".encode()).digest()
    base = 10**18 + int.from_bytes(digest[:16], "big") % (9 * 10**18)
    return reference_of_kind(finnish_reference(base), kind)


def reference_of_kind(text: str, kind: Kind) -> str:
    """The reference written as a Finnish number (``national``) or as RF. Raises ReferenceInvalid: an RF reference
    around anything but a Finnish number has no national writing.
    """
    canonical = canonical_reference(text)
    national = is_finnish_reference(canonical)
    if kind == "rf":
        return rf_from_finnish(canonical) if national else canonical
    return canonical if national else finnish_from_rf(canonical)


def canonical_reference(text: str) -> str:
    """The one spelling of a valid reference: the Finnish number where there is one, else RF without leading
    zeros.

    Raises ReferenceInvalid when it is neither.
    """
    if is_finnish_reference(text):
        return _compact(text).lstrip("0")
    if not is_rf_reference(text):
        raise ReferenceInvalid(text, f"{_FINNISH_RIGHT}, or {_RF_RIGHT}")
    compact = _compact(text).upper()
    body = compact[4:].lstrip("0")
    return body if is_finnish_reference(body) else compact[:4] + body


def same_reference(one: str, other: str) -> bool:
    """Tell whether two references are the same one, whatever the spelling. An invalid one equals only
    itself.
    """
    try:
        return canonical_reference(one) == canonical_reference(other)
    except ReferenceInvalid:
        return _compact(one).upper() == _compact(other).upper()


def _compact(text: str) -> str:
    return _SPACES.sub("", text)


def _check_digit(digits: str) -> str:
    total = sum(int(digit) * _WEIGHTS[place % 3] for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)
