"""The type of a file by its content. Names and what the sender claims play no part."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import puremagic

from services.intake.storage.limits import JPEG, NAMES, PDF, PNG, TEXT, Limits, wrong_type
from services.intake.storage.office import office_type

_ZIP_MARK: Final = b"PK\x03\x04"
_HEAD_BYTES: Final = 64
# Taken types are told by their own signatures: puremagic's table has JPEG 2000, and even some texts, for image/jpeg.
_SIGNATURES: Final = {
    PDF: re.compile(rb"(?:\xef\xbb\xbf)?\s{0,16}%PDF-[12]\."),
    PNG: re.compile(rb"\x89PNG\r\n\x1a\n"),
    JPEG: re.compile(rb"\xff\xd8\xff"),
}
# What people send most of what is refused: named for them, where puremagic has several names for the same mark.
_REFUSED_MARKS: Final = {
    bytes.fromhex("d0cf11e0a1b11ae1"): "a document of Office 97-2003, or one with a password",
    codecs.BOM_UTF16_LE: "text in UTF-16, not in UTF-8",
    codecs.BOM_UTF16_BE: "text in UTF-16, not in UTF-8",
    b"MZ": "a Windows program",
    b"\x7fELF": "a Linux program",
}
_UNKNOWN: Final = "no known type"
_MARKUP: Final = "markup (HTML, SVG, XML)"

# Text that a program would run, or draw as something else than text.
_NO_PLAIN_TEXT: Final = {b"#!": "a script", b"{\\rtf": "rich text (RTF)", b"%!PS": "PostScript"}
_STARTS_AS_MARKUP: Final = re.compile(rb"\s*<(?:[!?]|[a-zA-Z][\w:.-]*[\s/>])")
# A browser that is left to guess takes a text for a page when it finds one of these.
_HOLDS_MARKUP: Final = re.compile(rb"<\s*(?:!doctype|html|head|body|script|iframe|svg)\b", re.IGNORECASE)
_MARKUP_BYTES_MAX: Final = 64
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_CHUNK_BYTES: Final = 256 * 1024


class Found(NamedTuple):
    """`media_type` is None for what is never taken; `name` then says what the content is."""

    media_type: str | None
    name: str


def checked_type(path: Path, limits: Limits) -> str:
    """The media type of the file's content. Raises Refused where it is none of those that `limits` take."""
    found = type_of(path)
    if found.media_type is None or found.media_type not in limits.media_types:
        raise wrong_type(found.name, limits)
    return found.media_type


def type_of(path: Path) -> Found:
    """What the content of a file that is not empty shows it to be. Reads the whole file only where it may be text."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(_ZIP_MARK):
        media_type, instead = office_type(path)
        return Found(media_type, NAMES[media_type] if media_type else instead)
    for media_type, signature in _SIGNATURES.items():
        if signature.match(head):
            return Found(media_type, NAMES[media_type])
    if _is_text(path, "utf-8") or _is_text(path, "cp1252"):
        return _kind_of_text(path)
    return Found(None, _refused_name(path, head))


def _refused_name(path: Path, head: bytes) -> str:
    known = next((name for mark, name in _REFUSED_MARKS.items() if head.startswith(mark)), None)
    if known is not None:
        return known
    try:
        with path.open("rb") as file:  # by its path the name would count
            name: str = puremagic.magic_stream(file)[0].name
            return name or _UNKNOWN
    except puremagic.PureError:
        return _UNKNOWN


def _is_text(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in _chunks(path):
            decoder.decode(chunk)
            if _CONTROLS.search(chunk):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _kind_of_text(path: Path) -> Found:
    kept = b""
    for at, chunk in enumerate(_chunks(path)):
        if at == 0 and (name := _no_plain_text(chunk.removeprefix(codecs.BOM_UTF8))) is not None:
            return Found(None, name)
        if _HOLDS_MARKUP.search(kept + chunk):
            return Found(None, _MARKUP)
        kept = chunk[-_MARKUP_BYTES_MAX:]
    return Found(TEXT, NAMES[TEXT])


def _no_plain_text(head: bytes) -> str | None:
    if _STARTS_AS_MARKUP.match(head):
        return _MARKUP
    return next((name for mark, name in _NO_PLAIN_TEXT.items() if head.startswith(mark)), None)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
