"""Every euro of a grant is in one place. Given facts, when a command or a message of the bank, then facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.decisions import Instalment
from schemas.facts import Fact
from schemas.payments import (
    GrantAwarded,
    GrantChanged,
    GrantReleased,
    PaymentBooked,
    PaymentProposed,
    PaymentRejected,
    PaymentReturned,
    PaymentSent,
    RecoveryClaimed,
    RecoveryReceived,
)
from schemas.samples import END_TO_END, IBAN, OTHER, RUN, SHA
from services.payments.domain import grants
from services.payments.domain.grants import BankEvent, Grant
from services.payments.domain.postings import GrantIdentity, Posting, posting_of, trial_balance
from tests.unit.given import county, fact, folded, refused

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
    assert early.held == "payable from 1.4.2026"


@pytest.mark.parametrize(
    ("pays", "held"), [("when_final", "waits for finality"), ("on_notice", "waits for notice of the decision")]
)
def test_what_is_not_released_is_held_and_says_for_what_it_waits(pays: str, held: str) -> None:
    state = folded(grants.evolve, None, fact(GrantAwarded, pays=pays))
    assert state is not None
    assert [each.held for each in grants.payables(state, IBAN, APRIL)] == [held]
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
    assert held.held.startswith("the account must be corrected")
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
    assert grants.apply_bank_event(grant(RELEASED, PROPOSED, SENT), told("booked")) == [BOOKED]
    booked = grant(RELEASED, PROPOSED, SENT, BOOKED)
    assert grants.apply_bank_event(booked, told("booked")) == []
    assert grants.apply_bank_event(booked, told("booked", bank_reference="260402A2")) == []


def test_a_batch_of_which_the_bank_tells_no_sums_is_booked_by_what_was_sent() -> None:
    [made] = grants.apply_bank_event(grant(RELEASED, PROPOSED, SENT), told("booked", amount=None))
    assert made == BOOKED


def test_another_sum_than_was_sent_is_refused() -> None:
    for amount in (AMOUNT - 1, AMOUNT + 1):
        with refused("bank-amount-differs"):
            grants.apply_bank_event(grant(RELEASED, PROPOSED, SENT), told("booked", amount=amount))
        with refused("bank-amount-differs"):
            returned = told("returned", amount=amount, bank_reference="260404B1")
            grants.apply_bank_event(grant(RELEASED, PROPOSED, SENT, BOOKED), returned)


def test_a_rejection_opens_the_instalment_and_is_not_repeated() -> None:
    rejected = told("rejected", booked_on=None, bank_reference=None, reason="AC04")
    assert grants.apply_bank_event(grant(RELEASED, PROPOSED, SENT), rejected) == [REJECTED]
    assert grants.apply_bank_event(grant(RELEASED, PROPOSED, SENT, REJECTED), rejected) == []


def test_a_return_follows_a_booking_and_is_not_repeated() -> None:
    returned = told("returned", bank_reference="260402A1R", reason="AC04")
    state = grant(RELEASED, PROPOSED, SENT, BOOKED)
    [made] = grants.apply_bank_event(state, returned)
    assert made == fact(PaymentReturned, bank_reference="260402A1R")
    after = grants.evolve(state, made)
    assert after is not None
    assert grants.apply_bank_event(after, returned) == []
    assert grants.apply_bank_event(after, told("booked")) == []


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ((), "returned"),
        ((PROPOSED,), "booked"),
        ((PROPOSED,), "returned"),
        ((PROPOSED, SENT), "returned"),
        ((PROPOSED, SENT, REJECTED), "booked"),
        ((PROPOSED, SENT, REJECTED), "returned"),
    ],
)
def test_what_contradicts_the_order_of_things_is_refused(facts: Sequence[Fact], kind: Told) -> None:
    with refused("bank-out-of-order"):
        grants.apply_bank_event(grant(RELEASED, *facts), told(kind))


def test_a_claim_is_paid_back_in_parts_never_more_than_claimed_and_each_part_once() -> None:
    state = grant(fact(RecoveryClaimed))
    part = told("received", key="1234561", amount=10_000, bank_reference="261120B7")
    [made] = grants.apply_bank_event(state, part)
    assert made == fact(RecoveryReceived, amount=10_000, booked_on="2026-04-02")
    after = grants.evolve(state, made)
    assert after is not None
    assert grants.apply_bank_event(after, part) == []
    with refused("more-than-claimed"):
        grants.apply_bank_event(after, told("received", key="1234561", amount=20_001, bank_reference="261121B8"))
    [rest] = grants.apply_bank_event(after, told("received", key="1234561", amount=20_000, bank_reference="261121B8"))
    done = grants.evolve(after, rest)
    assert done is not None
    assert done.claims == {UUID(OTHER): 0}


def test_money_without_a_claim_or_a_sum_is_refused() -> None:
    with refused("unknown-reference", "invalid"):
        grants.apply_bank_event(grant(), told("received", key="1234561"))
    with refused("sum-untold", "invalid"):
        grants.apply_bank_event(grant(fact(RecoveryClaimed)), told("received", key="1234561", amount=None))


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


ACTS = ("propose", "send", "book", "reject", "return", "change")


def _next(state: Grant, act: str, number: int) -> list[Fact]:
    """What an act makes of the grant; nothing where it does not fit. `number` chooses sums and payments."""
    account = (IBAN, OTHER_IBAN)[number % 2]
    if act == "change":
        planned = (Instalment(number=1, amount=number, payable_from=APRIL),) if number else ()
        return grants.change_award(state, number, planned, APRIL)
    if act == "propose":
        payable = [each for each in grants.payables(state, account, APRIL) if each.held is None]
        return [
            grants.propose_payment(
                state, each.instalment.number, RUN_ID, f"E{each.instalment.number}-{each.attempt}", account, APRIL
            )
            for each in payable[:1]
        ]
    state_before = {"send": "proposed", "book": "sent", "reject": "sent", "return": "booked"}[act]
    fitting = [(n, each) for n, each in sorted(state.payments.items()) if each.state == state_before]
    if not fitting:
        return []
    chosen, payment = fitting[number % len(fitting)]
    if act == "send":
        return [fact(PaymentSent, instalment=chosen, attempt=payment.attempt, amount=payment.amount)]
    kinds: dict[str, Told] = {"book": "booked", "reject": "rejected", "return": "returned"}
    reference = None if act == "reject" else f"{act}{chosen}-{payment.attempt}"
    event = told(kinds[act], key=payment.end_to_end_id, amount=payment.amount, bank_reference=reference)
    return grants.apply_bank_event(state, event)


@settings(max_examples=200, print_blob=True, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 300_000)), max_size=40))
def test_no_history_pays_more_than_the_award_and_every_posting_balances(acts: list[tuple[str, int]]) -> None:
    """P10: what is payable can always be proposed, and proposing never goes beyond the award of that moment."""
    state, facts = grant(RELEASED), [AWARDED, RELEASED]
    for act, number in acts:
        made = _next(state, act, number)
        for each in made:
            after = grants.evolve(state, each)
            assert after is not None
            state = after
        facts += made
        if act == "propose" and made:
            assert state.paid + state.on_its_way <= state.amount
    identity = GrantIdentity(AWARDED.application_id, AWARDED.diary_number, AWARDED.association_name, "operating")
    found = [posting_of(position, each, identity, county()) for position, each in enumerate(facts, start=1)]
    postings: list[Posting] = [each for each in found if each is not None]
    balances = trial_balance(postings)
    assert sum(balances.values()) == 0
    assert balances.get("1700", 0) == -state.paid
    assert balances.get("2590", 0) == state.paid - state.amount
    assert balances["4740"] == state.amount
