"""The whole year of the county: every act in its order, then the figures, and whether every check held."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from deploy.local.broker import Broker
from deploy.local.demo import applying, auditing, deciding, following, paying
from deploy.local.demo.closing import close_period, close_year
from deploy.local.demo.population import Application, Mark, build_population
from deploy.local.demo.report import print_report
from deploy.local.demo.world import FINANCE, DemoFailed, World, helsinki
from deploy.local.system import NORTH_KARELIA, System
from services.web.county import load_county

Act = tuple[str, Callable[[World], Awaitable[None]]]
ALL_CLASSES = (
    "amount_differs", "date_or_period_differs", "account_or_cost_centre_differs", "missing_in_back_office",
    "missing_in_ledger", "missing_at_bank", "duplicate", "ambiguous",
)  # fmt: skip
PLANTED = {
    "2026-03": ("amount_differs", "duplicate"),
    "2026-04": ALL_CLASSES,
    "2026-05": ("missing_in_back_office", "account_or_cost_centre_differs"),
    "2026-09": (),
    "2026-10": (),
    "2026-11": (),
}
"""Which mistakes the back office makes in which month: twelve, of all eight classes."""


def _of(world: World, *, theme: bool) -> list[Application]:
    return [each for each in world.population.applications if (each.basket == "theme") == theme]


def _one(world: World, mark: Mark) -> Application:
    return world.population.with_mark(mark)[0]


async def _winter(world: World) -> None:
    await applying.open_the_year(world)
    await applying.send_until(world, helsinki(2026, 2, 27, 16))


async def _preparation(world: World) -> None:
    world.at(helsinki(2026, 3, 2))
    await deciding.prepare(world, _of(world, theme=False))


async def _meeting(world: World) -> None:
    world.at(helsinki(2026, 3, 10))
    await deciding.decide(world, _of(world, theme=False), "hyte-2026-03-10", date(2026, 4, 10))
    world.at(helsinki(2026, 3, 11))
    await deciding.give_notice(world, _of(world, theme=False))
    await following.agree(world, _of(world, theme=False))
    await following.prove_own_funding(world, _of(world, theme=False))


async def _claims(world: World) -> None:
    world.at(helsinki(2026, 3, 20))
    await deciding.claim(world, _of(world, theme=False))
    world.at(helsinki(2026, 3, 31))
    await deciding.decide_claims(world, _of(world, theme=False), "hyte-2026-03-31", date(2026, 5, 12))
    world.at(helsinki(2026, 4, 1))
    await deciding.give_notice_of_claims(world, _of(world, theme=False))
    await deciding.become_final(world, helsinki(2026, 4, 9), deciding.claimed(world.population.applications))
    await applying.send_until(world, helsinki(2026, 4, 13, 8))


async def _first_run(world: World) -> None:
    world.system.bank.advance_to(date(2026, 4, 13))
    world.system.bank.mailbox()
    paying.open_bank(world)
    await paying.released(world)
    await paying.pay(world, date(2026, 4, 14), refused_attempt=True, coming_back=_one(world, Mark.BANK_RETURNS))
    first = await paying.bank_until(world, date(2026, 4, 15))
    world.check("the bank rejects one payment", 1, first.get("payment.rejected"))
    later = await paying.bank_until(world, date(2026, 4, 20))
    world.check("one payment comes back", 1, later.get("payment.returned"))


async def _second_run(world: World) -> None:
    world.at(helsinki(2026, 4, 21))
    await paying.correct_accounts(world)
    await paying.released(world, 2)
    await applying.send_until(world, helsinki(2026, 4, 29))
    world.system.bank.set_behaviour(paying.ACCOUNT, "accept")
    world.notes["open_in_april"] = await paying.pay(world, date(2026, 5, 4))
    await applying.send_until(world, helsinki(2026, 5, 2))
    effects = await paying.bank_until(world, date(2026, 5, 5))
    world.check("both are paid again", 2, effects.get("payment.booked"))


async def _theme(world: World) -> None:
    world.at(helsinki(2026, 5, 6))
    await deciding.prepare(world, _of(world, theme=True))
    await deciding.become_final(world, helsinki(2026, 5, 12))
    world.at(helsinki(2026, 5, 19))
    await deciding.decide(world, _of(world, theme=True), "hyte-2026-05-19", date(2026, 5, 25))
    world.at(helsinki(2026, 5, 20))
    await deciding.give_notice(world, _of(world, theme=True))
    world.at(helsinki(2026, 5, 25))
    await paying.released(world)
    await paying.pay(world, date(2026, 5, 26))
    await paying.bank_until(world, date(2026, 5, 27))
    await deciding.become_final(world, helsinki(2026, 6, 11))


async def _autumn(world: World) -> None:
    world.at(helsinki(2026, 9, 1))
    await following.report_costs(world, _of(world, theme=False))
    await paying.released(world)
    await paying.pay(world, date(2026, 9, 2))
    await paying.bank_until(world, date(2026, 9, 3))
    world.at(helsinki(2026, 10, 20))
    await deciding.recover(world, _one(world, Mark.RECOVERY))
    # Every statement is imported: a month whose numbers are missing is not closed.
    await paying.bank_until(world, date(2026, 11, 10))
    await paying.receive_recovery(world, _one(world, Mark.RECOVERY))
    effects = await paying.bank_until(world, date(2026, 11, 11))
    world.check("the recovery comes in", 1, effects.get("recovery.received"))
    await paying.recovered(world)


async def _books(world: World) -> None:
    world.at(helsinki(2026, 12, 1))
    county = load_county(NORTH_KARELIA)
    for period, classes in PLANTED.items():
        await close_period(world, county, period, classes, world.notes["open_in_april"])
    world.at(helsinki(2027, 1, 4))
    await close_year(world, county, 2026)
    balance = await world.get(FINANCE[0], "payments", "/v1/trial-balance")
    world.notes["trial_balance"] = balance["total"]
    world.save("trial-balance.json", json.dumps(balance, indent=1))


async def _audit(world: World) -> None:
    await auditing.mirrored(world)
    await auditing.find_the_attacker(world)
    await auditing.export(world)


ACTS: tuple[Act, ...] = (
    ("Haku auki, hakemukset tulevat", _winter),
    ("Valmistelu: täydennykset, siirrot, ehdotukset", _preparation),
    ("Lautakunta päättää, päätökset annetaan tiedoksi", _meeting),
    ("Oikaisuvaatimukset ja lainvoima", _claims),
    ("Ensimmäinen maksuajo, pankin hylkäys ja palautus", _first_run),
    ("Korjatut tilit, maksu uudelleen", _second_run),
    ("Teema-avustukset", _theme),
    ("Syksyn erät ja takaisinperintä", _autumn),
    ("Tositteet, kirjaukset, täsmäytys, kausien ja tilikauden sulkeminen", _books),
    ("Tarkastus: hyökkäys löytyy, vienti todentuu", _audit),
)


async def play(world: World, console: Console) -> None:
    """Every act, with a progress display."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=len(ACTS))
        for name, act in ACTS:
            progress.update(task, description=name)
            started = time.monotonic()
            await act(world)
            progress.advance(task)
            world.notes.setdefault("seconds_by_act", {})[name] = round(time.monotonic() - started, 1)


