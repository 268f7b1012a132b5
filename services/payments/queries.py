"""What the handlers of payments look up, each by one statement."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from services.ledger import Entry, Ledger, decode_body

_BY_ID = """
SELECT document FROM register_version
WHERE register = 'payments' AND to_position IS NULL AND document ->> 'end_to_end_id' = ANY ($1::text[])
"""
_UNBOOKED = """
SELECT document FROM register_version
WHERE register = 'payments' AND from_position <= $2 AND (to_position IS NULL OR to_position > $2)
  AND (document ->> 'booked_on' IS NULL OR document ->> 'booked_on' > $1)
"""
_AWARDS = "SELECT body FROM event WHERE stream = ANY ($1::text[]) AND version = 1"
_TAKE = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || $1, 0))"
_GIVE = "SELECT pg_advisory_unlock(hashtextextended(current_schema() || $1, 0))"
_CLAIMS = """
SELECT key, document FROM register_version
WHERE register = 'claims' AND to_position IS NULL AND key = ANY ($1::text[])
"""
_STATED = """
SELECT DISTINCT document ->> 'iban' AS iban FROM register_version
WHERE register = 'statements' AND from_position <= $1 ORDER BY iban
"""


@asynccontextmanager
async def alone(ledger: Ledger, what: str) -> AsyncIterator[bool]:
    """Whether nobody else, in any process, is at this while the block runs."""
    async with ledger.pool.acquire() as connection:
        mine = bool(await connection.fetchval(_TAKE, what))
        try:
            yield mine
        finally:
            # Where the connection is lost the database has let go by itself.
            if mine and not connection.is_closed():
                await connection.execute(_GIVE, what)


async def associations_of(ledger: Ledger, application_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The association of each application's grant, which its first event, the award, names for good."""
    rows = await ledger.pool.fetch(_AWARDS, [f"grant/{each}" for each in application_ids])
    awards = [decode_body(row["body"]).data for row in rows]
    return {UUID(each["application_id"]): each["association_id"] for each in awards}


async def payments_by_id(ledger: Ledger, end_to_end_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Our payments among these EndToEndIds."""
    rows = await ledger.pool.fetch(_BY_ID, list(end_to_end_ids))
    return [msgspec.json.decode(row["document"]) for row in rows]


async def unbooked_after(ledger: Ledger, last_day: date, position: int) -> dict[str, UUID]:
    """EndToEndIds of payments that, as of a position, the bank had not booked by the end of a Helsinki date, with their
    applications.
    """
    rows = await ledger.pool.fetch(_UNBOOKED, last_day.isoformat(), position)
    documents = [msgspec.json.decode(row["document"]) for row in rows]
    return {each["end_to_end_id"]: UUID(each["application_id"]) for each in documents}


async def stated_accounts(ledger: Ledger, position: int) -> list[str]:
    """The accounts (IBAN) of which statements had come as of a position, in their order."""
    return [row["iban"] for row in await ledger.pool.fetch(_STATED, position)]


async def claims_by_reference(ledger: Ledger, references: Sequence[str]) -> dict[str, UUID]:
    """The applications of our claims among these references (in canonical spelling)."""
    rows = await ledger.pool.fetch(_CLAIMS, list(references))
    return {row["key"]: UUID(msgspec.json.decode(row["document"])["application_id"]) for row in rows}


async def all_entries(
    ledger: Ledger, register: str, where: dict[str, Any] | None = None, up_to: int | None = None
) -> list[Entry]:
    """Every document of a register now, or as of a position, read page by page."""
    position = (await ledger.head()).size if up_to is None else up_to
    found: list[Entry] = []
    while page := await ledger.page(register, position, after=found[-1].key if found else "", where=where, limit=1000):
        found += page
    return found
