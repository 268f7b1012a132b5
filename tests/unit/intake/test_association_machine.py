"""Whoever does what with an association in whatever order: its account changes by two people, who does not act for it
corrects it, and its people act only while their mandates are in force.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from schemas.facts import Fact
from schemas.intake import (
    AccountChangeDropped,
    AccountChangeRefused,
    AccountChangeRequested,
    ApplicationSubmitted,
    AssociationAccountChanged,
    AssociationCorrected,
    AssociationRegistered,
    CallPublished,
    PersonEnded,
    PersonErased,
    PersonNamed,
)
from schemas.refusals import Refused
from services.intake.domain import applications, associations
from services.intake.domain.associations import Association
from services.intake.domain.calls import Call
from tests.unit.given import county, fact, folded
from tests.unit.reaching import Kinds, reaching

IBANS: Final = st.sampled_from(["FI2112345600000785", "FI1410093000123458", "FI5542345670000081"])
OFFICERS: Final = st.sampled_from(["anna", "bertta", "cecilia"])
USERS: Final = ("doris", "eeva")
NUMBERS: Final = st.integers(0, 5)
DAYS: Final = st.integers(-3, 6)
CALL: Final = Call(fact(CallPublished))
WRITTEN: Final[Kinds] = {
    AccountChangeDropped,
    AccountChangeRefused,
    AccountChangeRequested,
    AssociationAccountChanged,
    AssociationCorrected,
    PersonEnded,
    PersonErased,
    PersonNamed,
}
REACHED: Final[Kinds] = set()


def identity(number: int) -> UUID:
    return UUID(int=0x019B7A1E8C0070008000000000000100 + number)


@dataclass(frozen=True)
class Done:
    """A fact, who brought it about and on which day."""

    fact: Fact
    person: str
    on: date


class AssociationMachine(RuleBasedStateMachine):
    """Does with the domain what the commands do; a refused command leaves no fact but a kept attempt."""

    def __init__(self) -> None:
        super().__init__()
        self.today = date(2026, 3, 2)
        self.done: list[Done] = [Done(fact(AssociationRegistered), "anna", self.today)]
        self.changes = 0

    @property
    def state(self) -> Association:
        state = folded(associations.evolve, None, *(each.fact for each in self.done))
        assert state is not None
        return state

    def act(self, person: str, run: Callable[[Association], list[Fact]]) -> list[Fact]:
        before = self.state
        try:
            made = run(before)
        except Refused:
            assert self.state == before
            return []
        self.done += [Done(each, person, self.today) for each in made]
        return made

    # --- what people do --------------------------------------------------------------------------------------

    @rule(days=st.integers(1, 3))
    def days_pass(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule(person=OFFICERS, iban=IBANS, waiting=st.integers(1, 2))
    def request_account_change(self, person: str, iban: str, waiting: int) -> None:
        self.changes += 1
        request = fact(
            AccountChangeRequested, change_id=identity(self.changes), iban=iban, person=person,
            not_before=self.today + timedelta(days=waiting),
        )  # fmt: skip
        self.act(person, lambda state: associations.request_account_change(state, request))

    @rule(person=OFFICERS, back=NUMBERS)
    def confirm_account_change(self, person: str, back: int) -> None:
        change_id = identity(self.changes - back)

        def attempt(state: Association) -> list[Fact]:
            refused = associations.refused_confirmation(state, change_id, person, self.today)
            return [] if refused is None else [refused]

        before = self.state.iban
        if self.act(person, attempt):
            assert self.state.iban == before
        self.act(person, lambda state: associations.confirm_account_change(state, change_id, person, self.today))

    @rule(person=OFFICERS, back=NUMBERS)
    def drop_account_change(self, person: str, back: int) -> None:
        change_id = identity(self.changes - back)
        self.act(person, lambda state: associations.drop_account_change(state, change_id, "Väärennös", person))

    @rule(person=OFFICERS, iban=IBANS, another=OFFICERS, days=st.integers(0, 3))
    def usual_change(self, person: str, iban: str, another: str, days: int) -> None:
        self.request_account_change(person, iban, 1)
        self.days_pass(days)
        self.confirm_account_change(another, 0)

    @rule(
        number=NUMBERS,
        role=st.sampled_from(["contact", "signatory", "mandate", "mandate"]),
        person=st.none() | st.sampled_from(USERS),
        begins=DAYS,
        lasts=st.none() | DAYS,
    )  # fmt: skip
    def name_person(self, number: int, role: str, person: str | None, begins: int, lasts: int | None) -> None:
        valid_from = self.today + timedelta(days=begins)
        named = fact(
            PersonNamed, person_id=identity(number), role=role, person=person, valid_from=valid_from,
            valid_until=None if lasts is None else valid_from + timedelta(days=lasts),
        )  # fmt: skip
        self.act("anna", lambda state: associations.name_person(state, named))

    @rule(number=NUMBERS, days=DAYS)
    def end_person(self, number: int, days: int) -> None:
        until = self.today + timedelta(days=days)
        self.act("anna", lambda state: associations.end_person(state, identity(number), until))

    @rule(number=NUMBERS, person=st.sampled_from(USERS))
    def name_who_may_act_now(self, number: int, person: str) -> None:
        self.name_person(number, "mandate", person, -1, None)

    @rule(number=NUMBERS)
    def erase_person(self, number: int) -> None:
        self.act("anna", lambda state: associations.erase_person(state, identity(number), "Pyyntö"))

    @rule(
        person=OFFICERS | st.sampled_from(USERS),
        name=st.sampled_from(["Esimerkki ry", "Uusi nimi ry"]),
        kind=st.sampled_from(["local", "district"]),
    )
    def correct(self, person: str, name: str, kind: str) -> None:
        corrected = fact(AssociationCorrected, name=name, kind=kind, person=person)
        self.act(person, lambda state: associations.correct(state, corrected, self.today))

    def teardown(self) -> None:
        REACHED.update(type(each) for each in self.facts)

    # --- what holds after each, by the facts alone -----------------------------------------------------------

    @property
    def facts(self) -> list[Fact]:
        return [each.fact for each in self.done]

    @invariant()
    def payments_go_where_the_last_confirmed_change_says(self) -> None:
        changed = [each.iban for each in self.facts if isinstance(each, AssociationAccountChanged)]
        assert self.state.iban == [self.state.registered.iban, *changed][-1]

    @invariant()
    def it_is_what_the_last_correction_says_and_each_says_something_new(self) -> None:
        told = [each for each in self.facts if isinstance(each, AssociationRegistered | AssociationCorrected)]
        said = [{name: getattr(each, name) for name in associations.CORRECTED} for each in told]
        assert {name: getattr(self.state.registered, name) for name in associations.CORRECTED} == said[-1]
        assert all(before != after for before, after in pairwise(said))

    @invariant()
    def nobody_corrects_an_association_for_which_they_act(self) -> None:
        for index, each in enumerate(self.done):
            if isinstance(each.fact, AssociationCorrected):
                assert each.fact.person == each.person
                assert each.person not in _acting(self.facts[:index], each.on)

    @invariant()
    def an_account_changes_by_two_people_after_the_waiting_time(self) -> None:
        for index, each in enumerate(self.done):
            if not isinstance(each.fact, AssociationAccountChanged):
                continue
            (request,) = _waiting(self.facts[:index])
            assert (each.fact.iban, each.fact.reason) == (request.iban, request.reason)
            assert each.person != request.person
            assert each.on >= request.not_before

    @invariant()
    def one_change_waits_at_a_time(self) -> None:
        waiting = _waiting(self.facts)
        assert len(waiting) <= 1
        assert list(self.state.changes.values()) == waiting
        assert all(each.iban != self.state.iban for each in waiting)

    @invariant()
    def every_kept_attempt_is_of_the_one_who_asked(self) -> None:
        for each in self.done:
            if isinstance(each.fact, AccountChangeRefused):
                assert each.fact.person == each.person

    @invariant()
    def a_person_is_named_once_and_erased_once_for_good(self) -> None:
        for kind in (PersonNamed, PersonErased):
            ids = [each.person_id for each in self.facts if isinstance(each, kind)]
            assert len(set(ids)) == len(ids)
        erased = {each.person_id for each in self.facts if isinstance(each, PersonErased)}
        assert self.state.erased == erased

    @invariant()
    def an_erased_person_is_no_contact(self) -> None:
        for person_id in self.state.erased:
            sent = fact(ApplicationSubmitted, contact_id=person_id)
            found = applications.call_problems(sent, CALL, self.state, county())
            assert "unknown-contact" in {each.slug for each in found}

    @invariant()
    def a_mandate_names_somebody_for_a_day_at_least_and_grows_no_longer(self) -> None:
        until: dict[UUID, date] = {}
        for each in self.facts:
            if isinstance(each, PersonNamed):
                assert each.person is not None or each.role != "mandate"
                until[each.person_id] = each.valid_until or date.max
                assert until[each.person_id] >= each.valid_from
            if isinstance(each, PersonEnded):
                assert self.state.persons[each.person_id].valid_from <= each.valid_until <= until[each.person_id]
                until[each.person_id] = each.valid_until

    @invariant()
    def once_there_was_a_mandate_only_who_holds_one_in_force_acts(self) -> None:
        mandates = [each for each in self.facts if isinstance(each, PersonNamed) and each.role == "mandate"]
        ends = {each.person_id: each.valid_until for each in self.facts if isinstance(each, PersonEnded)}
        erased = {each.person_id for each in self.facts if isinstance(each, PersonErased)}
        holders = {
            each.person
            for each in mandates
            if each.person_id not in erased
            and each.valid_from <= self.today <= (ends.get(each.person_id) or each.valid_until or date.max)
        }
        for user in (*USERS, "stranger"):
            assert associations.may_act(self.state, user, self.today) is (user in holders or not mandates)


def _waiting(facts: list[Fact]) -> list[AccountChangeRequested]:
    dropped = {each.change_id for each in facts if isinstance(each, AccountChangeDropped)}
    return [each for each in facts if isinstance(each, AccountChangeRequested) and each.change_id not in dropped]


def _acting(facts: list[Fact], on: date) -> set[str | None]:
    """Who acts or signs for the association, or is its contact, on a day, by the facts up to then."""
    ends = {each.person_id: each.valid_until for each in facts if isinstance(each, PersonEnded)}
    return {
        each.person
        for each in facts
        if isinstance(each, PersonNamed)
        and each.valid_from <= on <= (ends.get(each.person_id) or each.valid_until or date.max)
    }


TestAssociations = reaching(AssociationMachine, WRITTEN, REACHED, steps=30)
