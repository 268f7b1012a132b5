"""The parts in which a grant is paid."""

from __future__ import annotations

from pydantic import Field

from .facts import Contract, Date
from .money import PositiveMoney


class Instalment(Contract):
    """A part of a grant (*maksuerä*): its number from 1, its sum and the first day on which it may be paid."""

    number: int = Field(strict=True, ge=1, le=60)
    amount: PositiveMoney
    payable_from: Date
