"""Audit mirrors what is published, notices what contradicts it, and answers questions that can be checked."""

import asyncio
import base64
import json
import os
import random
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from services.ledger.errors import ReceiptInvalid
from services.ledger.proofs import verify_consistency, verify_inclusion
from services.ledger.receipts import check_receipt
from services.ledger.relay import Relay
from services.ledger.tree import leaf_hash, root_of
from services.ledger.verify import verify_export
from services.web.identity import Role
from tests.infrastructure.addresses import BrokerAddress
from tests.infrastructure.databases import FreshDatabase
from tests.integration.post import until
from tests.integration.watched import LEDGER, Watched, watching

ANNA, BERTTA = "0198c0de-7a3b-7cc1-9d0e-000000000001", "0198c0de-7a3b-7cc1-9d0e-000000000002"


@pytest.fixture
async def watched(database: FreshDatabase) -> AsyncIterator[Watched]:
    async with watching(database) as made:
        yield made


async def a_small_year(watched: Watched) -> None:
    """Two applications, from submission to payment."""
    for application, association, diary, municipality, amount in (
        (ANNA, "2050864-5", "POKA/1/2026", "joensuu", "1000.00 EUR"),
        (BERTTA, "0116754-4", "POKA/2/2026", "lieksa", "2500.50 EUR"),
    ):
        share = [{"municipality": municipality, "percent": 100}]
        await watched.record(
            f"application/{application}", "application.submitted", "a-1", application_id=application,
            association_id=association, municipalities=share, applied=amount,
        )  # fmt: skip
        await watched.record(
            f"case/{application}", "case.opened", "officer-1", application_id=application, diary_number=diary
        )
        await watched.record(f"payment/{application}/1-1", "payment.booked", application_id=application, amount=amount)
    await watched.record("call/general-2026", "call.published", "officer-1", name="General call")


async def found(client: Any, **asked: Any) -> list[int]:
    answer = await client.get("/v1/events", params=asked)
    assert answer.status_code == 200, answer.text
    return [item["position"] for item in answer.json()["items"]]


async def test_what_a_ledger_publishes_is_mirrored_and_proved(
    database: FreshDatabase, broker: BrokerAddress, topic_prefix: str
) -> None:
    source = f"{topic_prefix}letters"
    await broker.create_topics([source], partitions=3)
    await broker.create_topics([f"{source}.checkpoints"])
    async with watching(database, source, broker.bootstrap, broker.flavour) as watched, watched.client() as client:
        relay = Relay(watched.ledger, broker.bootstrap, broker.flavour, source, f"{source}.checkpoints")
        for number in range(30):
            await watched.record(f"letter/{number % 7}", "letter.sent", number=number)
        await relay.start()
        await watched.checkpointer.start()
        try:

            async def mirrored() -> bool:
                told = (await client.get("/v1/sources")).json()["items"]
                return bool(told and told[0]["size"] == 30 and told[0]["checkpoint"])

            await until(mirrored, "30 events and a checkpoint are mirrored")
        finally:
            await watched.checkpointer.stop()
            await relay.stop()
        told = (await client.get("/v1/sources")).json()["items"][0]
        assert (told["lag"], told["divergences"]) == (0, 0)
        assert told["root"] == (await watched.ledger.head()).root.hex()

        async def is_ready() -> bool:
            ready = await client.get("/health/ready")
            return bool(ready.json()["checks"] == {"database": "ok", "mirror": "ok"}) and ready.status_code == 200

        await until(is_ready, "audit is ready")


