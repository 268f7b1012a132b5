"""One process of `shop`: the parts of a service put together as `services.web.composition` does, with commands as JSON
lines over a socket in place of HTTP. Started as `python -m tests.faults.service CONFIGURATION`.
"""

import asyncio
import sys
from contextlib import AsyncExitStack, ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from schemas.refusals import Refused
from services.ledger import Ledger, LedgerError, Signer
from services.ledger.checkpointing import Checkpointer
from services.ledger.consumer import Consumer, into
from services.ledger.inbox import Inbox
from services.ledger.parking import Attendant
from services.ledger.partitions import Flavour
from services.ledger.relay import Relay, replay_from
from tests.faults.points import COMMITTED_NOT_ANSWERED, Points, fragile, install
from tests.faults.shop import Order, Shop, known


@dataclass(frozen=True, slots=True)
class Configuration:
    """Where everything is. `prefix` begins the names of topics and groups."""

    service: str
    dsn: str
    bootstrap: str
    flavour: Flavour
    port: int
    prefix: str
    key_file: str


class Desk:
    """Answers commands."""

    def __init__(self, ledger: Ledger, attendant: Attendant, points: Points) -> None:
        self._ledger = ledger
        self._shop = Shop(ledger)
        self._attendant = attendant
        self._points = points

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one command after the other."""
        while line := await reader.readline():
            writer.write(msgspec.json.encode(await self._answer(msgspec.json.decode(line))) + b"\n")
            await writer.drain()
        writer.close()

    async def _answer(self, command: dict[str, Any]) -> dict[str, Any]:
        try:
            return await self._obey(command)
        except Refused as refusal:
            return {"refused": refusal.slug}
        except LedgerError as error:
            return {"failed": f"{type(error).__name__}: {error}"}

    async def _obey(self, command: dict[str, Any]) -> dict[str, Any]:
        match command:
            case {"place": order}:
                answer = await self._shop.place(Order(**order))
                self._points.reach(COMMITTED_NOT_ANSWERED)
                return {"done": msgspec.json.decode(answer.body)}
            case {"record": stream, "type": kind}:
                await self._shop.record(stream, kind)
            case {"arm": point, "after": after}:
                self._points.arm(point, after)
            case {"armed": point}:
                return {"done": {"armed": self._points.is_armed(point), "held": self._points.held.is_set()}}
            case {"replay": position}:
                await replay_from(self._ledger, position)
            case {"retry": key}:
                return {"done": asdict(await self._attendant.retry(key=key))}
            case _:
                return {"failed": f"no such command: {command}"}
        return {"done": {}}


async def run(configuration: Configuration) -> None:
    """Serves until it is killed."""
    name, prefix, flavour = configuration.service, configuration.prefix, configuration.flavour
    points = Points()
    async with AsyncExitStack() as stack:
        install(points, stack.enter_context(ExitStack()))
        ledger = Ledger(configuration.dsn, name, lambda: datetime.now(UTC), pool_size=4)
        by_topic = Shop(ledger).reactions(name)
        every_reaction = {kind: react for topic in by_topic.values() for kind, react in topic.items()}
        inbox = Inbox(ledger, name, every_reaction, known)
        attendant = Attendant(ledger, inbox, poll_seconds=0.3)
        topic = f"{prefix}{name}"
        relay = Relay(
            ledger, configuration.bootstrap, flavour, topic, f"{topic}.checkpoints", service=name,
            batch_max=20, check_seconds=1.0,
        )  # fmt: skip
        handlers = {f"{prefix}{source}": fragile(points, into(inbox, source)) for source in by_topic}
        consumer = Consumer(configuration.bootstrap, flavour, f"{prefix}group-{name}", handlers)
        checkpointer = Checkpointer(ledger, Signer.load(f"shop/{name}", Path(configuration.key_file)))
        for part in (ledger, checkpointer, relay, attendant, consumer):
            await part.start()
            stack.push_async_callback(part.stop)
        desk = Desk(ledger, attendant, points)
        server = await asyncio.start_server(desk.serve, "127.0.0.1", configuration.port)
        async with server:
            await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(run(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Configuration)))
