"""What can be wrong with a side of a reconciliation.

ReconciliationError
└── SideUnreadable     a file cannot be read: it names the file, the line, the column and what would be right
"""

from __future__ import annotations


class ReconciliationError(Exception):
    """The root of this package's errors."""


class SideUnreadable(ReconciliationError):
    """A file of one side cannot be read as a whole; nothing is compared.

    `line` counts from 1 with the header, or rows from 1 in a Parquet file; 0 is the file as a whole.
    """

    def __init__(self, file: str, reason: str, *, line: int = 0, column: str | None = None, unit: str = "line") -> None:
        self.file, self.reason, self.line, self.column = file, reason, line, column
        places = [file, *([f"{unit} {line}"] if line else []), *([f"column {column!r}"] if column else [])]
        super().__init__(f"{', '.join(places)}: {reason}")
