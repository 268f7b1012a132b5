"""A run is approved by two people who did not propose it, whatever roles they have (P8)."""

import pytest

from schemas.facts import Fact
from schemas.payments import BankFileBuilt, RunApprovalRefused, RunApproved, RunProposed, RunSent
from services.payments.domain import runs
from services.payments.domain.runs import Run
from tests.unit.given import fact, folded, refused


def run(*facts: Fact) -> Run:
    state = folded(runs.evolve, None, fact(RunProposed, person="anna"), *facts)
    assert state is not None
    return state


def approved_by(*people: str) -> list[RunApproved]:
    return [fact(RunApproved, person=person, approval=number) for number, person in enumerate(people, start=1)]


def test_the_proposer_never_approves() -> None:
    refusal = runs.refuse_approval(run(), "anna")
    assert refusal is not None
    assert (refusal.person, refusal.run_id) == ("anna", run().run_id)


def test_nobody_approves_twice() -> None:
    assert runs.refuse_approval(run(*approved_by("bertta")), "bertta") is not None
    assert runs.refuse_approval(run(*approved_by("bertta")), "cecilia") is None


def test_a_refused_approval_counts_for_nothing() -> None:
    state = run(fact(RunApprovalRefused, person="anna"))
    assert state.approvers == ()


def test_approvals_are_counted_and_no_more_are_taken_than_needed() -> None:
    assert runs.approve(run(), "bertta", 2) == approved_by("bertta")
    assert runs.approve(run(*approved_by("bertta")), "cecilia", 2) == approved_by("bertta", "cecilia")[1:]
    with refused("approved-already"):
        runs.approve(run(*approved_by("bertta", "cecilia")), "doris", 2)


@pytest.mark.parametrize("people", [(), ("bertta",), ("bertta", "bertta"), ("anna", "bertta")])
def test_a_file_needs_two_different_people_besides_the_proposer(people: tuple[str, ...]) -> None:
    with refused("not-approved"):
        runs.check_ready(run(*approved_by(*people)), 2)
    runs.check_ready(run(*approved_by("bertta", "cecilia")), 2)


def test_a_run_knows_its_file_and_whether_it_was_sent() -> None:
    built = fact(BankFileBuilt)
    assert run(built).file == built
    assert (run(built).sent, run(built, fact(RunSent)).sent) == (False, True)
