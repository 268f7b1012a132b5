"""Who acts or signs for an association approves nothing that is paid to it, on the days on which they do (P8)."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from schemas.intake import PersonNamed
from schemas.payments import PayeePersonNoted, PaymentLine, RunApprovalRefused, RunApproved
from schemas.samples import SAMPLES
from services.payments.domain import payees
from services.payments.domain.payees import Payees
from tests.unit.given import fact, folded
from tests.unit.payments.test_runs import LINE_SUM, LINES, A, B, C, approve, approved, limit, limits, run, stand_in

FIRST, LAST = date(2026, 3, 1), date(2026, 6, 30)
FIRST_ID, SECOND_ID = UUID("019b7a1e-8c00-7000-8000-0000000000a1"), UUID("019b7a1e-8c00-7000-8000-0000000000a2")


def noted(person: str = "bertta", person_id: UUID = FIRST_ID, **changed: date | None) -> PayeePersonNoted:
    return fact(PayeePersonNoted, person=person, person_id=person_id, **changed)


def acting(*people: str, of: str = B) -> Payees:
    """These people act for the payee of this line, and nobody for those of the others."""
    return Payees(
        {each.application_id: frozenset(people if each.end_to_end_id == of else ()) for each in LINES}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("on", "holds"),
    [(date(2026, 2, 28), False), (FIRST, True), (LAST, True), (date(2026, 7, 1), False)],
)
def test_a_part_is_in_force_from_its_first_day_to_its_last(on: date, holds: bool) -> None:
    people = folded(payees.evolve, payees.NOBODY, noted(valid_from=FIRST, valid_until=LAST))
    assert payees.in_force(people, on) == (frozenset({"bertta"}) if holds else frozenset())


def test_one_person_with_two_parts_is_tied_while_either_holds() -> None:
    parts = (noted(valid_from=FIRST, valid_until=None), noted(person_id=SECOND_ID, valid_from=LAST, valid_until=None))
    people = folded(payees.evolve, payees.NOBODY, *parts, noted(valid_from=FIRST, valid_until=FIRST))
    days = (FIRST, date(2026, 4, 1), LAST, date(2099, 1, 1))
    assert [sorted(payees.in_force(people, day)) for day in days] == [["bertta"], [], ["bertta"], ["bertta"]]


def test_a_person_is_noted_once_and_one_whom_no_token_names_never() -> None:
    named = fact(PersonNamed, person="bertta", person_id=FIRST_ID)
    [made] = payees.name(payees.NOBODY, named)
    assert made == noted(valid_from=named.valid_from, valid_until=named.valid_until)
    assert payees.name(folded(payees.evolve, payees.NOBODY, made), named) == []
    assert payees.name(payees.NOBODY, fact(PersonNamed, role="contact", person=None)) == []


def test_a_part_ends_only_earlier_than_it_would() -> None:
    people = folded(payees.evolve, payees.NOBODY, noted(valid_from=FIRST, valid_until=None))
    [ended] = payees.end(people, FIRST_ID, LAST)
    assert ended == noted(valid_from=FIRST, valid_until=LAST)
    after = folded(payees.evolve, people, ended)
    assert payees.end(after, FIRST_ID, LAST) == payees.end(after, FIRST_ID, date(2026, 7, 1)) == []
    assert payees.end(after, SECOND_ID, LAST) == []


def test_who_acts_for_a_payee_is_told_of_which_lines_and_approves_the_others() -> None:
    rules = limits(payees=acting("bertta"))
    refusal = approve(run(), "bertta", rules=rules)
    assert isinstance(refusal, RunApprovalRefused)
    assert f"{LINES[1].diary_number} ({B})" in refusal.reason
    assert "approve the others by their `lines`" in refusal.reason
    assert A not in refusal.reason
    assert C not in refusal.reason
    alone = approve(run(), "bertta", B, rules=rules)
    assert isinstance(alone, RunApprovalRefused)
    assert "another person approves these" in alone.reason
    assert isinstance(approve(run(), "bertta", A, C, rules=rules), RunApproved)
    assert isinstance(approve(run(), "cecilia", rules=rules), RunApproved)


def test_who_acts_for_a_payee_is_refused_also_where_all_approvals_are_given() -> None:
    state = run(approved("cecilia"), approved("doris"))
    assert isinstance(approve(state, "bertta", rules=limits(payees=acting("bertta"))), RunApprovalRefused)


def test_nobody_approves_in_the_place_of_who_acts_for_a_payee() -> None:
    facts = (limit("bertta", 1), stand_in())
    refusal = approve(run(), "bertta", rules=limits(*facts, payees=acting("paula")))
    assert isinstance(refusal, RunApprovalRefused)
    assert refusal.reason.startswith(
        "bertta would approve in the place of paula: paula acts or signs for the payee of "
    )
    others = approve(run(), "bertta", A, C, rules=limits(*facts, payees=acting("paula")))
    assert isinstance(others, RunApproved)
    assert others.on_behalf_of == "paula"
    own = approve(run(), "bertta", rules=limits(limit("bertta", 3 * LINE_SUM), stand_in(), payees=acting("paula")))
    assert isinstance(own, RunApproved)
    assert own.on_behalf_of is None


def test_a_stand_in_of_two_approves_in_the_place_of_the_one_who_does_not_act_for_a_payee() -> None:
    second = stand_in(stand_in_id=SECOND_ID, principal="rauha")
    made = approve(run(), "bertta", rules=limits(limit("bertta", 1), stand_in(), second, payees=acting("paula")))
    assert isinstance(made, RunApproved)
    assert made.on_behalf_of == "rauha"


def test_so_many_lines_are_named_as_a_reason_can_hold() -> None:
    sample = {**SAMPLES["run.proposed", 1]["lines"][0], "diary_number": "1" * 60}
    lines = [PaymentLine.model_validate({**sample, "end_to_end_id": f"E{number:034d}"}) for number in range(10_000)]
    known = Payees({lines[0].application_id: frozenset({"b" * 80})})
    assert known.of("b" * 80, lines) == lines
    told = payees.told(lines)
    assert told.endswith(f"({lines[19].end_to_end_id}) and 9980 more")
    assert isinstance(approve(run(), "b" * 80, rules=limits(payees=acting("b" * 80))), RunApprovalRefused)
    assert len(told) < 3000
