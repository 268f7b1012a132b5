"""What points are multiplied by before applications are ranked: focus areas and the promotion of wellbeing, as data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

from schemas.intake import MunicipalityShare
from schemas.money import rounded
from schemas.refusals import conflict

from .assessment import HUNDREDTHS_MAX

ONE: Final = 100
COEFFICIENT_MAX: Final = 1000


def focus(coefficients: Iterable[int]) -> int:
    """The highest coefficient of the application's focus areas, in hundredths; 100 without any."""
    return max(coefficients, default=ONE)


def wellbeing(shares: Sequence[tuple[MunicipalityShare, int]]) -> int:
    """The municipalities' coefficients (hundredths) by the activity's shares in them, rounded half up."""
    whole = sum(share.percent for share, _ in shares)
    if whole == 0:
        return ONE
    return rounded(Fraction(sum(share.percent * coefficient for share, coefficient in shares), whole))


def product(focus_hundredths: int, wellbeing_hundredths: int) -> int:
    """Both together, in hundredths, rounded half up. Raises Refused when they come to no coefficient that there is."""
    both = rounded(Fraction(focus_hundredths * wellbeing_hundredths, ONE))
    if not 1 <= both <= COEFFICIENT_MAX:
        raise conflict("coefficient-out-of-bounds", "a coefficient lies between 0.01 and 10.00, and what the county's "
                       "coefficients come to here does not: correct its data")  # fmt: skip
    return both


def multiplied(hundredths: int, coefficient_hundredths: int) -> int:
    """Points in hundredths times the coefficient in hundredths, at most 100 points: what an application is ranked
    by.
    """
    return min(rounded(Fraction(hundredths * coefficient_hundredths, ONE)), HUNDREDTHS_MAX)
