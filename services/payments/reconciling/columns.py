"""The canonical columns of the three sides, and of the payments that the bank has not booked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Kind(Enum):
    """What a column holds: its type in DuckDB, and what would be right, for a person."""

    TEXT = ("VARCHAR", "a text")
    COUNT = ("BIGINT", "a whole number such as 17")
    CENTS = ("BIGINT", "a whole number of cents such as 150000")
    DAY = ("DATE", "a date of the calendar such as 2026-04-02")
    ID = ("UUID", "an id such as 0192f3a0-0000-7000-8000-000000000001")

    @property
    def type(self) -> str:
        return self.value[0]

    @property
    def right(self) -> str:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its name. `required` columns stand in every file; `filled` ones have a value in every row."""

    name: str
    kind: Kind = Kind.TEXT
    required: bool = True
    filled: bool = False


_POSTED: Final = (
    Column("series", filled=True),
    Column("number", Kind.COUNT, filled=True),
    Column("posted_on", Kind.DAY, filled=True),
    Column("period", filled=True),
    Column("account", filled=True),
    Column("cost_centre"),
    Column("diary_number"),
    Column("instalment", Kind.COUNT),
    Column("end_to_end_id"),
    Column("debit", Kind.CENTS, filled=True),
    Column("credit", Kind.CENTS, filled=True),
)
SIDES: Final[Mapping[str, tuple[Column, ...]]] = {
    "ledger": (
        *_POSTED,
        Column("bank_reference"),
        Column("application_id", Kind.ID, required=False),
        Column("bank_amount", Kind.CENTS, required=False),
    ),
    "bank": (
        Column("bank_reference", filled=True),
        Column("booked_on", Kind.DAY, filled=True),
        Column("amount", Kind.CENTS, filled=True),
        Column("end_to_end_id"),
        Column("entry_of", required=False),
    ),
    "book": (*_POSTED, Column("bank_reference", required=False)),
    "unbooked": (Column("end_to_end_id", filled=True), Column("application_id", Kind.ID, filled=True)),
}
