"""What holds an instalment, and who can lift it: the conditions that its basket's grants wait for.

A partnership waits for its agreement, and in later years for the year's review; a project for its own funding, and for
accepted costs that cover the instalments before. Which of these a grant waits for stood in the county's data when it
was awarded, and is part of its award.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from schemas.decisions import Instalment
from schemas.money import euros
from schemas.payments import GrantRequirementMet, Requirement


@dataclass(frozen=True, slots=True)
class Hold:
    """Why an instalment cannot be paid now, and what lifts that."""

    reason: str
    lifted_by: str


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a grant's instalments wait for, and what of it came about; `accepted_costs` in cents."""

    required: frozenset[Requirement] = frozenset()
    agreed: bool = False
    funded: bool = False
    reviewed_years: frozenset[int] = frozenset()
    accepted_costs: int = 0

    def met(self, fact: GrantRequirementMet) -> Requirements:
        """What is met after a fact."""
        match fact.requirement:
            case "agreement":
                return replace(self, agreed=True)
            case "own_funding":
                return replace(self, funded=True)
            case "yearly_review":
                return self if fact.year is None else replace(self, reviewed_years=self.reviewed_years | {fact.year})
            case "cost_reports":
                return replace(self, accepted_costs=fact.accepted_costs or 0)


def requirement_hold(wanted: Requirements, plan: Sequence[Instalment], instalment: Instalment) -> Hold | None:
    """What of its requirements an instalment of a plan still waits for, the first that is missing."""
    required = wanted.required
    if "agreement" in required and not wanted.agreed:
        return Hold("the agreement is not signed by both", "the county and the association sign it")
    if "own_funding" in required and not wanted.funded:
        return Hold("the own funding is not proven", "an officer records the proof")
    first_year = min(each.payable_from.year for each in plan)
    year = instalment.payable_from.year
    if "yearly_review" in required and year > first_year and year not in wanted.reviewed_years:
        return Hold(f"the partnership was not reviewed for {year}", "an officer reviews it")
    before = sum(each.amount for each in plan if each.number < instalment.number)
    if "cost_reports" in required and wanted.accepted_costs < before:
        covered = f"accepted costs cover {euros(wanted.accepted_costs)} of the {euros(before)} of earlier instalments"
        return Hold(covered, "an officer accepts a report of costs")
    return None
