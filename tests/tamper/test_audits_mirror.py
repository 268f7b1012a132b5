"""P5: whoever holds every right in a ledger's database is found by audit, with ledger and position.

The ledger is changed for good here, and put back afterwards: audit reads it as the auditors' role, over HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.audit.handlers import Mirror
from services.ledger import Signer, decode_body
from services.ledger.tree import leaf_hash
from tests.infrastructure.databases import FreshDatabase
from tests.integration.post import now
from tests.integration.watched import LEDGER, Watched, watching
from tests.tamper.attacker import Attacker, another, cheaper, renumbered, signed_by, unsigned
from tests.tamper.sealed import SIGNED_EARLIER, SIZE, fill, unit

Deed = Callable[[Attacker, Watched, list[bytes]], Awaitable[None]]
CHANGED = 400


@pytest.fixture
async def watched(database: FreshDatabase) -> AsyncIterator[Watched]:
    """A ledger of 600 events that audit has mirrored, with its checkpoints at 300 and 600."""
    async with watching(database) as made:
        await fill(made.ledger, made.checkpointer)
        await made.publish()
        yield made


FEW = 10


@pytest.fixture
async def few(database: FreshDatabase) -> AsyncIterator[Watched]:
    """A ledger of ten events, mirrored, with a checkpoint over all of them."""
    async with watching(database) as made:
        await made.ledger.append(unit(0, 0))
        await made.publish()
        yield made


@asynccontextmanager
async def attacker(watched: Watched) -> AsyncIterator[Attacker]:
    """All that is done lasts, with the guards on again."""
    connection = await asyncpg.connect(watched.database.superuser_dsn, server_settings={"search_path": LEDGER})
    try:
        async with connection.transaction():
            made = Attacker(connection)
            await made.disarm()
            yield made
            await made.rearm()
    finally:
        await connection.close()


async def verified(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.post("/v1/verifications")
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def with_another_amount(bodies: list[bytes]) -> list[bytes]:
    return [*bodies[: CHANGED - 1], cheaper(bodies[CHANGED - 1]), *bodies[CHANGED:]]


async def recompute_and_leave_checkpoints(attack: Attacker, _: Watched, bodies: list[bytes]) -> None:
    await attack.rewrite(with_another_amount(bodies))


async def recompute_and_delete_the_newest(attack: Attacker, _: Watched, bodies: list[bytes]) -> None:
    await attack.rewrite(with_another_amount(bodies))
    await attack.execute("DELETE FROM checkpoint WHERE size > $1", SIGNED_EARLIER)


async def recompute_and_delete_all(attack: Attacker, _: Watched, bodies: list[bytes]) -> None:
    await attack.rewrite(with_another_amount(bodies))
    await attack.execute("DELETE FROM checkpoint")


async def recompute_and_alter_checkpoints(attack: Attacker, _: Watched, bodies: list[bytes]) -> None:
    await attack.rewrite(with_another_amount(bodies))
    await attack.sign_anew(unsigned)


async def recompute_and_sign_with_another_key(attack: Attacker, watched: Watched, bodies: list[bytes]) -> None:
    await attack.rewrite(with_another_amount(bodies))
    await attack.sign_anew(signed_by(Signer(watched.signer.name, Ed25519PrivateKey.generate())))


async def recompute_and_sign_with_the_stolen_key(attack: Attacker, watched: Watched, bodies: list[bytes]) -> None:
    await attack.rewrite(with_another_amount(bodies))
    await attack.sign_anew(signed_by(watched.signer))


async def remove_an_event(attack: Attacker, watched: Watched, bodies: list[bytes]) -> None:
    await attack.rewrite(renumbered([*bodies[: CHANGED - 1], *bodies[CHANGED:]]))
    await attack.sign_anew(signed_by(watched.signer))


async def put_an_event_between(attack: Attacker, watched: Watched, bodies: list[bytes]) -> None:
    between = another(bodies[CHANGED - 1])
    await attack.rewrite(renumbered([*bodies[: CHANGED - 1], between, *bodies[CHANGED - 1 :]]))
    await attack.sign_anew(signed_by(watched.signer))


async def end_before(attack: Attacker, _: Watched, bodies: list[bytes]) -> None:
    await attack.rewrite(bodies[: CHANGED - 1])
    await attack.execute("DELETE FROM checkpoint WHERE size >= $1", CHANGED)


async def empty_everything(attack: Attacker, _: Watched, _bodies: list[bytes]) -> None:
    await attack.rewrite([])
    await attack.execute("DELETE FROM checkpoint")


RECOMPUTED: list[tuple[Deed, int]] = [
    (recompute_and_leave_checkpoints, CHANGED),
    (recompute_and_delete_the_newest, CHANGED),
    (recompute_and_delete_all, CHANGED),
    (recompute_and_alter_checkpoints, CHANGED),
    (recompute_and_sign_with_another_key, CHANGED),
    (recompute_and_sign_with_the_stolen_key, CHANGED),
    (remove_an_event, CHANGED),
    (put_an_event_between, CHANGED),
    (end_before, CHANGED),
    (empty_everything, 1),
]


async def test_a_recomputed_ledger_is_found_with_its_position_and_is_verified_once_put_back(watched: Watched) -> None:
    bodies = await watched.bodies()
    async with watched.client() as client:
        assert (await verified(client))["checked"] == {LEDGER: SIZE}
        for deed, position in RECOMPUTED:
            async with attacker(watched) as attack:
                saved = await attack.save()
                await deed(attack, watched, bodies)
            outcome = await verified(client)
            first = outcome["findings"][0]
            assert outcome["verified"] is False, deed.__name__
            assert (first["ledger"], first["position"]) == (LEDGER, position), f"{deed.__name__}: {outcome}"
            assert (LEDGER, position, "ledger_differs") in await watched.divergences(), deed.__name__
            async with attacker(watched) as attack:
                await attack.restore(saved)
            assert (await verified(client))["findings"] == [], deed.__name__


async def break_an_older_note(attack: Attacker, *_: Any) -> None:
    await attack.execute("UPDATE checkpoint SET note = note || ' ' WHERE size = $1", SIGNED_EARLIER)


async def delete_a_checkpoint(attack: Attacker, *_: Any) -> None:
    await attack.execute("DELETE FROM checkpoint WHERE size = $1", SIGNED_EARLIER)


async def delete_the_head(attack: Attacker, *_: Any) -> None:
    await attack.execute("DELETE FROM head")


async def take_a_body_away(attack: Attacker, *_: Any) -> None:
    await attack.execute("ALTER TABLE event ALTER COLUMN body DROP NOT NULL")
    await attack.execute("UPDATE event SET body = NULL WHERE position = $1", CHANGED)


async def date_it_beyond_the_calendar(attack: Attacker, *_: Any) -> None:
    await attack.execute("UPDATE event SET recorded_at = '20000-01-01Z' WHERE position = $1", CHANGED)


async def name_an_actor_that_text_cannot_hold(attack: Attacker, _: Watched, bodies: list[bytes]) -> None:
    body = bodies[CHANGED - 1].replace(b'"person:', b'"\\u0000\\u001b')
    await attack.execute("UPDATE event SET body = $2 WHERE position = $1", CHANGED, body)


async def give_a_column_another_type(attack: Attacker, *_: Any) -> None:
    await attack.execute("ALTER TABLE event ALTER COLUMN body TYPE text USING encode(body, 'hex')")


async def drop_a_column(attack: Attacker, *_: Any) -> None:
    await attack.execute("ALTER TABLE event DROP COLUMN causation")


UNREADABLE: list[tuple[Deed, int | None, str]] = [
    (break_an_older_note, None, "the stored checkpoint of 300 events"),
    (delete_a_checkpoint, None, "the trusted checkpoint of 300 events is not among the stored ones"),
    (delete_the_head, None, "the head row is missing"),
    (date_it_beyond_the_calendar, CHANGED, "the column says"),
    (name_an_actor_that_text_cannot_hold, CHANGED, "the column says"),
    (take_a_body_away, CHANGED, "not an event body"),
    (give_a_column_another_type, None, "cannot be inspected"),
    (drop_a_column, None, "cannot be read"),
]
"""What changes the table for good stands last."""


async def test_whatever_is_done_to_a_ledger_there_is_a_verdict_that_names_it(watched: Watched) -> None:
    bodies = await watched.bodies()
    async with watched.client() as client:
        for deed, position, said in UNREADABLE:
            async with attacker(watched) as attack:
                saved = await attack.save()
                await deed(attack, watched, bodies)
            outcome = await verified(client)
            first = outcome["findings"][0]
            assert outcome["verified"] is False, deed.__name__
            assert (first["ledger"], first["position"]) == (LEDGER, position), f"{deed.__name__}: {outcome}"
            assert said in first["what"], f"{deed.__name__}: {outcome}"
            if deed not in {give_a_column_another_type, drop_a_column}:
                async with attacker(watched) as attack:
                    await attack.restore(saved)


async def test_a_guard_that_stays_switched_off_is_found(few: Watched) -> None:
    owner = await asyncpg.connect((await few.database.service(LEDGER)).owner_dsn)
    await owner.execute("ALTER TABLE event DISABLE TRIGGER event_is_insert_only")
    await owner.close()
    async with few.client() as client:
        outcome = await verified(client)
    assert [finding["what"] for finding in outcome["findings"]] == [
        "the trigger that refuses changes of event is not always enabled"
    ]


async def fork(watched: Watched) -> tuple[list[bytes], str]:
    """Another history of the same length, and a checkpoint over it signed with the ledger's own key."""
    bodies = with_another_amount(await watched.bodies())
    async with attacker(watched) as attack:
        await attack.rewrite(bodies)
        await attack.sign_anew(signed_by(watched.signer))
    note = await watched.ledger.pool.fetchval("SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1")
    return bodies, str(note)


