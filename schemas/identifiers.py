"""Identifiers of the field, checked by their check digits (python-stdnum)."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import AfterValidator, StringConstraints, WithJsonSchema
from stdnum import iban as stdnum_iban
from stdnum.exceptions import ValidationError
from stdnum.fi import associationid, ytunnus

CHECKED_MAX: Final = 32_768
"""How many identifiers are remembered as right: more than a payment run names."""


@lru_cache(maxsize=CHECKED_MAX)
def business_id(value: str) -> str:
    """A Finnish business id (*Y-tunnus*) as 1234567-1; weights 7, 9, 10, 5, 8, 4, 2 modulo 11. Raises ValueError."""
    try:
        return str(ytunnus.format(ytunnus.validate(value)))
    except ValidationError as error:
        raise ValueError("a business id reads 1234567-1, and its last digit is a check digit") from error


def association_number(value: str) -> str:
    """An association register number (*yhdistysrekisterinumero*), one to six digits, leading zeros cut. Raises
    ValueError.
    """
    try:
        number = str(associationid.validate(value)).lstrip("0")
        # Without its zeros it may be no number any more, which is found before it is kept.
        return str(associationid.validate(number))
    except ValidationError as error:
        raise ValueError("an association register number has one to six digits, such as 123.456") from error


@lru_cache(maxsize=CHECKED_MAX)
def iban(value: str) -> str:
    """An IBAN without spaces; modulo 97 and its country's length are checked. Raises ValueError."""
    try:
        return str(stdnum_iban.validate(value))
    except ValidationError as error:
        raise ValueError(
            "an account number is an IBAN such as FI21 1234 5600 0007 85 with right check digits"
        ) from error


def _text(pattern: str, **extra: Any) -> Any:
    return WithJsonSchema({"type": "string", "pattern": pattern, **extra})


BusinessId = Annotated[str, AfterValidator(business_id), _text("^[0-9]{7}-[0-9]$", examples=["1234567-1"])]
AssociationNumber = Annotated[str, AfterValidator(association_number), _text(r"^[0-9]{1,3}\.?[0-9]{0,3}$")]
Iban = Annotated[str, AfterValidator(iban), _text("^[A-Z]{2}[0-9]{2}[A-Za-z0-9 ]{11,40}$")]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=140, pattern=r"^[^\x00-\x1f\x7f]*$"),
]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$")]
Period = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
DiaryNumber = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z./_-]{3,60}$")]
Person = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:._@-]{1,80}$")]
Reference = Annotated[str, StringConstraints(pattern=r"^(RF[0-9]{2}[0-9A-Z]{1,21}|[0-9]{4,20})$")]
EndToEndId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9?:().,'+ -][A-Za-z0-9/?:().,'+ -]{0,34}$")]
