"""Reading XML of strangers: streaming, in flat memory, with no DTD, no entities and no network.

The bytes are fed to libxml2 in pieces, and a file is never held as a tree: neither when it is read, nor when
it is checked against its schema.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import cast

from lxml import etree

from services.payments.bank.errors import (
    EntitiesRefused,
    NotXml,
    SchemaInvalid,
    Truncated,
    ValueInvalid,
    WrongEncoding,
)

_PIECE_BYTES = 64 * 1024
_DEVIATIONS_MAX = 20
_ENCODING_TYPES = frozenset({
    "ERR_INVALID_ENCODING", "ERR_UNKNOWN_ENCODING", "ERR_UNSUPPORTED_ENCODING", "ERR_ENCODING_NAME",
    "I18N_CONV_FAILED",
})  # fmt: skip
_CUT_ENTITY = re.compile(rb"&[#\w]{0,8}\Z")
_SPACE = re.compile(rb"[ \t\r\n]+")
_UTF_8_MARK = b"\xef\xbb\xbf"
_OTHER_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00", b"<\x00")


@dataclass(frozen=True, slots=True)
class SchemaDeviation:
    """One place where the file breaks the official schema: the line and what."""

    line: int
    what: str


def elements(data: bytes, tags: Collection[str]) -> Iterator[etree._Element]:
    """Give out every element with one of the local names ``tags`` when it is complete.

    It is emptied when the next one is asked for, and later dropped. Raises NotXml,
    Truncated, WrongEncoding or EntitiesRefused, possibly after some elements were given out.
    """
    _refuse_before_parsing(data)
    parser = _pull_parser(tags, None)
    for start in range(0, len(data), _PIECE_BYTES):
        _feed(parser, data[start : start + _PIECE_BYTES])
        yield from _finished(parser)
    _close(parser, data)


def schema_deviations(data: bytes, schema: etree.XMLSchema, tags: Collection[str]) -> tuple[SchemaDeviation, ...]:
    """Where well-formed ``data`` breaks ``schema``: the first 20 places. ``tags`` are the elements that
    repeat.

    A pass of its own, because lxml's pull parser with a schema takes a truncated file for a whole one. The
    file is fed in pieces, and only if it deviates once more by lines, because libxml2 does not tell the line
    itself.
    """
    parser = _pull_parser(tags, schema)
    for start in range(0, len(data), _PIECE_BYTES):
        parser.feed(data[start : start + _PIECE_BYTES])
        for _ in _finished(parser):
            continue
    return _located(data, schema, tags) if len(parser.feed_error_log) else ()


def root_name(data: bytes) -> etree.QName:
    """The name and namespace of the document's root element.

    Raises NotXml, Truncated, WrongEncoding, EntitiesRefused.
    """
    _refuse_before_parsing(data)
    parser = _pull_parser(None, None)
    for start in range(0, len(data), _PIECE_BYTES):
        _feed(parser, data[start : start + _PIECE_BYTES])
        for element in _finished(parser):
            return etree.QName(element.tag)
    _close(parser, data)
    raise NotXml("there is no root element")


class Node:
    """An element whose descendants are found by path ("Refs/EndToEndId"), by local names in any namespace.

    It is walked once, so that asking for many paths costs little. The children named ``without`` are left out.
    """

    __slots__ = ("_found", "element")

    def __init__(self, element: etree._Element, without: str | None = None) -> None:
        self.element = element
        self._found: dict[str, list[etree._Element]] = {}
        _index(element, "", self._found, without)

    @property
    def name(self) -> str:
        """The element's name without its namespace."""
        return local_name(self.element)

    @property
    def line(self) -> int | None:
        """The line on which the element starts, from 1."""
        return line_of(self.element)

    def first(self, path: str) -> etree._Element | None:
        """The first descendant along ``path``, or None."""
        found = self._found.get(path)
        return found[0] if found else None

    def all(self, path: str) -> list[etree._Element]:
        """Every descendant along ``path``, in the document's order."""
        return self._found.get(path, [])

    def text(self, *paths: str) -> str | None:
        """The trimmed text at the first of ``paths`` that has any, else None."""
        for path in paths:
            found = self._found.get(path)
            value = (found[0].text or "").strip() if found else ""
            if value:
                return value
        return None

    def texts(self, path: str) -> tuple[str, ...]:
        """The trimmed texts of every descendant along ``path`` that has one."""
        return tuple(value for found in self.all(path) if (value := (found.text or "").strip()))

    def required(self, *paths: str) -> str:
        """Like ``text``, but raises SchemaInvalid where there is none."""
        value = self.text(*paths)
        if value is None:
            raise SchemaInvalid(f"{self.name} has no {' or '.join(paths)}", self.line)
        return value


