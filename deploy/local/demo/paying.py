"""Payment runs through the mock bank, what comes back, and what is paid again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from deploy.local.demo.population import Application, Mark
from deploy.local.demo.world import FINANCE, HELSINKI, OFFICERS, World, helsinki, iso
from schemas.money import cents

ACCOUNT = "ALUE"
SETTLEMENT_HOLIDAYS = (date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 12, 25))


def open_bank(world: World) -> None:
    """The county's account, and one account of an association that the bank has closed."""
    bank = world.system.bank
    bank.set_holidays(SETTLEMENT_HOLIDAYS)
    bank.open_account(
        ACCOUNT, name="Pohjois-Karjalan hyvinvointialue", iban="FI2112345600000785", bic="MOCKFIHH",
        balance_cents=100_000_000,
    )  # fmt: skip
    closed = world.population.with_mark(Mark.BANK_REJECTS)[0].association
    bank.open_account("SULJETTU", name=closed.name[:70], iban=closed.iban, bic="MOCKFIHH", balance_cents=0)
    bank.close_account("SULJETTU")


async def released(world: World, least: int = 1, *, waiting: int = 0) -> None:
    """Waits until at least so many instalments can be paid, and of those whose day has come only so many wait for
    something: those that can still be appealed against.
    """
    today = iso(world.system.clock.now().astimezone(HELSINKI).date())

    async def enough() -> bool:
        payables = (await world.get(FINANCE[0], "payments", "/v1/payables"))["items"]
        held = [each["held"] for each in payables if each["held"] and each["payable_from"] <= today]
        world.notes["held"] = held
        return held == ["waits for finality"] * waiting and sum(each["held"] is None for each in payables) >= least

    await world.until(f"{least} instalments are payable and {waiting} wait", enough)


async def pay(
    world: World, execution: date, *, refused_attempt: bool = False, coming_back: Application | None = None
) -> list[dict[str, Any]]:
    """A run from proposal to sending: proposed by one, approved by two others. Its lines. The payment to `coming_back`
    is one that the bank returns two business days after it was booked.
    """
    run: dict[str, Any] = await world.post(
        FINANCE[0], "payments", "/v1/runs", {"execution_date": iso(execution), "application_ids": None}
    )
    path = f"/v1/runs/{run['run_id']}"
    if refused_attempt:
        await world.post(FINANCE[0], "payments", f"{path}/approvals", expect=[403])
    for person in FINANCE[1:3]:
        await world.post(person, "payments", f"{path}/approvals")
    built = await world.post(FINANCE[1], "payments", f"{path}/file")
    content = (await world.call(FINANCE[1], "GET", "payments", f"/v1/files/{built['sha256']}")).content
    world.save(f"bank/out/{built['message_id']}.xml", content)
    lines: list[dict[str, Any]] = (await world.get(FINANCE[1], "payments", path))["lines"]
    if coming_back is not None:
        identity = world.id_of(coming_back)
        chosen = next(line["end_to_end_id"] for line in lines if line["application_id"] == identity)
        returning = {"days": 2, "reason": "AC04", "end_to_end_id": chosen}
        world.system.bank.set_behaviour(ACCOUNT, "return-later", returning)
    await world.post(FINANCE[1], "payments", f"{path}/sending")
    return lines


async def bank_until(world: World, day: date) -> dict[str, int]:
    """The bank takes what waits in the folder and works up to the morning of a day; its files are imported in order."""
    bank = world.system.bank
    _hand_in(world)
    effects = await _import(world, bank.mailbox())
    bank.advance_to(day)
    world.at(datetime.combine(day, time(8), HELSINKI))
    later = await _import(world, bank.mailbox())
    return {name: effects.get(name, 0) + later.get(name, 0) for name in effects | later}


def _hand_in(world: World) -> None:
    """The connection to the bank: takes each file out of the folder and files it once the bank has it."""
    done = world.system.bank_outbox / "processed"
    done.mkdir(exist_ok=True)
    for file in sorted(world.system.bank_outbox.glob("*.xml")):
        world.system.bank.send_payments(file.read_bytes())
        file.rename(done / file.name)


async def _import(world: World, messages: Sequence[Any]) -> dict[str, int]:
    effects: dict[str, int] = {}
    for message in messages:
        if not message.type.startswith(("pain.002", "camt.053", "camt.054")):
            continue
        content = message.body.encode()
        world.save(f"bank/in/{message.id:04d}-{message.type}.xml", content)
        answer = (await world.call(FINANCE[0], "POST", "payments", "/v1/bank-files", content=content)).json()
        for name, count in answer["effects"].items():
            effects[name] = effects.get(name, 0) + count
    return effects


async def correct_accounts(world: World) -> None:
    """Both associations whose payment did not arrive ask for another account; an officer confirms it the day after."""
    asked: list[str] = []
    for mark in (Mark.BANK_REJECTS, Mark.BANK_RETURNS):
        association = world.population.with_mark(mark)[0].association
        changes = f"/v1/associations/{association.business_id}/account-changes"
        answer = await world.post(
            world.applicant(world.population.with_mark(mark)[0]), "intake", changes,
            {"iban": association.corrected_iban, "reason": "Maksu ei mennyt perille"},
        )  # fmt: skip
        asked.append(f"{changes}/{answer['change_id']}/confirmation")
    world.at(helsinki(2026, 4, 22))
    for confirmation in asked:
        await world.post(OFFICERS[1], "intake", confirmation)


async def receive_recovery(world: World, application: Application) -> None:
    """The association pays the claim and its interest with the claim's reference number."""
    identity = world.id_of(application)

    async def claimed() -> bool:
        claims = await world.all_items(FINANCE[0], "payments", "/v1/claims")
        world.notes["claim"] = next((each for each in claims if each["application_id"] == identity), None)
        return world.notes["claim"] is not None

    await world.until("the recovery is claimed", claimed)
    world.system.bank.credit(
        ACCOUNT, cents(world.notes["claim"]["left"]), reference=world.notes["claim"]["reference"],
        debtor_name=application.association.name[:70], debtor_iban=application.association.iban,
    )  # fmt: skip


async def recovered(world: World) -> None:
    """Nothing is left of the claim, and there was interest on it."""
    reference = world.notes["claim"]["reference"]
    claims = await world.all_items(FINANCE[0], "payments", "/v1/claims")
    claim = next(each for each in claims if each["reference"] == reference)
    world.check("nothing is left of the recovery", "0.00 EUR", claim["left"])
    world.check("the recovery bore interest", True, cents(claim["interest"]) > 0)
