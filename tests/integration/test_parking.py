import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from services.ledger import Context, Ledger, NewEvent, NotYet, Parking, Record, StreamWrite, Unit
from services.ledger.inbox import Inbox, Message
from services.ledger.parking import Attendant, NotFirst, NotParked, list_parked
from tests.infrastructure.databases import FreshDatabase
from tests.integration.post import SOURCE, as_message, ledger_of, until, write


@dataclass
class Desk:
    """Answers letters in order, once the person has an address and unless the letter is torn."""

    letters: Ledger
    replies: Ledger
    torn: set[int] = field(default_factory=set)
    away: bool = False

    async def reply(self, record: Record) -> Sequence[StreamWrite]:
        if self.away:
            raise ConnectionResetError("the database is away")
        address = f"address/{record.key}"
        known = await self.replies.stream(address)
        if not known:
            raise NotYet(address, 0, f"the address of {record.key}")
        if record.version in self.torn:
            raise ValueError(f"letter {record.version} is torn")
        stream = f"reply/{record.key}"
        version = len(await self.replies.stream(stream))
        return [StreamWrite(stream, version, (NewEvent("reply.sent", b"%d" % record.version),))]

    def inbox(self, ledger: Ledger | None = None) -> Inbox:
        return Inbox(ledger or self.replies, "replies", {"letter.sent": self.reply}, lambda *_: True)

    async def get_letters(self, key: str, count: int) -> None:
        """Letters are written and received, one after the other."""
        for _ in range(count):
            await write(self.letters, key, NewEvent("letter.sent", b"{}"))
        for letter in (await self.letters.stream(f"letter/{key}"))[-count:]:
            await self.inbox().receive(as_message(letter))

    async def learn_address(self, key: str) -> None:
        await write(self.replies, key, NewEvent("address.known", b"{}"), category="address")

    async def answered(self, key: str) -> list[int]:
        return [record.data for record in await self.replies.stream(f"reply/{key}")]

    async def nothing_parked(self) -> bool:
        return await list_parked(self.replies) == []

    async def reasons(self) -> list[str]:
        return [parked.reason for parked in await list_parked(self.replies)]


@pytest.fixture
async def desk(database: FreshDatabase) -> AsyncIterator[Desk]:
    async with ledger_of(database, SOURCE) as letters, ledger_of(database, "replies") as replies:
        yield Desk(letters, replies)


@asynccontextmanager
async def attending(ledger: Ledger, inbox: Inbox) -> AsyncIterator[Attendant]:
    attendant = Attendant(ledger, inbox, poll_seconds=0.1)
    await attendant.start()
    try:
        yield attendant
        assert attendant.running
    finally:
        await attendant.stop()


async def test_a_message_that_waits_for_a_fact_runs_by_itself_when_the_fact_comes_and_the_queue_follows(
    desk: Desk,
) -> None:
    async with attending(desk.replies, desk.inbox()):
        await desk.get_letters("anna", 5)
        first, *others = await list_parked(desk.replies)
        assert first.waiting_for == "address/anna"
        assert first.reason.startswith("waits for the address of anna")
        assert {parked.reason for parked in others} == {"queues behind an earlier message of anna"}

        await desk.learn_address("bertta")
        await desk.get_letters("bertta", 2)
        assert await desk.answered("bertta") == [1, 2]
        assert await desk.answered("anna") == []

        await desk.learn_address("anna")
        await until(desk.nothing_parked, "the queue has run")

    assert await desk.answered("anna") == [1, 2, 3, 4, 5]


async def test_a_queue_stops_at_the_next_message_that_fails_and_a_person_retries_it(desk: Desk) -> None:
    desk.torn = {2, 4}
    async with attending(desk.replies, desk.inbox()) as attendant:
        await desk.get_letters("anna", 5)
        await desk.learn_address("anna")

        async def stopped() -> bool:
            return (await desk.reasons())[0] == "ValueError: letter 2 is torn"

        await until(stopped, "the queue stops at the torn letter")
        assert await desk.answered("anna") == [1]
        desk.torn = {4}
        retried = await attendant.retry_number((await list_parked(desk.replies))[0].number)
        assert len(retried.released) == 2
        assert list(retried.failed.values()) == ["ValueError: letter 4 is torn"]
        assert await desk.answered("anna") == [1, 2, 3]

        desk.torn = set()
        await attendant.retry(key="anna")

    assert await desk.answered("anna") == [1, 2, 3, 4, 5]
    assert await desk.nothing_parked()


async def test_a_message_that_failed_is_not_tried_again_without_a_person(desk: Desk) -> None:
    await desk.learn_address("anna")
    desk.torn = {1}
    async with attending(desk.replies, desk.inbox()):
        await desk.get_letters("anna", 1)
        desk.torn = set()
        await desk.learn_address("bertta")
        await desk.get_letters("bertta", 1)
        await asyncio.wait_for(_several_turns(desk), 10)

    assert [parked.attempts for parked in await list_parked(desk.replies)] == [1]


async def _several_turns(desk: Desk) -> None:
    """A queue that is parked later and released by itself shows that the attendant has had its turns."""
    await desk.get_letters("cecilia", 1)
    await desk.learn_address("cecilia")

    async def released() -> bool:
        return await desk.answered("cecilia") == [1]

    await until(released, "a later queue has run")


