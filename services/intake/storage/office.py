"""Tells the office formats, which are all zip archives, from each other and from any other archive."""

from __future__ import annotations

import lzma
import os
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, Final
from zipfile import BadZipFile, LargeZipFile, ZipFile

from lxml import etree

from services.intake.storage.limits import DOCX, ODS, ODT, XLSX

OTHER_ARCHIVE: Final = "a zip archive that is none of the office formats"
WITH_MACROS: Final = "an office document with macros"

_OPEN_DOCUMENT: Final = frozenset({ODT, ODS})
# ECMA-376 part 1, 11.3.10 and 12.3.23: the content type of the part that makes a package a document or a workbook.
_MAIN_PARTS: Final = {f"{DOCX}.main+xml": DOCX, f"{XLSX}.main+xml": XLSX}
_CONTENT_TYPES: Final = "[Content_Types].xml"
_CONTENT_TYPES_BYTES_MAX: Final = 1024 * 1024

# The end of an archive (APPNOTE.TXT, 4.3.15 and 4.3.16).
_END: Final = struct.Struct("<4s4H2LH")
_END_MARK: Final = b"PK\x05\x06"
_END64_LOCATOR_MARK: Final = b"PK\x06\x07"
_END64_LOCATOR_BYTES: Final = 20
_COMMENT_BYTES_MAX: Final = 0xFFFF
_DIRECTORY_BYTES_MAX: Final = 1024 * 1024

_BROKEN: Final = (
    BadZipFile,
    EOFError,
    IndexError,
    KeyError,
    LargeZipFile,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    etree.XMLSyntaxError,
    lzma.LZMAError,
    struct.error,
    zlib.error,
)
"""What zipfile, its decompressors and the XML parser raise on archives made wrongly, or made to harm."""


def office_type(path: Path) -> tuple[str | None, str]:
    """The media type of a zip archive's document, or None, and then what the archive is instead.

    Reads the directory and one small member, each of bounded size, so that no archive can fill the memory.
    """
    try:
        with path.open("rb") as file:
            if not _directory_is_small(file):
                return None, OTHER_ARCHIVE
            with ZipFile(file) as archive:
                return _document_type(archive)
    except _BROKEN:
        return None, OTHER_ARCHIVE


def _directory_is_small(file: BinaryIO) -> bool:
    """Looks where zipfile will look for the directory's size. zip64 is for archives far over any limit here."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END.size - _COMMENT_BYTES_MAX - _END64_LOCATOR_BYTES))
    tail = file.read()
    at = len(tail) - _END.size
    if not (tail[at : at + 4] == _END_MARK and tail.endswith(b"\0\0")):
        at = tail.rfind(_END_MARK)
    if at < 0 or len(tail) < at + _END.size:
        return False
    directory_bytes: int = _END.unpack_from(tail, at)[5]
    is_zip64 = tail[max(0, at - _END64_LOCATOR_BYTES) : at].startswith(_END64_LOCATOR_MARK)
    return directory_bytes <= _DIRECTORY_BYTES_MAX and not is_zip64


def _document_type(archive: ZipFile) -> tuple[str | None, str]:
    members = archive.infolist()
    if _CONTENT_TYPES in archive.NameToInfo:
        return _open_xml_type(_part_types(archive))
    # OpenDocument 1.3 part 2, 3.3: "mimetype" is the first member.
    if members and members[0].filename == "mimetype" and "content.xml" in archive.NameToInfo:
        media_type = _read(archive, "mimetype", 100).decode("ascii").strip()
        if media_type in _OPEN_DOCUMENT:
            return media_type, ""
    return None, OTHER_ARCHIVE


def _open_xml_type(part_types: frozenset[str]) -> tuple[str | None, str]:
    if any("macroenabled" in each.lower() or "vbaproject" in each.lower() for each in part_types):
        return None, WITH_MACROS
    documents = {_MAIN_PARTS[each] for each in part_types & _MAIN_PARTS.keys()}
    return (documents.pop(), "") if len(documents) == 1 else (None, OTHER_ARCHIVE)


def _part_types(archive: ZipFile) -> frozenset[str]:
    """The content types of a package's parts (ECMA-376 part 2, 7.2.3), of those that are there."""
    content = _read(archive, _CONTENT_TYPES, _CONTENT_TYPES_BYTES_MAX)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    names = {name.lower() for name in archive.namelist()}
    return frozenset(
        element.get("ContentType", "")
        for element in etree.fromstring(content, parser).iterchildren(etree.Element)
        if "PartName" not in element.attrib or element.get("PartName", "").lstrip("/").lower() in names
    )


def _read(archive: ZipFile, name: str, bytes_max: int) -> bytes:
    with archive.open(name) as member:
        content = member.read(bytes_max + 1)
    if len(content) > bytes_max:
        raise BadZipFile(f"{name} is larger than any office program writes it")
    return content
