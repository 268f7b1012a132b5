"""The bytes of a file to lines of cells: delimited, fixed width, or a workbook. What cells mean is not known here."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from schemas.backoffice import Profile
from services.payments.backoffice.encoding import encoding_of, ends_with_newline
from services.payments.backoffice.errors import LineError, PostingFileInvalid
from services.payments.backoffice.workbook import Sheet, WorkbookRefused, is_workbook, open_sheet

DELIMITERS = (";", ",", "\t", "|")
WORKBOOK = "xlsx"
"""Stands for the encoding of a workbook."""

Cells = list[Any] | str
"""The cells of a line, or the reason why it has none. Cells are texts; a workbook's also the types of `workbook`."""
Line = tuple[int, Cells]


@dataclass(frozen=True, slots=True)
class Shape:
    """What has to be known to find the lines of a file."""

    headers: frozenset[str] = frozenset()
    """The headers that are looked for: they tell the delimiter, and the header line of a sheet."""
    header: bool = True
    delimiter: str | None = None
    """Taken where the headers do not tell one."""
    quoted: bool = True
    widths: tuple[int, ...] = ()
    """Bytes of each column, for fixed width alone."""
    sheet: str | None = None


@dataclass(slots=True)
class Table:
    """A file's lines. `lines` is read once, and raises PostingFileInvalid where the file cannot be read further."""

    lines: Iterator[Line]
    header: tuple[int, list[str]] | None
    encoding: str
    delimiter: str | None = None
    sheet: str | None = None
    cut_off: int | None = None
    """The number of the last line, when no line break ends it."""

    @property
    def is_workbook(self) -> bool:
        return self.encoding == WORKBOOK


def shape_of(profile: Profile) -> Shape:
    """What the profile says of a file's lines."""
    return Shape(
        headers=frozenset(column.header for column in profile.columns) if profile.header else frozenset(),
        header=profile.header,
        delimiter=profile.delimiter,
        quoted=profile.quoting != "none",
        widths=tuple(column.width for column in profile.columns if column.width is not None),
        sheet=profile.sheet,
    )


def open_table(shape: Shape, data: bytes) -> Table:
    """Give the lines of the file, whatever kind it is. Raises PostingFileInvalid when it cannot be opened."""
    if is_workbook(data):
        return _workbook(shape, data)
    try:
        encoding = encoding_of(data)
    except ValueError as error:
        raise _refused(0, str(error)) from error
    cut_off = None if not data or ends_with_newline(data, encoding) else _lines_of(data, encoding)
    table = _fixed(shape, data, encoding) if shape.widths else _delimited(shape, data, encoding)
    table.cut_off = cut_off
    return table


def _refused(line: int, reason: str) -> PostingFileInvalid:
    return PostingFileInvalid([LineError(line, None, reason)])


def _workbook(shape: Shape, data: bytes) -> Table:
    if shape.widths or not shape.header:
        raise _refused(0, "is an .xlsx: only a profile with a header line can read one")
    try:
        sheet: Sheet = open_sheet(data, shape.sheet, shape.headers)
    except WorkbookRefused as error:
        raise _refused(0, str(error)) from error
    return Table(sheet.lines, sheet.header, WORKBOOK, sheet=sheet.name)


def _delimited(shape: Shape, data: bytes, encoding: str) -> Table:
    delimiter, header = shape.delimiter or DELIMITERS[0], None
    if shape.header:
        delimiter, header = _header_line(shape, data, encoding)
    lines = _rows(data, encoding, delimiter, quoted=shape.quoted)
    if header is not None:
        next(lines)
    return Table(lines, header, encoding, delimiter=delimiter)


def _header_line(shape: Shape, data: bytes, encoding: str) -> tuple[str, tuple[int, list[str]] | None]:
    """Give the delimiter by which the header line holds the most of the known headers, and the line so divided.

    The shape's own delimiter wins a tie. Where no header is known, the one that makes the most cells.
    """
    own = shape.delimiter or DELIMITERS[0]
    best: tuple[tuple[int, int], str, tuple[int, list[str]] | None] | None = None
    for delimiter in (own, *(each for each in DELIMITERS if each != own)):
        try:
            number, cells = next(_rows(data, encoding, delimiter, quoted=shape.quoted), (0, ""))
        except PostingFileInvalid:
            continue
        if isinstance(cells, str):
            return own, None
        names = [cell.strip() for cell in cells]
        score = (len(shape.headers.intersection(names)), 0 if shape.headers else len(names))
        if best is None or score > best[0]:
            best = (score, delimiter, (number, names))
    if best is None:
        raise _refused(1, "the header line cannot be read: a quote is never closed")
    return best[1], best[2]


def _rows(data: bytes, encoding: str, delimiter: str, *, quoted: bool) -> Iterator[Line]:
    text = io.TextIOWrapper(io.BytesIO(data), encoding, newline="")
    parser = csv.reader(text, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE, strict=True)
    line = 1
    while True:
        try:
            cells = next(parser)
        except StopIteration:
            return
        except csv.Error as error:
            raise _refused(line, f"cannot be read, nor what follows it: {error}") from error
        if cells:
            yield line, cells
        line = parser.line_num + 1


def _fixed(shape: Shape, data: bytes, encoding: str) -> Table:
    if encoding == "utf-16":
        raise _refused(0, "is UTF-16: a fixed-width file is UTF-8 or CP1252, as its columns are counted in bytes")
    mark = 3 if encoding == "utf-8-sig" else 0
    return Table(_fixed_lines(shape.widths, data, mark, encoding.removesuffix("-sig")), None, encoding)


def _fixed_lines(widths: Sequence[int], data: bytes, mark: int, encoding: str) -> Iterator[Line]:
    ends = [sum(widths[: index + 1]) for index in range(len(widths))]
    places = list(zip([0, *ends], ends, strict=False))
    stream = io.BytesIO(data)
    stream.seek(mark)
    for number, ended in enumerate(stream, 1):
        line = ended.removesuffix(b"\n").removesuffix(b"\r")
        if line:
            yield number, _fixed_cells(places, line, encoding)


def _fixed_cells(places: Sequence[tuple[int, int]], line: bytes, encoding: str) -> Cells:
    if len(line) != places[-1][1]:
        return f"has {len(line)} bytes, not {places[-1][1]}"
    if line.isascii():
        text = line.decode("ascii")
        return [text[start:end].strip(" ") for start, end in places]
    try:
        return [line[start:end].decode(encoding).strip(" ") for start, end in places]
    except UnicodeDecodeError:
        return "has a letter across the edge of two columns: widths are counted in bytes"


def _lines_of(data: bytes, encoding: str) -> int:
    text = io.TextIOWrapper(io.BytesIO(data), encoding, newline="\n")
    return sum(1 for _ in text)


def first_lines(table: Table, count: int) -> list[Line]:
    """Take at most so many lines, for a look at the file."""
    return list(islice(table.lines, count))
