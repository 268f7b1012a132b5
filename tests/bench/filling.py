"""Fills a ledger by COPY, as if its events had been appended: dense positions, bodies, head, edge and tiles agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import asyncpg
from uuid_utils.compat import uuid7

from services.ledger import Head, NewEvent
from services.ledger.records import RECORD_COLUMNS, encode_body, encode_moment
from services.ledger.tree import Hash, edge_root
from services.ledger.treekeeper import TreeKeeper
from tests.bench.ledgers import CONTEXT, EVENT_SCHEMA, EVENT_TYPE, Opened, now

BATCH: Final = 64 * 1024
Content = Callable[[int], bytes]
Row = tuple[Any, ...]
_MOVE: Final = "UPDATE head SET size = $1, recorded_at = $2, edge = $3"


async def fill(opened: Opened, size: int, content: Content, tell: Callable[[int, int], None]) -> Head:
    """Gives an empty ledger `size` events, each the first of its stream; `content(position)` is an event's data.

    `tell(done, total)` is told positions. Returns the head.
    """
    connection = await asyncpg.connect(opened.superuser_dsn, server_settings={"search_path": opened.database.schema})
    try:
        await connection.execute("SET synchronous_commit = off")
        tree = TreeKeeper()
        edge: list[Hash] = []
        moment = now()
        for done in range(0, size, BATCH):
            tell(done, size)
            moment = now()
            rows = list(_rows(done, min(BATCH, size - done), moment, content))
            async with connection.transaction():
                edge = await tree.extend(connection, done, edge, [row[-1] for row in rows])
                await connection.copy_records_to_table("event", records=rows, columns=RECORD_COLUMNS.split(", "))
                await connection.execute(_MOVE, done + len(rows), moment, edge)
            tree.commit()
        await connection.execute("VACUUM (ANALYZE) event")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
    return Head(size, moment, edge_root(edge))


def _rows(done: int, count: int, moment: Any, content: Content) -> Iterator[Row]:
    text = encode_moment(moment)
    context = CONTEXT
    for position in range(done + 1, done + count + 1):
        identity = uuid7()
        stream = f"application/{identity}"
        event = NewEvent(EVENT_TYPE, content(position), EVENT_SCHEMA, identity)
        body = encode_body(position, text, event, stream, 1, context)
        yield (
            position, identity, stream, 1, EVENT_TYPE, EVENT_SCHEMA, moment,
            context.actor, context.correlation, context.causation, body,
        )  # fmt: skip
