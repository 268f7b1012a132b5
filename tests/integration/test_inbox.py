import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from services.ledger import Context, Ledger, NewEvent, Record, StreamWrite, Unavailable, Unit, VersionConflict
from services.ledger.inbox import Inbox, Message
from services.ledger.parking import list_parked
from tests.infrastructure.databases import FreshDatabase
from tests.integration.post import SOURCE, as_kafka, as_message, ledger_of, write

KNOWN = {("letter.sent", 1), ("letter.read", 1)}


@dataclass
class Desk:
    """Answers every letter of a person with an event on `reply/<person>`."""

    letters: Ledger
    replies: Ledger
    refused: set[str] = field(default_factory=set)
    reactions_run: int = 0

    async def reply(self, record: Record) -> Sequence[StreamWrite]:
        self.reactions_run += 1
        if record.key in self.refused:
            raise ValueError(f"no reply to {record.key}")
        stream = f"reply/{record.key}"
        version = len(await self.replies.stream(stream))
        return [StreamWrite(stream, version, (NewEvent("reply.sent", record.data_bytes),))]

    def inbox(self, ledger: Ledger | None = None, **reactions: Any) -> Inbox:
        return Inbox(
            ledger or self.replies,
            "replies",
            {"letter.sent": self.reply} | {name.replace("_", "."): each for name, each in reactions.items()},
            lambda event_type, schema: (event_type, schema) in KNOWN,
            back_off_seconds=0.01,
        )

    async def letter(self, key: str, event: NewEvent | None = None) -> Record:
        await write(self.letters, key, event or NewEvent("letter.sent", b"{}"))
        return (await self.letters.stream(f"letter/{key}"))[-1]

    async def replies_to(self, key: str) -> list[Record]:
        return await self.replies.stream(f"reply/{key}")

    async def received(self) -> int:
        return int(await self.replies.pool.fetchval("SELECT count(*) FROM inbox"))


@pytest.fixture
async def desk(database: FreshDatabase) -> AsyncIterator[Desk]:
    async with ledger_of(database, SOURCE) as letters, ledger_of(database, "replies") as replies:
        yield Desk(letters, replies)


async def test_a_message_that_comes_again_has_one_effect(desk: Desk) -> None:
    message = as_message(await desk.letter("anna"))
    inbox = desk.inbox()

    for _ in range(3):
        await inbox.receive(message)

    assert len(await desk.replies_to("anna")) == 1
    assert await list_parked(desk.replies) == []


async def test_two_replicas_that_get_the_same_messages_at_once_have_one_effect_of_each(
    desk: Desk, database: FreshDatabase
) -> None:
    messages = [as_message(await desk.letter(f"person-{number % 5}")) for number in range(40)]
    async with AsyncExitStack() as stack:
        second = await stack.enter_async_context(ledger_of(database, "replies"))
        inboxes = [desk.inbox(), desk.inbox(second)]

        async def take_all(inbox: Inbox) -> None:
            for message in messages:
                await inbox.receive(message)

        await asyncio.gather(*(take_all(inbox) for inbox in inboxes for _ in range(3)))

    assert [len(await desk.replies_to(f"person-{number}")) for number in range(5)] == [8] * 5
    assert await desk.received() == 40
    assert await list_parked(desk.replies) == []


async def test_the_effect_says_who_acted_and_what_caused_it(desk: Desk) -> None:
    letter = await desk.letter("anna")

    await desk.inbox().receive(as_message(letter))

    reply = (await desk.replies_to("anna"))[0]
    assert reply.actor == "service:replies"
    assert reply.correlation == letter.correlation
    assert reply.causation == str(letter.id)


async def test_a_reaction_without_an_effect_is_noted_as_received(desk: Desk) -> None:
    async def nothing(_: Record) -> Sequence[StreamWrite]:
        return []

    await desk.inbox(letter_read=nothing).receive(as_message(await desk.letter("anna", NewEvent("letter.read", b"{}"))))

    assert await desk.received() == 1
    assert (await desk.replies.head()).size == 0


async def test_a_known_event_without_a_reaction_passes_by(desk: Desk) -> None:
    await desk.inbox().receive(as_message(await desk.letter("anna", NewEvent("letter.read", b"{}"))))

    assert await desk.received() == 0
    assert await list_parked(desk.replies) == []


@pytest.mark.parametrize(
    "event",
    [NewEvent("letter.burned", b"{}"), NewEvent("letter.sent", b"{}", schema=2)],
    ids=["type", "version"],
)
async def test_an_unknown_type_or_version_is_parked(desk: Desk, event: NewEvent) -> None:
    letter = await desk.letter("anna", event)

    await desk.inbox().receive(as_message(letter))

    parked = (await list_parked(desk.replies))[0]
    assert parked.reason == f"{event.type} version {event.schema} is unknown to this release"
    assert (parked.event_id, parked.type, parked.stream) == (str(letter.id), event.type, "letter/anna")


