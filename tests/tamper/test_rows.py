"""P5: rows that are deleted, swapped, cut off or put in are found, with the position where there is one."""

from collections.abc import Awaitable, Callable, Sequence
from uuid import uuid4

import pytest

from services.ledger import decode_body, inspection
from services.ledger.tree import leaf_hash
from tests.tamper.attacker import EVENT_COLUMNS, Attack, another, attacking, first, forged, renumbered, told
from tests.tamper.sealed import SIGNED_EARLIER, SIZE, Sealed

OTHERS = ", ".join(EVENT_COLUMNS[1:])


@pytest.mark.parametrize("position", [1, 100, 256, 257, 590, SIZE])
async def test_a_deleted_event(sealed: Sealed, position: int) -> None:
    async with attacking(sealed) as attack:
        await attack.execute("DELETE FROM event WHERE position = $1", position)
        for found in (await attack.found(), await attack.found_from_inside()):
            assert first(found) == position, told(found)
            assert found[0].what.startswith("missing")


async def test_a_deleted_run_of_events(sealed: Sealed) -> None:
    async with attacking(sealed) as attack:
        await attack.execute("DELETE FROM event WHERE position BETWEEN 100 AND 400")
        assert first(found := await attack.found()) == 100, told(found)


async def swap(attack: Attack, columns: str, one: int, other: int) -> None:
    """Gives each of two rows the other's values."""
    await attack.drop_constraints("event")
    await attack.execute(
        f"UPDATE event mine SET ({columns}) = (SELECT {columns} FROM event theirs "
        "WHERE theirs.position = $1::bigint + $2::bigint - mine.position) WHERE mine.position IN ($1, $2)",
        one, other,
    )  # fmt: skip


@pytest.mark.parametrize("columns", [OTHERS, "body", "position"], ids=["rows", "bodies", "positions"])
@pytest.mark.parametrize(("one", "other"), [(100, 400), (101, 102), (590, 595)])
async def test_two_swapped_events(sealed: Sealed, columns: str, one: int, other: int) -> None:
    async with attacking(sealed) as attack:
        await swap(attack, columns, one, other)
        for found in (await attack.found(), await attack.found_from_inside()):
            assert first(found) == one, told(found)


@pytest.mark.parametrize("kept", [0, 1, 256, SIGNED_EARLIER, 511, 512, 590, SIZE - 1])
async def test_a_tail_cut_off_with_head_and_tiles_made_to_fit(sealed: Sealed, kept: int) -> None:
    async with attacking(sealed) as attack:
        await attack.execute("DELETE FROM event WHERE position > $1", kept)
        await attack.recompute([leaf_hash(body) for body in sealed.bodies[:kept]])
        for found in (await attack.found(), await attack.found_by_checkpoints(), await attack.found_from_inside()):
            assert first(found) == kept + 1, told(found)
            assert "missing" in told(found)
        await attack.execute("DELETE FROM checkpoint WHERE size > $1", kept)
        assert await attack.found_from_inside() == []
        for found in (await attack.found(), await attack.found_by_checkpoints()):
            assert first(found) == kept + 1, told(found)


async def test_an_event_put_in_the_middle_by_moving_the_later_ones_up(sealed: Sealed) -> None:
    async with attacking(sealed) as attack:
        await attack.drop_constraints("event")
        await attack.execute("UPDATE event SET position = position + 1 WHERE position >= 100")
        await attack.insert([decode_body(another(sealed.bodies[99]))])
        for found in (await attack.found(), await attack.found_from_inside()):
            assert first(found) == 100, told(found)


def appended(sealed: Sealed) -> bytes:
    """What could come next: the last event once more, with an id of its own."""
    return renumbered([*sealed.bodies, another(sealed.bodies[-1])])[-1]


async def test_an_event_put_at_the_end_without_the_head(sealed: Sealed) -> None:
    async with attacking(sealed) as attack:
        await attack.insert([decode_body(appended(sealed))])
        for found in (await attack.found(), await attack.found_from_inside()):
            assert first(found) == SIZE + 1, told(found)


