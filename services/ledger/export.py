"""A ledger as a file that anyone can read and check: the exact body of each event, one a line, in order.

A body that would not stay one line (it holds a newline, which no body written by `records` does) is written
as `{"body":"<base64>"}` instead, so that an export is exact whatever the database holds.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

import asyncpg
import msgspec

from .errors import Corrupt
from .proofs import Proofs, TileAddress
from .tree import TILE_WIDTH, tile_path

_WRAPPED = b'{"body":'
_BODIES = "SELECT position, body FROM event WHERE position > $1 AND position <= $2 ORDER BY position"
_PREFETCH = 2000


class _Wrapped(msgspec.Struct, forbid_unknown_fields=True):
    body: str


_decoder = msgspec.json.Decoder(_Wrapped)


def line_of(body: bytes) -> bytes:
    """A body's line, with its newline."""
    if b"\n" in body or body.startswith(_WRAPPED):
        return _WRAPPED + b'"' + base64.b64encode(body) + b'"}\n'
    return body + b"\n"


def body_of(line: bytes) -> bytes:
    """The body in a line, its newline may be missing. Raises Corrupt."""
    text = line.removesuffix(b"\n")
    if not text.startswith(_WRAPPED):
        return text
    try:
        return base64.b64decode(_decoder.decode(text).body, validate=True)
    except (msgspec.DecodeError, UnicodeDecodeError, binascii.Error) as error:
        raise Corrupt(f"a line that begins with {_WRAPPED.decode()} holds a body in base64: {error}") from error


def read_export(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The bodies of an export; `lines` is, for one, the file opened as binary."""
    return (body_of(line) for line in lines)


async def export_lines(
    connection: asyncpg.Connection[Any], *, after: int = 0, up_to: int | None = None
) -> AsyncIterator[bytes]:
    """The lines of an export, streamed in flat memory out of one snapshot. Raises Corrupt at a gap.

    Without `up_to`, all that is recorded when the export begins.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        last = await connection.fetchval("SELECT size FROM head") if up_to is None else up_to
        expected = after
        async for position, body in connection.cursor(_BODIES, after, last, prefetch=_PREFETCH):
            expected += 1
            if position != expected:
                raise Corrupt(f"position {expected} is missing: after {expected - 1} comes {position}")
            yield line_of(body)
        if up_to is None and expected != last:
            raise Corrupt(f"position {expected + 1} is missing: the head says that {last} are recorded")


async def export_tiles(proofs: Proofs, size: int) -> AsyncIterator[tuple[str, bytes]]:
    """The tiles of the tree over the first `size` events as (C2SP path, bytes), level by level, complete and
    partial.

    Raises Corrupt when one of them is not there.
    """
    level, width = 0, size
    while width:
        for number in range((width + TILE_WIDTH - 1) // TILE_WIDTH):
            part = min(TILE_WIDTH, width - number * TILE_WIDTH)
            path = tile_path(level, number) + (f".p/{part}" if part < TILE_WIDTH else "")
            content = await proofs.tile(TileAddress(level, number, part))
            if content is None:
                raise Corrupt(f"{path} cannot be made: events or tiles are missing")
            yield path, content
        level, width = level + 1, width // TILE_WIDTH
