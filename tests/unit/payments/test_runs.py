"""A run is approved by two people who did not prepare it, whatever roles they have, within their limits (P8)."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.facts import Fact
from schemas.payments import (
    ApproverLimitSet,
    ApproverStandInEnded,
    ApproverStandInNamed,
    BankFileBuilt,
    PaymentLine,
    RunApprovalRefused,
    RunApproved,
    RunChanged,
    RunProposed,
    RunSent,
)
from schemas.samples import OTHER, SAMPLES
from services.payments.domain import approvers, runs
from services.payments.domain.approvers import Approvers
from services.payments.domain.payees import Payees
from services.payments.domain.runs import Approval, Rules, Run
from tests.unit.given import fact, folded, refused

TODAY = date(2026, 7, 10)
A, B, C = "EAAAA-1-1", "EBBBB-1-1", "ECCCC-1-1"
SAMPLE = SAMPLES["run.proposed", 1]["lines"][0]
LINES = tuple(
    PaymentLine.model_validate({**SAMPLE, "application_id": UUID(int=number), "end_to_end_id": each})
    for number, each in enumerate((A, B, C), start=1)
)
LINE_SUM = 150_000
NOT_TIED = Payees({each.application_id: frozenset() for each in LINES})


def run(*facts: Fact) -> Run:
    state = folded(runs.evolve, None, fact(RunProposed, person="anna", lines=LINES, total=3 * LINE_SUM), *facts)
    assert state is not None
    return state


def approved(person: str, *lines: str, on_behalf_of: str | None = None) -> RunApproved:
    return fact(RunApproved, person=person, lines=lines or None, on_behalf_of=on_behalf_of)


def limits(*facts: Fact, default: int | None = None, payees: Payees = NOT_TIED) -> Rules:
    return Rules(2, folded(approvers.evolve, Approvers(), *facts), default, payees)


def limit(approver: str, cents: int, **changed: object) -> ApproverLimitSet:
    return fact(ApproverLimitSet, approver=approver, limit=cents, **changed)


def stand_in(**changed: object) -> ApproverStandInNamed:
    return fact(ApproverStandInNamed, **{"principal": "paula", "stand_in": "bertta", "limit": 1_000_000, **changed})


def approve(state: Run, person: str, *lines: str, rules: Rules | None = None) -> RunApproved | RunApprovalRefused:
    facts, refusal = runs.approve(state, Approval(person, lines or None, TODAY), rules or limits())
    if refusal is not None:
        return refusal
    [made] = facts
    assert isinstance(made, RunApproved)
    return made


def test_the_proposer_never_approves_neither_the_whole_nor_a_line() -> None:
    for lines in ((), (A,)):
        refusal = approve(run(), "anna", *lines)
        assert isinstance(refusal, RunApprovalRefused)
        assert (refusal.person, refusal.run_id) == ("anna", run().run_id)


def test_nobody_approves_twice_also_not_a_line_of_what_they_approved_as_a_whole() -> None:
    state = run(approved("bertta"))
    assert isinstance(approve(state, "bertta"), RunApprovalRefused)
    assert isinstance(approve(state, "bertta", B), RunApprovalRefused)
    assert isinstance(approve(state, "cecilia"), RunApproved)
    assert isinstance(approve(run(approved("bertta", A)), "bertta", B), RunApproved)


def test_a_refused_approval_counts_for_nothing() -> None:
    assert run(fact(RunApprovalRefused, person="anna")).approvals == ()


def test_approvals_are_counted_and_no_more_are_taken_than_needed() -> None:
    assert approve(run(), "bertta") == fact(RunApproved, person="bertta", approval=1)
    assert approve(run(approved("bertta")), "cecilia") == fact(RunApproved, person="cecilia", approval=2)
    with refused("approved-already"):
        approve(run(approved("bertta"), approved("cecilia")), "doris")
    with refused("approved-already"):
        approve(run(approved("bertta", A), approved("cecilia", A)), "doris", A)


@pytest.mark.parametrize("people", [(), ("bertta",), ("bertta", "bertta"), ("anna", "bertta")])
def test_a_file_needs_two_different_people_besides_the_proposer(people: tuple[str, ...]) -> None:
    with refused("not-approved"):
        runs.check_ready(run(*(approved(each) for each in people)), 2)
    runs.check_ready(run(approved("bertta"), approved("cecilia")), 2)


def test_a_file_needs_the_approvals_of_every_single_line() -> None:
    by_line = (approved("bertta", A, B), approved("cecilia", B, C), approved("doris", A))
    with refused("not-approved"):
        runs.check_ready(run(*by_line), 2)
    runs.check_ready(run(*by_line, approved("bertta", C)), 2)


def test_a_line_that_the_run_does_not_have_is_named() -> None:
    with refused("no-such-line", "invalid", "/lines/1"):
        approve(run(), "bertta", A, "ENONE-1-1")


def test_any_change_after_an_approval_voids_it_and_whoever_changed_approves_nothing() -> None:
    state = run(approved("bertta"), approved("cecilia"))
    changed = runs.take_out(state, (B,), "tili tarkistetaan", "doris")
    assert ([line.end_to_end_id for line in changed.lines], changed.total) == ([A, C], 2 * LINE_SUM)
    after = folded(runs.evolve, state, changed)
    assert after is not None
    assert (after.approvals, after.total) == ((), 2 * LINE_SUM)
    assert isinstance(approve(after, "doris"), RunApprovalRefused)
    assert isinstance(approve(after, "anna"), RunApprovalRefused)
    assert isinstance(approve(after, "bertta"), RunApproved)


def test_nothing_is_changed_or_approved_once_the_file_is_built() -> None:
    built = run(approved("bertta"), approved("cecilia"), fact(BankFileBuilt))
    with refused("file-built"):
        runs.take_out(built, (A,), "myöhässä", "doris")
    with refused("file-built"):
        approve(built, "doris")


def test_a_run_without_lines_has_no_file() -> None:
    state = folded(runs.evolve, run(), runs.take_out(run(), (A, B, C), "perutaan", "anna"))
    assert state is not None
    with refused("run-empty"):
        runs.check_ready(state, 2)


def test_a_person_approves_up_to_their_limit_of_a_run_also_line_by_line() -> None:
    rules = limits(limit("bertta", 2 * LINE_SUM))
    refusal = approve(run(), "bertta", rules=rules)
    assert isinstance(refusal, RunApprovalRefused)
    assert "3000.00 EUR of a run: this is 4500.00 EUR" in refusal.reason
    assert isinstance(approve(run(), "bertta", A, B, rules=rules), RunApproved)
    assert isinstance(approve(run(approved("bertta", A)), "bertta", B, rules=rules), RunApproved)
    assert isinstance(approve(run(approved("bertta", A), approved("bertta", B)), "bertta", C, rules=rules),
                      RunApprovalRefused)  # fmt: skip


def test_who_has_no_limit_of_their_own_has_the_countys() -> None:
    assert isinstance(approve(run(), "bertta", rules=limits(default=LINE_SUM)), RunApprovalRefused)
    assert isinstance(approve(run(), "bertta", rules=limits(limit("bertta", 10**8), default=LINE_SUM)), RunApproved)


def test_the_limit_that_was_set_last_counts_in_its_period() -> None:
    later = limit("bertta", 1, valid_from="2026-07-11")
    over = limit("bertta", 1, valid_until="2026-07-09")
    rules = limits(limit("bertta", 10**8), later, over)
    assert isinstance(approve(run(), "bertta", rules=rules), RunApproved)
    lowered = limits(limit("bertta", 10**8), limit("bertta", 1, valid_from="2026-07-10"))
    assert isinstance(approve(run(), "bertta", rules=lowered), RunApprovalRefused)


def test_a_stand_in_approves_in_anothers_place_where_their_own_limit_does_not_reach() -> None:
    rules = limits(limit("bertta", 1), stand_in())
    made = approve(run(), "bertta", rules=rules)
    assert isinstance(made, RunApproved)
    assert made.on_behalf_of == "paula"
    own = approve(run(), "bertta", rules=limits(stand_in()))
    assert isinstance(own, RunApproved)
    assert own.on_behalf_of is None


@pytest.mark.parametrize(
    "changed",
    [
        {"valid_from": "2026-07-11"}, {"valid_until": "2026-07-09", "valid_from": "2026-07-01"},
        {"limit": 3 * LINE_SUM - 1},
    ],
)  # fmt: skip
def test_a_stand_in_stands_in_for_a_time_and_up_to_a_sum(changed: dict[str, object]) -> None:
    named = fact(ApproverStandInNamed, **{"principal": "paula", "stand_in": "bertta", "limit": 10**8, **changed})
    assert isinstance(approve(run(), "bertta", rules=limits(limit("bertta", 1), named)), RunApprovalRefused)


def test_a_stand_in_approves_no_more_than_their_principal_may_now() -> None:
    lowered = limits(limit("bertta", 1), stand_in(), limit("paula", 3 * LINE_SUM - 1))
    assert isinstance(approve(run(), "bertta", rules=lowered), RunApprovalRefused)
    enough = limits(limit("bertta", 1), stand_in(), limit("paula", 3 * LINE_SUM))
    assert isinstance(approve(run(), "bertta", rules=enough), RunApproved)


def test_a_person_and_their_stand_in_approve_no_more_together_than_the_person_may() -> None:
    rules = limits(limit("bertta", 1), limit("paula", 2 * LINE_SUM), stand_in())
    by_paula, for_paula = approved("paula", A), approved("bertta", A, on_behalf_of="paula")
    assert isinstance(approve(run(by_paula), "bertta", B, C, rules=rules), RunApprovalRefused)
    assert isinstance(approve(run(for_paula), "paula", B, C, rules=rules), RunApprovalRefused)
    assert isinstance(approve(run(by_paula), "bertta", B, rules=rules), RunApproved)
    assert isinstance(approve(run(for_paula), "paula", B, rules=rules), RunApproved)


def test_an_ended_standing_in_is_over() -> None:
    ended = fact(ApproverStandInEnded, valid_until="2026-07-09")
    rules = limits(limit("bertta", 1), stand_in(), ended)
    assert isinstance(approve(run(), "bertta", rules=rules), RunApprovalRefused)


def test_nobody_approves_in_the_place_of_who_proposed_changed_or_approved() -> None:
    rules = limits(limit("bertta", 1), stand_in())
    proposed = folded(runs.evolve, None, fact(RunProposed, person="paula", lines=LINES, total=3 * LINE_SUM))
    assert proposed is not None
    changed = run(fact(RunChanged, person="paula", lines=LINES, total=3 * LINE_SUM))
    for state in (proposed, changed, run(approved("paula")), run(approved("eeva", on_behalf_of="paula"))):
        assert isinstance(approve(state, "bertta", rules=rules), RunApprovalRefused)


def test_who_was_stood_in_for_does_not_approve_again_in_person() -> None:
    assert isinstance(approve(run(approved("bertta", on_behalf_of="paula")), "paula"), RunApprovalRefused)


def test_nobody_sets_their_own_limit() -> None:
    with refused("own-limit", "forbidden"):
        approvers.set_limit(Approvers(), limit("bertta", 1, person="bertta"))
    assert approvers.set_limit(Approvers(), limit("bertta", 1)) == [limit("bertta", 1)]
    with refused("period-backwards", "invalid", "/valid_until"):
        approvers.set_limit(Approvers(), limit("bertta", 1, valid_from="2026-02-01", valid_until="2026-01-01"))


def test_a_limit_that_was_set_before_another_is_set_again() -> None:
    high, low = limit("bertta", 100), limit("bertta", 50)
    state = folded(approvers.evolve, Approvers(), high, low, limit("cecilia", 1))
    assert approvers.set_limit(state, low) == []
    assert approvers.set_limit(state, high) == [high]


def test_a_stand_in_is_named_within_what_the_principal_may() -> None:
    named = stand_in()
    assert approvers.name_stand_in(Approvers(), named, TODAY, None) == [named]
    with refused("beyond-own-limit", "invalid", "/limit"):
        approvers.name_stand_in(Approvers(), named, TODAY, named.limit - 1)
    with refused("own-stand-in", "invalid", "/stand_in"):
        approvers.name_stand_in(Approvers(), fact(ApproverStandInNamed, principal="x", stand_in="x"), TODAY, None)
    with refused("period-over", "invalid", "/valid_until"):
        approvers.name_stand_in(Approvers(), named, date(2026, 8, 1), None)
    state = folded(approvers.evolve, Approvers(), named)
    with refused("stood-in-already"):
        approvers.name_stand_in(state, fact(ApproverStandInNamed, principal="paula", stand_in="doris"), TODAY, None)
    with refused("in-a-circle"):
        circle = fact(ApproverStandInNamed, principal="bertta", stand_in="paula")
        approvers.name_stand_in(state, circle, TODAY, None)


def test_a_standing_in_that_was_ended_before_its_first_day_bars_no_other() -> None:
    coming = stand_in(valid_from="2026-07-20")
    ended = fact(ApproverStandInEnded, valid_until="2026-07-10")
    state = folded(approvers.evolve, Approvers(), coming, ended)
    another = fact(ApproverStandInNamed, principal="paula", stand_in="doris")
    assert approvers.name_stand_in(state, another, TODAY, None) == [another]


def test_only_the_principal_ends_a_standing_in_and_only_earlier() -> None:
    state = folded(approvers.evolve, Approvers(), stand_in())
    ended = fact(ApproverStandInEnded, person="paula", valid_until="2026-07-15")
    assert approvers.end_stand_in(state, ended, TODAY) == [ended]
    with refused("not-found", "not_found"):
        approvers.end_stand_in(state, fact(ApproverStandInEnded, person="bertta"), TODAY)
    for day in ("2026-07-09", "2026-07-31"):
        with refused("no-earlier-end", "invalid", "/valid_until"):
            approvers.end_stand_in(state, fact(ApproverStandInEnded, person="paula", valid_until=day), TODAY)
    assert UUID(OTHER) in state.stand_ins


def test_a_run_knows_its_file_and_whether_it_was_sent() -> None:
    built = fact(BankFileBuilt)
    assert run(built).file == built
    assert (run(built).sent, run(built, fact(RunSent)).sent) == (False, True)


PEOPLE = st.sampled_from(["anna", "bertta", "cecilia", "paula"])
WISHES = st.lists(st.tuples(PEOPLE, st.sets(st.sampled_from([A, B, C]))), max_size=12)


@given(wishes=WISHES)
def test_whatever_people_try_a_ready_line_has_two_different_approvers_who_did_not_prepare_it_nor_act_for_its_payee(
    wishes: list[tuple[str, set[str]]],
) -> None:
    payees = Payees({**NOT_TIED.people, LINES[2].application_id: frozenset({"paula"})})
    rules = limits(limit("bertta", LINE_SUM), stand_in(), payees=payees)
    state = run()
    for person, lines in wishes:
        try:
            facts, _ = runs.approve(state, Approval(person, tuple(sorted(lines)) or None, TODAY), rules)
        except Exception as error:  # noqa: BLE001 - a refusal ends the wish, anything else fails the test below
            assert type(error).__name__ == "Refused", error  # noqa: PT017 - what was raised is what is checked
            continue
        after = folded(runs.evolve, state, *facts)
        assert after is not None
        state = after
    for line in state.lines:
        given_by = [(each.person, each.on_behalf_of) for each in state.approvals_of(line)]
        people = [person for person, _ in given_by]
        offices = [behalf or person for person, behalf in given_by]
        assert len(set(people)) == len(people)
        assert len(set(offices)) == len(offices)
        assert "anna" not in people + offices
        assert line.end_to_end_id != C or "paula" not in people + offices
