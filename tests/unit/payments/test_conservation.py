"""P10, whatever the order of runs, files, returns, recoveries and redeliveries: for every grant awarded and overpaid =
paid + on its way + set off + payable or held, and debits equal credits.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from hypothesis import event, given, note, settings
from hypothesis import strategies as st

from schemas.decisions import Instalment
from schemas.facts import Fact
from schemas.interest import late_terms_of
from schemas.payments import (
    GrantAwarded,
    GrantReleased,
    LateInterestClaimed,
    PaymentPlanAgreed,
    PaymentReturnCharged,
    PaymentSent,
    RecoveryClaimed,
    RecoveryInterestClaimed,
    WriteOffProposed,
)
from schemas.refusals import Refused
from schemas.samples import APPLICATION, IBAN, RUN, SHA
from services.payments.domain import claims, grants
from services.payments.domain.bank_events import BankEvent, apply_bank_event, contradiction
from services.payments.domain.grants import Grant, SetOff
from services.payments.domain.postings import GrantIdentity, Posting, posting_of, trial_balance
from tests.unit.given import county, fact, folded

OTHER_IBAN = "FI1410093000123458"
TODAY, RUN_ID = date(2026, 6, 1), UUID(RUN)
PLAN = tuple(Instalment(number=n, amount=50_000, payable_from=date(2026, 4, n)) for n in (1, 2, 3))
AWARDED = fact(GrantAwarded, amount=150_000, instalments=PLAN)
BANK, PAYABLES, RECEIVABLES, GRANTED, INTEREST, LOST = "1700", "2590", "1590", "4740", "6180", "4790"
CHARGES = "4930"
STATUSES = ("PDNG", "ACCP", "ACSC")


def _chosen(state: Grant, in_state: str, number: int) -> tuple[int, grants.Payment] | None:
    fitting = [(n, each) for n, each in sorted(state.payments.items()) if each.state == in_state]
    return fitting[number % len(fitting)] if fitting else None


def _propose(state: Grant, number: int) -> list[Fact]:
    account = (IBAN, OTHER_IBAN)[number % 2]
    payable = [each for each in grants.payables(state, account, TODAY) if each.held is None]
    if not payable:
        return []
    wanted, attempt = payable[number % len(payable)].instalment.number, payable[number % len(payable)].attempt
    return [grants.propose_payment(state, wanted, RUN_ID, f"E{wanted}-{attempt}", account, TODAY)]


def _drop(state: Grant, number: int) -> list[Fact]:
    found = _chosen(state, "proposed", number)
    return [] if found is None else grants.drop_payment(state, found[0], "pois ajosta")


def _send(state: Grant, number: int) -> list[Fact]:
    found = _chosen(state, "proposed", number)
    if found is None:
        return []
    return [fact(PaymentSent, instalment=found[0], attempt=found[1].attempt, amount=found[1].amount)]


def _told(kind: str, in_state: str) -> Callable[[Grant, int], list[Fact]]:
    """The bank books a payment, rejects it or sends it back; of some that come back it keeps a part."""

    def act(state: Grant, number: int) -> list[Fact]:
        found = _chosen(state, in_state, number)
        if found is None:
            return []
        reference = None if kind == "rejected" else f"{kind}{found[0]}-{found[1].attempt}"
        booked = None if kind == "rejected" else TODAY
        kept = number % 500 if kind == "returned" and number % 2 else 0
        amount = max(found[1].amount - kept, 1)
        told = BankEvent(kind, found[1].end_to_end_id, amount, booked, reference, None, SHA)  # type: ignore[arg-type]
        made = apply_bank_event(state, told)
        after = folded(grants.evolve, state, *made)
        assert after is not None
        assert apply_bank_event(after, told) == []  # The same file again changes nothing.
        return made

    return act


def _status(state: Grant, number: int) -> list[Fact]:
    """A status report tells of any payment, also of one that was booked before."""
    chosen = [each for _, each in sorted(state.payments.items()) if each.state != "proposed"]
    if not chosen:
        return []
    payment = chosen[number % len(chosen)]
    status = STATUSES[number % len(STATUSES)]
    told = BankEvent("told", payment.end_to_end_id, 0, None, None, None, SHA, status)
    made = apply_bank_event(state, told)
    after = folded(grants.evolve, state, *made)
    assert after is not None
    assert apply_bank_event(after, told) == []
    assert (after.paid, after.on_its_way, after.open) == (state.paid, state.on_its_way, state.open)
    return made


def _another_sum(state: Grant, number: int) -> list[Fact]:
    """The bank debits another sum than was sent, or returns more: nothing is booked, and a person is told."""
    kind: Literal["booked", "returned"] = ("booked", "returned")[number % 2]
    found = _chosen(state, "sent" if kind == "booked" else "booked", number)
    if found is None:
        return []
    amount = found[1].amount + number + 1 if kind == "returned" or number % 4 else max(found[1].amount - 1, 0)
    told = BankEvent(kind, found[1].end_to_end_id, amount, TODAY, f"other{number}", None, SHA)
    assert f"other{number}" in (contradiction(state, told) or "")
    assert apply_bank_event(state, told) == []
    return []


def _settle(state: Grant, number: int) -> list[Fact]:
    found = _chosen(state, "rejected", number) or _chosen(state, "returned", number)
    return [] if found is None else grants.settle_cause(state, found[0], "taina", "pankin häiriö")


def _change(state: Grant, number: int) -> list[Fact]:
    amount = number % 200_000
    planned = (Instalment(number=1, amount=amount, payable_from=TODAY),) if amount else ()
    return grants.change_award(state, amount, planned, TODAY)


def _claim(state: Grant, number: int) -> list[Fact]:
    number %= 30_000
    recovery_id, reference = UUID(int=len(state.claims) + 1), f"10{len(state.claims):03d}"
    common = {"recovery_id": recovery_id, "reference": reference}
    claimed = fact(RecoveryClaimed, amount=number + 1, claimed_on="2026-05-02", due_on="2026-06-02", **common)
    interest = fact(RecoveryInterestClaimed, amount=number % 97 + 1, claimed_on="2026-05-02", **common)
    return [claimed, interest] if number % 2 else [claimed]


def _open_claim(state: Grant, number: int) -> tuple[UUID, claims.Claim] | None:
    fitting = sorted(state.claims.items())
    return fitting[number % len(fitting)] if fitting else None


def _receive(state: Grant, number: int) -> list[Fact]:
    """Money comes for a claim: sometimes a part of it, sometimes too much, sometimes for one that is settled."""
    found = _open_claim(state, number)
    if found is None:
        return []
    reference = found[1].claimed.reference
    on = TODAY + timedelta(days=number % 100)
    told = BankEvent("received", reference, number + 1, on, f"in{len(state.seen)}-{number}", None, SHA)
    return apply_bank_event(state, told)


def _late_interest(state: Grant, number: int) -> list[Fact]:
    found = _open_claim(state, number)
    if found is None:
        return []
    today = TODAY + timedelta(days=number % 100)
    periods = claims.count_late_interest(found[1], late_terms_of(county(), today), today)
    claimed = fact(
        LateInterestClaimed, recovery_id=found[0], reference=found[1].claimed.reference, periods=periods,
        amount=sum(each.amount for each in periods), claimed_on=today,
        counted_until=today if claims.overdue(found[1], today) else None,
    )  # fmt: skip
    return [claimed]


def _plan(state: Grant, number: int) -> list[Fact]:
    found = _open_claim(state, number)
    if found is None or found[1].left < 2:
        return []
    first = number % (found[1].left - 1) + 1
    amounts = (first, found[1].left - first)
    parts = [{"due_on": TODAY + timedelta(days=20 * n), "amount": each} for n, each in enumerate(amounts, start=1)]
    agreed = fact(PaymentPlanAgreed, recovery_id=found[0], reference=found[1].claimed.reference, parts=parts)
    return claims.agree_plan(found[1], agreed, TODAY)


def _set_off(state: Grant, number: int) -> list[Fact]:
    found = _open_claim(state, number)
    if found is None:
        return []
    return grants.set_off(state, SetOff(found[0], number % 6 + 1, TODAY, "kuitataan", "taina"), IBAN)


def _write_off(state: Grant, number: int) -> list[Fact]:
    found = _open_claim(state, number)
    if found is None or found[1].left <= 0:
        return []
    proposed = fact(WriteOffProposed, recovery_id=found[0], amount=number % found[1].left + 1, person="taina")
    claim = claims.evolve(found[1], proposed)
    facts, refused = claims.decide_write_off(claim, ("taina", "tero")[number % 2], TODAY)
    return [proposed, *facts] if refused is None else [proposed]


ACTS: Mapping[str, Callable[[Grant, int], list[Fact]]] = {
    "propose": _propose, "drop": _drop, "send": _send, "book": _told("booked", "sent"),
    "reject": _told("rejected", "sent"), "return": _told("returned", "booked"), "settle": _settle, "change": _change,
    "claim": _claim, "receive": _receive, "late interest": _late_interest, "set off": _set_off, "write off": _write_off,
    "plan": _plan, "status": _status, "another sum": _another_sum,
}  # fmt: skip


WALKS = 100
WALK = [*sorted(ACTS), *(["propose", "send", "book", "return", "receive", "change"] * 2)]
# What pays comes thrice as often as the rest, so that much of what leaves is booked and comes back.
ACT = st.sampled_from([*sorted(ACTS), *(["propose", "send", "book", "return"] * 3)])


def check(state: Grant, facts: list[Fact]) -> None:
    """Every euro is in one place, here and in the books."""
    payable = sum(each.instalment.amount for each in grants.payables(state, IBAN, TODAY))
    assert payable == max(state.open, 0)
    assert state.owed == state.paid + state.on_its_way + state.settled_by_set_off + state.open
    identity = GrantIdentity(UUID(APPLICATION), AWARDED.diary_number, AWARDED.association_name, "operating")
    found = [posting_of(position, each, identity, county()) for position, each in enumerate(facts, start=1)]
    postings: list[Posting] = [each for each in found if each is not None]
    balances = trial_balance(postings)
    every = state.claims.values()
    received = sum(each.received for each in every) + sum(each.amount for each in state.refunds.values())
    kept = sum(each.amount for each in facts if isinstance(each, PaymentReturnCharged))
    assert balances.get(CHARGES, 0) == kept
    assert balances.get(BANK, 0) == received - state.paid - kept
    assert balances.get(PAYABLES, 0) == state.paid + state.settled_by_set_off - state.owed
    assert balances.get(RECEIVABLES, 0) == sum(each.left for each in every)
    assert all(each.left >= 0 for each in every)
    assert balances.get(LOST, 0) == sum(each.written_off for each in every)
    assert balances.get(INTEREST, 0) == -sum(each.interest for each in every)
    assert balances[GRANTED] == state.amount - sum(each.principal for each in every)
    for recovery_id, claim in state.claims.items():
        assert most_at_once(facts, recovery_id) <= claim.principal, "no sum bears late interest twice for a day"


def most_at_once(facts: list[Fact], recovery_id: UUID) -> int:
    """The most that bore late interest on one day, by all claims of interest on a claim of recovery; cents."""
    claimed = [each for each in facts if isinstance(each, LateInterestClaimed) and each.recovery_id == recovery_id]
    periods = [period for each in claimed for period in each.periods]
    sums = (
        sum(each.principal for each in periods if each.counted_from <= day < each.counted_to)
        for day in {each.counted_from for each in periods}
    )
    return max(sums, default=0)


@settings(max_examples=120, print_blob=True, deadline=None)
@given(st.lists(st.tuples(ACT, st.integers(0, 300_000)), min_size=20, max_size=60))
def test_every_euro_of_a_grant_is_in_one_place_whatever_happens(acts: list[tuple[str, int]]) -> None:
    facts: list[Fact] = [AWARDED, fact(GrantReleased)]
    state = folded(grants.evolve, None, *facts)
    assert state is not None
    for act, number in acts:
        try:
            made = ACTS[act](state, number)
        except Refused as refused:
            event(f"{act}: {refused.slug}")
            continue
        after = folded(grants.evolve, state, *made)
        assert after is not None
        state = after
        facts += made
        for each in made:
            event(each.event_type)
        if act == "propose" and made:
            assert state.paid + state.on_its_way + state.settled_by_set_off <= state.owed
        note(f"{act} {number}: {[each.event_type for each in made]}")
        check(state, facts)


def test_on_long_walks_every_euro_stays_payable_or_is_held() -> None:
    """What needs many acts in a row, such as a refund that is paid in part and an award that is raised then."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    for number in range(WALKS):
        chance = random.Random(seed + number)
        facts: list[Fact] = [AWARDED, fact(GrantReleased)]
        state = folded(grants.evolve, None, *facts)
        assert state is not None
        for _ in range(80):
            with suppress(Refused):
                made = ACTS[chance.choice(WALK)](state, chance.randrange(300_000))
                facts += made
                state = folded(grants.evolve, state, *made)
            assert state is not None
            payable = sum(each.instalment.amount for each in grants.payables(state, IBAN, TODAY))
            assert payable == max(state.open, 0), f"seed {seed + number}"
        check(state, facts)
