"""What intake makes of others' events: where each application stands, in words for its applicant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from typing import Final

from schemas.county import County
from schemas.decisions import (
    AgreementDrafted,
    AgreementPartySigned,
    AgreementSigned,
    AppealDecided,
    AppealLodged,
    CaseOpened,
    CaseTransferred,
    ChangeDecided,
    CostReportAccepted,
    CostReportReturned,
    DecisionBecameFinal,
    DecisionMade,
    DecisionNotified,
    HearingAnswered,
    HearingClosed,
    HearingOpened,
    OwnFundingProven,
    PartnershipReviewed,
    RecoveryDecided,
    RectificationClaimed,
    RectificationDecided,
    RectificationNotified,
    RectificationWithdrawn,
    ReportAccepted,
    ReportReceived,
    ReportReminded,
    ReportRequested,
    ReportReturned,
    SupplementRequested,
)
from schemas.facts import Fact
from schemas.helsinki import HELSINKI
from schemas.payments import (
    LateInterestClaimed,
    PaymentBooked,
    PaymentPlanAgreed,
    PaymentRejected,
    PaymentReturned,
    PaymentSent,
    RecoveryClaimed,
    RecoveryOverpaid,
    RecoveryReceived,
    RecoverySetOff,
    RecoveryWrittenOff,
)
from services.ledger import Ledger, NotYet, Record, StreamWrite
from services.web.handling import Loaded, fact_of, load

from .domain import applications
from .domain.applications import Application
from .money_standings import PaymentFact, RecoveryFact, payment_standing, recovery_standing
from .standings import own_funding_standing, standing_of

Reaction = Callable[[Record], Awaitable[Sequence[StreamWrite]]]
_DECISIONS: Final[tuple[type[Fact], ...]] = (
    CaseOpened, SupplementRequested, CaseTransferred, DecisionMade, DecisionNotified, RectificationClaimed,
    RectificationWithdrawn, RectificationDecided, RectificationNotified, AppealLodged, AppealDecided,
    DecisionBecameFinal, HearingOpened,
    HearingAnswered, HearingClosed, RecoveryDecided, ReportRequested, ReportReminded, ReportReceived, ReportReturned,
    ReportAccepted, AgreementDrafted, AgreementPartySigned, AgreementSigned, PartnershipReviewed, OwnFundingProven,
    CostReportReturned, CostReportAccepted, ChangeDecided,
)  # fmt: skip
_PAYMENTS: Final[tuple[type[Fact], ...]] = (
    PaymentSent, PaymentBooked, PaymentRejected, PaymentReturned, RecoveryClaimed, RecoveryReceived, RecoveryOverpaid,
    RecoverySetOff, RecoveryWrittenOff, PaymentPlanAgreed, LateInterestClaimed,
)  # fmt: skip


class Reactions:
    """Reactions by event type. Between decisions and payments there is no order: what is told of money waits for the
    decision that it follows from.
    """

    def __init__(self, ledger: Ledger, county: County) -> None:
        self._ledger = ledger
        self._county = county

    async def note_standing(self, record: Record) -> Sequence[StreamWrite]:
        """Notes on the application's stream what decisions did."""
        today = record.recorded_at.astimezone(HELSINKI).date()
        fact = fact_of(record)
        change = standing_of(fact, self._county, today)
        if change is None:
            return ()
        loaded, state = await self._application(f"application/{change.application_id}")
        facts = applications.note_standing(state, change)
        if isinstance(fact, DecisionNotified | RectificationNotified) and self._own_funding_awaited(state, today):
            facts.append(own_funding_standing(change.application_id, state.submitted.own_funding))
        return (loaded.write(facts),)

    def _own_funding_awaited(self, state: Application, today: date) -> bool:
        """Whether money was granted that waits for the proof of own funding, which was not asked for yet."""
        basket = self._county.basket(state.submitted.basket, today)
        waits = basket is not None and "own_funding" in basket.requires and state.submitted.own_funding > 0
        return waits and bool(state.granted) and not state.own_funding_asked

    async def note_payment(self, record: Record) -> Sequence[StreamWrite]:
        """Notes on the application's stream what was paid, or did not arrive."""
        fact = fact_of(record)
        assert isinstance(fact, PaymentFact)
        loaded, state = await self._application(f"application/{fact.application_id}")
        if not state.decided:
            raise NotYet(loaded.stream, loaded.version, "the decision on the grant")
        return (loaded.write(applications.note_standing(state, payment_standing(fact))),)

    async def note_recovery(self, record: Record) -> Sequence[StreamWrite]:
        """Notes on the application's stream what is left to pay back, and how."""
        fact = fact_of(record)
        assert isinstance(fact, RecoveryFact)
        loaded, state = await self._application(f"application/{fact.application_id}")
        left = state.recoveries.get(fact.recovery_id, state.recoveries.get(None))
        if left is None:
            raise NotYet(loaded.stream, loaded.version, "the decision on the recovery")
        on = record.recorded_at.astimezone(HELSINKI).date()
        change = recovery_standing(fact, left, self._county.identity(on).debtor.iban)
        return (loaded.write(applications.note_standing(state, change)),)

    async def _application(self, stream: str) -> tuple[Loaded[Application | None], Application]:
        loaded = await load(self._ledger, stream, applications.evolve, None)
        if loaded.state is None:
            raise NotYet(stream, loaded.version, "the application itself")
        return loaded, loaded.state

    def by_type(self) -> Mapping[str, Mapping[str, Reaction]]:
        """Topic → event type → reaction."""
        of_money = {
            kind.event_type: self.note_payment if issubclass(kind, PaymentFact) else self.note_recovery
            for kind in _PAYMENTS
        }
        return {"decisions": {kind.event_type: self.note_standing for kind in _DECISIONS}, "payments": of_money}
