"""Amounts as text: written as a profile says, read strictly."""

import re
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

from babel.numbers import NumberFormatError, parse_decimal

CENTS_MAX = 10**15
"""No amount of this domain comes near it; what lies beyond is a broken file."""

_SPREADSHEET_MAX = 10**12
"""Euros, above which a spreadsheet's 15 digits do not reach the cent."""
_NEAR = Decimal("1e-5")
_DIGIT_15 = Decimal("1e-15")

_PLAIN = {mark: re.compile(rf"-?[0-9]{{1,15}}{re.escape(mark)}[0-9]{{2}}") for mark in (",", ".")}
_ENGLISH = re.compile(r"-?(?:[0-9]{1,15}|[0-9]{1,3}(?:[,\u00a0][0-9]{3})+)(?:\.[0-9]{1,2})?")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_SPACES = str.maketrans({" ": "\u00a0", "\u202f": "\u00a0", "\u2009": "\u00a0", "\u2212": "-"})
_SEPARATORS = {"none": "", "space": " ", "nbsp": "\u00a0", "narrow_nbsp": "\u202f"}


def decimal_text(cents: int, mark: Literal[",", "."], thousands: str = "none") -> str:
    """Write cents with two decimals: -123450 with ',' and 'space' is '-1 234,50'."""
    euros, rest = divmod(abs(cents), 100)
    grouped = f"{euros:,}".replace(",", _SEPARATORS[thousands])
    return f"{'-' if cents < 0 else ''}{grouped}{mark}{rest:02d}"


def cents_of_decimal(text: str, mark: Literal[",", "."]) -> int:
    """Read an amount in euros with at most two decimals into cents.

    With ',' it is read the Finnish way: any space, NBSP or narrow NBSP between groups of three,
    U+2212 as the minus, and a euro sign around it. The minus may stand after the digits, as SAP
    writes it. Raises ValueError with a reason that a person can act on.
    """
    if _PLAIN[mark].fullmatch(text):
        return _bounded(int(text.replace(mark, "")), text)
    cleaned = _minus_first(text.replace("€", "").strip().translate(_SPACES))
    if not cleaned:
        raise ValueError("the amount is empty")
    return _finnish(cleaned, text) if mark == "," else _english(cleaned, text)


def cents_of_whole(text: str) -> int:
    """Read an amount that is written in whole cents. Raises ValueError."""
    cleaned = _minus_first(text.strip(" ").translate(_SPACES))
    if not _WHOLE.fullmatch(cleaned):
        raise ValueError(f"{text!r} is not a whole number of cents")
    return _bounded(int(cleaned), text)


def cents_of_number(value: float) -> int:
    """Read a number of a spreadsheet's cell, in euros, into cents. Raises ValueError.

    A spreadsheet keeps 15 digits of a number in binary, so that 0.1 + 0.2 is not quite 0.3: what
    lies within a hundred-thousandth of a cent is that cent, all else has more than two decimals.
    """
    if abs(value) >= _SPREADSHEET_MAX:
        raise ValueError(f"{value!r} has more digits than a spreadsheet keeps")
    exact = Decimal(value) * 100
    cents = exact.to_integral_value(ROUND_HALF_EVEN)
    if abs(exact - cents) > max(_NEAR, abs(exact) * _DIGIT_15):
        raise ValueError(f"{value!r} has more than two decimals")
    return int(cents)


def _minus_first(cleaned: str) -> str:
    moved = f"-{cleaned[:-1]}" if cleaned.endswith("-") else cleaned
    return moved.rstrip("\u00a0").replace("-\u00a0", "-")


def _finnish(cleaned: str, text: str) -> int:
    if "." in cleaned:
        raise ValueError(f"{text!r} has a point; this file's decimal mark is ',' (as in 1 234,50)")
    if not re.fullmatch(r"-?[0-9\u00a0]+(?:,[0-9]+)?", cleaned):
        raise ValueError(f"{text!r} is not an amount (as in 1 234,50)")
    try:
        value = parse_decimal(cleaned.lstrip("-"), locale="fi_FI", strict=True)
    except NumberFormatError as error:
        raise ValueError(f"{text!r} is not an amount (as in 1 234,50)") from error
    return _signed(value, cleaned, text)


def _english(cleaned: str, text: str) -> int:
    if not _ENGLISH.fullmatch(cleaned):
        raise ValueError(f"{text!r} is not an amount with '.' as its decimal mark (as in 1234.50)")
    return _signed(Decimal(cleaned.lstrip("-").replace(",", "").replace("\u00a0", "")), cleaned, text)


def _signed(value: Decimal, cleaned: str, text: str) -> int:
    cents = value * 100
    if cents != cents.to_integral_value():
        raise ValueError(f"{text!r} has more than two decimals")
    return _bounded(int(cents) * (-1 if cleaned.startswith("-") else 1), text)


def _bounded(cents: int, text: str) -> int:
    if abs(cents) >= CENTS_MAX:
        raise ValueError(f"{text!r} is larger than any amount can be")
    return cents