async def test_a_fork_that_the_ledger_itself_signs_is_found_where_both_sides_are_seen(watched: Watched) -> None:
    """The database and its checkpoints are sound then; what audit has witnessed contradicts them."""
    bodies, note = await fork(watched)
    async with watched.client() as client:
        outcome = await verified(client)
    told = [(finding["position"], finding["what"]) for finding in outcome["findings"]]
    assert told[0] == (CHANGED, "not the body that is trusted"), outcome
    assert "the trusted checkpoint of 600 events has another root: changed after position 300" in told[-1][1]
    replica = Mirror(watched.pool, now)
    await replica.receive_notes(watched.source, watched.signer.verifier, [note.encode()])
    await replica.receive_events(watched.source, bodies)
    assert set(await watched.divergences()) >= {
        (LEDGER, SIZE, "split_view"), (LEDGER, SIZE, "other_root"), (LEDGER, CHANGED, "other_bytes"),
    }  # fmt: skip


async def test_both_sides_of_a_fork_are_kept_whichever_comes_first(few: Watched) -> None:
    other, third = few.note(FEW + 7, bytes([1] * 32)), few.note(FEW + 7, bytes([2] * 32))
    replicas = [Mirror(few.pool, now) for _ in range(4)]
    notes = [other, third, other, third]
    await asyncio.gather(
        *(
            replica.receive_notes(few.source, few.signer.verifier, [note.encode()])
            for replica, note in zip(replicas, notes, strict=True)
        )
    )
    assert await few.divergences() == [(LEDGER, FEW + 7, "split_view")]
    kept = "SELECT note FROM witnessed_checkpoint WHERE size = $1"
    assert {row["note"] for row in await few.pool.fetch(kept, FEW + 7)} == {other, third}


async def test_a_checkpoint_of_more_than_there_is_names_what_is_missing(few: Watched) -> None:
    """The ledger signed twenty events, audit witnessed it, and the last ten never came to anybody."""
    bodies = await few.bodies()
    ten = renumbered([*bodies, *map(another, bodies[-10:])])
    await few.witness(signed_by(few.signer)(20, leaf_hash(ten[-1]), ""))
    async with few.client() as client:
        outcome = await verified(client)
    assert outcome["findings"][0]["position"] == FEW + 1
    assert "the trusted checkpoint covers 20 events" in outcome["findings"][0]["what"]


async def test_events_that_audit_saw_and_that_are_gone_are_missing_at_their_position(few: Watched) -> None:
    """Also where the ledger was cut before anything over them was signed."""
    bodies = await few.bodies()
    added = renumbered([*bodies, another(bodies[-1])])[-1]
    assert decode_body(added).position == FEW + 1
    await few.mirror.receive_events(few.source, [added])
    async with few.client() as client:
        outcome = await verified(client)
    assert [(each["position"], each["what"]) for each in outcome["findings"]] == [
        (FEW + 1, "missing: the trusted copy holds it")
    ]