def summary_of(world: World, seconds: float) -> dict[str, Any]:
    """What is written to summary.json: figures of the ledgers, and what the checks said."""
    planned = world.population
    figures = auditing.figures(world.folder)
    applied = sum(each.applied_cents for each in planned.applications)
    world.check("applications", len(planned.applications), figures["applications"])
    world.check(
        "associations", len({each.association.business_id for each in planned.applications}), figures["associations"]
    )
    world.check("applied", f"{applied / 100:.2f}", figures["applied_eur"])
    world.check("transfers", len(planned.with_mark(Mark.MUNICIPALITY_TASK)), figures["transferred_to_municipality"])
    world.check("withdrawn", len(planned.with_mark(Mark.WITHDRAWN)), figures["withdrawn"])
    world.check("own approval refused", 1, figures["self_approvals_refused"])
    world.check("disqualified acts refused", 2, figures["acts_refused"])
    world.check("differences planted", 12, world.notes["planted"])
    world.check("differences found", 12, figures["differences_found"])
    world.check("false differences", 0, world.notes["false"])
    world.check("classes of differences", 8, figures["difference_classes"])
    world.check("periods closed", len(PLANTED), figures["periods_closed"])
    world.check("trial balance", "0.00 EUR", world.notes["trial_balance"])
    held = [(name, expected, found) for name, expected, found in world.checks if expected == found]
    return {
        **figures,
        "differences_planted": world.notes["planted"],
        "differences_false": world.notes["false"],
        "trial_balance_eur": world.notes["trial_balance"].removesuffix(" EUR"),
        "accrued_eur": world.notes["accrued"].removesuffix(" EUR"),
        "receivable_eur": world.notes["receivable"].removesuffix(" EUR"),
        "tampering_found_at": world.notes["tampering"],
        "verified": world.notes["verified"],
        "checks": len(world.checks),
        "checks_held": len(held),
        "seconds": round(seconds, 1),
        "seconds_by_act": world.notes["seconds_by_act"],
        "seed": planned.seed,
        "broker": world.system.broker.origin,
        "postgres": world.system.postgres.origin,
    }


async def _run(folder: Path, seed: int, console: Console, broker: Broker | None) -> int:
    started = time.monotonic()
    system = System(folder / "system", broker=broker, clock=helsinki(2025, 11, 1), with_bank=True)
    world = World(system, build_population(seed), folder)
    try:
        with console.status("Palvelut käynnistyvät"):
            await asyncio.to_thread(system.start)
        await play(world, console)
        summary = summary_of(world, time.monotonic() - started)
    finally:
        await world.close()
        await asyncio.to_thread(system.stop)
    world.save("summary.json", json.dumps(summary, indent=1, ensure_ascii=False))
    return print_report(console, world, summary)


def run(folder: Path, seed: int, console: Console, broker: Broker | None = None) -> int:
    """Plays the year into a folder (emptied first); 0 when every check held, else 1."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        return asyncio.run(_run(folder, seed, console, broker))
    except DemoFailed as failure:
        console.print(f"[red]{failure}[/red]", highlight=False)
        return 1
