"""P5: a bit flipped in any column of the ledger is found, with the position where there is one."""

import os
import random

import pytest

from services.ledger.inspection import Finding
from tests.tamper.attacker import COLUMNS, Attack, attacking, first, told
from tests.tamper.sealed import SIGNED_EARLIER, SIZE, Sealed

FLIPPED = {
    "bigint": "{0} # 1",
    "integer": "{0} # 1",
    "smallint": "{0} # 1",
    "boolean": "NOT {0}",
    "text": "coalesce(left({0}, -1) || chr(ascii(right({0}, 1)) # 1), 'x')",
    "uuid": "encode(set_bit(uuid_send({0}), 64, 1 - get_bit(uuid_send({0}), 64)), 'hex')::uuid",
    "timestamp with time zone": "{0} + interval '1 microsecond'",
    "bytea": "set_bit({0}, 4 * length({0}), 1 - get_bit({0}, 4 * length({0})))",
    "ARRAY": "ARRAY(SELECT CASE at WHEN 1 THEN set_bit(part, 9, 1 - get_bit(part, 9)) ELSE part END "
    "FROM unnest({0}) WITH ORDINALITY parts (part, at) ORDER BY at)",
}
"""The smallest change of a value of each type. A column of another type has to be given one."""

UNPROVED = {("checkpoint", "signed_at")}
"""For people only: neither the note nor an event holds it, so nothing can prove it."""

IN_A_TILE, IN_THE_TAIL = 100, 590
MIDDLE_OF_TILE_1 = 256 + 129
"""The position whose hash stands in the middle of the second tile."""


async def columns_of(attack: Attack, table: str) -> dict[str, str]:
    rows = await attack.connection.fetch(COLUMNS, table)
    assert rows, f"there is no table {table}"
    return {row["name"]: row["type"] for row in rows if (table, row["name"]) not in UNPROVED}


async def changes_found(
    attack: Attack, table: str, where: str, *, emptied: bool
) -> dict[str, tuple[list[Finding], list[Finding]]]:
    """By column: what is found with what is kept elsewhere, and without, after its value was changed or emptied."""
    found = {}
    await attack.drop_constraints(table)
    for column, kind in (await columns_of(attack, table)).items():
        async with attack.undone():
            value = "NULL" if emptied else FLIPPED[kind].format(column)
            before = await attack.connection.fetchval(f"SELECT {column} FROM {table} WHERE {where}")
            if emptied and before is None:
                continue
            await attack.execute(f"UPDATE {table} SET {column} = {value} WHERE {where}")
            found[column] = await attack.found(), await attack.found_from_inside()
    return found


@pytest.mark.parametrize("emptied", [False, True], ids=["one bit", "null"])
@pytest.mark.parametrize("position", [IN_A_TILE, IN_THE_TAIL])
async def test_every_column_of_an_event(sealed: Sealed, position: int, emptied: bool) -> None:
    async with attacking(sealed) as attack:
        outcome = await changes_found(attack, "event", f"position = {position}", emptied=emptied)
    assert len(outcome) >= 10
    for column, (found, inside) in outcome.items():
        assert first(found) == position, f"{column}: {told(found)}"
        assert column in {each.column for each in found if each.position in {position, position + 1, None}}, column
        assert inside, f"{column} from inside"
        assert first(inside) in {position, None}, f"{column} from inside: {told(inside)}"


@pytest.mark.parametrize("position", [1, 255, 256, 257, 512, 513, SIZE])
async def test_a_body_at_the_edges_of_tiles(sealed: Sealed, position: int) -> None:
    async with attacking(sealed) as attack:
        flipped = FLIPPED["bytea"].format("body")
        await attack.execute(f"UPDATE event SET body = {flipped} WHERE position = $1", position)
        assert first(found := await attack.found()) == position, told(found)
        assert found[0].column == "body"