async def test_an_event_put_at_the_end_with_the_head_is_an_append_and_cannot_replace_one(sealed: Sealed) -> None:
    """Nothing that was recorded is changed by it. Where the ledger had been longer, it takes another's place."""
    async with attacking(sealed) as attack:
        added = appended(sealed)
        await attack.insert([decode_body(added)])
        await attack.recompute([leaf_hash(body) for body in [*sealed.bodies, added]])
        assert await attack.found() == []
        await attack.rewrite([*sealed.bodies[:-1], another(sealed.bodies[-1])])
        assert first(found := await attack.found()) == SIZE, told(found)


@pytest.mark.parametrize("same_id", [True, False])
async def test_a_second_row_of_one_position(sealed: Sealed, same_id: bool) -> None:
    body = sealed.bodies[99] if same_id else another(sealed.bodies[99])
    async with attacking(sealed) as attack:
        await attack.drop_constraints("event")
        await attack.insert([decode_body(body)])
        for found in (await attack.found(), await attack.found_from_inside()):
            assert first(found) == 100, told(found)
            assert "more than one such row" in told(found)


async def test_a_second_row_of_one_position_in_a_stream_of_its_own(sealed: Sealed) -> None:
    body = forged(decode_body(sealed.bodies[589]), id=uuid4(), version=1).replace(b'"letter/', b'"other/')
    async with attacking(sealed) as attack:
        await attack.drop_constraints("event")
        await attack.insert([decode_body(body)])
        for found in (await attack.found(), await attack.found_from_inside()):
            assert first(found) == 590, told(found)


@pytest.mark.parametrize("position", [0, -1])
async def test_a_row_before_the_first(sealed: Sealed, position: int) -> None:
    async with attacking(sealed) as attack:
        await attack.drop_constraints("event")
        await attack.insert(
            [decode_body(another(sealed.bodies[0]).replace(b'"position":1,', b'"position":%d,' % position))]
        )
        for found in (await attack.found(), await attack.found_from_inside()):
            assert (first(found), found[0].what) == (position, "there is no such position"), told(found)


async def _unplaced(attack: Attack) -> None:
    added = another(attack.sealed.bodies[0])
    await attack.drop_constraints("event")
    await attack.insert([decode_body(added)])
    await attack.execute("UPDATE event SET position = NULL WHERE body = $1", added)


async def _double_tile(attack: Attack) -> None:
    await attack.drop_constraints("tile")
    await attack.execute("INSERT INTO tile TABLE tile")


async def _long_tile(attack: Attack) -> None:
    await attack.drop_constraints("tile")
    await attack.execute("UPDATE tile SET hashes = hashes || '\\x00' WHERE number = 1")


async def _short_tile(attack: Attack) -> None:
    await attack.drop_constraints("tile")
    await attack.execute("UPDATE tile SET hashes = substr(hashes, 1, 320) WHERE number = 1")


def _tile(level: int, number: int) -> Callable[[Attack], Awaitable[None]]:
    async def put(attack: Attack) -> None:
        await attack.execute("INSERT INTO tile SELECT $1, $2, root, hashes FROM tile LIMIT 1", level, number)

    return put


def _statement(statement: str) -> Callable[[Attack], Awaitable[None]]:
    return lambda attack: attack.execute(statement)


async def _second_head(attack: Attack) -> None:
    await attack.drop_constraints("head")
    await attack.execute("INSERT INTO head SELECT false, size - 1, recorded_at, edge FROM head")


async def _checkpoint_of_nobody(attack: Attack) -> None:
    await attack.execute("INSERT INTO checkpoint SELECT 450, root, replace(note, '600', '450'), now() FROM checkpoint "
                         "WHERE size = 600")  # fmt: skip


