"""Allocation: a call's ranked applications, the rules side by side, and the proposals that follow from the chosen
one.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from pydantic import Field

from schemas.county import County
from schemas.decisions import AllocationChosen, AllocationLine, CallNoted, Outcome
from schemas.facts import Contract
from schemas.helsinki import HELSINKI
from schemas.identifiers import Text
from schemas.money import NonNegativeAmount, cents, euros
from schemas.refusals import conflict, forbidden, not_found
from services.decisions.domain import allocation, assessment, cases, coefficients, people
from services.decisions.domain.allocation import Candidate, Rule, Terms
from services.decisions.domain.cases import Case
from services.ledger import Entry, Ledger, StreamWrite
from services.web.clock import Clock
from services.web.commands import Command, carry_out
from services.web.handling import Answer, Loaded, Plan, fact_of, load, load_many

from .bulk import on_each
from .cases import Decisions, Propose
from .commitments import name_of

PAGE: Final = 500
LINES_MAX: Final = 5000
RULES: Final[tuple[Rule, ...]] = ("full_by_rank", "proportional", "floor_and_ceiling")
_OPEN: Final = frozenset({"opened", "in_preparation", "supplement_requested", "proposed"})


class ShareBy(Contract):
    """How to share: `available` None is what the appropriation has free, within what is left of the call's own share.
    A preview may try more; what is chosen may not.
    """

    available: NonNegativeAmount | None = None
    floor: NonNegativeAmount | None = None
    ceiling: NonNegativeAmount | None = None
    points_min: int = Field(strict=True, default=0, ge=0, le=100)


class ChooseAllocation(ShareBy):
    """The rule that is chosen."""

    rule: Rule


class ProposeAllocation(Contract):
    """The reasons that each proposal of the chosen allocation gets."""

    reasons: Text


@dataclass(frozen=True, slots=True)
class Sharing:
    """What is shared, and between whom: the cases of a call that are not decided and not late. `free` is what there is
    to share, in cents.
    """

    candidates: tuple[Candidate, ...]
    documents: dict[UUID, dict[str, Any]]
    terms: Terms
    free: int


class Allocations:
    """Previews, chooses and proposes."""

    def __init__(self, ledger: Ledger, county: County, clock: Clock, decisions: Decisions) -> None:
        self._ledger = ledger
        self._county = county
        self._clock = clock
        self._decisions = decisions

    async def preview(self, call_id: str, share: ShareBy) -> dict[str, Any]:
        """Every rule side by side: for each case its points, what they are multiplied by and what each rule gives it,
        and each rule's total.
        """
        field = await self._field(call_id, share)
        rules = [rule for rule in RULES if rule != "floor_and_ceiling" or None not in (share.floor, share.ceiling)]
        shares = {rule: _by_case(allocation.allocate(rule, field.candidates, field.terms)) for rule in rules}
        totals = {rule: euros(sum(amounts.values())) for rule, amounts in shares.items()}
        items = [self._told(field, each, shares) for each in allocation.ranked(field.candidates)]
        return {
            "call_id": call_id, "available": euros(field.terms.available), "totals": totals, "items": items,
            "next": None,
        }  # fmt: skip

    async def choose(self, command: Command, call_id: str, chosen: ChooseAllocation) -> Answer:
        """Records the chosen allocation; the proposals are made from it, case by case."""

        async def decide() -> Plan:
            field = await self._field(call_id, chosen)
            refused = await self._attempts(field, command.identity.person)
            if refused:
                why = "an allocation sets what each of its applications gets, so who is disqualified in one of them "
                return Plan(tuple(refused), {}, forbidden("may-not-take-part", f"{why}leaves it to another officer"))
            _check_fits(field)
            self._check_multiplied(field)
            lines = tuple(allocation.allocate(chosen.rule, field.candidates, field.terms))
            total = sum(line.amount for line in lines)
            loaded = await self._call(call_id)
            fact = AllocationChosen(
                call_id=call_id, rule=chosen.rule, available=field.terms.available, floor=chosen.floor,
                ceiling=chosen.ceiling, points_min=chosen.points_min, lines=lines, total=total,
                person=command.identity.person,
            )  # fmt: skip
            answer = {"call_id": call_id, "rule": chosen.rule, "cases": len(lines), "total": euros(total)}
            return Plan((loaded.write([fact]),), answer)

        return await carry_out(self._ledger, command, decide)

    async def propose(self, command: Command, call_id: str, reasons: str) -> dict[str, Any]:
        """Proposes to each case what the allocation chosen last gives it; one answer for each case. What is ranked
        otherwise by now gets nothing by a ranking that no longer holds.
        """
        chosen, position = await self._chosen(call_id)
        amounts = {line.application_id: line.amount for line in chosen.lines}

        async def act(own: Command, application_id: UUID) -> Answer:
            loaded = await self._decisions.case(application_id)
            then = await self._ledger.entry("cases", str(application_id), position)
            if loaded.state is None or then is None:
                raise not_found("such case")
            amount, shared = amounts[application_id], _shared_by(then.document)
            outcome = _outcome(amount, loaded.state.opened.applied)
            proposal = Propose.model_validate({"outcome": outcome, "amount": euros(amount), "reasons": reasons})
            return await self._decisions.propose(
                own, application_id, proposal, lambda case: _check_still_ranked(case, shared)
            )

        items = await on_each(command, list(amounts), act)
        return {"items": items, "done": sum(each["done"] for each in items), "next": None}

    async def _attempts(self, field: Sharing, person: str) -> list[StreamWrite]:
        """The refused attempts on the cases in which the person is disqualified or acts for the applicant."""
        associations = {each["association_id"] for each in field.documents.values()}
        known = await load_many(
            self._ledger, [f"association/{each}" for each in associations], people.evolve, people.NOBODY
        )
        today = self._decisions.today()
        tied = {each for each in associations if person in people.in_force(known[f"association/{each}"].state, today)}
        writes: list[StreamWrite] = []
        for application_id, shown in field.documents.items():
            if person in shown["disqualified"] or shown["association_id"] in tied:
                loaded, case = await self._decisions.existing(application_id)
                reason = f"{person} is disqualified in this case"
                writes.append(loaded.write([cases.refuse(case, person, "choose_allocation", reason)]))
        return writes

    async def _field(self, call_id: str, share: ShareBy) -> Sharing:
        versions = (await self._call(call_id)).state
        call = versions[max(versions)]
        documents: dict[UUID, dict[str, Any]] = {}
        granted = 0
        async for entry in self._cases(call_id):
            if _takes_part(entry):
                documents[UUID(entry.key)] = dict(entry.document)
            elif entry.document["amount"] is not None:
                granted += cents(entry.document["amount"])
        candidates = tuple(
            Candidate(key, _ranking(each), cents(each["eligible"]), self._arrived(each))
            for key, each in documents.items()
        )
        free = await self._free(call, granted)
        available = free if share.available is None else share.available
        return Sharing(candidates, documents, Terms(available, share.floor, share.ceiling, share.points_min), free)

    def _check_multiplied(self, field: Sharing) -> None:
        """Raises Refused while a case has no coefficient where its basket has them: it would be ranked by plain points
        among multiplied ones.
        """
        plain = [
            each["diary_number"] for each in field.documents.values()
            if "focus_areas" not in each and self._multiplies(each)
        ]  # fmt: skip
        if plain:
            raise conflict("coefficients-missing", f"{len(plain)} cases have no coefficient yet, {plain[0]} among "
                           "them: set it, also where no focus area holds")  # fmt: skip

    def _multiplies(self, case: Mapping[str, Any]) -> bool:
        basket = self._county.basket(case["basket"], date.fromisoformat(case["arrived_on"]))
        return basket is not None and basket.coefficients

    def _arrived(self, case: Mapping[str, Any]) -> tuple[date, int]:
        arrived_on = date.fromisoformat(case["arrived_on"])
        told = re.fullmatch(self._county.diary_rule(arrived_on).regex, case["diary_number"])
        running = None if told is None else told.groupdict().get("running")
        return arrived_on, 0 if running is None else int(running)

    async def _cases(self, call_id: str) -> AsyncIterator[Entry]:
        position = (await self._ledger.head()).size
        after = ""
        where = {"call_id": call_id, "late": False}
        while page := await self._ledger.page("cases", position, after=after, where=where, limit=PAGE):
            after = page[-1].key
            for entry in page:
                yield entry

    async def _call(self, call_id: str) -> Loaded[assessment.CallVersions]:
        loaded: Loaded[assessment.CallVersions] = await load(
            self._ledger, f"call/{call_id}", assessment.evolve_call, {}
        )
        if not loaded.state:
            raise not_found("such call")
        return loaded

    async def _chosen(self, call_id: str) -> tuple[AllocationChosen, int]:
        """The allocation chosen last, and the position at which it was."""
        for record in reversed(await self._ledger.stream(f"call/{call_id}")):
            fact = fact_of(record)
            if isinstance(fact, AllocationChosen):
                return fact, record.position
        raise conflict("no-allocation", "choose an allocation of the call first")

    async def _free(self, call: CallNoted, granted: int) -> int:
        """What the appropriation has free, within the call's own share less what is granted of it; cents."""
        today: date = self._clock().astimezone(HELSINKI).date()
        basket = self._county.basket(call.basket, today)
        if basket is None:
            raise conflict("unknown-basket", f"{call.basket} is no basket on {today:%-d.%-m.%Y}")
        free = (await self._decisions.commitments.appropriation(name_of(basket, call, today))).state.free
        return max(0, free if call.appropriation is None else min(free, call.appropriation - granted))

    @staticmethod
    def _told(field: Sharing, each: Candidate, shares: dict[Rule, dict[UUID, int]]) -> dict[str, Any]:
        case = field.documents[each.application_id]
        own = {rule: euros(amounts[each.application_id]) for rule, amounts in shares.items()}
        return {
            "application_id": str(each.application_id), "diary_number": case["diary_number"],
            "association_name": case["association_name"], "applied": case["applied"], "eligible": case["eligible"],
            "points_hundredths": case["points_hundredths"], "spread_hundredths": case["spread_hundredths"],
            "coefficient_hundredths": case["coefficient_hundredths"], "ranking_hundredths": each.hundredths,
            "assessors": len(case["assessments"]), "shares": own,
        }  # fmt: skip