async def test_the_mirror_is_the_same_in_whatever_order_and_however_often_events_come(watched: Watched) -> None:
    seed = int.from_bytes(os.urandom(4))
    print(f"seed {seed}")
    chance = random.Random(seed)
    for number in range(600):
        await watched.record(f"letter/{number}", "letter.sent", number=number)
    bodies = await watched.bodies()
    chance.shuffle(bodies)
    bodies += bodies[:50]
    while bodies:
        count = chance.randint(1, 120)
        await watched.mirror.receive_events(watched.source, bodies[:count])
        del bodies[:count]
    await watched.publish()
    async with watched.client() as client:
        told = (await client.get("/v1/sources")).json()["items"][0]
        assert told["root"] == (await watched.ledger.head()).root.hex()
        assert (told["size"], told["lag"]) == (600, 0)
        tile = await client.get(f"/v1/sources/{LEDGER}/tile/0/001")
        assert tile.content == b"".join(leaf_hash(body) for body in (await watched.bodies())[256:512])
        partial = await client.get(f"/v1/sources/{LEDGER}/tile/1/000.p/2")
        assert len(partial.content) == 64
        assert (await client.get(f"/v1/sources/{LEDGER}/tile/0/002")).status_code == 404
    assert await watched.divergences() == []


async def test_a_gap_holds_the_tree_back_until_it_is_filled(watched: Watched) -> None:
    for number in range(5):
        await watched.record(f"letter/{number}", "letter.sent", number=number)
    bodies = await watched.bodies()
    await watched.mirror.receive_events(watched.source, [*bodies[:2], *bodies[3:]])
    async with watched.client() as client:
        told = (await client.get("/v1/sources")).json()["items"][0]
        assert (told["size"], told["highest_position"], told["lag"]) == (2, 5, 3)
        assert await found(client) == [1, 2]
        await watched.mirror.receive_events(watched.source, bodies[2:3])
        assert await found(client) == [1, 2, 3, 4, 5]


async def test_other_bytes_at_a_position_are_a_divergence_and_change_nothing(watched: Watched) -> None:
    first = await watched.record("letter/1", "letter.sent", text="right")
    await watched.publish()
    forged = first.body.replace(b"right", b"wrong")
    for _ in range(2):
        await watched.mirror.receive_events(watched.source, [forged])
    assert await watched.divergences() == [(LEDGER, 1, "other_bytes")]
    async with watched.client() as client:
        event = (await client.get(f"/v1/sources/{LEDGER}/events/1")).json()
        assert event["body"] == first.body.decode()


async def test_what_is_no_event_is_kept_as_a_divergence_and_the_others_go_in(watched: Watched) -> None:
    await watched.record("letter/1", "letter.sent")
    await watched.mirror.receive_events(watched.source, [b"", b"{}", b"\xff", *await watched.bodies()])
    assert [kind for _, _, kind in await watched.divergences()] == ["unreadable"] * 3
    assert await watched.pool.fetchval("SELECT size FROM mirror_head") == 1


@pytest.mark.parametrize("note_first", [True, False], ids=["note first", "events first"])
async def test_a_checkpoint_over_another_tree_names_ledger_and_size(watched: Watched, note_first: bool) -> None:
    for number in range(3):
        await watched.record(f"letter/{number}", "letter.sent", number=number)
    note = watched.note(2, root_of([leaf_hash(b"something else"), leaf_hash(b"again")]))
    if note_first:
        await watched.witness(note)
    await watched.mirror.receive_events(watched.source, await watched.bodies())
    if not note_first:
        await watched.witness(note)
    assert await watched.divergences() == [(LEDGER, 2, "other_root")]


async def test_two_trees_of_one_size_are_a_split_view(watched: Watched) -> None:
    await watched.witness(watched.note(9, bytes(32)), watched.note(9, bytes([1] * 32)))
    assert await watched.divergences() == [(LEDGER, 9, "split_view")]


async def test_a_note_that_the_ledger_did_not_sign_is_no_checkpoint(watched: Watched) -> None:
    note = watched.note(1, bytes(32))
    await watched.witness(note.replace("\n1\n", "\n2\n", 1), "no note")
    assert [kind for _, _, kind in await watched.divergences()] == ["note_invalid"] * 2
    assert await watched.pool.fetchval("SELECT count(*) FROM witnessed_checkpoint") == 0


