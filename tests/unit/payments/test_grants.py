"""Every euro of a grant is in one place. Given facts, when a command or a message of the bank, then facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal
from uuid import UUID

import pytest

from schemas.decisions import Instalment
from schemas.facts import Fact
from schemas.payments import (
    GrantAwarded,
    GrantChanged,
    GrantReleased,
    PaymentBooked,
    PaymentCauseSettled,
    PaymentProposed,
    PaymentRejected,
    PaymentReturnCharged,
    PaymentReturned,
    PaymentSent,
    RecoveryClaimed,
    RecoveryOverpaid,
    RecoveryReceived,
)
from schemas.samples import END_TO_END, IBAN, OTHER, RUN, SHA
from services.payments.domain import grants
from services.payments.domain.bank_events import BankEvent, apply_bank_event, contradiction
from services.payments.domain.grants import Grant
from services.payments.domain.holds import Hold
from tests.unit.given import fact, folded, refused

OTHER_IBAN = "FI1410093000123458"
APRIL, RUN_ID = date(2026, 4, 1), UUID(RUN)
AWARDED, RELEASED = fact(GrantAwarded), fact(GrantReleased)
PROPOSED, SENT = fact(PaymentProposed), fact(PaymentSent)
BOOKED, REJECTED, RETURNED = fact(PaymentBooked), fact(PaymentRejected), fact(PaymentReturned)
AMOUNT = 150_000
Told = Literal["rejected", "booked", "returned", "received"]


def grant(*facts: Fact) -> Grant:
    state = folded(grants.evolve, None, AWARDED, *facts)
    assert state is not None
    return state


def told(kind: Told, **changed: Any) -> BankEvent:
    values: dict[str, Any] = {
        "kind": kind, "key": END_TO_END, "amount": AMOUNT, "booked_on": date(2026, 4, 2),
        "bank_reference": "260402A1", "reason": None, "sha256": SHA, **changed,
    }  # fmt: skip
    return BankEvent(**values)


def test_a_released_instalment_is_payable_from_its_day() -> None:
    [payable] = grants.payables(grant(RELEASED), IBAN, APRIL)
    assert (payable.instalment.amount, payable.attempt, payable.held) == (AMOUNT, 1, None)
    [early] = grants.payables(grant(RELEASED), IBAN, date(2026, 3, 31))
    assert early.held == Hold("payable from 1.4.2026", "the day comes")


@pytest.mark.parametrize(
    ("pays", "held"), [("when_final", "waits for finality"), ("on_notice", "waits for notice of the decision")]
)
def test_what_is_not_released_is_held_and_says_for_what_it_waits(pays: str, held: str) -> None:
    state = folded(grants.evolve, None, fact(GrantAwarded, pays=pays))
    assert state is not None
    assert [each.held.reason for each in grants.payables(state, IBAN, APRIL) if each.held is not None] == [held]
    with refused("held"):
        grants.propose_payment(state, 1, RUN_ID, END_TO_END, IBAN, APRIL)


def test_an_instalment_is_proposed_once() -> None:
    assert grants.propose_payment(grant(RELEASED), 1, RUN_ID, END_TO_END, IBAN, APRIL) == PROPOSED
    for after in ((PROPOSED,), (PROPOSED, SENT), (PROPOSED, SENT, BOOKED)):
        assert grants.payables(grant(RELEASED, *after), IBAN, APRIL) == []
        with refused("not-payable"):
            grants.propose_payment(grant(RELEASED, *after), 1, RUN_ID, END_TO_END, IBAN, APRIL)
    with refused("not-payable"):
        grants.propose_payment(grant(RELEASED), 2, RUN_ID, END_TO_END, IBAN, APRIL)


@pytest.mark.parametrize("failed", [(REJECTED,), (BOOKED, RETURNED)], ids=["rejected", "returned"])
def test_what_the_bank_did_not_pay_waits_for_another_account_and_then_is_the_next_attempt(
    failed: Sequence[Fact],
) -> None:
    state = grant(RELEASED, PROPOSED, SENT, *failed)
    [held] = grants.payables(state, IBAN, APRIL)
    assert held.held is not None
    assert held.held == Hold(
        "the bank did not pay to the account", "another account, or a person who settles the cause"
    )
    again = grants.propose_payment(state, 1, RUN_ID, "SECOND-TRY", OTHER_IBAN, APRIL)
    assert (again.attempt, again.end_to_end_id, again.iban, again.amount) == (2, "SECOND-TRY", OTHER_IBAN, AMOUNT)


def test_where_each_euro_is() -> None:
    def where(*facts: Fact) -> tuple[int, int]:
        state = grant(RELEASED, *facts)
        return state.on_its_way, state.paid

    assert where() == (0, 0)
    assert where(PROPOSED) == where(PROPOSED, SENT) == (AMOUNT, 0)
    assert where(PROPOSED, SENT, BOOKED) == (0, AMOUNT)
    assert where(PROPOSED, SENT, REJECTED) == where(PROPOSED, SENT, BOOKED, RETURNED) == (0, 0)


def test_the_bank_books_what_was_sent_once() -> None:
    assert apply_bank_event(grant(RELEASED, PROPOSED, SENT), told("booked")) == [BOOKED]
    booked = grant(RELEASED, PROPOSED, SENT, BOOKED)
    assert apply_bank_event(booked, told("booked")) == []
    assert apply_bank_event(booked, told("booked", bank_reference="260402A2")) == []


def test_a_batch_of_which_the_bank_tells_no_sums_is_booked_by_what_was_sent() -> None:
    [made] = apply_bank_event(grant(RELEASED, PROPOSED, SENT), told("booked", amount=None))
    assert made == BOOKED


def test_another_sum_than_was_sent_is_no_booking_and_a_return_of_more_is_none() -> None:
    for amount in (AMOUNT - 1, AMOUNT + 1):
        assert apply_bank_event(grant(RELEASED, PROPOSED, SENT), told("booked", amount=amount)) == []
    returned = told("returned", amount=AMOUNT + 1, bank_reference="260404B1")
    assert apply_bank_event(grant(RELEASED, PROPOSED, SENT, BOOKED), returned) == []


def test_of_a_return_of_less_the_rest_is_what_the_bank_kept_and_the_whole_is_open_again() -> None:
    state = grant(RELEASED, PROPOSED, SENT, BOOKED)
    returned = told("returned", amount=AMOUNT - 500, bank_reference="260404B1", reason="AC04")
    back, kept = apply_bank_event(state, returned)
    assert back == fact(PaymentReturned, amount=AMOUNT - 500, bank_reference="260404B1")
    charged = {"end_to_end_id": returned.key, "amount": 500, "charged_on": returned.booked_on}
    assert kept == fact(PaymentReturnCharged, **charged)
    after = folded(grants.evolve, state, back, kept)
    assert after is not None
    assert (after.paid, after.open) == (0, state.open + AMOUNT)
    assert apply_bank_event(after, returned) == []


def test_a_rejection_opens_the_instalment_and_is_not_repeated() -> None:
    rejected = told("rejected", booked_on=None, bank_reference=None, reason="AC04")
    assert apply_bank_event(grant(RELEASED, PROPOSED, SENT), rejected) == [REJECTED]
    assert apply_bank_event(grant(RELEASED, PROPOSED, SENT, REJECTED), rejected) == []


def test_a_return_follows_a_booking_and_is_not_repeated() -> None:
    returned = told("returned", bank_reference="260402A1R", reason="AC04")
    state = grant(RELEASED, PROPOSED, SENT, BOOKED)
    [made] = apply_bank_event(state, returned)
    assert made == fact(PaymentReturned, bank_reference="260402A1R")
    after = grants.evolve(state, made)
    assert after is not None
    assert apply_bank_event(after, returned) == []
    assert apply_bank_event(after, told("booked")) == []


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ((PROPOSED,), "booked"),
        ((PROPOSED,), "returned"),
        ((PROPOSED, SENT), "returned"),
        ((PROPOSED, SENT, REJECTED), "returned"),
    ],
)
def test_what_contradicts_the_order_of_things_is_refused(facts: Sequence[Fact], kind: Told) -> None:
    with refused("bank-out-of-order"):
        apply_bank_event(grant(RELEASED, *facts), told(kind))


def test_a_payment_that_the_bank_rejected_and_then_books_is_paid() -> None:
    state = grant(RELEASED, PROPOSED, SENT, REJECTED)
    [booked] = apply_bank_event(state, told("booked"))
    assert isinstance(booked, PaymentBooked)
    after = grants.evolve(state, booked)
    assert after is not None
    assert (after.paid, after.open) == (PROPOSED.amount, state.amount - PROPOSED.amount)


def test_a_payment_that_was_rejected_and_is_not_owed_any_more_is_not_booked_but_told() -> None:
    reduced = fact(GrantChanged, change=-1, amount=grant().amount - 1, instalments=[])
    state = grant(RELEASED, PROPOSED, SENT, REJECTED, reduced)
    assert apply_bank_event(state, told("booked")) == []
    warning = contradiction(state, told("booked"))
    assert warning is not None
    assert "rejected before" in warning


def test_what_the_bank_says_again_of_an_earlier_attempt_changes_nothing() -> None:
    state = grant(RELEASED, PROPOSED, SENT, REJECTED, PROPOSED.model_copy(update={"attempt": 2, "end_to_end_id": "E2"}))
    for kind in ("booked", "returned", "rejected"):
        assert apply_bank_event(state, told(kind, bank_reference="LATE1")) == []


def test_a_claim_is_paid_back_in_parts_each_once_and_what_comes_beyond_it_is_owed_back() -> None:
    state = grant(fact(RecoveryClaimed))
    part = told("received", key="1234561", amount=10_000, bank_reference="261120B7")
    [made] = apply_bank_event(state, part)
    assert made == fact(RecoveryReceived, amount=10_000, booked_on="2026-04-02")
    after = grants.evolve(state, made)
    assert after is not None
    assert apply_bank_event(after, part) == []
    rest, beyond = apply_bank_event(after, told("received", key="1234561", amount=20_001, bank_reference="261121B8"))
    assert (getattr(rest, "amount", 0), beyond) == (
        20_000, fact(RecoveryOverpaid, amount=1, booked_on="2026-04-02", bank_reference="261121B8"),
    )  # fmt: skip
    done = folded(grants.evolve, after, rest, beyond)
    assert done is not None
    assert (done.claims[UUID(OTHER)].left, done.owed) == (0, AMOUNT + 1)
    refund = grants.payables(done, IBAN, date(2026, 4, 2))[-1]
    assert (refund.instalment.number, refund.instalment.amount, refund.held) == (2, 1, None)


def test_money_without_a_claim_or_a_sum_is_refused() -> None:
    with refused("unknown-reference", "invalid"):
        apply_bank_event(grant(), told("received", key="1234561"))
    with refused("sum-untold", "invalid"):
        apply_bank_event(grant(fact(RecoveryClaimed)), told("received", key="1234561", amount=None))


def changed_to(amount: int, *facts: Fact) -> GrantChanged:
    planned = (Instalment(number=1, amount=amount, payable_from=APRIL),) if amount else ()
    [made] = grants.change_award(grant(*facts), amount, planned, date(2026, 3, 24))
    assert isinstance(made, GrantChanged)
    return made


@pytest.mark.parametrize("facts", [(), (RELEASED,), (PROPOSED, SENT, REJECTED)])
@pytest.mark.parametrize("amount", [1, AMOUNT - 1, AMOUNT + 1])
def test_a_change_before_payment_cuts_new_instalments_of_the_whole(facts: Sequence[Fact], amount: int) -> None:
    made = changed_to(amount, *facts)
    assert made.change == amount - AMOUNT
    assert [(each.number, each.amount) for each in made.instalments] == [(2, amount)]


@pytest.mark.parametrize("facts", [(PROPOSED,), (PROPOSED, SENT), (PROPOSED, SENT, BOOKED)])
def test_an_increase_after_payment_adds_the_difference(facts: Sequence[Fact]) -> None:
    made = changed_to(AMOUNT + 700, *facts)
    assert [(each.number, each.amount) for each in made.instalments] == [(1, AMOUNT), (2, 700)]


@pytest.mark.parametrize("facts", [(PROPOSED,), (PROPOSED, SENT), (PROPOSED, SENT, BOOKED)])
def test_a_reduction_below_what_was_paid_leaves_the_rest_to_a_recovery(facts: Sequence[Fact]) -> None:
    made = changed_to(AMOUNT - 700, *facts)
    assert [(each.number, each.amount) for each in made.instalments] == [(1, AMOUNT)]
    assert grants.payables(grant(RELEASED, *facts, made), OTHER_IBAN, APRIL) == []


def test_a_change_to_nothing_leaves_nothing_payable_and_no_change_is_no_fact() -> None:
    assert changed_to(0).instalments == ()
    assert grants.change_award(grant(), AMOUNT, (), APRIL) == []


@pytest.mark.parametrize("failed", [(REJECTED,), (BOOKED, RETURNED)], ids=["rejected", "returned"])
def test_what_failed_after_a_reduction_is_paid_again_by_the_reduced_award(failed: Sequence[Fact]) -> None:
    reduced = changed_to(AMOUNT - 700, PROPOSED, SENT)
    state = grant(RELEASED, PROPOSED, SENT, reduced, *failed)
    [payable] = grants.payables(state, OTHER_IBAN, APRIL)
    assert payable.instalment.amount == AMOUNT - 700
    assert grants.propose_payment(state, 1, RUN_ID, "SECOND-TRY", OTHER_IBAN, APRIL).amount == AMOUNT - 700


def test_what_failed_after_the_award_was_taken_away_is_not_paid_again() -> None:
    state = grant(RELEASED, PROPOSED, SENT, changed_to(0, PROPOSED, SENT), REJECTED)
    assert grants.payables(state, OTHER_IBAN, APRIL) == []


def test_an_award_that_rises_again_while_less_is_on_its_way_owes_the_difference() -> None:
    lowered = grant(RELEASED, PROPOSED, SENT, changed_to(AMOUNT - 1, PROPOSED, SENT), REJECTED)
    again = grants.propose_payment(lowered, 1, RUN_ID, "SECOND-TRY", OTHER_IBAN, APRIL)
    assert again.amount == AMOUNT - 1
    on_its_way = folded(grants.evolve, lowered, again)
    assert on_its_way is not None
    planned = (Instalment(number=1, amount=AMOUNT, payable_from=APRIL),)
    raised = folded(grants.evolve, on_its_way, *grants.change_award(on_its_way, AMOUNT, planned, APRIL))
    assert raised is not None
    assert [each.instalment.amount for each in grants.payables(raised, IBAN, APRIL)] == [1]


@pytest.mark.parametrize("failed", [(REJECTED,), (BOOKED, RETURNED)], ids=["rejected", "returned"])
def test_a_changed_award_does_not_lift_the_hold_of_what_the_bank_did_not_pay(failed: Sequence[Fact]) -> None:
    before = (RELEASED, PROPOSED, SENT, *failed)
    state = grant(*before, changed_to(AMOUNT + 700, *before))
    [held] = grants.payables(state, IBAN, APRIL)
    assert (held.instalment.number, held.instalment.amount) == (2, AMOUNT + 700)
    assert held.held == Hold(
        "the bank did not pay to the account", "another account, or a person who settles the cause"
    )
    [elsewhere] = grants.payables(state, OTHER_IBAN, APRIL)
    assert elsewhere.held is None
    settled = grants.settle_cause(state, 2, "taina", "pankin häiriö")
    assert settled == [fact(PaymentCauseSettled, instalment=1, person="taina", remark="pankin häiriö")]
    after = folded(grants.evolve, state, *settled)
    assert after is not None
    assert [each.held for each in grants.payables(after, IBAN, APRIL)] == [None]
    assert grants.settle_cause(after, 2, "taina", "pankin häiriö") == []


def test_a_cause_is_settled_only_where_the_bank_did_not_pay() -> None:
    for facts in ((), (PROPOSED,), (PROPOSED, SENT), (PROPOSED, SENT, BOOKED)):
        with refused("nothing-to-settle"):
            grants.settle_cause(grant(RELEASED, *facts), 1, "taina", "pankin häiriö")
    with refused("nothing-to-settle"):
        grants.settle_cause(grant(RELEASED, PROPOSED, SENT, REJECTED), 9, "taina", "pankin häiriö")


def test_what_is_left_of_a_refund_that_a_smaller_award_cut_is_payable_when_the_award_is_raised() -> None:
    reduced = fact(GrantChanged, change=-15_000, amount=AMOUNT - 15_000, instalments=AWARDED.instalments)
    overpaid = fact(RecoveryOverpaid, amount=20_000)
    state = grant(RELEASED, PROPOSED, SENT, BOOKED, reduced, fact(RecoveryClaimed), overpaid)
    [payable] = grants.payables(state, IBAN, APRIL)
    assert (payable.instalment.number, payable.instalment.amount) == (2, 5_000)
    proposed = grants.propose_payment(state, 2, RUN_ID, "E2", IBAN, APRIL)
    cut = folded(grants.evolve, state, proposed)
    assert cut is not None
    changed = grants.change_award(cut, AMOUNT + 35_000, (), APRIL)
    raised = folded(grants.evolve, cut, *changed)
    assert raised is not None
    assert raised.open == 50_000
    assert [each.instalment.amount for each in grants.payables(raised, IBAN, APRIL)] == [50_000]