@pytest.mark.parametrize(
    ("change", "position", "said"),
    [
        (_unplaced, None, "rows have none"),
        (_statement("DELETE FROM tile WHERE number = 0"), None, "tile 0/0 is missing"),
        (_statement("DELETE FROM tile"), None, "tile 0/1 is missing"),
        (_tile(0, 2), 513, "tile 0/2 covers more events"),
        (_tile(0, 5), SIZE + 1, "tile 0/5 covers more events"),
        (_tile(1, 0), SIZE + 1, "tile 1/0 covers more events"),
        (_tile(32_000, 0), SIZE + 1, "tile 32000/0 covers more events"),
        (_tile(0, -1), None, "tile 0/-1: there is no such tile"),
        (_tile(-1, 0), None, "tile -1/0: there is no such tile"),
        (_double_tile, None, "is there 2 times"),
        (_long_tile, None, "tile 0/1 holds 8193 bytes"),
        (_short_tile, None, "tile 0/1 holds 320 bytes"),
        (_statement("DELETE FROM head"), None, "the head row is missing"),
        (_second_head, None, "there is more than one"),
        (_checkpoint_of_nobody, None, "the stored checkpoint of 450 events"),
    ],
)
async def test_other_rows_that_are_not_what_they_were(
    sealed: Sealed, change: Callable[[Attack], Awaitable[None]], position: int | None, said: str
) -> None:
    async with attacking(sealed) as attack:
        await change(attack)
        for found in (await attack.found(), await attack.found_from_inside()):
            assert first(found) == position, told(found)
            assert said in told(found)


@pytest.mark.parametrize("lost", [[SIGNED_EARLIER], [SIZE], [SIGNED_EARLIER, SIZE]])
async def test_a_deleted_checkpoint(sealed: Sealed, lost: Sequence[int]) -> None:
    async with attacking(sealed) as attack:
        await attack.execute("DELETE FROM checkpoint WHERE size = ANY ($1)", lost)
        for found in (await attack.found(), await attack.found_by_checkpoints()):
            assert f"the trusted checkpoint of {lost[0]} events is not among the stored ones" in told(found)
        assert await attack.found_from_inside() == []


async def test_the_first_position_is_told_also_where_far_more_than_can_be_told_is_wrong(sealed: Sealed) -> None:
    """The version at 20 is wrong and its body fits it; after it every actor is wrong."""
    async with attacking(sealed) as attack:
        await attack.drop_constraints("event")
        bodies = list(sealed.bodies)
        bodies[19] = bodies[19].replace(b'"version":10,', b'"version":11,')
        await attack.rewrite(bodies)
        await attack.execute("UPDATE event SET actor = 'nobody' WHERE position > 20")
        await attack.execute("DELETE FROM checkpoint")
        found = await attack.found_from_inside()
        assert (first(found), found[0].column) == (20, "version"), told(found)


async def test_a_position_far_away(sealed: Sealed) -> None:
    async with attacking(sealed) as attack:
        await attack.execute("UPDATE event SET position = 9223372036854775807 WHERE position = 100")
        for found in (await attack.found(), await attack.found_from_inside()):
            assert first(found) == 100, told(found)


def test_the_forger_writes_as_the_ledger_does(sealed: Sealed) -> None:
    """Else an attack would be found for a reason of the test's own."""
    assert renumbered(sealed.bodies) == list(sealed.bodies)


def _version_left_out(bodies: list[bytes]) -> list[bytes]:
    """The stream of the last event goes from its last version but one to one too many."""
    last = decode_body(bodies[-1])
    return [*bodies[:-1], forged(last, version=last.version + 1)]


def _id_used_twice(bodies: list[bytes]) -> list[bytes]:
    return [*bodies[:-1], forged(decode_body(bodies[-1]), id=decode_body(bodies[0]).id)]


@pytest.mark.parametrize("streams_remembered", [250_000, 3])
@pytest.mark.parametrize(("change", "column"), [(_version_left_out, "version"), (_id_used_twice, "event_id")])
async def test_versions_and_ids_are_compared_where_each_row_by_itself_is_as_an_honest_one(
    sealed: Sealed,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[list[bytes]], list[bytes]],
    column: str,
    streams_remembered: int,
) -> None:
    """Also where there are more streams than the inspection remembers."""
    monkeypatch.setattr(inspection, "_STREAMS_REMEMBERED_MAX", streams_remembered)
    async with attacking(sealed) as attack:
        await attack.drop_constraints("event")
        await attack.rewrite(change(list(sealed.bodies)))
        await attack.execute("DELETE FROM checkpoint")
        found = await attack.found_from_inside()
        assert [(each.position, each.column) for each in found] == [(SIZE, column)], told(found)
