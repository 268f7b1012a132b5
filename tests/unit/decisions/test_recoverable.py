"""What can be recovered is the grant money that the association holds and that was not recovered yet: counted by
decisions from what payments tells, and here from the cash that went each way, for any order of payments, returns,
set-offs, sums that came in beyond a claim, their refunds, changed awards and recoveries. What the registers of
decisions and intake show agrees with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from schemas.decisions import CaseOpened, DecisionMade, Instalment, RecoveryDecided, RectificationDecided
from schemas.facts import Fact
from schemas.intake import ApplicationSubmitted
from schemas.money import cents
from schemas.payments import (
    GrantAwarded,
    GrantReleased,
    LateInterestClaimed,
    PaymentBooked,
    PaymentCauseSettled,
    PaymentRejected,
    PaymentReturned,
    PaymentSent,
    RecoveryClaimed,
    RecoveryInterestClaimed,
    RecoveryOverpaid,
    RecoveryReceived,
    RecoverySetOff,
    RecoveryWrittenOff,
)
from services.decisions.domain import cases, interest
from services.decisions.domain.cases import Case
from services.decisions.follow_up_views import followed_up
from services.decisions.reactions import Money, _money_noted
from services.intake.application_view import application
from services.intake.money_standings import PaymentFact, RecoveryFact, payment_standing, recovery_standing
from services.ledger import Context, Document
from services.ledger.records import decode_body, encode_body
from services.payments.domain import grants
from services.payments.domain.grants import Grant, SetOff
from services.web.handling import event_of
from tests.unit.given import fact, folded, refused

IBAN = "FI2112345600000785"
START = date(2026, 4, 1)
CENTS = st.integers(1, 200_000)
PICK = st.integers(0, 10**6)


def shown(document: Document | None, of: Fact) -> Document:
    """The applicant's document after a fact of intake."""
    body = encode_body(1, "2026-04-01T08:00:00.000000Z", event_of(of), "application/1", 1, Context("anna", "test"))
    record = decode_body(body)
    after = application(document, record, record.data)
    assert after is not None
    return after


@dataclass
class Cash:
    """What moved between the county and the association, in cents."""

    sent: int = 0
    came: int = 0
    beyond: int = 0
    given_up: int = 0
    interest: int = 0
    claims: list[UUID] = field(default_factory=list)


