"""Money: integer cents inside, a string with two decimals and the currency in JSON ("1234.50 EUR"). Never a float."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_AMOUNT = re.compile(r"(-?)(0|[1-9][0-9]{0,11})\.([0-9]{2}) EUR")
LARGEST_CENTS = 10**14 - 1


def cents(text: str) -> int:
    """Cents of "1234.50 EUR"; raises ValueError for any other form."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError('an amount reads "1234.50 EUR": two decimals, a point, a space and EUR')
    sign, euros, rest = match.groups()
    return (-1 if sign else 1) * (int(euros) * 100 + int(rest))


def euros(amount_cents: int) -> str:
    """Write cents as an amount: 123450 is "1234.50 EUR"."""
    sign = "-" if amount_cents < 0 else ""
    return f"{sign}{abs(amount_cents) // 100}.{abs(amount_cents) % 100:02d} EUR"


def rounded(value: Fraction) -> int:
    """Half up, as people round: 71.5 is 72."""
    return int(value + Fraction(1, 2)) if value >= 0 else -rounded(-value)


def _parse(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError('an amount is a string such as "1234.50 EUR"')  # noqa: TRY004 - pydantic wants it
    return value if isinstance(value, int) else cents(value)


def _parse_positive(value: Any) -> int:
    amount = _parse(value)
    if amount <= 0:
        raise ValueError("an amount here is more than 0.00 EUR")
    return amount


def _parse_not_negative(value: Any) -> int:
    amount = _parse(value)
    if amount < 0:
        raise ValueError("an amount here is 0.00 EUR or more")
    return amount


def _from_text(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError('an amount is a string such as "1234.50 EUR"')  # noqa: TRY004 - pydantic wants it
    return cents(value)


_serialize = PlainSerializer(euros, return_type=str, when_used="json")
_PATTERN = r"(0|[1-9][0-9]{0,11})\.[0-9]{2} EUR$"
Money = Annotated[
    int, BeforeValidator(_parse), _serialize, WithJsonSchema({"type": "string", "pattern": "^-?" + _PATTERN})
]
"""Cents, any sign."""
NonNegativeMoney = Annotated[
    int, BeforeValidator(_parse_not_negative), _serialize,
    WithJsonSchema({"type": "string", "pattern": "^" + _PATTERN}),
]  # fmt: skip
"""Cents, zero or more."""
PositiveMoney = Annotated[
    int, BeforeValidator(_parse_positive), _serialize,
    WithJsonSchema({"type": "string", "pattern": r"^(?!0\.00)" + _PATTERN}),
]  # fmt: skip
"""Cents, more than zero."""
NonNegativeAmount = Annotated[NonNegativeMoney, BeforeValidator(_from_text)]
PositiveAmount = Annotated[PositiveMoney, BeforeValidator(_from_text)]
"""As the money types above, but read from text alone: a bare number that was sent could be euros as well as cents."""


def split(total_cents: int, weights: Sequence[int]) -> list[int]:
    """Shares of a total in proportion to weights, by largest remainder: they add up to the total to the cent.

    Equal remainders go to the earlier share. Raises ValueError when no weight is positive or one is negative.
    """
    whole = sum(weights)
    if whole <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("weights are zero or more, and at least one is more than zero")
    shares = [total_cents * weight // whole for weight in weights]
    rest = total_cents - sum(shares)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total_cents * weights[i] % whole), i))
    for index in by_remainder[:rest]:
        shares[index] += 1
    return shares
