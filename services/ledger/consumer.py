"""Takes messages from the broker one at a time in each partition, and gives them to a handler as raw bytes.

The offset moves on when the handler returns; when it raises, the same message comes again. Tried on Apache
Kafka and the embedded broker: of FastStream's acknowledgement policies only NACK_ON_ERROR keeps a message
whose handler raised.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from schemas.envelope import Header

from .inbox import Inbox, Message
from .partitions import Flavour

Middleware = Any
FETCH_WAIT_MS: Mapping[Flavour, int] = {"apache": 500, "embedded": 20}

STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as the broker has it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]


Handler = Callable[[Delivery], Awaitable[None]]


def into(inbox: Inbox, source: str) -> Handler:
    """A handler that gives a topic's messages to an inbox as coming from service `source`."""

    async def handle(delivery: Delivery) -> None:
        await inbox.receive(Message.read(source, delivery.key, delivery.value, delivery.headers))

    return handle


class Consumer:
    """Consumes topics (which must exist) from their beginning, each with its handler.

    `workers` consumers share a topic's partitions; in each partition one message is handled at a time. On the
    embedded broker keep to one: joining a group takes seconds there.
    """

    def __init__(
        self,
        bootstrap: str,
        flavour: Flavour,
        group_id: str,
        handlers: Mapping[str, Handler],
        *,
        workers: int = 1,
        middlewares: Sequence[Middleware] = (),
    ) -> None:
        self._broker = KafkaBroker(
            bootstrap,
            consumer_only=True,
            allow_auto_create_topics=False,
            apply_types=False,
            middlewares=middlewares,
            logger=None,
            graceful_timeout=STOP_SECONDS,
        )
        for topic, handler in handlers.items():
            subscriber: Any = self._broker.subscriber(
                topic,
                group_id=group_id,
                auto_offset_reset="earliest",
                ack_policy=AckPolicy.NACK_ON_ERROR,
                max_workers=workers,
                no_reply=True,
                fetch_max_wait_ms=FETCH_WAIT_MS[flavour],
                parser=_parse,
                decoder=_keep_bytes,
            )
            subscriber(_deliver(handler))

    async def start(self) -> None:
        """Returns when the group was joined."""
        await self._broker.start()

    async def stop(self) -> None:
        """Stops; a handler has five seconds to return, and a message whose handler has not comes again."""
        await self._broker.stop()


def _deliver(handler: Handler) -> Callable[[Any], Awaitable[None]]:
    async def handle(raw: Any) -> None:
        await handler(Delivery(raw.topic, raw.partition, raw.offset, raw.key, raw.value, tuple(raw.headers)))

    return handle


async def _parse(raw: Any, original: Callable[[Any], Awaitable[Any]]) -> Any:
    """Shows FastStream only headers that it can decode: it would refuse the message for ever over one that it
    cannot.
    """
    shown = replace(raw, headers=tuple(pair for pair in raw.headers if _is_text(pair[1])))
    if hasattr(raw, "consumer"):
        # With several workers FastStream notes on the message whose it is: without this it could not be had
        # again.
        shown.consumer = raw.consumer
    message = await original(shown)
    message.raw_message = raw
    return message


async def _keep_bytes(message: Any) -> Any:
    """The message as the broker has it: decoding is the handler's part, where a failure parks the message."""
    return message.raw_message


def _is_text(raw: bytes | None) -> bool:
    try:
        return raw is not None and raw.decode() is not None
    except UnicodeDecodeError:
        return False
