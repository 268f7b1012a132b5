"""Preparation, decisions, notice, claims and finality."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from deploy.local.demo.population import Application, Mark
from deploy.local.demo.world import BOARD, OFFICERS, OPERATOR, World, iso
from schemas.money import euros

FIRST_YEAR_DAYS = (date(2026, 4, 10), date(2026, 9, 1))
COMMITTEE = "Hyvinvoinnin ja terveyden edistämisen lautakunta"
CLAIMED = frozenset({Mark.CLAIM_CHANGES, Mark.CLAIM_UPHELD})


async def prepare(world: World, applications: Sequence[Application]) -> None:
    """Officers take the cases; who is disqualified steps aside; supplements are asked and answered; then proposals."""
    await world.each(applications, lambda each: _act(world, each, "assignment", {"officer": _officer(each)}))
    for application in _marked(applications, Mark.DISQUALIFIED_OFFICER):
        await _step_aside(world, application)
    for application in _marked(applications, Mark.SUPPLEMENT):
        await _supplement(world, application)
    for application in _marked(applications, Mark.WITHDRAWN):
        await world.post(
            world.applicant(application), "intake", f"/v1/applications/{world.id_of(application)}/withdrawal",
            {"reason": application.reason or "Hanke peruuntui"},
        )  # fmt: skip
    await _wait_for(world, _marked(applications, Mark.WITHDRAWN), "withdrawn")
    for application in _marked(applications, Mark.MUNICIPALITY_TASK):
        await _act(world, application, "transfer", {"reason": application.reason or "Toiminta on kunnan tehtävä"})
    await world.each(_decided(applications), lambda each: _assess_and_propose(world, each))


def _officer(application: Application) -> str:
    return OFFICERS[1].id if Mark.DISQUALIFIED_OFFICER in application.marks else OFFICERS[0].id


def _marked(applications: Sequence[Application], mark: Mark) -> list[Application]:
    return [each for each in applications if mark in each.marks]


def _decided(applications: Sequence[Application]) -> list[Application]:
    return [each for each in applications if not each.marks & {Mark.WITHDRAWN, Mark.MUNICIPALITY_TASK}]


async def _act(world: World, application: Application, act: str, body: Any, **more: Any) -> Any:
    person = more.pop("person", OFFICERS[0])
    return await world.post(person, "decisions", f"/v1/cases/{world.id_of(application)}/{act}", body, **more)


async def _step_aside(world: World, application: Application) -> None:
    disqualified = OFFICERS[1]
    await _act(
        world, application, "conflicts",
        {"person": disqualified.id, "reason": "Yhdistyksen hallituksen jäsen"}, person=disqualified,
    )  # fmt: skip
    await _act(world, application, "assessments", {"points": 90, "reasons": "Hyvä"}, person=disqualified, expect=[403])
    await _act(world, application, "assignment", {"officer": OFFICERS[2].id})


async def _supplement(world: World, application: Application) -> None:
    assert application.supplement is not None, "the population says what is asked"
    question, answer = application.supplement
    due = (world.system.clock.now().date()).replace(day=28)
    asked = await _act(world, application, "supplement-requests", {"question": question, "due_on": iso(due)})
    path = f"/v1/applications/{world.id_of(application)}"
    user = world.applicant(application)

    async def shown() -> bool:
        standing = await world.get(user, "intake", path)
        return any(each["request_id"] == asked["request_id"] for each in standing["open_requests"])

    await world.until("the applicant sees the request for a supplement", shown)
    await world.post(user, "intake", f"{path}/supplements", {"request_id": asked["request_id"], "answer": answer})
    await _wait_for(world, [application], "in_preparation")


async def _wait_for(world: World, applications: Sequence[Application], state: str) -> None:
    async def all_there() -> bool:
        cases = [await world.get(OFFICERS[0], "decisions", f"/v1/cases/{world.id_of(each)}") for each in applications]
        return all(case["state"] == state for case in cases)

    await world.until(f"the cases are {state}", all_there)


def outcome_of(application: Application) -> tuple[str, int]:
    """What is decided first."""
    if Mark.LATE in application.marks:
        return "not_examined", 0
    if Mark.REJECTED in application.marks or (application.award_cents == 0 and not application.in_kind):
        return "rejected", 0
    full = application.award_cents == application.applied_cents
    return ("granted" if full else "granted_in_part"), application.award_cents


async def _assess_and_propose(world: World, application: Application) -> None:
    person = OFFICERS[2] if Mark.DISQUALIFIED_OFFICER in application.marks else OFFICERS[0]
    outcome, amount = outcome_of(application)
    reasons = application.reason or "Kriteerien mukainen pisteytys ja määräraha"
    assessment = {"points": application.points, "reasons": reasons}
    await _act(world, application, "assessments", assessment, person=person)
    proposal = {"outcome": outcome, "amount": euros(amount), "reasons": reasons}
    told = await _act(world, application, "proposal", proposal, person=person, expect=[200, 409])
    if told.get("status") == 409:
        # The activity is the county's task in part, and the division does not say which: the officer does.
        part = {"task": "county", "eligible": euros(application.applied_cents), "reason": "Liittyy sote-palveluihin"}
        await _act(world, application, "task", part, person=person)
        await _act(world, application, "proposal", proposal, person=person)


def payable_days(application: Application, first_day: date) -> list[str]:
    """The first days of the instalments: two a year, April and September; one alone on the first day."""
    count = max(len(application.instalments), 1)
    if count == 1:
        return [iso(first_day)]
    return [iso(FIRST_YEAR_DAYS[n % 2].replace(year=2026 + n // 2)) for n in range(count)]


def _time_of_use(application: Application) -> dict[str, str]:
    """The grant is used in its calendar years."""
    return {"use_from": "2026-01-01", "use_until": f"{2025 + application.years}-12-31"}


async def decide(world: World, applications: Sequence[Application], meeting: str, first_day: date) -> None:
    """The committee decides at a meeting, section by section, in the order of the agenda."""
    await _convene(world, meeting, "decision", _decided(applications))

    async def one(application: Application) -> None:
        outcome, amount = outcome_of(application)
        body = {
            "outcome": outcome, "amount": euros(amount), "reasons": application.reason or "Kriteerien mukainen",
            "conditions": ["Selvitys käytöstä on annettava."] if amount else [],
            "payable_from": payable_days(application, first_day) if amount else [], "organ": COMMITTEE,
            "meeting_id": meeting, **(_time_of_use(application) if amount else {}),
        }  # fmt: skip
        await _act(world, application, "decision", body, person=BOARD[0])

    for application in _decided(applications):
        await one(application)


async def _convene(world: World, meeting: str, matter: str, applications: Sequence[Application]) -> None:
    """A meeting of the committee today, with its agenda."""
    held_on = iso(world.system.clock.now().date())
    await world.post(
        BOARD[0], "decisions", "/v1/meetings",
        {"meeting_id": meeting, "organ": COMMITTEE, "held_on": held_on, "present": [each.id for each in BOARD]},
    )  # fmt: skip
    items = [{"application_id": world.id_of(each), "matter": matter} for each in applications]
    await world.call(OFFICERS[0], "PUT", "decisions", f"/v1/meetings/{meeting}/agenda", json={"items": items})


async def give_notice(world: World, applications: Sequence[Application]) -> None:
    """Notice goes out electronically; on paper to those who applied on paper."""
    await world.each(
        _decided(applications),
        lambda each: _act(world, each, "notice", {"manner": "letter" if Mark.PAPER in each.marks else "electronic"}),
    )


async def claim(world: World, applications: Sequence[Application]) -> None:
    """Two claims for rectification come in."""
    for application in claimed(applications):
        grounds = application.claim_grounds or "Päätöstä pyydetään oikaistavaksi"
        await _act(world, application, "claims", {"grounds": grounds}, person=world.applicant(application))


def claimed(applications: Sequence[Application]) -> list[Application]:
    """Those whose applicants claim rectification."""
    return [each for each in applications if each.marks & CLAIMED]


async def decide_claims(world: World, applications: Sequence[Application], meeting: str, first_day: date) -> None:
    """The committee itself decides on them at a later meeting, presented by another member than the decisions: one
    decision changes, one stands.
    """
    await _convene(world, meeting, "claim", claimed(applications))
    for application in _marked(applications, Mark.CLAIM_CHANGES):
        assert application.claim_cents is not None, "the population says what the claim changes to"
        full = application.claim_cents == application.applied_cents
        await _decide_claim(world, application, meeting, {
            "change": True, "outcome": "granted" if full else "granted_in_part",
            "amount": euros(application.claim_cents), "payable_from": [iso(first_day)],
        })  # fmt: skip
    for application in _marked(applications, Mark.CLAIM_UPHELD):
        outcome, amount = outcome_of(application)
        upheld = {"change": False, "outcome": outcome, "amount": euros(amount)}
        await _decide_claim(world, application, meeting, upheld)


async def _decide_claim(world: World, application: Application, meeting: str, ruling: dict[str, Any]) -> None:
    where = {"organ": COMMITTEE, "meeting_id": meeting}
    body = {"reasons": "Oikaisuvaatimuksen johdosta", "payable_from": [], **where, **ruling}
    await _act(world, application, "claim-decision", body, person=BOARD[1])


async def give_notice_of_claims(world: World, applications: Sequence[Application]) -> None:
    """Notice of the decisions on claims, with how to appeal: the days to appeal begin."""
    for application in claimed(applications):
        await _act(world, application, "claim-notice", {"manner": "electronic"})


async def become_final(world: World, moment: datetime, waiting: Sequence[Application] = ()) -> None:
    """The last days for claims have passed: every decision is final but those that can still be appealed against."""
    world.at(moment)
    await world.post(OPERATOR, "decisions", "/v1/deadlines/run")
    left = await world.all_items(OFFICERS[0], "decisions", "/v1/cases", state="notified")
    found = sorted(each["application_id"] for each in left)
    world.check(f"{moment:%Y-%m-%d}: not final yet", sorted(world.id_of(each) for each in waiting), found)


async def recover(world: World, application: Application) -> None:
    """The association reports what it used; the rest is recovered."""
    identity = world.id_of(application)
    used = application.award_cents - application.recovery_cents
    report = {"used": euros(used), "account": "Osa avustuksesta jäi käyttämättä."}
    await world.post(world.applicant(application), "intake", f"/v1/applications/{identity}/usage-report", report)
    planned = {
        "amount": euros(application.recovery_cents), "grounds": "Avustuksesta jäi osa käyttämättä",
        "answer_by": iso(date(2026, 11, 16)),
    }  # fmt: skip
    hearing = await _act(world, application, "hearings", planned)
    await _act(
        world, application, f"hearings/{hearing['hearing_id']}/answer", {"answer": "Palautamme sen, mikä jäi."},
        person=world.applicant(application),
    )  # fmt: skip
    body = {
        "amount": euros(application.recovery_cents), "grounds": "Avustuksesta jäi osa käyttämättä",
        "due_on": iso(date(2026, 12, 2)),
    }  # fmt: skip
    await _act(world, application, "recovery", body, person=BOARD[0])
