"""A workbook that unpacks to too much, or lies about it, is refused before it takes memory."""

import io
import struct
import tracemalloc
import zipfile
import zlib

import pytest

from services.payments.backoffice import PostingFileInvalid, read_postings
from services.payments.backoffice.workbook_parts import UNPACKED_BYTES_MAX
from tests.unit.payments.backoffice.profiles import DYNASTY
from tests.unit.payments.backoffice.workbooks import HEADERS, SHEET, book, changed, dynasty, row


def refused(data: bytes, reason: str) -> None:
    """The refusal takes no more than the limit of one part."""
    tracemalloc.start()
    try:
        with pytest.raises(PostingFileInvalid, match=reason):
            read_postings(DYNASTY, data)
        assert tracemalloc.get_traced_memory()[1] < 128 * 1024 * 1024
    finally:
        tracemalloc.stop()


def bomb(size: int) -> bytes:
    """A workbook of a few hundred kilobytes, one part of which holds zeros of this size."""
    file = io.BytesIO(dynasty(row()))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media/a.bin", "w") as part:
        for _ in range(size // (1 << 20)):
            part.write(bytes(1 << 20))
    return file.getvalue()


def test_a_bomb_is_refused_by_the_directory_before_it_is_unpacked() -> None:
    data = bomb(UNPACKED_BYTES_MAX + (1 << 20))
    assert len(data) < 1 << 20
    refused(data, f"at most {UNPACKED_BYTES_MAX} are taken")


def lying(size: int) -> bytes:
    """A directory that says 1000 bytes of a part of this size, with the checksum of as many."""
    data = bytearray(bomb(size))
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(b"xl/media/a.bin"))
    data[at + 16 : at + 20] = struct.pack("<L", zlib.crc32(bytes(1000)))
    data[at + 24 : at + 28] = struct.pack("<L", 1000)
    return bytes(data)


def test_of_a_part_whose_directory_lies_no_more_is_unpacked_than_it_says() -> None:
    data = lying(256 << 20)
    tracemalloc.start()
    try:
        assert len(read_postings(DYNASTY, data).rows) == 1
        assert tracemalloc.get_traced_memory()[1] < 32 * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "place", [b'r="XFD1048576"', b'r="xfd1048576"', b"r='XFD1048576'", b'r = "ZZZZ99"', b'r="A99999999"']
)
def test_two_cells_at_far_corners_are_refused(place: bytes) -> None:
    far = b"<c " + place + b"><v>1</v></c></row></sheetData>"
    data = changed(dynasty(row()), {SHEET: lambda xml: xml.replace(b"</row></sheetData>", far)})
    refused(data, "at most 5000000 cells are taken")


def test_cells_that_do_not_say_where_they_stand_are_counted_too() -> None:
    far = b'<row r="1048576">' + b"<c/>" * 100 + b"</row></sheetData>"
    data = changed(dynasty(row()), {SHEET: lambda xml: xml.replace(b"</sheetData>", far)})
    refused(data, "at most 5000000 cells are taken")


def test_many_cells_that_share_a_long_text_are_refused() -> None:
    long = "x" * 30_000
    lines = [HEADERS, *([long] * 15 for _ in range(3000))]
    refused(book(lines), "cells that share texts")


def test_too_many_parts_are_refused() -> None:
    refused(changed(dynasty(), {f"xl/media/{index}": bytes for index in range(2001)}), "parts, at most 2000")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04" + b"x" * 100, "no sound .xlsx"),
        (dynasty(row())[:2000], "no sound .xlsx"),
        (changed(dynasty(row()), {SHEET: lambda xml: xml.decode().encode("utf-16")}), "not UTF-8"),
        (changed(dynasty(row()), {"xl/workbook.xml": lambda _: b"<x"}), "cannot be read|no sound"),
        (changed(dynasty(row()), {SHEET: lambda xml: xml[:-30]}), "line|cannot be read"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 100, "old .xls or has a password"),
    ],
    ids=["no zip", "cut", "utf-16", "no xml", "cut xml", "old"],
)
def test_a_workbook_that_is_not_sound_is_refused_in_words(data: bytes, reason: str) -> None:
    refused(data, reason)


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "no workbook")
    refused(file.getvalue(), "xlsx")
