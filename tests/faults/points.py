"""Points at which a process of the fault tests kills itself, as exactly as no outside kill could be timed.

A point is armed by name with a count: the process dies when it gets there for that many times. What is armed dies with
the process.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from typing import Any
from unittest.mock import patch

from asyncpg.transaction import Transaction
from faststream.kafka import KafkaBroker

from services.ledger import consumer, relay
from services.ledger.consumer import Delivery, Handler
from services.ledger.partitions import Mark
from services.ledger.publisher import Publisher
from services.ledger.records import Record

COMMITTED_NOT_ANSWERED = "committed, not answered"
COMMITTED_NOT_PUBLISHED = "committed, not published"
PUBLISHED_NOT_NOTED = "published, not noted as published"
RECEIVED_NOT_HANDLED = "received, not handled"
EFFECT_NOT_ACKNOWLEDGED = "effect committed, offset not"
COMMIT_ANSWER_LOST = "the commit's answer is lost"
HELD_IN_BATCH = "batch written, not committed"

DEADLY = (
    COMMITTED_NOT_ANSWERED,
    COMMITTED_NOT_PUBLISHED,
    PUBLISHED_NOT_NOTED,
    RECEIVED_NOT_HANDLED,
    EFFECT_NOT_ACKNOWLEDGED,
)

# A killed member of a group is missed after three seconds instead of ten.
SESSION_MS, HEARTBEAT_MS = 3000, 800
HELD_S, POLL_S = 30.0, 0.01
Commit = Callable[[Transaction], Awaitable[None]]


class Points:
    """The armed points of this process."""

    def __init__(self) -> None:
        self._armed: dict[str, int] = {}
        self.held = asyncio.Event()

    def arm(self, point: str, after: int) -> None:
        """`after` 1 means the next time."""
        self._armed[point] = after

    def is_armed(self, point: str) -> bool:
        """Whether it was armed and not reached yet."""
        return point in self._armed

    def is_due(self, point: str) -> bool:
        """Counts; True once, when the count is reached."""
        if point not in self._armed:
            return False
        self._armed[point] -= 1
        if self._armed[point] > 0:
            return False
        del self._armed[point]
        return True

    def reach(self, point: str) -> None:
        """Ends the process by SIGKILL when the point is due."""
        if self.is_due(point):
            os.kill(os.getpid(), signal.SIGKILL)

    async def hold(self, transaction: Transaction) -> None:
        """Keeps a batch from its commit until its session is lost, when the point is due."""
        if self.is_due(HELD_IN_BATCH):
            self.held.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(HELD_S):
                    while not transaction._connection.is_closed():  # type: ignore[attr-defined]  # noqa: ASYNC110
                        await asyncio.sleep(POLL_S)
            self.held.clear()


def install(points: Points, stack: ExitStack) -> None:
    """Puts the points into the relay, the writer's commit and the consumer, for the life of `stack`."""

    class FragilePublisher(Publisher):
        async def publish(self, records: Iterable[Record], marks: Mapping[int, Mark]) -> dict[int, Mark]:
            points.reach(COMMITTED_NOT_PUBLISHED)
            after = await super().publish(records, marks)
            points.reach(PUBLISHED_NOT_NOTED)
            return after

    class QuickKafkaBroker(KafkaBroker):
        def subscriber(self, *topics: Any, **settings: Any) -> Any:
            settings |= {"session_timeout_ms": SESSION_MS, "heartbeat_interval_ms": HEARTBEAT_MS}
            return super().subscriber(*topics, **settings)

    commit: Commit = Transaction.commit

    async def commit_then_lose_the_answer(transaction: Transaction) -> None:
        await points.hold(transaction)
        await commit(transaction)
        if points.is_due(COMMIT_ANSWER_LOST):
            raise ConnectionResetError("the answer to the commit was lost, as the test asked")

    stack.enter_context(patch.object(relay, "Publisher", FragilePublisher))
    stack.enter_context(patch.object(consumer, "KafkaBroker", QuickKafkaBroker))
    stack.enter_context(patch.object(Transaction, "commit", commit_then_lose_the_answer))


def fragile(points: Points, handler: Handler) -> Handler:
    """The handler with points before and after it."""

    async def handle(delivery: Delivery) -> None:
        points.reach(RECEIVED_NOT_HANDLED)
        await handler(delivery)
        points.reach(EFFECT_NOT_ACKNOWLEDGED)
        # The offset is committed by whoever called: let others run first, as under load.
        await asyncio.sleep(0)

    return handle
