"""A line of a reconciliation and its class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args
from uuid import UUID

from schemas.payments import DifferenceClass

LineClass = Literal["matched"] | DifferenceClass
CLASSES: Final[tuple[LineClass, ...]] = ("matched", *get_args(DifferenceClass))


@dataclass(frozen=True, slots=True)
class Line:
    """One compared thing and its class. `subject` names it for good: the same line has the same subject in every
    run. `amount` is cents, and so is `off`: by how much the sums of a line differ that matches by the tolerance; 0 for
    every other one.
    """

    line_class: LineClass
    subject: str
    expected: str
    found: str
    amount: int
    application_id: UUID | None = None
    off: int = 0
