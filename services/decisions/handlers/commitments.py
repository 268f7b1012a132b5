"""What decisions bind: the appropriation of a basket and a year, and the share that a call has of its own (P10).

Both are streams that many cases write, each at the version at which it was loaded, in the decision's transaction. The
year is the call's where the basket opens by rounds, for a round may be decided on before its year begins; else it is
the year of the decision.
"""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from schemas.county import Basket, County
from schemas.decisions import AppropriationReleased, AppropriationSet, CallNoted
from schemas.facts import Fact
from schemas.refusals import invalid
from services.decisions.domain import appropriations, assessment
from services.decisions.domain.appropriations import Appropriation
from services.decisions.domain.cases import Case
from services.ledger import Ledger, StreamWrite
from services.web.handling import Loaded, load

OF_A_CALL: Final = "call-"


def name_of(basket: Basket, call: CallNoted | None, decided_on: date) -> str:
    """The appropriation that a decision of a Helsinki date draws on."""
    by_call = call is not None and "round" in basket.opens
    year = call.year if call is not None and by_call else decided_on.year
    return f"{basket.appropriation}-{year}"


class Commitments:
    """Binds and frees money of appropriations."""

    def __init__(self, ledger: Ledger, county: County) -> None:
        self._ledger = ledger
        self._county = county

    async def appropriation(self, appropriation_id: str) -> Loaded[Appropriation]:
        """An appropriation as it stands."""
        stream = f"appropriation/{appropriation_id}"
        return await load(self._ledger, stream, appropriations.evolve_appropriation, Appropriation())

    async def bind(self, case: Case, change: int, on: date) -> list[StreamWrite]:
        """Binds so much more (cents) for the case's decision, made before or on a Helsinki date, or frees some of it.
        Raises Refused beyond what is free.
        """
        if change == 0:
            return []
        decided_on = case.decision.decided_on if case.decision is not None else on
        basket = self._county.basket(case.opened.basket, decided_on)
        if basket is None:
            raise invalid("unknown-basket", f"{case.opened.basket} is no basket on {decided_on:%-d.%-m.%Y}")
        stream = f"call/{case.opened.call_id}"
        known: Loaded[assessment.CallVersions] = await load(self._ledger, stream, assessment.evolve_call, {})
        call = known.state[max(known.state)] if known.state else None
        name = name_of(basket, call, decided_on)
        loaded = await self.appropriation(name)
        writes = [loaded.write(_changed(loaded.state, name, case.opened.application_id, change))]
        if call is None or call.appropriation is None:
            return writes
        return [*writes, known.unchanged(), await self._share(call, call.appropriation, case, change)]

    async def _share(self, call: CallNoted, amount: int, case: Case, change: int) -> StreamWrite:
        """The call's own share follows the call as it is by now, and then what is bound of it."""
        name = f"{OF_A_CALL}{call.call_id}"
        loaded = await self.appropriation(name)
        state, facts = loaded.state, list[Fact]()
        if not state.exists or state.amount != amount:
            facts.append(AppropriationSet(appropriation_id=name, amount=amount))
            state = appropriations.evolve_appropriation(state, facts[0])
        # What was bound before calls had a share of their own is not counted there.
        freed = max(change, -state.committed)
        return loaded.write([*facts, *_changed(state, name, case.opened.application_id, freed)])


def _changed(state: Appropriation, name: str, application_id: UUID, change: int) -> list[Fact]:
    if change >= 0:
        return appropriations.commit(state, name, application_id, change)
    return [AppropriationReleased(appropriation_id=name, application_id=application_id, amount=-change)]