async def test_a_fact_that_comes_with_the_parking_itself_is_not_missed(desk: Desk) -> None:
    parking = Parking(SOURCE, "event-1", "anna", {}, b"", "waits", waiting_for="address/anna", seen=0)
    address = StreamWrite("address/anna", 0, (NewEvent("address.known", b"{}"),))
    context = Context("test", "test")

    # One batch of the writer: the parking first, then the fact that it waits for.
    await asyncio.gather(
        desk.replies.append(Unit(context, parking=parking)), desk.replies.append(Unit(context, (address,)))
    )

    assert [parked.ready for parked in await list_parked(desk.replies)] == [True]


async def test_a_queue_whose_first_message_was_released_before_the_process_ended_goes_on_afterwards(
    desk: Desk,
) -> None:
    await desk.get_letters("anna", 3)
    await desk.learn_address("anna")
    first = (await list_parked(desk.replies))[0]
    letter = (await desk.letters.stream("letter/anna"))[0]
    assert await desk.inbox().retry(as_message(letter), first.number) is None

    async with attending(desk.replies, desk.inbox()):
        await until(desk.nothing_parked, "the rest of the queue has run")

    assert await desk.answered("anna") == [1, 2, 3]


async def test_two_attendants_release_every_message_once_and_in_order(desk: Desk, database: FreshDatabase) -> None:
    keys = [f"person-{number}" for number in range(6)]
    for key in keys:
        await desk.get_letters(key, 5)
    async with ledger_of(database, "replies") as second:
        inboxes = [(desk.replies, desk.inbox()), (second, desk.inbox(second))]
        async with attending(*inboxes[0]) as one, attending(*inboxes[1]) as other:
            for key in keys:
                await desk.learn_address(key)
            await asyncio.gather(one.retry(), other.retry())
            await until(desk.nothing_parked, "all queues have run")

    for key in keys:
        assert await desk.answered(key) == [1, 2, 3, 4, 5]


async def test_messages_that_arrive_while_the_queue_runs_keep_their_order(desk: Desk) -> None:
    await desk.get_letters("anna", 10)
    async with attending(desk.replies, desk.inbox()):
        await desk.learn_address("anna")
        await desk.get_letters("anna", 30)
        await until(desk.nothing_parked, "the queue has run")

    assert await desk.answered("anna") == list(range(1, 41))


async def test_a_parked_message_waits_while_the_database_is_away(desk: Desk) -> None:
    await desk.get_letters("anna", 2)
    desk.away = True
    async with attending(desk.replies, desk.inbox()):
        await desk.learn_address("anna")
        desk.away = False
        await until(desk.nothing_parked, "the queue has run")

    assert await desk.answered("anna") == [1, 2]


async def test_only_the_first_of_a_queue_can_be_retried_by_number(desk: Desk) -> None:
    await desk.get_letters("anna", 2)
    first, second = await list_parked(desk.replies)
    attendant = Attendant(desk.replies, desk.inbox())

    with pytest.raises(NotFirst, match=f"behind number {first.number}"):
        await attendant.retry_number(second.number)
    with pytest.raises(NotParked, match="no message is parked"):
        await attendant.retry_number(second.number + 1)


async def test_parked_messages_are_listed_in_pages_by_source_and_key(desk: Desk) -> None:
    await desk.get_letters("anna", 2)
    await desk.get_letters("bertta", 2)

    one = await list_parked(desk.replies, limit=3)
    rest = await list_parked(desk.replies, after=one[-1].number)

    assert [parked.key for parked in (*one, *rest)] == ["anna", "anna", "bertta", "bertta"]
    assert [parked.first for parked in (*one, *rest)] == [True, False, True, False]
    assert len(await list_parked(desk.replies, source=SOURCE, key="bertta")) == 2
    assert await list_parked(desk.replies, source="others") == []


async def test_a_message_whose_queue_runs_out_while_it_is_being_parked_goes_on_by_itself(desk: Desk) -> None:
    """Its effect is refused because an earlier one is parked; before it is parked itself, the earlier one is done."""
    await desk.get_letters("anna", 1)
    await desk.learn_address("anna")
    inbox = desk.inbox()
    late = RunningOut(desk, inbox)
    await write(desk.letters, "anna", NewEvent("letter.sent", b"{}"))
    second = (await desk.letters.stream("letter/anna"))[-1]
    await late.receive(as_message(second))
    async with attending(desk.replies, inbox):
        await until(desk.nothing_parked, "both have run")

    assert await desk.answered("anna") == [1, 2]


class RunningOut(Inbox):
    """An inbox that parks a blocked message only after the queue that blocked it has run."""

    def __init__(self, desk: Desk, other: Inbox) -> None:
        super().__init__(desk.replies, "replies", {"letter.sent": desk.reply}, lambda *_: True)
        self._desk = desk
        self._other = Attendant(desk.replies, other)

    async def _set_aside(self, message: Message, number: int | None, error: Exception) -> str | None:
        await self._other.retry()
        assert await self._desk.nothing_parked()
        return await super()._set_aside(message, number, error)