async def test_events_are_found_by_any_combination(watched: Watched) -> None:
    await a_small_year(watched)
    await watched.publish()
    async with watched.client() as client:
        assert await found(client) == [1, 2, 3, 4, 5, 6, 7]
        assert await found(client, association_id="2050864-5") == [1, 2, 3]
        assert await found(client, diary_number="POKA/2/2026") == [4, 5, 6]
        assert await found(client, municipality="lieksa", type="payment.booked") == [6]
        assert await found(client, actor="officer-1") == [2, 5, 7]
        assert await found(client, stream=f"case/{ANNA}") == [2]
        assert await found(client, amount_min="1000.01 EUR") == [4, 6]
        assert await found(client, amount_max="1000.00 EUR", type="payment.booked") == [3]
        assert await found(client, position_min=3, position_max=4, source=LEDGER) == [3, 4]
        assert await found(client, association_id="2050864-5", municipality="lieksa") == []
        fourth = (await client.get(f"/v1/sources/{LEDGER}/events/4")).json()["event"]["recorded_at"]
        assert await found(client, **{"from": fourth}) == [4, 5, 6, 7]
        # Moments that have no UTC are before, or after, everything.
        early, late = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"
        assert await found(client, **{"from": early, "to": late}) == [1, 2, 3, 4, 5, 6, 7]
        assert await found(client, to=fourth) == [1, 2, 3]


async def test_pages_hold_each_event_once(watched: Watched) -> None:
    await a_small_year(watched)
    await watched.publish()
    seen: list[int] = []
    cursor: str | None = None
    async with watched.client() as client:
        while True:
            params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await client.get("/v1/events", params=params)).json()
            seen += [item["position"] for item in page["items"]]
            cursor = page["next"]
            if cursor is None:
                break
        export = await client.get("/v1/events/export.jsonl", params={"type": "payment.booked"})
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    lines = [json.loads(line) for line in export.text.splitlines()]
    assert [(line["source"], line["position"]) for line in lines] == [(LEDGER, 3), (LEDGER, 6)]


async def test_a_malformed_question_is_refused_with_a_problem(watched: Watched) -> None:
    async with watched.client() as client:
        for params in (
            {"cursor": "bm9uc2Vuc2U"},
            {"amount_min": "1.5"},
            {"position_min": "0"},
            {"from": "2026-01-01T00:00:00"},
        ):
            answer = await client.get("/v1/events", params=params)
            assert answer.status_code in {400, 422}, params
            assert answer.headers["content-type"] == "application/problem+json"


async def test_an_event_is_proved_against_the_newest_checkpoint(watched: Watched) -> None:
    await a_small_year(watched)
    await watched.publish()
    async with watched.client() as client:
        for position in range(1, 8):
            told = (await client.get(f"/v1/sources/{LEDGER}/events/{position}")).json()
            path = [base64.b64decode(part) for part in told["proof"]["path"]]
            checkpoint = watched.signer.verifier.open(told["checkpoint"]["note"])
            leaf = leaf_hash(told["body"].encode())
            assert verify_inclusion(leaf, position, checkpoint.size, path, checkpoint.root)
        told = (await client.get(f"/v1/sources/{LEDGER}/consistency", params={"old": 3, "new": 7})).json()
        path = [base64.b64decode(part) for part in told["path"]]
        roots = bytes.fromhex(told["old_root"]), bytes.fromhex(told["new_root"])
        assert verify_consistency(3, roots[0], 7, roots[1], path)


async def test_a_stream_is_shown_as_of_a_position(watched: Watched) -> None:
    await watched.record("letter/1", "letter.sent", text="first", to="Bertta")
    await watched.record("letter/2", "letter.sent", text="between")
    await watched.record("letter/1", "letter.changed", text="second")
    await watched.publish()
    async with watched.client() as client:
        url = f"/v1/sources/{LEDGER}/streams/letter/1"
        assert (await client.get(url)).json()["state"] == {"text": "second", "to": "Bertta"}
        past = (await client.get(url, params={"position": 2})).json()
        assert (past["version"], past["state"]["text"]) == (1, "first")
        assert (await client.get(url, params={"position": 0})).status_code == 404
        moment = past["events"][0]["recorded_at"]
        assert (await client.get(url, params={"moment": moment})).json()["version"] == 1


