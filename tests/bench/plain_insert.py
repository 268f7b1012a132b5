"""The peer that promises least: one row by one statement, committed by itself, into a table shaped like `event`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import asyncpg
from uuid_utils.compat import uuid7

from deploy.local.postgres import PostgresServer
from services.ledger.records import NewEvent, encode_body, encode_moment
from tests.bench.contest import Act
from tests.bench.ledgers import CONTEXT, DATA, EVENT_SCHEMA, EVENT_TYPE, now

TABLE: Final = """
CREATE TABLE plain_event (
    position       bigserial   PRIMARY KEY,
    event_id       uuid        NOT NULL UNIQUE,
    stream         text        NOT NULL COLLATE "C",
    version        integer     NOT NULL,
    type           text        NOT NULL COLLATE "C",
    schema_version smallint    NOT NULL,
    recorded_at    timestamptz NOT NULL,
    actor          text        NOT NULL,
    correlation    text        NOT NULL,
    causation      text,
    body           bytea       NOT NULL,
    UNIQUE (stream, version)
);
ALTER TABLE plain_event ALTER COLUMN body SET STORAGE EXTERNAL
"""
INSERT: Final = """
INSERT INTO plain_event
    (event_id, stream, version, type, schema_version, recorded_at, actor, correlation, causation, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING position
"""
_SAMPLE = NewEvent(EVENT_TYPE, DATA, EVENT_SCHEMA)
BODY: Final = encode_body(1_000_000, encode_moment(now()), _SAMPLE, f"application/{_SAMPLE.id}", 1, CONTEXT)


def row() -> tuple[Any, ...]:
    """A row for INSERT: a new stream with a body as long as the ledger's."""
    identity = uuid7()
    context = CONTEXT
    return (
        identity, f"application/{identity}", 1, EVENT_TYPE, EVENT_SCHEMA, now(),
        context.actor, context.correlation, context.causation, BODY,
    )  # fmt: skip


async def plain_database(server: PostgresServer, name: str) -> str:
    """Makes a database with the table; returns its address."""
    connection = await asyncpg.connect(server.superuser_dsn())
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    connection = await asyncpg.connect(server.superuser_dsn(name))
    try:
        await connection.execute(TABLE)
    finally:
        await connection.close()
    return server.superuser_dsn(name)


@asynccontextmanager
async def plain_inserts(server: PostgresServer, connections: int) -> AsyncIterator[list[Act]]:
    """As many callers as connections, each with one of its own and the statement prepared."""
    dsn = await plain_database(server, "plain_insert")
    async with AsyncExitStack() as stack:
        acts: list[Act] = []
        for _ in range(connections):
            connection = await asyncpg.connect(dsn)
            stack.push_async_callback(connection.close)
            acts.append(_inserting(await connection.prepare(INSERT)))
        yield acts


def _inserting(statement: Any) -> Act:
    async def insert() -> None:
        await statement.fetchval(*row())

    return insert