class Grants(RuleBasedStateMachine):
    """One grant as payments has it, as a case of decisions, and as its applicant sees it."""

    def __init__(self) -> None:
        super().__init__()
        self.grant: Any = None
        self.case: Any = folded(cases.evolve, None, fact(CaseOpened))
        self.register: Document = {}
        self.seen = shown(None, fact(ApplicationSubmitted))
        self.cash = Cash()
        self.day = START

    @initialize(amounts=st.lists(st.integers(10_000, 90_000), min_size=1, max_size=4))
    def award(self, amounts: list[int]) -> None:
        plan = [
            Instalment(number=number, amount=amount, payable_from=START) for number, amount in enumerate(amounts, 1)
        ]
        awarded = fact(GrantAwarded, amount=sum(amounts), instalments=plan, requires=(), iban=IBAN)
        self.grant = folded(grants.evolve, None, awarded, fact(GrantReleased))
        self.case = folded(cases.evolve, self.case, fact(DecisionMade, amount=sum(amounts)))

    # --- what happens ----------------------------------------------------------------------------------------

    @rule(pick=PICK, refused_by_bank=st.booleans())
    def pay(self, pick: int, refused_by_bank: bool) -> None:
        """An instalment or a refund leaves, and is booked or rejected."""
        payable = [each for each in grants.payables(self.grant, IBAN, self.day) if each.held is None]
        if not payable:
            return
        number = payable[pick % len(payable)].instalment.number
        proposed = grants.propose_payment(self.grant, number, UUID(int=1), f"E{pick}{self.day}", IBAN, self.day)
        about = {"instalment": number, "attempt": proposed.attempt, "amount": proposed.amount}
        self.tell(proposed, fact(PaymentSent, **about))
        if refused_by_bank:
            self.tell(fact(PaymentRejected, **about), fact(PaymentCauseSettled, instalment=number))
            return
        self.tell(fact(PaymentBooked, **about, booked_on=self.day))
        self.cash.sent += proposed.amount

    @rule(pick=PICK)
    def come_back(self, pick: int) -> None:
        booked = [(number, each) for number, each in self.grant.payments.items() if each.state == "booked"]
        if booked:
            number, payment = booked[pick % len(booked)]
            about = {"instalment": number, "attempt": payment.attempt, "amount": payment.amount}
            self.tell(fact(PaymentReturned, **about, booked_on=self.day), fact(PaymentCauseSettled, instalment=number))
            self.cash.sent -= payment.amount

    @rule(amount=CENTS)
    def change(self, amount: int) -> None:
        """A decision on a claim raises or lowers the award."""
        plan = (Instalment(number=1, amount=amount, payable_from=START),)
        self.tell(*grants.change_award(self.grant, amount, plan, self.day))
        self.case = folded(cases.evolve, self.case, fact(RectificationDecided, amount=amount))

    @rule(share=st.integers(1, 100), bears=st.integers(0, 5_000))
    def recover(self, share: int, bears: int) -> None:
        """A part of what can be recovered is, with interest; a cent more than all of it is refused."""
        parts = interest.not_recovered(self.case.movements)
        left = sum(part for _, part in parts)
        with refused("more-than-paid"):
            interest.taken_from(parts, left + 1)
        amount = left * share // 100
        if not amount:
            return
        recovery_id = UUID(int=100 + len(self.cash.claims))
        self.cash.claims.append(recovery_id)
        self.cash.interest += bears
        reference = f"1{len(self.cash.claims):07}"
        about = {"recovery_id": recovery_id, "reference": reference}
        self.case = folded(cases.evolve, self.case, fact(RecoveryDecided, recovery_id=recovery_id, amount=amount))
        self.tell(fact(RecoveryClaimed, **about, amount=amount))
        if bears:
            self.tell(fact(RecoveryInterestClaimed, **about, amount=bears))

    @precondition(lambda self: self.cash.claims)
    @rule(pick=PICK, amount=CENTS)
    def pay_back(self, pick: int, amount: int) -> None:
        """The association pays on a claim, also more than is left of it."""
        about, left = self.claim(pick)
        settles = min(left, amount)
        if settles:
            self.tell(fact(RecoveryReceived, **about, amount=settles, booked_on=self.day))
        if amount > settles:
            self.tell(fact(RecoveryOverpaid, **about, amount=amount - settles, booked_on=self.day))
        self.cash.came += amount
        self.cash.beyond += amount - settles

    @precondition(lambda self: self.cash.claims)
    @rule(pick=PICK)
    def set_off(self, pick: int) -> None:
        about, left = self.claim(pick)
        payable = [each for each in grants.payables(self.grant, IBAN, self.day) if each.held is None]
        if left and payable:
            number = payable[pick % len(payable)].instalment.number
            wanted = SetOff(about["recovery_id"], number, self.day, "Kuittaus", "finance-1")
            self.tell(*grants.set_off(self.grant, wanted, IBAN))

    @precondition(lambda self: self.cash.claims)
    @rule(pick=PICK, share=st.integers(1, 100))
    def give_up(self, pick: int, share: int) -> None:
        about, left = self.claim(pick)
        if amount := left * share // 100:
            self.tell(fact(RecoveryWrittenOff, **about, amount=amount))
            self.cash.given_up += amount

    @precondition(lambda self: self.cash.claims)
    @rule(pick=PICK, amount=st.integers(1, 500))
    def come_late(self, pick: int, amount: int) -> None:
        self.tell(fact(LateInterestClaimed, **self.claim(pick)[0], amount=amount))
        self.cash.interest += amount

    @rule(days=st.integers(1, 400))
    def wait(self, days: int) -> None:
        self.day += timedelta(days=days)

    def claim(self, pick: int) -> tuple[dict[str, Any], int]:
        recovery_id = self.cash.claims[pick % len(self.cash.claims)]
        claim = self.grant.claims[recovery_id]
        return {"recovery_id": recovery_id, "reference": claim.claimed.reference}, claim.left

    def tell(self, *facts: Fact) -> None:
        """Payments records it, and the others hear of it."""
        for each in facts:
            left = self.grant.claims[each.recovery_id].left if isinstance(each, RecoverySetOff) else 0
            self.grant = folded(grants.evolve, self.grant, each)
            if isinstance(each, Money):
                noted = _money_noted(each)
                self.case = folded(cases.evolve, self.case, noted)
                self.register |= followed_up(self.register, noted.event_type, noted.model_dump(mode="json"))
            if isinstance(each, PaymentFact):
                self.seen = shown(self.seen, payment_standing(each))
            elif isinstance(each, RecoveryFact):
                self.seen = shown(self.seen, recovery_standing(each, left, IBAN))

    # --- what always holds -----------------------------------------------------------------------------------

    @invariant()
    def what_can_be_recovered_is_what_is_held(self) -> None:
        if self.grant is None:
            return
        grant: Grant = self.grant
        case: Case = self.case
        claimed = sum(each.left for each in grant.claims.values()) + self.cash.given_up - self.cash.interest
        held = self.cash.sent - self.cash.came - claimed
        assert sum(part for _, part in interest.not_recovered(case.movements)) == max(held, 0)
        overpaid = grant.owed - grant.amount
        principal = sum(each.principal for each in grant.claims.values())
        assert held == grant.paid + grant.settled_by_set_off - overpaid - principal
        assert case.recovered == principal

    @invariant()
    def the_registers_agree(self) -> None:
        if self.grant is None:
            return
        grant: Grant = self.grant
        overpaid = grant.owed - grant.amount
        assert (overpaid, grant.paid) == (self.cash.beyond, self.cash.sent)
        noted = cents(self.register.get("paid", "0.00 EUR"))
        assert noted == grant.paid + grant.settled_by_set_off - overpaid
        assert cents(self.seen["paid"]) == max(grant.paid - overpaid, 0)


Grants.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None, print_blob=True)
TestWhatCanBeRecovered = Grants.TestCase