async def test_an_erased_person_shows_as_erased_and_every_proof_still_holds(watched: Watched) -> None:
    association = "association/2050864-5"
    for person_id in (ANNA, BERTTA):
        sealed = {"person_id": person_id, "ciphertext": "c2VhbGVk"}
        await watched.record(association, "person.named", person_id=person_id, role="contact", details=sealed)
    await watched.record("letter/1", "letter.sent", person_id=ANNA, details="no contract of ours")
    await watched.publish()
    async with watched.client() as client:

        async def details() -> list[Any]:
            listed = (await client.get("/v1/events")).json()["items"]
            stream = (await client.get(f"/v1/sources/{LEDGER}/streams/{association}", params={"position": 2})).json()
            lines = (await client.get("/v1/events/export.jsonl")).text.splitlines()
            proven = (await client.get(f"/v1/sources/{LEDGER}/events/1")).json()
            assert verify_inclusion_of(proven)
            asked = [listed, stream["events"], [json.loads(line) for line in lines], [proven["event"]]]
            return [[event["data"].get("details") for event in events] for events in asked]

        anna, bertta = ({"person_id": each, "ciphertext": "c2VhbGVk"} for each in (ANNA, BERTTA))
        other = "no contract of ours"
        assert await details() == [[anna, bertta, other], [anna, bertta], [anna, bertta, other], [anna]]
        before = (await client.get(f"/v1/sources/{LEDGER}/export.jsonl", params={"size": 3})).content
        for _ in range(2):
            await watched.record(association, "person.erased", person_id=ANNA, reason="Henkilön pyyntö")
        await watched.publish()
        gone = "erased"
        assert await details() == [
            [gone, bertta, other, None, None], [gone, bertta], [gone, bertta, other, None, None], [gone],
        ]  # fmt: skip
        assert (await client.get(f"/v1/sources/{LEDGER}/export.jsonl", params={"size": 3})).content == before
    assert await watched.divergences() == []


def verify_inclusion_of(proven: dict[str, Any]) -> bool:
    """Whether a shown event's own body is in the signed tree."""
    proof, root = proven["proof"], bytes.fromhex(proven["checkpoint"]["root"])
    path = [base64.b64decode(part) for part in proof["path"]]
    return verify_inclusion(leaf_hash(proven["body"].encode()), proof["index"] + 1, proof["size"], path, root)


async def test_an_export_is_verified_by_the_program_that_knows_only_files(watched: Watched) -> None:
    await a_small_year(watched)
    await watched.publish()
    async with watched.client() as client:
        export = (await client.get(f"/v1/sources/{LEDGER}/export.jsonl")).content
        note = (await client.get(f"/v1/sources/{LEDGER}/checkpoint")).text
        key = (await client.get(f"/v1/sources/{LEDGER}/key")).text
    report = verify_export(export.splitlines(keepends=True), note, key)
    assert (report.sound, report.events) == (True, 7)


async def test_a_receipt_holds_offline_and_a_changed_one_does_not(watched: Watched) -> None:
    await a_small_year(watched)
    await watched.publish()
    vkey = watched.signer.verifier.vkey()
    async with watched.client() as client:
        receipt = (await client.get(f"/v1/receipts/{BERTTA}")).json()
        assert (await client.get("/v1/receipts/nobody")).status_code == 404
    assert check_receipt(receipt, vkey).position == 4
    forged = receipt["event"].replace("2500.50", "9500.50")
    for changed in (
        {"event": forged},
        {"path": receipt["path"][1:]},
        {"checkpoint": "x"},
        {"stream": f"application/{ANNA}"},
    ):
        with pytest.raises(ReceiptInvalid):
            check_receipt(receipt | changed, vkey)