def _by_case(lines: Sequence[AllocationLine]) -> dict[UUID, int]:
    return {line.application_id: line.amount for line in lines}


def _ranking(case: Mapping[str, Any]) -> int:
    return coefficients.multiplied(case["points_hundredths"] or 0, case["coefficient_hundredths"])


def _check_fits(field: Sharing) -> None:
    """Raises Refused when more is shared than there is, or between more than an allocation holds."""
    if field.terms.available > field.free:
        raise conflict("more-than-is-free", f"{euros(field.free)} are free for this call: share that or less")
    if len(field.candidates) > LINES_MAX:
        raise conflict("too-many-cases", f"an allocation holds {LINES_MAX} cases, and {len(field.candidates)} wait: "
                       "propose to some of them by themselves")  # fmt: skip


def _shared_by(shown: Mapping[str, Any]) -> tuple[int, int]:
    """What a case's share followed from: the points that it is ranked by, and what it can get at most (cents)."""
    return _ranking(shown), cents(shown["eligible"])


def _check_still_ranked(case: Case, shared: tuple[int, int]) -> None:
    """Raises Refused when the case's points or the county's part of it changed since the allocation was chosen."""
    summary = assessment.summarise(case.assessments.values())
    coefficient = coefficients.ONE if case.coefficient is None else case.coefficient.coefficient_hundredths
    now = (0 if summary is None else coefficients.multiplied(summary.mean, coefficient), case.eligible)
    if now != shared:
        raise conflict("allocation-outdated", "the case's points or the county's part of it changed since the "
                       "allocation was chosen: choose it again, or propose to this case by itself")  # fmt: skip


def _takes_part(entry: Entry) -> bool:
    return entry.document["state"] in _OPEN


def _outcome(amount: int, applied: int) -> Outcome:
    if amount == 0:
        return "rejected"
    return "granted" if amount == applied else "granted_in_part"