async def test_a_message_that_fails_is_parked_with_its_reason_and_others_go_on(desk: Desk) -> None:
    desk.refused.add("anna")
    inbox = desk.inbox()

    for key in ("anna", "bertta", "anna", "bertta"):
        await inbox.receive(as_message(await desk.letter(key)))

    first, second = await list_parked(desk.replies)
    assert first.reason == "ValueError: no reply to anna"
    assert (first.first, second.first) == (True, False)
    assert second.reason == "queues behind an earlier message of anna"
    assert len(await desk.replies_to("bertta")) == 2


async def test_a_parked_message_that_comes_again_is_parked_once(desk: Desk) -> None:
    desk.refused.add("anna")
    messages = [as_message(await desk.letter("anna")) for _ in range(2)]
    inbox = desk.inbox()

    for message in messages * 3:
        await inbox.receive(message)

    assert [parked.attempts for parked in await list_parked(desk.replies)] == [1, 1]


async def test_a_message_behind_a_parked_one_has_no_effect_though_its_reaction_would_succeed(
    desk: Desk,
) -> None:
    desk.refused.add("anna")
    inbox = desk.inbox()
    await inbox.receive(as_message(await desk.letter("anna")))
    desk.refused.clear()

    await inbox.receive(as_message(await desk.letter("anna")))

    assert await desk.replies_to("anna") == []
    assert len(await list_parked(desk.replies)) == 2


UNREADABLE = {
    "no headers": (b"anna", b"{}", []),
    "headers that are no UTF-8": (b"anna", b"\xff\x00", [("ce_id", b"\xff\x00"), ("x\x00", b"\x00")]),
    "a tombstone": (b"anna", None, []),
    "no key": (None, b"", [("ce_id", b"1")]),
    "a key that is no UTF-8": (b"\xff\x00", b"x", []),
}


@pytest.mark.parametrize("name", UNREADABLE)
async def test_an_unreadable_message_is_parked_once(desk: Desk, name: str) -> None:
    key, value, headers = UNREADABLE[name]
    inbox = desk.inbox()

    for _ in range(2):
        await inbox.receive(Message.read(SOURCE, key, value, headers))

    (parked,) = await list_parked(desk.replies)
    assert parked.reason.startswith("unreadable message: ")


async def test_a_forged_message_does_not_take_the_place_of_the_event_whose_id_it_has(desk: Desk) -> None:
    letter = await desk.letter("anna")
    key, _, headers = as_kafka(letter)
    inbox = desk.inbox()

    await inbox.receive(Message.read(SOURCE, b"forged", b"{}", headers))
    await inbox.receive(Message.read("others", key, letter.body, headers))
    await inbox.receive(as_message(letter))

    assert len(await desk.replies_to("anna")) == 1
    reasons = [parked.reason for parked in await list_parked(desk.replies)]
    assert "not 'urn:grant-ledger:others'" in reasons[1]


async def test_a_reaction_runs_again_on_fresh_state_when_its_stream_moved_on(desk: Desk) -> None:
    async def slow_reply(record: Record) -> Sequence[StreamWrite]:
        writes = await desk.reply(record)
        if desk.reactions_run < 3:
            await write(desk.replies, record.key, NewEvent("reply.sent", b"{}"), category="reply")
        return writes

    await desk.inbox(letter_sent=slow_reply).receive(as_message(await desk.letter("anna")))

    assert desk.reactions_run == 3
    assert len(await desk.replies_to("anna")) == 3


async def test_a_stream_that_always_moves_on_lets_the_message_come_again(desk: Desk) -> None:
    async def stale(record: Record) -> Sequence[StreamWrite]:
        desk.reactions_run += 1
        return [StreamWrite(f"reply/{record.key}", 7, (NewEvent("reply.sent", b"{}"),))]

    with pytest.raises(VersionConflict):
        await desk.inbox(letter_sent=stale).receive(as_message(await desk.letter("anna")))

    assert desk.reactions_run == 20
    assert await list_parked(desk.replies) == []


@pytest.mark.parametrize("error", [ConnectionResetError("gone"), TimeoutError(), Unavailable("away")])
async def test_when_the_database_is_away_the_message_comes_again_and_is_not_parked(
    desk: Desk, error: Exception
) -> None:
    async def away(_: Record) -> Sequence[StreamWrite]:
        raise error

    message = as_message(await desk.letter("anna"))
    with pytest.raises(type(error)):
        await desk.inbox(letter_sent=away).receive(message)

    assert await list_parked(desk.replies) == []
    await desk.inbox().receive(message)
    assert len(await desk.replies_to("anna")) == 1


async def test_an_effect_that_the_database_refuses_parks_its_message(desk: Desk) -> None:
    taken = await desk.letter("taken")
    event = NewEvent("reply.sent", b"{}", id=taken.id)
    await desk.replies.append(Unit(Context("test", "test"), (StreamWrite("reply/x", 0, (event,)),)))

    async def twice(record: Record) -> Sequence[StreamWrite]:
        return [StreamWrite(f"reply/{record.key}", 0, (event,))]

    await desk.inbox(letter_sent=twice).receive(as_message(await desk.letter("anna")))

    assert "the database refused the unit" in (await list_parked(desk.replies))[0].reason
