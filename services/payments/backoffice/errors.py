"""What can be wrong with a file of the back office.

BackOfficeError
├── ProfileUnwritable     the profile can only be read: a written file would lose fields
├── VouchersInvalid       the rows are wrong, or do not fit the profile: nothing is written
├── PostingFileInvalid    the file that came is wrong: it is refused whole
└── SheetUnwritable       a cell does not fit a spreadsheet: nothing is written
"""

from collections.abc import Iterable
from dataclasses import dataclass

_SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class LineError:
    """One thing that is wrong, and where: a line of the file, or of the rows to be written.

    `line` counts from 1; 0 is the file, or all rows, as a whole. `column` is the header's name.
    """

    line: int
    column: str | None
    reason: str

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line else "the file"
        return f"{place}: {self.reason}" if self.column is None else f"{place}, column {self.column!r}: {self.reason}"


class BackOfficeError(Exception):
    """The root of this package's errors."""


class ProfileUnwritable(BackOfficeError):
    """The profile lacks columns that a written file needs."""


class _ListedErrors(BackOfficeError):
    _what: str

    def __init__(self, errors: Iterable[LineError]) -> None:
        self.errors = tuple(errors)
        shown = [str(error) for error in self.errors[:_SHOWN_MAX]]
        if len(self.errors) > _SHOWN_MAX:
            shown.append(f"and {len(self.errors) - _SHOWN_MAX} more")
        super().__init__(f"{self._what}: " + "; ".join(shown))


class VouchersInvalid(_ListedErrors):
    """`errors` lists all that is wrong with the rows; nothing was written."""

    _what = "the vouchers were not written"


class PostingFileInvalid(_ListedErrors):
    """`errors` lists every bad line; the file is refused whole."""

    _what = "the file was refused"


class SheetUnwritable(BackOfficeError):
    """The message names row and column, and what a cell can hold; nothing was written."""
