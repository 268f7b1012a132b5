"""An association is registered once, and corrected by who does not act for it; its account changes by two people and
after a day; its people have periods.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from pydantic import ValidationError

from schemas.facts import Fact
from schemas.intake import (
    AccountChangeDropped,
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
from services.intake.domain import applications, associations
from services.intake.domain.associations import Association
from services.intake.domain.calls import Call
from tests.unit.given import county, fact, folded, refused

OTHER_IBAN = "FI1410093000123458"
CHANGE = UUID("019b7a1e-8c00-7000-8000-000000000002")
UNKNOWN = UUID("019b7a1e-8c00-7000-8000-0000000000ff")
TOMORROW = date(2026, 3, 3)


def association(*facts: Fact) -> Association:
    state = folded(associations.evolve, None, fact(AssociationRegistered), *facts)
    assert state is not None
    return state


def requested(**changed: object) -> AccountChangeRequested:
    return fact(AccountChangeRequested, **{"iban": OTHER_IBAN, **changed})


def test_an_association_is_registered_once() -> None:
    assert associations.register(None, fact(AssociationRegistered)) == [fact(AssociationRegistered)]
    with refused("association-exists"):
        associations.register(association(), fact(AssociationRegistered))


@pytest.mark.parametrize(("written", "kept"), [("001.123", "1123"), ("123456", "123456"), ("001", "1"), (None, None)])
def test_a_register_number_is_kept_so_that_it_can_be_read_again(written: str | None, kept: str | None) -> None:
    registered = fact(AssociationRegistered, register_number=written)
    assert registered.register_number == kept
    assert AssociationRegistered.model_validate_json(registered.model_dump_json()) == registered


@pytest.mark.parametrize("written", ["000", "000.000", "0", "002", "13", "1234567", "", "12a"])
def test_what_is_no_register_number_with_or_without_its_zeros_is_refused(written: str) -> None:
    with pytest.raises(ValidationError, match="one to six digits, such as"):
        fact(AssociationRegistered, register_number=written)


# --- corrections ---------------------------------------------------------------------------------------------

SAME = {name: getattr(fact(AssociationRegistered), name) for name in associations.CORRECTED}


def test_a_correction_says_anew_what_the_association_is_and_leaves_its_account() -> None:
    before = association(fact(AssociationAccountChanged, iban=OTHER_IBAN), requested(iban="FI5542345670000081"))
    corrected = fact(AssociationCorrected, name="Uusi nimi ry", register_number=None, kind="district", language="en")
    assert associations.correct(before, corrected, TOMORROW) == [corrected]
    after = associations.evolve(before, corrected)
    assert after is not None
    now = after.registered
    assert (now.name, now.register_number, now.kind, now.language) == ("Uusi nimi ry", None, "district", "en")
    assert (now.association_id, now.domicile) == (before.registered.association_id, "kitee")
    assert (after.iban, after.changes, after.persons) == (before.iban, before.changes, before.persons)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "Toinen ry"), ("display_name", "Toinen"), ("register_number", None), ("domicile", "kitee"),
        ("kind", "district"), ("language", "sv"),
    ],
)  # fmt: skip
def test_each_of_what_a_correction_says_is_a_change_by_itself_and_none_is_refused(name: str, value: str | None) -> None:
    corrected = fact(AssociationCorrected, **{**SAME, name: value})
    assert associations.correct(association(), corrected, TOMORROW) == [corrected]
    with refused("nothing-changes"):
        associations.correct(association(corrected), corrected, TOMORROW)


def test_a_correction_back_to_what_was_registered_is_one() -> None:
    back = fact(AssociationCorrected, **SAME)
    with refused("nothing-changes"):
        associations.correct(association(), back, TOMORROW)
    corrected = association(fact(AssociationCorrected))
    assert associations.correct(corrected, back, TOMORROW) == [back]


@pytest.mark.parametrize("role", ["contact", "signatory", "mandate"])
def test_whoever_acts_for_an_association_does_not_correct_it(role: str) -> None:
    state = association(fact(PersonNamed, role=role, person="officer-1"))
    with refused("acts-for-it", "forbidden"):
        associations.correct(state, fact(AssociationCorrected, person="officer-1"), TOMORROW)
    assert associations.correct(state, fact(AssociationCorrected, person="officer-2"), TOMORROW)
    with refused("acts-for-it", "forbidden"):
        associations.correct(state, fact(AssociationCorrected, person="officer-2"), TOMORROW, named=True)
    later = date(2028, 1, 1)
    assert associations.correct(state, fact(AssociationCorrected, person="officer-1"), later)


def test_by_its_corrected_kind_an_association_may_apply() -> None:
    call = Call(fact(CallPublished, applicants=["local"]))

    def told(*facts: Fact) -> set[str]:
        found = applications.call_problems(fact(ApplicationSubmitted), call, association(*facts), county())
        return {each.slug for each in found}

    assert "may-not-apply" not in told()
    assert "may-not-apply" in told(fact(AssociationCorrected, kind="district"))


@pytest.mark.parametrize("written", ["000", "13", "1234567", ""])
def test_a_corrected_register_number_is_checked_as_a_registered_one(written: str) -> None:
    with pytest.raises(ValidationError, match="one to six digits, such as"):
        fact(AssociationCorrected, register_number=written)


# --- the account ---------------------------------------------------------------------------------------------


def test_a_requested_change_leaves_the_account_until_another_person_confirms_it() -> None:
    state = association(*associations.request_account_change(association(), requested()))
    assert state.iban == association().iban
    assert associations.refused_confirmation(state, CHANGE, "officer-2", TOMORROW) is None
    facts = associations.confirm_account_change(state, CHANGE, "officer-2", TOMORROW)
    assert [type(each) for each in facts] == [AssociationAccountChanged, AccountChangeDropped]
    after = association(requested(), *facts)
    assert (after.iban, after.registered.iban, dict(after.changes)) == (OTHER_IBAN, association().iban, {})


def test_whoever_asked_does_not_confirm_and_the_attempt_is_an_event() -> None:
    attempt = associations.refused_confirmation(association(requested()), CHANGE, "officer-1", TOMORROW)
    assert attempt is not None
    assert (attempt.person, attempt.change_id) == ("officer-1", CHANGE)
    with refused("same-person", "forbidden"):
        associations.confirm_account_change(association(requested()), CHANGE, "officer-1", TOMORROW)


@pytest.mark.parametrize("role", ["mandate", "signatory", "contact"])
def test_whoever_acts_for_the_association_is_not_the_second_person(role: str) -> None:
    named = fact(PersonNamed, role=role, person="officer-2", valid_from="2026-01-01", valid_until="2026-03-03")
    state = association(requested(person="anna"), named)
    attempt = associations.refused_confirmation(state, CHANGE, "officer-2", TOMORROW)
    assert attempt is not None
    assert attempt.reason == "officer-2 acts for the association and so does not confirm it"
    with refused("acts-for-it", "forbidden"):
        associations.confirm_account_change(state, CHANGE, "officer-2", TOMORROW)
    assert associations.confirm_account_change(state, CHANGE, "officer-2", date(2026, 3, 4)) != []
    assert associations.confirm_account_change(state, CHANGE, "officer-3", TOMORROW) != []


def test_the_waiting_time_holds_to_the_day() -> None:
    with refused("change-too-early"):
        associations.confirm_account_change(association(requested()), CHANGE, "officer-2", date(2026, 3, 2))


def test_the_same_account_is_no_change_and_one_change_waits_at_a_time() -> None:
    with refused("account-unchanged"):
        associations.request_account_change(association(), fact(AccountChangeRequested))
    with refused("change-pending"):
        associations.request_account_change(association(requested()), requested(change_id=UNKNOWN))


def test_a_dropped_change_cannot_be_confirmed() -> None:
    dropped = associations.drop_account_change(association(requested()), CHANGE, "Väärennös", "officer-2")
    with refused("not-found", "not_found"):
        associations.confirm_account_change(association(requested(), *dropped), CHANGE, "officer-2", TOMORROW)


# --- people --------------------------------------------------------------------------------------------------


def test_a_mandate_names_who_holds_it() -> None:
    with refused("mandate-without-person", "invalid", "/person"):
        associations.name_person(association(), fact(PersonNamed, person=None))


def test_a_period_ends_after_it_begins() -> None:
    with refused("period-reversed", "invalid", "/valid_until"):
        associations.name_person(association(), fact(PersonNamed, valid_until="2025-12-31"))
    with refused("period-reversed", "invalid", "/valid_until"):
        associations.end_person(association(fact(PersonNamed)), CHANGE, date(2025, 12, 31))


@pytest.mark.parametrize(
    ("person", "today", "may"),
    [
        ("user-1", date(2025, 12, 31), False),
        ("user-1", date(2026, 1, 1), True),
        ("user-1", date(2027, 12, 31), True),
        ("user-1", date(2028, 1, 1), False),
        ("user-2", date(2026, 1, 1), False),
    ],
)
def test_once_there_are_mandates_only_who_holds_one_in_force_acts(person: str, today: date, may: bool) -> None:
    assert associations.may_act(association(fact(PersonNamed)), person, today) is may


def test_without_mandates_the_token_decides_and_an_ended_mandate_is_none() -> None:
    assert associations.may_act(association(), "anybody", TOMORROW)
    assert associations.may_act(association(fact(PersonNamed, role="contact")), "anybody", TOMORROW)
    ended = association(fact(PersonNamed), fact(PersonEnded, valid_until="2026-03-02"))
    assert not associations.may_act(ended, "user-1", TOMORROW)


def test_ending_a_period_makes_it_no_longer() -> None:
    state = association(fact(PersonNamed), fact(PersonEnded, valid_until="2026-03-02"))
    with refused("period-longer", "invalid", "/valid_until"):
        associations.end_person(state, CHANGE, TOMORROW)
    assert len(associations.end_person(state, CHANGE, date(2026, 3, 1))) == 1
    assert len(associations.end_person(association(fact(PersonNamed, valid_until=None)), CHANGE, TOMORROW)) == 1


def test_nobody_acts_by_the_mandate_of_an_erased_person() -> None:
    state = association(fact(PersonNamed), fact(PersonErased))
    assert not associations.may_act(state, "user-1", TOMORROW)
    assert not associations.may_act(state, "anybody", TOMORROW)


def test_an_erasure_is_recorded_once() -> None:
    state = association(fact(PersonNamed))
    erased = associations.erase_person(state, CHANGE, "Pyyntö")
    assert [type(each) for each in erased] == [PersonErased]
    assert associations.erase_person(association(fact(PersonNamed), *erased), CHANGE, "Pyyntö") == []
    with refused("not-found", "not_found"):
        associations.erase_person(association(), CHANGE, "Pyyntö")
