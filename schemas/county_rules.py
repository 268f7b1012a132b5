"""A county's data on who decides, what points are multiplied by, and interest; each record holds for a period."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, Strict

from .identifiers import Slug
from .money import NonNegativeMoney
from .validity import Dated, Names, Record


def _hundredths(value: Any) -> Any:
    """`1.10` in a file is 110; YAML would make a float of it, so it stands in quotes."""
    if not isinstance(value, str):
        raise ValueError('write it in quotes with two decimals, such as "1.10"')  # noqa: TRY004 - pydantic wants it
    whole, point, part = value.partition(".")
    if not point or not whole.isascii() or not whole.isdigit() or len(part) != 2 or not part.isdigit():
        raise ValueError('write it in quotes with two decimals, such as "1.10"')
    return int(whole) * 100 + int(part)


Hundredths = Annotated[int, BeforeValidator(_hundredths), Strict(strict=False)]
"""A number with two decimals, such as "1.10", as hundredths."""


class Organ(Dated):
    """A body that decides: a board (*toimielin*) at its meetings, or an official (*viranhaltija*) up to `limit`.
    Claims against what it decided go to `claims_to`: to another body where an official decided, and in most counties
    to the same board where a board did.
    """

    id: Slug
    name: Names
    kind: Literal["board", "official"]
    limit: NonNegativeMoney | None = None
    claims_to: Slug


class FocusArea(Dated):
    """A focus area (*hyte-painopiste*) of some baskets, and what points of its applications are multiplied by."""

    id: Slug
    name: Names
    baskets: Annotated[tuple[Slug, ...], Strict(strict=False), Field(min_length=1)]
    coefficient: Annotated[Hundredths, Field(ge=1, le=1000)]


class WellbeingCoefficient(Dated):
    """A municipality's coefficient for the promotion of wellbeing and health (*hytekerroin*)."""

    municipality: Slug
    coefficient: Annotated[Hundredths, Field(ge=1, le=1000)]


class ReferenceRate(Dated):
    """The reference rate (*viitekorko*, Interest Act 633/1982) in hundredths of a percent; it changes on 1 January and
    1 July.
    """

    rate: Annotated[Hundredths, Field(ge=0, le=5000)]


class RecoveryInterest(Record):
    """Interest on what is recovered: the reference rate and a margin from the day of payment, another margin once it
    is late; a year has `day_count` days.
    """

    margin: Annotated[Hundredths, Field(ge=0, le=5000)]
    late_margin: Annotated[Hundredths, Field(ge=0, le=5000)]
    day_count: Literal["actual/365", "actual/360"]