def cents(element: etree._Element) -> int:
    """The amount of an element such as ``<Amt Ccy="EUR">474.4</Amt>`` in cents: an exact decimal, at least
    zero.

    More than two decimals are refused, not rounded. Raises ValueInvalid.
    """
    written = (element.text or "").strip()
    whole, _, fraction = written.partition(".")
    digits = (whole + fraction).removeprefix("+")
    if not (digits.isascii() and digits.isdigit()) or len(fraction) > 2 or len(digits) > 18:
        right = "an amount of at least zero with at most two decimals, such as 474.40"
        raise ValueInvalid(local_name(element), written, right, line_of(element))
    return int(whole or "0") * 100 + int(fraction.ljust(2, "0"))


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return etree.QName(element.tag).localname


def line_of(element: etree._Element) -> int | None:
    """The line on which the element starts, from 1."""
    return cast("int | None", element.sourceline)


def _index(element: etree._Element, prefix: str, found: dict[str, list[etree._Element]], without: str | None) -> None:
    for descendant in element:
        path = prefix + str(descendant.tag).rpartition("}")[2]
        if path == without:
            continue
        found.setdefault(path, []).append(descendant)
        if len(descendant):
            _index(descendant, f"{path}/", found, None)


def _refuse_before_parsing(data: bytes) -> None:
    """Refuse what the parser shall not even see: nothing, UTF-16, and a document type declaration."""
    if not data.strip():
        raise NotXml("the file is empty")
    if data.startswith(_OTHER_MARKS):
        raise WrongEncoding("the bytes look like UTF-16 or UTF-32", 1)
    position = len(_UTF_8_MARK) if data.startswith(_UTF_8_MARK) else 0
    while True:
        position = _end_of_space(data, position)
        if data.startswith(b"<!DOCTYPE", position):
            raise EntitiesRefused
        end = _end_of_aside(data, position)
        if end is None:
            return
        position = end


def _end_of_space(data: bytes, position: int) -> int:
    space = _SPACE.match(data, position)
    return position if space is None else space.end()


def _end_of_aside(data: bytes, position: int) -> int | None:
    """Where a comment or processing instruction that starts at ``position`` ends; None when none starts
    there.
    """
    for opening, closing in ((b"<!--", b"-->"), (b"<?", b"?>")):
        if data.startswith(opening, position):
            end = data.find(closing, position + len(opening))
            return None if end < 0 else end + len(closing)
    return None


def _pull_parser(tags: Collection[str] | None, schema: etree.XMLSchema | None) -> etree.XMLPullParser:
    """A parser that gives out finished elements named ``tags``, or without tags every element that starts."""
    return etree.XMLPullParser(
        ("start",) if tags is None else ("end",),
        tag=None if tags is None else [f"{{*}}{tag}" for tag in tags],
        schema=schema,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _feed(parser: etree.XMLPullParser, piece: bytes) -> None:
    try:
        parser.feed(piece)
    except etree.XMLSyntaxError as error:
        raise _syntax_error(error, parser) from None


def _close(parser: etree.XMLPullParser, data: bytes) -> None:
    """Finish the parse. What is found missing only now was cut off, unless it never was XML or no entity."""
    try:
        parser.close()
    except etree.XMLSyntaxError as error:
        refusal = _syntax_error(error, parser)
        faults = list(parser.feed_error_log)
        never_xml = not data.removeprefix(_UTF_8_MARK).lstrip().startswith(b"<")
        no_entity = any("Entity" in fault.message for fault in faults) and not _CUT_ENTITY.search(data[-10:])
        if never_xml or no_entity:
            raise refusal from None
        raise Truncated(refusal.reason, refusal.line) from None


def _syntax_error(error: etree.XMLSyntaxError, parser: etree.XMLPullParser) -> NotXml | WrongEncoding:
    """The parser's complaint in our terms.

    Only the parser's own log counts: the exception's log holds the complaints of earlier files as well.
    """
    faults = list(parser.feed_error_log)
    reason, line = (faults[0].message, faults[0].line) if faults else (str(error), error.lineno)
    if any(fault.type_name in _ENCODING_TYPES for fault in faults):
        return WrongEncoding(reason, line)
    return NotXml(reason, line)


def _finished(parser: etree.XMLPullParser) -> Iterator[etree._Element]:
    """The parser's new elements; each is emptied afterwards, and its earlier siblings of the same name are
    dropped.
    """
    for _, element in parser.read_events():
        if not etree.iselement(element):  # Only namespace events carry anything else, and none are asked for.
            continue
        if element.getroottree().docinfo.internalDTD is not None:
            raise EntitiesRefused
        yield element
        element.clear()
        parent, previous = element.getparent(), element.getprevious()
        if parent is not None and previous is not None and previous.tag == element.tag:
            parent.remove(previous)


def _located(data: bytes, schema: etree.XMLSchema, tags: Collection[str]) -> tuple[SchemaDeviation, ...]:
    parser = _pull_parser(tags, schema)
    found: list[SchemaDeviation] = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        parser.feed(line + b"\n")
        for _ in _finished(parser):
            continue
        log = parser.feed_error_log
        found += [SchemaDeviation(number, log[place].message) for place in range(len(found), len(log))]
        if len(found) >= _DEVIATIONS_MAX:
            break
    return tuple(found[:_DEVIATIONS_MAX])
