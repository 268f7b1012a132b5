"""The first acts: calls, associations, and applications, each sent at its own moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import typst

from deploy.local.demo.population import Application, Association, Mark
from deploy.local.demo.world import BOARD, OFFICERS, Person, World, helsinki
from schemas.money import euros
from services.web.identity import Role


async def open_the_year(world: World) -> None:
    """Publishes the calls, sets the appropriations and registers the associations."""
    world.at(helsinki(2025, 11, 10))
    for call in world.population.calls:
        await world.post(
            OFFICERS[0], "intake", "/v1/calls",
            {
                "call_id": call.id, "basket": call.basket, "year": call.year, "title": call.title, "kind": call.kind,
                "opens_at": call.opens_at.isoformat(),
                "closes_at": call.closes_at.isoformat() if call.closes_at else None, "pays": call.pays,
                "instructions": call.instructions,
            },
        )  # fmt: skip
    for name, amount in (("operating-2026", "180000.00 EUR"), ("theme-2026", "20000.00 EUR")):
        await world.post(BOARD[0], "decisions", "/v1/appropriations", {"appropriation_id": name, "amount": amount})
    await world.each(world.population.associations, lambda each: _register(world, each))


async def _register(world: World, association: Association) -> None:
    user = Person(f"user-{association.business_id}", Role.ASSOCIATION, association.business_id)
    await world.post(
        user, "intake", "/v1/associations",
        {
            "association_id": association.business_id, "name": association.name, "display_name": association.name,
            "register_number": None, "domicile": association.domicile, "kind": association.kind,
            "iban": association.iban, "language": association.language,
        },
    )  # fmt: skip


async def send_until(world: World, moment: datetime) -> None:
    """Sends every application whose time has come, at that time; then waits until each has its case."""
    for application in world.population.applications:
        if application.key not in world.ids and application.submitted_at <= moment:
            world.at(application.submitted_at)
            world.ids[application.key] = await _send(world, application)
    world.at(moment)

    async def all_opened() -> bool:
        return len(await world.all_items(OFFICERS[0], "decisions", "/v1/cases")) == len(world.ids)

    await world.until("every application has its case", all_opened)


def content(application: Application) -> dict[str, Any]:
    """An application as its applicant sends it."""
    return {
        "call_id": application.call_id,
        "association_id": application.association.business_id,
        "activity": application.activity,
        "municipalities": [{"municipality": name, "percent": share} for name, share in application.municipalities],
        "purpose": application.purpose,
        "applied": euros(application.applied_cents),
        "costs": euros(application.costs_cents),
        "other_funding": euros(application.other_cents),
        "own_funding": euros(application.own_cents),
        "budget": _budget(application),
        "years": application.years,
        "separable_bookkeeping": True,
    }


def _budget(application: Application) -> dict[str, Any]:
    """Costs and income by row; what is applied for is no income there."""
    own = {"source": "own", "label": "omat tulot", "amount": euros(application.own_cents)}
    others = [
        {"source": "other_funder", "label": name, "amount": euros(cents), "status": "applied"}
        for name, cents in application.funders
    ]
    costs = [{"label": row.name, "amount": euros(row.cents)} for row in application.budget if row.side == "cost"]
    return {"costs": costs, "income": [own, *others]}


async def _scan(world: World, application: Application) -> str:
    """The id of a paper application's scan."""
    named = {"kind": "scan", "name": "hakemus.pdf", "association_id": application.association.business_id}
    page = typst.compile(f"= Hakemus {application.key}".encode(), format="pdf")
    stored = await world.call(OFFICERS[0], "POST", "intake", "/v1/attachments", content=page, params=named)
    return str(stored.json()["attachment_id"])


async def _send(world: World, application: Application) -> str:
    sent = content(application)
    if Mark.PAPER in application.marks:
        sent |= {"arrived_on": application.arrived_on.isoformat(), "attachments": [await _scan(world, application)]}
        answer = await world.post(OFFICERS[0], "intake", "/v1/paper-applications", sent)
        return str(answer["application_id"])
    user = world.applicant(application)
    answer = await world.post(user, "intake", "/v1/applications", sent, key=f"send-{application.key}")
    if Mark.DOUBLE_SUBMISSION in application.marks:
        again = await world.post(user, "intake", "/v1/applications", sent, key=f"send-{application.key}")
        world.check("a double submission is one application", answer["application_id"], again["application_id"])
    if Mark.LATE in application.marks:
        world.check("one minute after closing is late", True, answer["late"])
    return str(answer["application_id"])
