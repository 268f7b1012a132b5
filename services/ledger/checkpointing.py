"""Signs checkpoints of a ledger: what others hold against it later (P5)."""

from __future__ import annotations

import asyncio

import asyncpg
import structlog

from .ending import end
from .ledger import Ledger
from .notes import Checkpoint, Signer
from .writer import CONNECTION_LOST

log = structlog.get_logger(__name__)

_ADD = """
INSERT INTO checkpoint (size, root, note, signed_at) VALUES ($1, $2, $3, $4) ON CONFLICT (size) DO NOTHING
"""
_LATEST = "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1"


async def latest(ledger: Ledger) -> str | None:
    """The newest signed note; None when none was signed."""
    note = await ledger.pool.fetchval(_LATEST)
    return None if note is None else str(note)


class Checkpointer:
    """Signs a checkpoint at least once a second while events come, and one more when stopped. Replicas may
    sign at once: of each size one note is kept.
    """

    def __init__(self, ledger: Ledger, signer: Signer, *, interval_seconds: float = 0.5) -> None:
        self._ledger = ledger
        self._signer = signer
        self._interval_seconds = interval_seconds
        self._signed = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether checkpoints are signed; False also after a failure that it cannot mend."""
        return self._task is not None and not self._task.done()

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="checkpointer")

    async def stop(self) -> None:
        """Signs what has come, then stops. The ledger must still be started."""
        if self._task is None:
            return
        await end(self._task)
        self._task = None
        await self._try_to_sign()

    async def sign(self) -> None:
        """Signs the ledger as it stands now, unless it was signed at this size."""
        head = await self._ledger.head()
        if head.size <= self._signed:
            return
        note = self._signer.sign(Checkpoint(self._signer.name, head.size, head.root))
        await self._ledger.pool.execute(_ADD, head.size, head.root, note, self._ledger.clock())
        self._signed = head.size

    async def _run(self) -> None:
        try:
            while True:
                await self._try_to_sign()
                await asyncio.sleep(self._interval_seconds)
        except Exception:
            log.exception("checkpointer failed")
            raise

    async def _try_to_sign(self) -> None:
        try:
            await self.sign()
        except (*CONNECTION_LOST, asyncpg.PostgresError) as error:
            log.warning("checkpoint waits for the database", error=type(error).__name__)
