"""Allocation: a call's ranked applications, the rules side by side, and the proposals that follow from the chosen
one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
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
from schemas.refusals import conflict, not_found
from services.decisions.domain import allocation, assessment, coefficients
from services.decisions.domain.allocation import Candidate, Rule, Terms
from services.ledger import Entry, Ledger
from services.web.clock import Clock
from services.web.commands import Command, carry_out
from services.web.handling import Answer, Loaded, Plan, fact_of, load

from .bulk import on_each
from .cases import Decisions, Propose

PAGE: Final = 500
RULES: Final[tuple[Rule, ...]] = ("full_by_rank", "proportional", "floor_and_ceiling")
_OPEN: Final = frozenset({"opened", "in_preparation", "supplement_requested", "proposed"})


class ShareBy(Contract):
    """How to share: `available` None is what the appropriation has free, within the call's own share."""

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
    """What is shared, and between whom: the cases of a call that are not decided and not late."""

    call: CallNoted
    candidates: tuple[Candidate, ...]
    documents: dict[UUID, dict[str, Any]]
    terms: Terms


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
        """Proposes to each case what the allocation chosen last gives it; one answer for each case."""
        chosen = await self._chosen(call_id)
        amounts = {line.application_id: line.amount for line in chosen.lines}

        async def act(own: Command, application_id: UUID) -> Answer:
            loaded = await self._decisions.case(application_id)
            if loaded.state is None:
                raise not_found("such case")
            amount = amounts[application_id]
            outcome = _outcome(amount, loaded.state.opened.applied)
            proposal = Propose.model_validate({"outcome": outcome, "amount": euros(amount), "reasons": reasons})
            return await self._decisions.propose(own, application_id, proposal)

        items = await on_each(command, list(amounts), act)
        return {"items": items, "done": sum(each["done"] for each in items), "next": None}

    async def _field(self, call_id: str, share: ShareBy) -> Sharing:
        versions = (await self._call(call_id)).state
        call = versions[max(versions)]
        entries = [entry async for entry in self._cases(call_id)]
        documents = {UUID(entry.key): dict(entry.document) for entry in entries}
        candidates = tuple(Candidate(key, _ranking(each), cents(each["eligible"])) for key, each in documents.items())
        available = await self._available(call) if share.available is None else share.available
        return Sharing(call, candidates, documents, Terms(available, share.floor, share.ceiling, share.points_min))

    async def _cases(self, call_id: str) -> AsyncIterator[Entry]:
        position = (await self._ledger.head()).size
        after = ""
        where = {"call_id": call_id, "late": False}
        while page := await self._ledger.page("cases", position, after=after, where=where, limit=PAGE):
            after = page[-1].key
            for entry in page:
                if _takes_part(entry):
                    yield entry

    async def _call(self, call_id: str) -> Loaded[assessment.CallVersions]:
        loaded: Loaded[assessment.CallVersions] = await load(
            self._ledger, f"call/{call_id}", assessment.evolve_call, {}
        )
        if not loaded.state:
            raise not_found("such call")
        return loaded

    async def _chosen(self, call_id: str) -> AllocationChosen:
        for record in reversed(await self._ledger.stream(f"call/{call_id}")):
            fact = fact_of(record)
            if isinstance(fact, AllocationChosen):
                return fact
        raise conflict("no-allocation", "choose an allocation of the call first")

    async def _available(self, call: CallNoted) -> int:
        today: date = self._clock().astimezone(HELSINKI).date()
        basket = self._county.basket(call.basket, today)
        if basket is None:
            raise conflict("unknown-basket", f"{call.basket} is no basket on {today:%-d.%-m.%Y}")
        free = (await self._decisions.appropriation(f"{basket.appropriation}-{call.year}")).state.free
        return max(0, free if call.appropriation is None else min(free, call.appropriation))

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


def _ranking(case: dict[str, Any]) -> int:
    return coefficients.multiplied(case["points_hundredths"] or 0, case["coefficient_hundredths"])


def _takes_part(entry: Entry) -> bool:
    return entry.document["state"] in _OPEN


def _outcome(amount: int, applied: int) -> Outcome:
    if amount == 0:
        return "rejected"
    return "granted" if amount == applied else "granted_in_part"
