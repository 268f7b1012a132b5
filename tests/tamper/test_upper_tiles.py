"""P5: a tile of the second level, which 65,536 events complete, is compared too."""

import asyncio
from collections.abc import Iterator

import pytest

from services.ledger import Context, Ledger, NewEvent, StreamWrite, Unit
from services.ledger.checkpointing import Checkpointer
from tests.infrastructure.addresses import PostgresAddress
from tests.infrastructure.databases import FreshDatabase
from tests.tamper.attacker import attacking, first, told
from tests.tamper.sealed import Sealed, seal

SIZE = 65_536 + 10
EACH = 4096


async def fill_large(ledger: Ledger, checkpointer: Checkpointer) -> None:
    for start in range(0, SIZE, EACH):
        letters = tuple(NewEvent("letter.sent", b"{}") for _ in range(min(EACH, SIZE - start)))
        await ledger.append(Unit(Context("person:anna", "affair"), (StreamWrite(f"letter/{start}", 0, letters),)))
    await checkpointer.sign()


@pytest.fixture
def large(postgres_cluster: PostgresAddress) -> Iterator[Sealed]:
    database = FreshDatabase(postgres_cluster)
    yield asyncio.run(seal(database, fill_large))
    asyncio.run(database.drop())


async def test_changes_of_tiles_of_both_levels(large: Sealed) -> None:
    async with attacking(large) as attack:
        async with attack.undone():
            await attack.execute("UPDATE tile SET root = sha256(root) WHERE (level, number) IN ((1, 0), (0, 200))")
            await attack.execute("UPDATE tile SET hashes = set_bit(hashes, 9, 1 - get_bit(hashes, 9)) WHERE level = 1")
            found = await attack.found_from_inside()
            assert sorted(each.what for each in found) == [
                "the hashes of tile 1/0 are not those of its tiles",
                "the root of tile 0/200 is not that of its events",
                "the root of tile 1/0 is not that of its events",
            ], told(found)
        await attack.execute("DELETE FROM tile WHERE level = 1")
        found = await attack.found_from_inside()
        assert (first(found), [each.what for each in found]) == (None, ["tile 1/0 is missing"]), told(found)
