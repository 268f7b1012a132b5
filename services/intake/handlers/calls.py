"""Commands on calls."""

from __future__ import annotations

from datetime import date

from schemas.calls import CallTerms
from schemas.county import Activity, County, Municipality
from schemas.helsinki import HELSINKI, HelsinkiMinute
from schemas.identifiers import Slug
from schemas.intake import CallPublished
from schemas.money import NonNegativeAmount
from schemas.refusals import SeveralRefused, not_found
from schemas.validity import all_holding_on
from schemas.words import Words
from services.intake.domain import calls
from services.ledger import Ledger
from services.web.clock import Clock
from services.web.commands import Command, carry_out
from services.web.handling import Answer, Loaded, Plan, load
from services.web.preconditions import check_version


class Terms(CallTerms):
    """A call's terms as an officer gives them: minutes by the clock in Helsinki, money as "180000.00 EUR"."""

    opens_at: HelsinkiMinute
    closes_at: HelsinkiMinute | None
    appropriation: NonNegativeAmount | None = None

    def content(self) -> dict[str, object]:
        """The terms by name, as events hold them."""
        return {name: getattr(self, name) for name in CallTerms.model_fields}


class PublishCall(Terms):
    """A call to publish."""

    call_id: Slug


class AmendCall(Terms):
    """A call's new terms, whole, and what applicants are told of the change."""

    what_changed: Words


class Calls:
    """The commands. Each returns once its events are durable."""

    def __init__(self, ledger: Ledger, county: County, clock: Clock) -> None:
        self._ledger = ledger
        self._county = county
        self._clock = clock

    async def call(self, call_id: str) -> Loaded[calls.Call | None]:
        return await load(self._ledger, f"call/{call_id}", calls.evolve, None)

    async def publish(self, command: Command, sent: PublishCall) -> Answer:
        self._check(sent)
        call = CallPublished.model_validate({"call_id": sent.call_id, **sent.content()})

        async def decide() -> Plan:
            loaded = await self.call(sent.call_id)
            facts = calls.publish(loaded.state, call)
            return Plan((loaded.write(facts),), {"call_id": sent.call_id, "call_version": 1})

        return await carry_out(self._ledger, command, decide)

    async def amend(self, command: Command, call_id: str, sent: AmendCall) -> Answer:
        """Changes a call; applicants are told what changed by `what_changed`. Raises Problem 412 when somebody else has
        amended it at the same moment: terms come whole, and would take the other's back unseen.
        """
        self._check(sent)
        terms = CallTerms.model_validate(sent.content())
        met: list[int] = []

        async def decide() -> Plan:
            loaded = await self.call(call_id)
            if loaded.state is None:
                raise not_found("such call")
            met.append(loaded.version)
            check_version(met[0], loaded.version)
            facts = calls.amend(loaded.state, terms, sent.what_changed, self._clock())
            answer = {"call_id": call_id, "call_version": loaded.state.version + 1}
            return Plan((loaded.write(facts),), answer)

        return await carry_out(self._ledger, command, decide)

    def activities(self) -> tuple[Activity, ...]:
        """The division by activity that holds today in Helsinki."""
        return all_holding_on(self._county.activities, self._today())

    def municipalities(self) -> tuple[Municipality, ...]:
        """The county's municipalities today in Helsinki."""
        return all_holding_on(self._county.municipalities, self._today())

    def _today(self) -> date:
        return self._clock().astimezone(HELSINKI).date()

    def _check(self, terms: CallTerms) -> None:
        found = calls.problems(terms, self._county, terms.opens_at.astimezone(HELSINKI).date())
        if found:
            raise SeveralRefused(found)
