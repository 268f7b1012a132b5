"""What follows the decisions: agreements that both sign, own funding that is proven, costs that are reported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deploy.local.demo.deciding import outcome_of
from deploy.local.demo.population import Application
from deploy.local.demo.world import BOARD, OFFICERS, World
from schemas.money import euros

FIRST_YEAR = 2026


def _granted(applications: Sequence[Application], basket: str) -> list[Application]:
    chosen = (each for each in applications if each.basket == basket)
    return [each for each in chosen if outcome_of(each)[0] not in {"rejected", "not_examined"}]


async def agree(world: World, applications: Sequence[Application]) -> None:
    """Each partnership gets its agreement: an officer drafts it, the association signs it, then a board member."""
    for application in _granted(applications, "partnership"):
        path = f"/v1/cases/{world.id_of(application)}"
        drafted = await world.post(OFFICERS[0], "decisions", f"{path}/agreement-drafts", _agreement(application))
        version = {"version": drafted["version"]}
        for person in (world.applicant(application), BOARD[1]):
            await world.post(person, "decisions", f"{path}/agreement-signatures", version)
        shown = await world.get(world.applicant(application), "decisions", f"{path}/agreement")
        signed_by = [each["party"] for each in shown["signed"]["signatures"]]
        world.check(f"{application.key}: both signed", ["association", "county"], signed_by)


def _agreement(application: Application) -> dict[str, Any]:
    contributions = ["Tilat vastaanottojen yhteydessä", "Kokemusasiantuntijoiden ohjaus"]
    return {
        "years": application.years, "without_money": application.in_kind,
        "contributions": contributions if application.in_kind else [], "terms": "Sopimus liitteenä",
        "valid_from": f"{FIRST_YEAR}-01-01", "valid_until": f"{FIRST_YEAR + application.years - 1}-12-31",
    }  # fmt: skip


async def prove_own_funding(world: World, applications: Sequence[Application]) -> None:
    """Projects prove the own funding that they declared; an officer records it."""
    for application in _granted(applications, "project"):
        proof = {"source": "Yhdistyksen omat varat", "amount": euros(application.own_cents)}
        path = f"/v1/cases/{world.id_of(application)}/own-funding"
        proven = await world.post(OFFICERS[0], "decisions", path, proof)
        world.check(f"{application.key}: own funding is covered", True, proven["covered"])


async def report_costs(world: World, applications: Sequence[Application]) -> None:
    """Projects report the costs that their first instalment covered; an officer accepts them."""
    projects = _granted(applications, "project")
    for application in projects:
        report = {
            "period_from": f"{FIRST_YEAR}-01-01", "period_until": f"{FIRST_YEAR}-08-31",
            "rows": [{"label": "Palkat", "amount": euros(application.instalments[0])}],
        }  # fmt: skip
        path = f"/v1/applications/{world.id_of(application)}/cost-reports"
        await world.post(world.applicant(application), "intake", path, report)
    for application in projects:
        await _accept_costs(world, application)


async def _accept_costs(world: World, application: Application) -> None:
    path = f"/v1/cases/{world.id_of(application)}"

    async def came() -> bool:
        return "1" in (await world.get(OFFICERS[0], "decisions", path)).get("cost_reports", {})

    await world.until(f"the report of costs of {application.key} has come", came)
    accepted = {"accepted": euros(application.instalments[0]), "reasons": "Kulut vastaavat hankesuunnitelmaa"}
    await world.post(OFFICERS[0], "decisions", f"{path}/cost-reports/1/acceptance", accepted)
