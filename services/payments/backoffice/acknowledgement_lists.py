"""An acknowledgement as a JSON object with lists of vouchers, in the manner of Helsinki's Talpa robot.

The lines of the items are kept, which `json.loads` alone does not tell.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Never

from schemas.backoffice import AcknowledgementShape

_SPACE = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class Item:
    """One voucher that a file names, in the file's own words. `place` is a JSON pointer, or None in a table."""

    line: int
    place: str | None
    number: str
    series: str
    word: str
    reason: str


def items_of(shape: AcknowledgementShape, text: str) -> tuple[list[Item], str | None]:
    """Give all items of the shape's lists, and the file's own status. Raises ValueError when the text is no such
    object, names a key twice, or has none of the lists.
    """
    found: dict[str, Any] = {}
    listed: dict[str, list[tuple[int, Any]]] = {}
    wanted = {*shape.accepted, *shape.failed}
    for key, at in _members(text):
        if key in found:
            raise ValueError(f"{key!r} stands twice")
        if key in wanted:
            listed[key] = list(_elements(text, at, key))
        found[key] = _value(text, at)[0]
    if not listed:
        raise ValueError(f"has none of the lists {', '.join(sorted(wanted))}")
    breaks = [found.start() for found in re.finditer("\n", text)]
    items = [
        _item(shape, bisect_left(breaks, at) + 1, key, index, value)
        for key, values in listed.items()
        for index, (at, value) in enumerate(values)
    ]
    status = found.get(shape.status) if shape.status is not None else None
    return items, None if status is None else str(status)


def _item(shape: AcknowledgementShape, line: int, word: str, index: int, value: Any) -> Item:
    named = value if isinstance(value, dict) else {shape.voucher_number: value}
    return Item(
        line=line,
        place=f"/{word}/{index}",
        number=_text(named, shape.voucher_number),
        series=_text(named, shape.voucher_series),
        word=word,
        reason=_text(named, shape.reason),
    )


def _text(named: dict[str, Any], key: str | None) -> str:
    value = None if key is None else named.get(key)
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _members(text: str) -> Iterator[tuple[str, int]]:
    """Each key of the object, and where its value begins."""
    at = _expected(text, _skip(text, 0), "{")
    if text[at : at + 1] == "}":
        at = _skip(text, at + 1)
    else:
        while True:
            _expected(text, at, '"')
            key, end = _value(text, at)
            at = _expected(text, _skip(text, end), ":")
            yield key, at
            at = _skip(text, _value(text, at)[1])
            if text[at : at + 1] != ",":
                at = _expected(text, at, "}")
                break
            at = _skip(text, at + 1)
    if at != len(text):
        raise ValueError(f"line {_line(text, at)}: something follows the object")


def _elements(text: str, at: int, key: str) -> Iterator[tuple[int, Any]]:
    """Each element of a list, and where it begins."""
    if text[at : at + 1] != "[":
        raise ValueError(f"line {_line(text, at)}: {key!r} is not a list")
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        value, end = _value(text, at)
        yield at, value
        at = _skip(text, end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "]":
            _expected(text, at, "]")


def _value(text: str, at: int) -> tuple[Any, int]:
    try:
        value, end = _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}: is not JSON: {error.msg}") from error
    except RecursionError as error:
        raise ValueError(f"line {_line(text, at)}: is nested too deep") from error
    return value, end


def _expected(text: str, at: int, sign: str) -> int:
    if text[at : at + 1] != sign:
        raise ValueError(f"line {_line(text, at)}: is not JSON as agreed: {sign!r} is missing")
    return _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found is not None else at


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _no_constant(name: str) -> Never:
    raise ValueError(f"{name} is no value of JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