async def test_any_bit_of_any_body(sealed: Sealed) -> None:
    seed = int.from_bytes(os.urandom(4))
    print(f"seed {seed}")
    chance = random.Random(seed)
    async with attacking(sealed) as attack:
        for _ in range(20):
            position = chance.randint(1, SIZE)
            bit = chance.randrange(8 * len(sealed.bodies[position - 1]))
            async with attack.undone():
                await attack.execute(
                    "UPDATE event SET body = set_bit(body, $2, 1 - get_bit(body, $2)) WHERE position = $1",
                    position, bit,
                )  # fmt: skip
                assert first(found := await attack.found()) == position, f"bit {bit} of {position}: {told(found)}"


@pytest.mark.parametrize("emptied", [False, True], ids=["one bit", "null"])
async def test_every_column_of_the_head(sealed: Sealed, emptied: bool) -> None:
    async with attacking(sealed) as attack:
        outcome = await changes_found(attack, "head", "true", emptied=emptied)
    for column, (found, inside) in outcome.items():
        assert found == inside, column
        assert "head" in told(found), column
        assert first(found) == (SIZE + 1 if column == "size" and not emptied else None), f"{column}: {told(found)}"


@pytest.mark.parametrize("emptied", [False, True], ids=["one bit", "null"])
async def test_every_column_of_a_tile(sealed: Sealed, emptied: bool) -> None:
    async with attacking(sealed) as attack:
        outcome = await changes_found(attack, "tile", "level = 0 AND number = 1", emptied=emptied)
    assert set(outcome) == {"level", "number", "root", "hashes"}
    for column, (found, inside) in outcome.items():
        assert found == inside, column
        assert "tile" in told(found), column
    if not emptied:
        assert first(outcome["hashes"][0]) == MIDDLE_OF_TILE_1


@pytest.mark.parametrize("emptied", [False, True], ids=["one bit", "null"])
@pytest.mark.parametrize("size", [SIGNED_EARLIER, SIZE])
async def test_every_column_of_a_checkpoint(sealed: Sealed, size: int, emptied: bool) -> None:
    async with attacking(sealed) as attack:
        outcome = await changes_found(attack, "checkpoint", f"size = {size}", emptied=emptied)
    for column, (found, inside) in outcome.items():
        assert "checkpoint" in told(found), column
        assert "the stored checkpoint of" in told(inside), column


async def test_any_character_of_a_checkpoints_note(sealed: Sealed) -> None:
    note = sealed.notes[SIGNED_EARLIER]
    blank, mark = note.index("\n\n"), note.index("—")
    # The last but one before "=\n" carries bits that decoding ignores.
    places = [0, note.index("\n300\n") + 3, blank - 3, blank, blank + 1, mark, mark + 2, mark + 30, len(note) - 3]
    async with attacking(sealed) as attack:
        for place in [*places, len(note) - 2, len(note) - 1]:
            changed = note[:place] + chr(ord(note[place]) ^ 1) + note[place + 1 :]
            async with attack.undone():
                await attack.execute("UPDATE checkpoint SET note = $2 WHERE size = $1", SIGNED_EARLIER, changed)
                found = await attack.found_from_inside()
                assert "the stored checkpoint of 300 events" in told(found), f"character {place}, {changed!r}"


@pytest.mark.parametrize("moment", ["infinity", "-infinity", "20000-01-01Z", "4000-01-01Z BC"])
async def test_a_moment_that_no_calendar_of_ours_has(sealed: Sealed, moment: str) -> None:
    async with attacking(sealed) as attack:
        await attack.execute(f"UPDATE event SET recorded_at = '{moment}' WHERE position = {IN_A_TILE}")
        found = await attack.found()
        assert (first(found), found[0].column) == (IN_A_TILE, "recorded_at"), told(found)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"\xff", b'{"position":' + b"[" * 50_000, b'{"data":' + b"[" * 50_000 + b"]" * 50_000 + b"}"],
    ids=["empty", "an object", "a list", "no UTF-8", "a deep position", "deep data"],
)
async def test_a_body_that_is_no_event(sealed: Sealed, body: bytes) -> None:
    async with attacking(sealed) as attack:
        await attack.execute("UPDATE event SET body = $2 WHERE position = $1", IN_A_TILE, body)
        found = await attack.found()
        assert (first(found), found[0].column) == (IN_A_TILE, "body"), told(found)
