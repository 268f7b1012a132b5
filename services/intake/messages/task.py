"""The background task that makes and sends messages."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import structlog

from services.intake.messages.outbox import OccasionsOf, follow
from services.intake.messages.sending import Post, send_due
from services.ledger import Ledger, LedgerError
from services.ledger.ending import end
from services.ledger.writer import CONNECTION_LOST

log = structlog.get_logger(__name__)

INTERVAL_SECONDS = 10.0
_PASSING = (LedgerError, asyncpg.PostgresError, *CONNECTION_LOST)


async def messaging(
    ledger: Ledger, occasions_of: OccasionsOf, post: Post, *, interval_seconds: float = INTERVAL_SECONDS
) -> AsyncIterator[None]:
    """For `Parts.tasks`: from its first step to its end, messages are made of the ledger's events and sent.

    What goes wrong is logged, without addresses and names, and tried again after the interval.
    """
    task = asyncio.create_task(_attend(ledger, occasions_of, post, interval_seconds), name="messages")
    try:
        yield
    finally:
        await end(task)


async def following(ledger: Ledger, *, interval_seconds: float = INTERVAL_SECONDS) -> AsyncIterator[None]:
    """For `Parts.tasks` where no mail is sent: events are passed over, so that mail turned on later tells nobody of the
    past.
    """

    async def pass_over() -> bool:
        await follow(ledger, lambda _: ())
        return False

    async def attend() -> None:
        while True:
            await _try("events could not be passed over", pass_over)
            await asyncio.sleep(interval_seconds)

    task = asyncio.create_task(attend(), name="messages")
    try:
        yield
    finally:
        await end(task)


async def _attend(ledger: Ledger, occasions_of: OccasionsOf, post: Post, interval_seconds: float) -> None:
    async def look() -> bool:
        await follow(ledger, occasions_of)
        return False

    async def send() -> bool:
        return (await send_due(ledger, post)).left

    while True:
        # Each on its own: an event that cannot be looked at holds up no message that is there.
        await _try("events could not be looked at for messages", look)
        if not await _try("messages could not be sent", send):
            await asyncio.sleep(interval_seconds)


async def _try(failure: str, step: Callable[[], Awaitable[bool]]) -> bool:
    """What the step answers; False when it failed. An error's words may repeat an address, so only its kind and its
    place are logged.
    """
    try:
        return await step()
    except _PASSING as error:
        log.warning(failure, error=type(error).__name__)
    except Exception as error:  # noqa: BLE001 - a slip in one round must not end all mails until a restart
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error(failure, error=type(error).__name__, place=f"{place.filename}:{place.lineno}")  # noqa: TRY400
    return False
