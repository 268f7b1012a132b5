"""The parts of an .xlsx: checked for what they unpack to, and searched for cells that a reader would take as empty.

A workbook is a ZIP of XML. A small one can hold gigabytes of zeros, or two cells at the far corners of a sheet between
which a reader sets up every cell. Both are told without unpacking more than the limits.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lxml import etree

PARTS_MAX = 2_000
UNPACKED_BYTES_MAX = 256 * 1024 * 1024
CELLS_MAX = 5_000_000
"""Of a sheet's rectangle: 300 000 rows of 16 columns."""
TEXT_BYTES_MAX = 1024 * 1024 * 1024
"""A text that many cells share is kept once in the file; a reader gives each cell a copy of it."""

_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]*)([0-9]{1,20})["']""")
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_SHARED_CELL = re.compile(rb"""\st\s*=\s*["']s["']""")
_SHARED_TEXT = re.compile(rb"<(?:\w+:)?si[\s/>]")
_ERROR_CELL = re.compile(rb"""<(?:\w+:)?c\s(?=[^<>]*\bt=["']e["'])[^<>]*\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_EMPTY_FORMULA = re.compile(
    rb"""<(?:\w+:)?c\s[^<>]*\br=["']([A-Z]{1,3})([0-9]{1,7})["'][^<>]*>\s*"""
    rb"""<(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*>[^<]*</(?:\w+:)?f>)\s*"""
    rb"""(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"""
)
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


class WorkbookRefused(Exception):
    """The workbook cannot or must not be read; the message says why and what would be right."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a workbook, each within the limits."""

    packed: bytes
    """All of them as an .xlsx."""

    def read(self, name: str) -> bytes:
        """Unpack one part. Raises WorkbookRefused when there is none."""
        try:
            return zipfile.ZipFile(io.BytesIO(self.packed)).read(name)
        except KeyError as error:
            raise WorkbookRefused(f"is no .xlsx: it has no part {name}") from error


def checked_parts(data: bytes) -> Parts:
    """Open the ZIP when its directory, and then each of its parts, is within the limits. Raises WorkbookRefused.

    The parts are packed anew. A directory may lie about a size, and two readers may take it differently: what is read
    afterwards is what was checked, to the byte.
    """
    packed = io.BytesIO()
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        _check_directory(archive.infolist())
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as checked:
            texts = [_take_part(archive, entry, checked) for entry in archive.infolist()]
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise WorkbookRefused(f"is no sound .xlsx: {error}") from error
    longest, sharing = max((each[0] for each in texts), default=0), sum(each[1] for each in texts)
    if longest * sharing > TEXT_BYTES_MAX:
        raise WorkbookRefused(f"has {sharing} cells that share texts of up to {longest} bytes: together too much")
    return Parts(packed.getvalue())


def _check_directory(entries: Sequence[zipfile.ZipInfo]) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > PARTS_MAX:
        raise WorkbookRefused(f"has {len(entries)} parts, at most {PARTS_MAX} are taken")
    if unpacked > UNPACKED_BYTES_MAX:
        raise WorkbookRefused(f"unpacks to {unpacked} bytes, at most {UNPACKED_BYTES_MAX} are taken")
    if len({entry.filename.lower() for entry in entries}) != len(entries):
        raise WorkbookRefused("is no sound .xlsx: two of its parts have the same name")
    if any(entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} for entry in entries):
        raise WorkbookRefused("is no sound .xlsx: it is packed in a way that workbooks are not")


def _take_part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, checked: zipfile.ZipFile) -> tuple[int, int]:
    with archive.open(entry) as part:
        content = part.read(entry.file_size)
    found = _checked_part(entry.filename, content)
    checked.writestr(entry.filename, content)
    return found


def _checked_part(name: str, content: bytes) -> tuple[int, int]:
    """Give the longest shared text in bytes, and the number of cells that share. Raises WorkbookRefused."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")):
        raise WorkbookRefused(f"is no sound .xlsx: {name} is not UTF-8")
    rows, columns = _extent(content)
    if rows * columns > CELLS_MAX:
        raise WorkbookRefused(f"has a sheet of {rows} rows and {columns} columns, at most {CELLS_MAX} cells are taken")
    starts = [found.start() for found in _SHARED_TEXT.finditer(content)]
    longest = max((end - start for start, end in pairwise([*starts, len(content)])), default=0)
    return longest, sum(map(bool, _SHARED_CELL.finditer(content)))


def _extent(content: bytes) -> tuple[int, int]:
    """The last row and column that hold a cell. Cells that do not say where they stand may stand anywhere."""
    letters: set[bytes] = set()
    rows: set[bytes] = set()
    other_rows: set[bytes] = set()
    placed = 0
    for found in _PLACE.finditer(content):
        column, row = found.groups()
        if column:
            placed += 1
            letters.add(column)
            rows.add(row)
        else:
            other_rows.add(row)
    unplaced = sum(map(bool, _CELL.finditer(content))) - placed
    last_row, last_column = max(map(int, rows), default=0), max(map(_column, letters), default=0)
    if unplaced <= 0:
        return last_row, last_column
    return max(1, last_row, *map(int, other_rows)), max(last_column, unplaced)


def sheet_part(parts: Parts, sheet: str) -> bytes:
    """Give the XML of the sheet, by way of the workbook's own list and its relations. Raises WorkbookRefused."""
    relations = {
        each.get("Id"): each.get("Target") or "" for each in _elements(parts.read("xl/_rels/workbook.xml.rels"))
    }
    for each in _elements(parts.read("xl/workbook.xml")):
        if etree.QName(each).localname == "sheet" and each.get("name") == sheet:
            target = relations.get(each.get(_RELATION), "")
            return parts.read(target.lstrip("/") if target.startswith("/") else f"xl/{target}")
    raise WorkbookRefused(f"is no sound .xlsx: its list has no sheet {sheet!r}")


def _elements(content: bytes) -> Iterator[etree._Element]:
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise WorkbookRefused(f"is no sound .xlsx: {error}") from error
    return (each for each in root.iter() if isinstance(each.tag, str))


def cell_faults(content: bytes) -> Mapping[tuple[int, int], str]:
    """The cells (row from 1, column from 0) that hold an error, or a formula whose value was never stored.

    A reader takes both as empty, and an empty credit beside a debit would be taken for zero.
    """
    found: dict[tuple[int, int], str] = {}
    if b'"e"' in content or b"'e'" in content:
        found |= {_place(each): "holds an error (as #DIV/0! or #N/A)" for each in _ERROR_CELL.finditer(content)}
    if b"<f" in content or b":f" in content:
        reason = "holds a formula without a stored value: open and save the file in a spreadsheet program"
        found |= {_place(each): reason for each in _EMPTY_FORMULA.finditer(content)}
    return found


def _place(found: re.Match[bytes]) -> tuple[int, int]:
    return int(found[2]), _column(found[1]) - 1


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
