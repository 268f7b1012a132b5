"""Finds stored files that no event names, and removes them: what an upload leaves whose process died before it recorded
its event.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import obstore
from obstore.exceptions import BaseError

from services.intake.storage.attachments import key_of, unavailable
from services.ledger import Ledger

if TYPE_CHECKING:  # the library has these names for type checkers only
    from obstore import ObjectMeta
    from obstore.store import ObjectStore

AGE_MIN: Final = timedelta(hours=1)
"""Far longer than from a file's storing to its event, and than clocks of a store and of a service differ."""
_PAGE: Final = 1000
_AT_ONCE: Final = 16
_KEY: Final = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{62})")
_NAMED: Final = """
SELECT DISTINCT document ->> 'sha256' AS sha256 FROM register_version
WHERE register = 'attachments' AND document ->> 'sha256' = ANY ($1::text[])
"""
_NAMES_ANY: Final = "SELECT EXISTS (SELECT FROM register_version WHERE register = 'attachments')"
Named = Callable[[Sequence[str]], Awaitable[frozenset[str]]]


@dataclass(frozen=True, slots=True)
class Orphan:
    """A stored file that no event names; `sha256` in hex, `stored_at` by the store's clock (UTC)."""

    sha256: str
    size_bytes: int
    stored_at: datetime


class Register:
    """Which files the ledger's events name (`attachment.stored`), by the register that is written with the events."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def named(self, digests: Sequence[str]) -> frozenset[str]:
        """Those of the hashes that an event names, by one statement."""
        return frozenset(row["sha256"] for row in await self._ledger.pool.fetch(_NAMED, list(digests)))

    async def is_empty(self) -> bool:
        """Whether no event names any file."""
        return not await self._ledger.pool.fetchval(_NAMES_ANY)


async def orphans(store: ObjectStore, before: datetime, named: Named) -> AsyncIterator[list[Orphan]]:
    """The files stored before a moment that no event names, page by page of the store's listing and in flat memory.
    What does not lie as this package lays it is not ours and is left out.

    `before` lies at least `AGE_MIN` in the past, so that no upload under way is taken for an orphan. Raises
    StoreUnavailable.
    """
    async for page in _pages(store):
        old = list(_older(page, before))
        known = await named([each.sha256 for each in old]) if old else frozenset()
        found = [each for each in old if each.sha256 not in known]
        if found:
            yield found


async def _pages(store: ObjectStore) -> AsyncIterator[Sequence[ObjectMeta]]:
    try:
        async for page in obstore.list(store, chunk_size=_PAGE):
            yield page
    except (BaseError, OSError) as error:
        raise unavailable() from error


def _older(page: Iterable[ObjectMeta], before: datetime) -> Iterable[Orphan]:
    for each in page:
        match = _KEY.fullmatch(each["path"])
        if match is not None and each["last_modified"] < before:
            yield Orphan(match[2], each["size"], each["last_modified"])


async def remove(store: ObjectStore, found: Sequence[Orphan], before: datetime) -> list[Orphan]:
    """Removes files, and tells which. One that was stored again since it was listed stays: somebody sends it now, and
    its event is about to come. Raises StoreUnavailable.
    """
    removed: list[Orphan] = []
    try:
        for start in range(0, len(found), _AT_ONCE):
            some = found[start : start + _AT_ONCE]
            done = await asyncio.gather(*(_remove(store, key_of(each.sha256), before) for each in some))
            removed += [each for each, gone in zip(some, done, strict=True) if gone]
    except (BaseError, OSError) as error:
        raise unavailable() from error
    return removed


async def _remove(store: ObjectStore, key: str, before: datetime) -> bool:
    """Looks right before it removes: an upload always puts its file anew, which makes it young."""
    try:
        if (await obstore.head_async(store, key))["last_modified"] >= before:
            return False
        await obstore.delete_async(store, key)
    except FileNotFoundError:
        return False
    return True
