"""However a call is amended and however time passes, its versions grow and what has happened stays so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from schemas.calls import CallTerms
from schemas.facts import Fact
from schemas.helsinki import HELSINKI
from schemas.intake import CallAmended, CallPublished
from schemas.refusals import Refused
from schemas.words import Words
from services.intake.domain import calls
from services.intake.domain.calls import Call
from tests.unit.given import county, fact, folded, refused
from tests.unit.reaching import Kinds, reaching

START: Final = datetime(2025, 12, 15, 6, 0, tzinfo=UTC)
HOURS: Final = st.integers(-6, 12)
CHANGED: Final = Words(fi="Aikaa muutettiin.")
WRITTEN: Final[Kinds] = {CallPublished, CallAmended}
REACHED: Final[Kinds] = set()


class CallMachine(RuleBasedStateMachine):
    """Checks terms and then decides, as the commands do. Times are hours from the present one, so that they meet."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.facts: list[Fact] = []
        self.has_been_open = self.has_closed = False

    @property
    def state(self) -> Call | None:
        return folded(calls.evolve, None, *self.facts)

    def terms(self, opens: int, closes: int | None, **changed: Any) -> dict[str, Any]:
        opens_at = self.now + timedelta(hours=opens)
        closes_at = None if closes is None else (self.now + timedelta(hours=closes)).isoformat()
        kind = "continuous" if closes is None else "round"
        return {"opens_at": opens_at.isoformat(), "closes_at": closes_at, "kind": kind, **changed}

    @initialize(opens=st.integers(-1, 2), hours=st.integers(1, 9))
    def start_with_a_round(self, opens: int, hours: int) -> None:
        self.publish(opens, opens + hours)

    @rule(opens=HOURS, closes=st.none() | HOURS)
    def publish(self, opens: int, closes: int | None) -> None:
        call = fact(CallPublished, **self.terms(opens, closes))
        if calls.problems(call, county(), call.opens_at.astimezone(HELSINKI).date()):
            return
        if self.state is None:
            self.facts += calls.publish(None, call)
            return
        with refused("call-exists"):
            calls.publish(self.state, call)

    @rule(opens=HOURS, closes=st.none() | HOURS, keeps_opening=st.booleans(), year=st.sampled_from([2026, 2026, 2027]))
    def amend(self, opens: int, closes: int | None, keeps_opening: bool, year: int) -> None:
        state = self.state
        if state is None:
            return
        content = self.terms(opens, closes, year=year)
        if keeps_opening:
            content["opens_at"] = state.call.opens_at.isoformat()
        own = {name: getattr(state.call, name) for name in CallTerms.model_fields}
        terms = CallTerms.model_validate({**own, **content})
        if calls.problems(terms, county(), terms.opens_at.astimezone(HELSINKI).date()):
            return
        try:
            made = calls.amend(state, terms, CHANGED, self.now)
        except Refused:
            assert self.state == state
            return
        assert not self.has_closed
        assert terms.closes_at is None or self.now < terms.closes_at + calls.CLOSING_MINUTE
        assert terms.opens_at == state.call.opens_at or not self.has_been_open
        self.facts += made

    @rule()
    def amend_nothing(self) -> None:
        state = self.state
        if state is None:
            return
        own = CallTerms.model_validate({name: getattr(state.call, name) for name in CallTerms.model_fields})
        with refused("call-closed" if state.is_late(self.now) else "nothing-changes"):
            calls.amend(state, own, CHANGED, self.now)

    @rule(minutes=st.sampled_from([1, 30, 60, 180]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    def teardown(self) -> None:
        REACHED.update(type(each) for each in self.facts)

    # --- what holds after each -------------------------------------------------------------------------------

    @invariant()
    def versions_grow_by_one(self) -> None:
        versions = [each.call_version if isinstance(each, CallAmended) else 1 for each in self.facts]
        assert versions == list(range(1, len(versions) + 1))
        assert [type(each) for each in self.facts[:1]] in ([], [CallPublished])
        state = self.state
        assert (state is None and not versions) or (state is not None and state.version == versions[-1])

    @invariant()
    def a_call_closes_after_it_opens(self) -> None:
        for each in self.facts:
            assert isinstance(each, CallPublished | CallAmended)
            assert each.closes_at is None or each.closes_at > each.opens_at

    @invariant()
    def what_is_fixed_stays(self) -> None:
        assert len({tuple(getattr(each, name) for name in calls.FIXED) for each in self.facts}) <= 1

    @invariant()
    def what_was_open_opens_no_later_and_what_has_closed_stays_closed(self) -> None:
        state = self.state
        if state is None:
            return
        late, is_open = state.is_late(self.now), state.is_open(self.now)
        assert not (late and is_open)
        assert late or not self.has_closed
        assert late or is_open or not self.has_been_open
        self.has_closed, self.has_been_open = late, self.has_been_open or self.now >= state.call.opens_at


TestCalls = reaching(CallMachine, WRITTEN, REACHED, steps=25)
