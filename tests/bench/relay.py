"""The relay, from the event table to the broker's acknowledgement, against a loop that only sends."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from schemas.envelope import Header
from services.ledger import Ledger
from services.ledger.publisher import _message
from services.ledger.relay import Relay, lag
from tests.bench.contest import Turn, contest, ratio, typical
from tests.bench.filling import fill
from tests.bench.ledgers import DATA, fresh_ledger
from tests.bench.profiles import profiled
from tests.bench.running import Run

NAMES: Final = ("relay_vs_plain_producer",)
EVENTS: Final = 50_000
EVENTS_QUICK: Final = 20_000
PARTITIONS: Final = 4
SERVICE: Final = "bench"
PACE_SECONDS: Final = 0.01
Message = tuple[bytes, bytes, list[Header]]


async def measure(run: Run) -> None:
    """Each turn sends all events to a new topic, from the start of its producer to the last acknowledgement."""
    size = EVENTS_QUICK if run.options.quick else EVENTS
    async with fresh_ledger(run.postgres) as opened:
        await fill(opened, size, lambda _: DATA, lambda *at: run.screen.tell("relay: filling", "", *at))
        messages = [_message(SERVICE, record) async for record in opened.ledger.scan()]
        turns: dict[str, Turn] = {
            "relay": lambda: _relayed(run, opened.ledger, size),
            "plain_producer": lambda: _sent(run, messages),
        }
        samples = await contest(turns, run.options.rounds, lambda *at: run.screen.tell("relay", *at))
    for name in samples:
        run.figures[f"{name}_events_per_s"] = typical(samples, name)
    run.figures["relay_vs_plain_producer"] = ratio(samples, "relay", "plain_producer")
    run.notes["relay_partitions"] = PARTITIONS


async def _topic(run: Run, partitions: int) -> str:
    name = f"bench-{secrets.token_hex(4)}"
    await run.broker().create_topics([name], partitions)
    return name


async def _relayed(run: Run, ledger: Ledger, size: int) -> float:
    broker = run.broker()
    topic, notes = await _topic(run, PARTITIONS), await _topic(run, 1)
    await ledger.pool.execute("UPDATE relay SET published = 0, partitions = '{}', checkpoint = 0")
    relay = Relay(ledger, broker.bootstrap, broker.flavour, topic, notes, service=SERVICE)
    began = time.perf_counter()
    await relay.start()
    try:
        while await lag(ledger):  # noqa: ASYNC110 - a row in the database
            await asyncio.sleep(PACE_SECONDS)
        return size / (time.perf_counter() - began)
    finally:
        await relay.stop()


async def _sent(run: Run, messages: Sequence[Message]) -> float:
    broker = run.broker()
    topic = await _topic(run, PARTITIONS)
    producer: Any = AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap, acks="all", enable_idempotence=broker.flavour == "apache"
    )
    began = time.perf_counter()
    await producer.start()
    try:
        for key, value, headers in messages:
            await producer.send(topic, value, key=key, headers=headers)
        await producer.flush()
        return len(messages) / (time.perf_counter() - began)
    finally:
        await producer.stop()


async def profile(run: Run) -> None:
    """Where the relay's process spends its time."""
    async with fresh_ledger(run.postgres) as opened:
        await fill(opened, EVENTS_QUICK, lambda _: DATA, lambda *at: run.screen.tell("relay: filling", "", *at))
        with profiled("relay"):
            await _relayed(run, opened.ledger, EVENTS_QUICK)
