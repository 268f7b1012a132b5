"""P1: a broker that dies while a relay looks into its partitions ends the look and not the relay: what is recorded then
would never be published.
"""

import asyncio
import logging
from collections.abc import Callable

import pytest

from deploy.local.broker import Broker
from services.ledger.partitions import reading
from tests.infrastructure.processes import wait_for_async


async def test_a_look_that_ends_while_the_broker_is_away_lets_out_no_cancellation_and_leaves_nothing_running(
    own_brokers: Callable[[], Broker], topic_prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    broker, topic = own_brokers(), f"{topic_prefix}letters"
    await asyncio.to_thread(broker.start)
    await broker.create_topics([topic])
    before = asyncio.all_tasks()
    with caplog.at_level(logging.ERROR, "aiokafka"):
        try:
            async with reading(broker.bootstrap, topic) as reader:
                assert (await reader.at(0, 0)).highwater == 0
                await asyncio.to_thread(broker.kill)
                assert await wait_for_async(lambda: "Failed fetch messages" in caplog.text)
        except asyncio.CancelledError:
            pytest.fail("the client's cancellation of its own fetch came out, as if the reader were to end")
    assert asyncio.all_tasks() == before
