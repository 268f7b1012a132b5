"""Commands on coefficients: an officer says which focus areas an application is for, and the county's data what its
points are multiplied by before applications are ranked.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final
from uuid import UUID

from pydantic import Field

from schemas.county import County
from schemas.county_rules import FocusArea
from schemas.decisions import CoefficientSet
from schemas.facts import Contract
from schemas.identifiers import Slug, Text
from schemas.refusals import Refused, SeveralRefused, conflict, invalid
from services.decisions.domain import cases, coefficients
from services.decisions.domain.cases import Case
from services.web.commands import Command
from services.web.handling import Answer

from .cases import Acted, Decisions

_TOLD: Final = {"focus_areas", "focus_hundredths", "wellbeing_hundredths", "coefficient_hundredths"}


class SetCoefficient(Contract):
    """The application's focus areas (*hyte-painopisteet*), by their ids, with the reasons; none is an answer too."""

    focus_areas: tuple[Slug, ...] = Field(max_length=20)
    reasons: Text


class Coefficients:
    """The command, and what it chooses from."""

    def __init__(self, county: County, decisions: Decisions) -> None:
        self._county = county
        self._decisions = decisions

    async def set(self, command: Command, application_id: UUID, given: SetCoefficient) -> Answer:
        """Sets what the application's points are multiplied by, by the data of the day on which it arrived."""

        def act(case: Case) -> Acted:
            fact = self._of(case, command.identity.person, given)
            return cases.set_coefficient(case, fact), fact.model_dump(mode="json", include=_TOLD)

        return await self._decisions.on_case(command, application_id, "set_coefficient", act)

    def focus_areas(self) -> dict[str, Any]:
        """The county's focus areas of today, with their names and coefficients."""
        today = self._decisions.today()
        items = [_shown(each) for each in self._county.focus_areas if each.holds_on(today)]
        return {"items": sorted(items, key=lambda item: str(item["focus_area_id"])), "next": None}

    def _of(self, case: Case, person: str, given: SetCoefficient) -> CoefficientSet:
        opened = case.opened
        basket = self._county.basket(opened.basket, opened.arrived_on)
        if basket is None or not basket.coefficients:
            raise conflict("no-coefficients", f"points of the basket {opened.basket} are ranked as they are, without a "
                           "coefficient")  # fmt: skip
        chosen = self._areas(opened.basket, opened.arrived_on, given.focus_areas)
        focus = coefficients.focus(each.coefficient for each in chosen)
        wellbeing = coefficients.wellbeing(
            [(share, self._county.wellbeing_coefficient(share.municipality, opened.arrived_on))
             for share in opened.municipalities]
        )  # fmt: skip
        return CoefficientSet(
            application_id=opened.application_id, focus_areas=given.focus_areas, focus_hundredths=focus,
            wellbeing_hundredths=wellbeing, coefficient_hundredths=coefficients.product(focus, wellbeing),
            reasons=given.reasons, person=person,
        )  # fmt: skip

    def _areas(self, basket: str, on: date, named: tuple[str, ...]) -> list[FocusArea]:
        """The focus areas of these ids. Raises SeveralRefused with all that are wrong."""
        wrong = list(self._problems(basket, on, named))
        if wrong:
            raise SeveralRefused(wrong)
        found = (self._county.focus_area(each, on) for each in named)
        return [area for area in found if area is not None]

    def _problems(self, basket: str, on: date, named: tuple[str, ...]) -> Iterator[Refused]:
        day = f"{on:%-d.%-m.%Y}"
        known = [each.id for each in self._county.focus_areas if each.holds_on(on) and basket in each.baskets]
        right = f"those of the basket {basket} on {day} are: {', '.join(known) or 'none'}"
        for index, each in enumerate(named):
            pointer = f"/focus_areas/{index}"
            if each in named[:index]:
                yield invalid("named-twice", "each focus area is named once", pointer)
            elif self._county.focus_area(each, on) is None:
                yield invalid("unknown-focus-area", f"{each} is no focus area on {day}: {right}", pointer)
            elif each not in known:
                yield invalid("another-basket", f"{each} is a focus area of another basket: {right}", pointer)


def _shown(area: FocusArea) -> dict[str, Any]:
    return {
        "focus_area_id": area.id, "name": area.name.model_dump(exclude_none=True), "baskets": list(area.baskets),
        "coefficient_hundredths": area.coefficient, "valid_from": area.valid_from.isoformat(),
        "valid_to": None if area.valid_to is None else area.valid_to.isoformat(),
    }  # fmt: skip
