"""The auditor's acts: verification, the attack that it finds, exports for anybody to check, the year's figures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from deploy.local.demo.attack import attack, put_back
from deploy.local.demo.population import Mark
from deploy.local.demo.world import AUDITOR, World
from schemas.money import cents, euros
from services.ledger import verify

SOURCES = ("intake", "decisions", "payments")


async def mirrored(world: World) -> None:
    """Waits until audit has all that the three services recorded, and a checkpoint over it."""

    async def sizes() -> bool:
        for source in SOURCES:
            own = (await world.get(AUDITOR, source, "/v1/ledger/head"))["size"]
            seen = await world.call(AUDITOR, "GET", "audit", f"/v1/sources/{source}/checkpoint", expect=(200, 404))
            if seen.status_code != 200 or int(seen.text.split("\n")[1]) < own:
                return False
        return True

    await world.until("audit has mirrored the three ledgers", sizes)


async def verification(world: World) -> dict[str, Any]:
    """One verification of all ledgers against the mirror."""
    answer: dict[str, Any] = await world.post(AUDITOR, "audit", "/v1/verifications")
    return answer


async def find_the_attacker(world: World) -> None:
    """Clean before, found with ledger and position, clean after it was put back."""
    before = await verification(world)
    world.check("the ledgers verify before the attack", True, before["verified"])
    dsn = world.system.superuser_dsn
    saved = await attack(dsn)
    found = await verification(world)
    first: dict[str, Any] = next(iter(found["findings"]), {})
    world.notes["tampering"] = {"ledger": first.get("ledger"), "position": first.get("position")}
    expected = {"ledger": "payments", "position": saved.position}
    world.check("the attack is found where it was made", expected, world.notes["tampering"])
    await put_back(dsn, saved)
    after = await verification(world)
    world.check("the ledgers verify once it is put back", True, after["verified"])
    world.notes["verified"] = after["verified"]


async def export(world: World) -> None:
    """The event logs with checkpoint and key, each verified by a program that knows nothing but these files."""
    for source in SOURCES:
        note = (await world.call(AUDITOR, "GET", "audit", f"/v1/sources/{source}/checkpoint")).text
        key = (await world.call(AUDITOR, "GET", "audit", f"/v1/sources/{source}/key")).text
        log = (await world.call(AUDITOR, "GET", "audit", f"/v1/sources/{source}/export.jsonl")).content
        files = [
            world.save(f"ledgers/{source}.jsonl", log),
            world.save(f"ledgers/{source}.checkpoint", note),
            world.save(f"ledgers/{source}.vkey", key),
        ]
        world.check(f"the export of {source} verifies on its own", 0, _verify(*files))
    for mark in (Mark.DOUBLE_SUBMISSION, Mark.PAPER, Mark.BANK_RETURNS):
        identity = world.id_of(world.population.with_mark(mark)[0])
        receipt = await world.get(AUDITOR, "audit", f"/v1/receipts/{identity}")
        world.save(f"receipts/{identity}.json", json.dumps(receipt, indent=1, ensure_ascii=False))


def _verify(log: Path, checkpoint: Path, key: Path) -> int:
    program = [sys.executable, "-I", verify.__file__, str(log), "--checkpoint", str(checkpoint), "--key", str(key)]
    return subprocess.run(program, capture_output=True, check=False).returncode


def figures(folder: Path) -> dict[str, Any]:
    """The year's figures, computed from the exported ledgers alone."""
    logs = {source: _events(folder / "ledgers" / f"{source}.jsonl") for source in SOURCES}
    every = [event for events in logs.values() for event in events]

    def of(event_type: str) -> list[dict[str, Any]]:
        return [event["data"] for event in every if event["type"] == event_type]

    def total(rows: list[dict[str, Any]], field: str = "amount") -> int:
        return sum(cents(row[field]) for row in rows)

    paid = total(of("payment.booked")) - total(of("payment.returned"))
    interest, received = total(of("recovery.interest_claimed")), total(of("recovery.received"))
    claimed = total(of("recovery.claimed")) + interest
    closed = of("period.closed")
    balance = sum(cents(each["debits"]) - cents(each["credits"]) for each in closed)
    return {
        "applications": len(of("application.submitted")),
        "associations": len({row["association_id"] for row in of("application.submitted")}),
        "municipalities": len({row["domicile"] for row in of("association.registered")}),
        "applied_eur": euros(total(of("application.submitted"), "applied")).removesuffix(" EUR"),
        "granted_eur": euros(total(of("grant.awarded")) + total(of("grant.changed"), "change")).removesuffix(" EUR"),
        "paid_eur": euros(paid).removesuffix(" EUR"),
        "recovered_eur": euros(received).removesuffix(" EUR"),
        "recovery_interest_eur": euros(interest).removesuffix(" EUR"),
        "recovery_open_eur": euros(claimed - received).removesuffix(" EUR"),
        "transferred_to_municipality": len(of("case.transferred")),
        "withdrawn": len(of("case.withdrawn")),
        "not_examined": sum(1 for row in of("decision.made") if row["outcome"] == "not_examined"),
        "rejected": sum(1 for row in of("decision.made") if row["outcome"] == "rejected"),
        "part_grants": sum(1 for row in of("decision.made") if row["outcome"] == "granted_in_part"),
        "supplements": len(of("supplement.received")),
        "claims_changed": sum(1 for row in of("rectification.decided") if row["outcome"] == "changed"),
        "acts_refused": len(of("act.refused")),
        "rejected_payments": len(of("payment.rejected")),
        "returned_payments": len(of("payment.returned")),
        "self_approvals_refused": len(of("run.approval_refused")),
        "differences_found": len(of("difference.raised")),
        "difference_classes": len({row["difference_class"] for row in of("difference.raised")}),
        "differences_accepted": len(of("difference.accepted")),
        "periods_closed": len(closed),
        "closed_periods_balance_eur": euros(balance).removesuffix(" EUR"),
        "events": {source: len(events) for source, events in logs.items()},
    }


def _events(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
