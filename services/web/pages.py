"""Lists in pages by keyset: `?limit=&cursor=` in, `{"items": [...], "next": "<cursor>" | null}` out.

A cursor holds the sort key of the last item shown, so a page stays right while the list grows. It is
opaque to clients and no secret: it names nothing that the page did not show, and whoever forges one only
starts the list elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from services.web.problems import Problem
from services.web.validation import FieldError

Item = TypeVar("Item")
Row = TypeVar("Row")
KeyPart = str | int

LIMIT_MAX: Final = 200
_CURSOR_LENGTH_MAX: Final = 1024
_INTEGER_MAX: Final = 2**63 - 1


class Page(BaseModel, Generic[Item]):
    """`next` is the cursor of the following page; null on the last one."""

    items: list[Item]
    next: str | None = Field(default=None, description="Send as `cursor` for the following page")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What page is asked for."""

    limit: int
    cursor: str | None = None

    @property
    def rows(self) -> int:
        """How many rows to read: one more than shown tells whether another page follows."""
        return self.limit + 1

    def after(self, *types: type[KeyPart]) -> tuple[KeyPart, ...] | None:
        """The sort key to start behind, of these types (str, int); None at the start. Raises Problem 400."""
        return None if self.cursor is None else decode_cursor(self.cursor, types)


async def page_request(
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX, description="Items on a page")] = 50,
    cursor: Annotated[str | None, Query(max_length=_CURSOR_LENGTH_MAX, description="`next` of the page before")] = None,
) -> PageRequest:
    """FastAPI dependency."""
    return PageRequest(limit, cursor)


def cut_page(
    rows: Sequence[Row], asked: PageRequest, key: Callable[[Row], Sequence[KeyPart]]
) -> tuple[Sequence[Row], str | None]:
    """The rows to show out of `asked.rows` read ones, and the cursor of the following page (None: no page
    follows).
    """
    if len(rows) <= asked.limit:
        return rows, None
    shown = rows[: asked.limit]
    return shown, encode_cursor(key(shown[-1]))


def encode_cursor(key: Sequence[KeyPart]) -> str:
    """A sort key as URL-safe text."""
    content = json.dumps(list(key), ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decode_cursor(cursor: str, types: Sequence[type[KeyPart]]) -> tuple[KeyPart, ...]:
    """The sort key in a cursor: as many parts as `types`, each of its type. Raises Problem 400 for anything
    else.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise _broken() from None
    if not isinstance(key, list) or len(key) != len(types):
        raise _broken()
    if not all(_fits(part, kind) for part, kind in zip(key, types, strict=True)):
        raise _broken()
    return tuple(key)


def _fits(part: object, kind: type[KeyPart]) -> bool:
    """Whether a part is of its kind and the database can hold it: int64, or text without U+0000 and half
    pairs.
    """
    if isinstance(part, str):
        return kind is str and re.search("[\\x00\ud800-\udfff]", part) is None
    return type(part) is kind and isinstance(part, int) and abs(part) <= _INTEGER_MAX


def _broken() -> Problem:
    right = "should be `next` of the page before, unchanged"
    return Problem(
        400,
        "cursor-invalid",
        "The cursor cannot be used",
        f"The cursor {right}.",
        [FieldError("/cursor", right, "query")],
    )
