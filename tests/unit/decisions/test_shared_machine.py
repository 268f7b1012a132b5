"""What many cases share, in whatever order: the diary's numbers, and an undertaking's de minimis aid over the years."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from schemas.decisions import DeMinimisChanged, DeMinimisGranted, DiaryNumberAssigned
from schemas.facts import Fact
from schemas.refusals import Refused
from services.decisions.domain import appropriations, de_minimis
from tests.unit.decisions.desk import request
from tests.unit.given import fact, folded
from tests.unit.reaching import Kinds, reaching

LIMIT: Final = 1_000
APPLICATIONS: Final = st.integers(0, 7)
SUMS: Final = st.sampled_from([0, 1, 200, 400, 600, LIMIT, LIMIT + 1])
YEARS: Final = st.sampled_from([2026, 2026, 2027])
WRITTEN: Final[Kinds] = {DeMinimisGranted, DeMinimisChanged, DiaryNumberAssigned}
REACHED: Final[Kinds] = set()


class SharedMachine(RuleBasedStateMachine):
    """One undertaking's aid as time goes on, and a diary for each year."""

    def __init__(self) -> None:
        super().__init__()
        self.today = date(2026, 2, 24)
        self.aid: list[Fact] = []
        self.diaries: dict[int, list[DiaryNumberAssigned]] = {}

    @property
    def state(self) -> de_minimis.Aids:
        nothing: de_minimis.Aids = {}
        return folded(de_minimis.evolve, nothing, *self.aid)

    # --- what cases do ---------------------------------------------------------------------------------------

    @rule(days=st.sampled_from([1, 30, 364, 365, 366, 3 * 365, 3 * 365 + 1]))
    def days_pass(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule(number=APPLICATIONS, amount=SUMS)
    def decide(self, number: int, amount: int) -> None:
        """As a decision or a claim does: it grants what was none before, and changes what was."""
        key = request(number)
        if key in self.state:
            changed = fact(DeMinimisChanged, application_id=key, amount=amount, changed_on=self.today)
            self.noted(lambda: de_minimis.change(self.state, changed, LIMIT))
        elif amount:
            granted = fact(DeMinimisGranted, application_id=key, amount=amount, granted_on=self.today)
            self.noted(lambda: de_minimis.grant(self.state, granted, LIMIT))

    def noted(self, run: Callable[[], list[Fact]]) -> None:
        try:
            made = run()
        except Refused:
            return
        self.aid += made

    @rule(number=APPLICATIONS, year=YEARS)
    def open_case(self, number: int, year: int) -> None:
        taken = self.diaries.setdefault(year, [])
        running = folded(appropriations.evolve_diary, 0, *taken)
        taken.append(
            appropriations.assign_diary_number(
                running, lambda running, year: f"{running}/02.05.01.00/{year}", year, request(number)
            )
        )

    def teardown(self) -> None:
        REACHED.update(type(each) for each in (*self.aid, *(one for taken in self.diaries.values() for one in taken)))

    # --- what holds after each, by the facts alone -----------------------------------------------------------

    @invariant()
    def a_years_diary_has_no_gap_and_no_number_twice(self) -> None:
        for year, taken in self.diaries.items():
            assert [each.running for each in taken] == list(range(1, len(taken) + 1))
            assert [each.diary_number for each in taken] == [f"{each.running}/02.05.01.00/{year}" for each in taken]

    @invariant()
    def no_three_years_hold_more_than_the_limit_when_a_grant_is_made_or_raised(self) -> None:
        granted: dict[UUID, tuple[int, date]] = {}
        for each in self.aid:
            if isinstance(each, DeMinimisGranted):
                start = de_minimis.three_years_before(each.granted_on)
                before = sum(amount for amount, day in granted.values() if day > start)
                assert each.three_years_before == before
                assert before + each.amount <= LIMIT
                granted[each.application_id] = (each.amount, each.granted_on)
            if isinstance(each, DeMinimisChanged):
                others = [one for key, one in granted.items() if key != each.application_id]
                start = de_minimis.three_years_before(each.changed_on)
                assert sum(amount for amount, day in others if day > start) + each.amount <= LIMIT
                granted[each.application_id] = (each.amount, granted[each.application_id][1])

    @invariant()
    def each_application_is_granted_aid_once(self) -> None:
        granted = [each.application_id for each in self.aid if isinstance(each, DeMinimisGranted)]
        assert len(set(granted)) == len(granted)


TestShared = reaching(SharedMachine, WRITTEN, REACHED)
