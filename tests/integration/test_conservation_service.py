"""P10 in the service itself: whatever happens in whatever order, with commands, files and events that come twice and
connections that are cut, every euro of every grant is in one place after each step. A failure is repeated by its
printed seed: GRANTS_CONSERVATION_SEED; GRANTS_CONSERVATION_SECONDS makes the run longer.
"""

from __future__ import annotations

import itertools
import os
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from schemas.money import cents
from services.ledger.parking import list_parked
from services.payments.domain import grants
from services.payments.domain.grants import Grant
from services.payments.domain.postings import GrantIdentity, Posting, posting_of, trial_balance
from services.payments.queries import all_entries
from services.web.handling import fact_of
from tests.infrastructure.addresses import PostgresAddress
from tests.infrastructure.databases import FreshDatabase
from tests.integration.conservation import Driven, driven
from tests.unit.given import county

STEPS: Final = 100
SECONDS: Final = float(os.environ.get("GRANTS_CONSERVATION_SECONDS", "0"))
SEED: Final = os.environ.get("GRANTS_CONSERVATION_SEED")
BANK, PAYABLES, RECEIVABLES = "1700", "2590", "1590"
BEGINNING: Final = ("award", "award", "propose", "advance", "advance", "advance", "advance", "book", "take_file")
NEEDED: Final = ("decision.made", "propose", "advance", "book", "take_file")


async def sums_by_grant(office: Driven) -> dict[str, Counter[str]]:
    """What the registers and the list of payables say of each grant, in cents."""
    ledger = office.office.service.ledger
    found: dict[str, Counter[str]] = {}
    for each in await all_entries(ledger, "grants"):
        names = ("amount", "overpaid", "paid", "set_off", "claimed", "recovered", "written_off")
        found[each.key] = Counter({name: cents(each.document.get(name, "0.00 EUR")) for name in names})
    for each in await all_entries(ledger, "payments"):
        if each.document["state"] in {"proposed", "sent"}:
            found[each.document["application_id"]]["on_its_way"] += cents(each.document["amount"])
    for item in (await office.office.get("/payables"))["items"]:
        found[item["application_id"]]["held" if item["held"] else "payable"] += cents(item["amount"])
    return found


async def folded(office: Driven) -> dict[str, tuple[Grant, list[Posting]]]:
    """Each grant by folding its events, and its postings."""
    streams = await office.office.service.ledger.streams([f"grant/{each}" for each in office.awards])
    found: dict[str, tuple[Grant, list[Posting]]] = {}
    for records in streams.values():
        state: Grant | None = None
        postings: list[Posting | None] = []
        for record in records:
            state = grants.evolve(state, fact_of(record))
            assert state is not None
            awarded = state.awarded
            identity = GrantIdentity(
                awarded.application_id, awarded.diary_number, awarded.association_name, awarded.basket
            )
            postings.append(posting_of(record.position, fact_of(record), identity, county()))
        if state is not None:
            found[str(state.awarded.application_id)] = (state, [each for each in postings if each is not None])
    return found


async def check(office: Driven) -> None:
    """Every euro is in one place, in the registers, in the events and in the books."""
    shown, known = await sums_by_grant(office), await folded(office)
    assert set(shown) == set(known) == set(office.awards)
    for key, (grant, postings) in known.items():
        told = shown[key]
        claims = list(grant.claims.values())
        assert told["amount"] + told["overpaid"] == grant.owed
        assert (told["paid"], told["on_its_way"], told["set_off"]) == (
            grant.paid, grant.on_its_way, grant.settled_by_set_off
        )  # fmt: skip
        left = told["amount"] + told["overpaid"] - told["paid"] - told["on_its_way"] - told["set_off"]
        assert grant.open == left
        assert told["payable"] + told["held"] == max(left, 0)
        assert told["claimed"] == sum(each.principal + each.interest for each in claims)
        assert told["recovered"] == sum(each.received for each in claims)
        assert told["written_off"] == sum(each.written_off for each in claims)
        assert min((each.left for each in claims), default=0) >= 0
        balances = trial_balance(postings)
        assert -balances.get(PAYABLES, 0) == left + told["on_its_way"], "what is owed and unpaid is the liability"
        assert balances.get(RECEIVABLES, 0) == sum(each.left for each in claims)
    await check_books(office, [posting for _, postings in known.values() for posting in postings])


async def check_books(office: Driven, postings: list[Posting]) -> None:
    """The books balance, are the sum of the grants' own, and the bank account moved by what the taken files say."""
    books = await office.office.get("/trial-balance")
    assert (books["total"], books["debits"]) == ("0.00 EUR", books["credits"])
    told = {account: cents(amount) for account, amount in books["accounts"].items()}
    assert {each: amount for each, amount in told.items() if amount} == {
        each: amount for each, amount in trial_balance(postings).items() if amount
    }
    assert told.get(BANK, 0) == office.moved


async def check_end(office: Driven) -> None:
    """All that the bank still has is taken in its order; then what it did is what the ledger knows."""
    while office.bank.waiting:
        await office.take_file()
    await check(office)
    rows = await all_entries(office.office.service.ledger, "payments")
    states: dict[str, str] = {each.document["end_to_end_id"]: each.document["state"] for each in rows}
    for payment in office.bank.payments.values():
        assert states[payment.end_to_end] == payment.state
    booked = Counter((each.document["application_id"], each.document["instalment"]) for each in rows
                     if each.document["state"] == "booked")  # fmt: skip
    assert set(booked.values()) <= {1}, "an instalment was paid twice"
    assert await list_parked(office.office.service.ledger) == []


async def drive(database: FreshDatabase, folder: Path, seed: int, steps: int) -> Counter[str]:
    """A history by its seed; how often what was done in it, and an append was cut where."""
    print(f"seed {seed}")
    async with driven(database, folder, random.Random(seed)) as office:
        trace: list[Any] = []
        try:
            for act in (*BEGINNING, *[None] * steps):
                trace.append(await office.step(act))
                await check(office)
            await check_end(office)
        except BaseException:
            print(f"seed {seed}, step {len(trace)}: {trace[-12:]}")
            raise
        told = Counter(await office.office.service.types())
        return office.done + office.fragile.struck + told


async def test_every_euro_is_in_one_place_after_each_step_whatever_comes_twice_or_is_cut(
    postgres_cluster: PostgresAddress, tmp_path: Path
) -> None:
    seed = int(SEED) if SEED else random.randrange(2**32)
    done: Counter[str] = Counter()
    until = time.monotonic() + SECONDS
    for number in itertools.count():
        database = FreshDatabase(postgres_cluster)
        try:
            done += await drive(database, tmp_path / f"office-{number}", seed + number, STEPS)
        finally:
            await database.drop()
        if time.monotonic() >= until:
            break
    print(sorted(done.items()))
    assert min(done[each] for each in NEEDED) > 0, done