async def test_an_attack_with_every_right_is_found_with_ledger_and_position(watched: Watched) -> None:
    await a_small_year(watched)
    await watched.publish()
    async with watched.client() as client:

        async def verified() -> dict[str, Any]:
            answer = await client.post("/v1/verifications")
            assert answer.status_code == 201, answer.text
            return dict(answer.json())

        assert (await verified())["checked"] == {LEDGER: 7}
        saved = (await watched.bodies())[2]
        await _rewrite(watched, 3, saved.replace(b"1000.00", b"9000.00"))
        attacked = await verified()
        assert attacked["verified"] is False
        assert (attacked["findings"][0]["ledger"], attacked["findings"][0]["position"]) == (LEDGER, 3)
        await _rewrite(watched, 3, saved)
        assert (await verified())["verified"] is True
        stored = (await client.get("/v1/verifications")).json()["items"]
        assert [one["verified"] for one in stored] == [True, False, True]
        divergences = (await client.get("/v1/divergences")).json()["items"]
        assert divergences[0]["verification"] == stored[1]["number"]
        assert divergences[0]["position"] == 3


async def _rewrite(watched: Watched, position: int, body: bytes) -> None:
    """Changes a body and makes the head agree with it, as the database's superuser."""
    bodies = await watched.bodies()
    bodies[position - 1] = body
    connection = await asyncpg.connect(watched.database.superuser_dsn)
    await connection.execute(f"SET search_path = {LEDGER}")
    await connection.execute("ALTER TABLE event DISABLE TRIGGER ALL")
    await connection.execute("UPDATE event SET body = $2 WHERE position = $1", position, body)
    await connection.execute("ALTER TABLE event ENABLE ALWAYS TRIGGER event_is_insert_only")
    edge = [root_of([leaf_hash(one) for one in part]) for part in (bodies[:4], bodies[4:6], bodies[6:])]
    await connection.execute("UPDATE head SET edge = $1", edge)
    await connection.close()


async def test_a_ledger_that_cannot_be_read_is_not_verified(watched: Watched) -> None:
    await a_small_year(watched)
    await watched.publish()
    connection = await asyncpg.connect(watched.database.superuser_dsn)
    await connection.execute(f"ALTER TABLE {LEDGER}.event RENAME TO elsewhere")
    await connection.close()
    async with watched.client() as client:
        outcome = (await client.post("/v1/verifications")).json()
    assert (outcome["verified"], outcome["findings"][0]["ledger"]) == (False, LEDGER)


async def test_each_look_leaves_a_disclosure(watched: Watched) -> None:
    async with watched.client() as client:
        await client.get("/v1/events", params={"association_id": "2050864-5"})
        looks = (await client.get("/v1/disclosures")).json()["items"]
    assert looks[0]["person"] == "auditor-1"
    assert (looks[0]["path"], looks[0]["filters"]) == ("/v1/events", {"association_id": ["2050864-5"]})


async def test_nobody_but_an_auditor_may_look(watched: Watched) -> None:
    for role in set(Role) - {Role.AUDITOR}:
        async with watched.client(role) as client:
            assert (await client.get("/v1/sources")).status_code == 403
    assert await watched.pool.fetchval("SELECT count(*) FROM disclosure") == 0


async def test_not_even_the_owner_removes_what_was_witnessed(watched: Watched) -> None:
    owner = await asyncpg.connect((await watched.database.service("audit")).owner_dsn)
    for table in ("mirrored_event", "mirror_tile", "witnessed_checkpoint", "disclosure", "divergence", "verification"):
        for statement in ("DELETE FROM {}", "TRUNCATE {} CASCADE"):
            with pytest.raises(asyncpg.IntegrityConstraintViolationError):
                await owner.execute(statement.format(f"audit.{table}"))
    await owner.close()


async def test_two_replicas_may_receive_the_same_at_once(watched: Watched) -> None:
    for number in range(300):
        await watched.record(f"letter/{number}", "letter.sent", number=number)
    bodies = await watched.bodies()
    parts = [bodies[start : start + 60] for start in range(0, 300, 30)]
    await asyncio.gather(*(watched.mirror.receive_events(watched.source, part) for part in parts))
    assert await watched.pool.fetchval("SELECT size FROM mirror_head") == 300
    assert await watched.divergences() == []
