"""What decisions makes of intake's events: cases are opened, supplements and withdrawals are noted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from schemas.county import County
from schemas.decisions import CallNoted, CaseOpened, CaseWithdrawn, PaymentNoted, PersonNoted, SupplementReceived
from schemas.facts import Fact
from schemas.helsinki import HELSINKI
from schemas.intake import (
    ApplicationSubmitted,
    ApplicationSupplemented,
    ApplicationWithdrawn,
    CallAmended,
    CallPublished,
    ChangeRequested,
    CostReportSubmitted,
    PersonEnded,
    PersonErased,
    PersonNamed,
    UsageReportSubmitted,
)
from schemas.payments import PaymentBooked, PaymentReturnCharged, PaymentReturned, RecoveryOverpaid, RecoverySetOff
from services.ledger import Ledger, NotYet, Record, StreamWrite
from services.web.handling import Loaded, fact_of, load, load_many

from .domain import appropriations, assessment, cases, changes, people, projects, reports

Reaction = Callable[[Record], Awaitable[Sequence[StreamWrite]]]
Money = PaymentBooked | PaymentReturned | PaymentReturnCharged | RecoverySetOff | RecoveryOverpaid
FollowUp = UsageReportSubmitted | CostReportSubmitted | ChangeRequested | Money


class Reactions:
    """Reactions by event type. All concern one case; opening one takes the next diary number with it."""

    def __init__(self, ledger: Ledger, county: County) -> None:
        self._ledger = ledger
        self._county = county

    async def open_case(self, record: Record) -> Sequence[StreamWrite]:
        """An application came: a case with the next diary number of the year in which it arrived."""
        fact = fact_of(record)
        assert isinstance(fact, ApplicationSubmitted)
        stream = f"case/{fact.application_id}"
        case: Loaded[cases.Case | None] = await load(self._ledger, stream, cases.evolve, None)
        if case.state is not None:
            return ()
        rule = self._county.diary_rule(fact.arrived_on)
        year = fact.arrived_on.year
        diary_stream = f"diary/{rule.class_code}-{year}"
        diary = await load(self._ledger, diary_stream, appropriations.evolve_diary, 0)
        number = appropriations.assign_diary_number(diary.state, rule.number, year, fact.application_id)
        return (case.write([_opened(fact, number.diary_number)]), diary.write([number]))

    async def note(self, record: Record) -> Sequence[StreamWrite]:
        """A supplement or a withdrawal came for a case."""
        fact = fact_of(record)
        assert isinstance(fact, ApplicationSupplemented | ApplicationWithdrawn)
        stream = f"case/{fact.application_id}"
        loaded = await load(self._ledger, stream, cases.evolve, None)
        if loaded.state is None:
            raise NotYet(stream, loaded.version, "the case of the application")
        return (loaded.write(_noted(fact, loaded.state)),)

    async def follow_up(self, record: Record) -> Sequence[StreamWrite]:
        """After the decision a report of use or of costs came, a change is asked for, or money moved: a payment was
        booked or came back, an instalment was set off against a claim, or more came in than was left of one.
        """
        fact = fact_of(record)
        assert isinstance(fact, FollowUp)
        stream = f"case/{fact.application_id}"
        loaded = await load(self._ledger, stream, cases.evolve, None)
        if loaded.state is None:
            raise NotYet(stream, loaded.version, "the case of the application")
        received_on = record.recorded_at.astimezone(HELSINKI).date()
        return (loaded.write(_followed_up(fact, loaded.state, received_on)),)

    async def note_call(self, record: Record) -> Sequence[StreamWrite]:
        """A call was published or amended: what assessment and allocation need of it."""
        fact = fact_of(record)
        assert isinstance(fact, CallPublished | CallAmended)
        known: Loaded[assessment.CallVersions] = await load(
            self._ledger, f"call/{fact.call_id}", assessment.evolve_call, {}
        )
        version = fact.call_version if isinstance(fact, CallAmended) else 1
        if version in known.state:
            return ()
        noted = CallNoted(
            call_id=fact.call_id, call_version=version, basket=fact.basket, year=fact.year, title=fact.title,
            criteria=fact.criteria, assessors=fact.assessors, attachments=fact.attachments,
            appropriation=fact.appropriation, payable_from=fact.payable_from, reports_due_on=fact.reports_due_on,
        )  # fmt: skip
        return (known.write([noted]),)

    async def note_person(self, record: Record) -> Sequence[StreamWrite]:
        """Somebody acts or signs for an association, or does so no longer: they ended, or were erased, and nobody acts
        of whom nothing can be read.
        """
        fact = fact_of(record)
        assert isinstance(fact, PersonNamed | PersonEnded | PersonErased)
        known: Loaded[people.People] = await load(self._ledger, f"association/{fact.association_id}", people.evolve, {})
        before = known.state.get(fact.person_id)
        if not isinstance(fact, PersonNamed):
            last = fact.valid_until if isinstance(fact, PersonEnded) else _day_before(record)
            if before is None or (before.valid_until is not None and before.valid_until <= last):
                return ()
            return (known.write([before.model_copy(update={"valid_until": last})]),)
        if fact.person is None or before is not None:
            return ()
        noted = PersonNoted(
            association_id=fact.association_id, person_id=fact.person_id, person=fact.person,
            valid_from=fact.valid_from, valid_until=fact.valid_until,
        )  # fmt: skip
        return (known.write([noted]), *await self._left_by(noted, record.recorded_at.astimezone(HELSINKI).date()))

    async def _left_by(self, noted: PersonNoted, today: date) -> list[StreamWrite]:
        """Who acts for an association from now on leaves its cases at once; who acts later, or is given a case at this
        moment, leaves them when anybody acts on them next.
        """
        tied = people.in_force({noted.person_id: noted}, today)
        position = (await self._ledger.head()).size
        writes: list[StreamWrite] = []
        after = ""
        where = {"association_id": noted.association_id}
        while page := await self._ledger.page("cases", position, after=after, where=where):
            after = page[-1].key
            own = await load_many(self._ledger, [f"case/{entry.key}" for entry in page], cases.evolve, None)
            writes += [
                loaded.write(facts)
                for loaded in own.values()
                if loaded.state is not None and (facts := cases.found(loaded.state, tied))
            ]
        return writes

    def by_type(self) -> Mapping[str, Mapping[str, Reaction]]:
        """Topic → event type → reaction."""
        return {
            "intake": {
                ApplicationSubmitted.event_type: self.open_case,
                ApplicationSupplemented.event_type: self.note,
                ApplicationWithdrawn.event_type: self.note,
                CallPublished.event_type: self.note_call,
                CallAmended.event_type: self.note_call,
                PersonNamed.event_type: self.note_person,
                PersonEnded.event_type: self.note_person,
                PersonErased.event_type: self.note_person,
                UsageReportSubmitted.event_type: self.follow_up,
                CostReportSubmitted.event_type: self.follow_up,
                ChangeRequested.event_type: self.follow_up,
            },
            "payments": {
                PaymentBooked.event_type: self.follow_up,
                PaymentReturned.event_type: self.follow_up,
                PaymentReturnCharged.event_type: self.follow_up,
                RecoverySetOff.event_type: self.follow_up,
                RecoveryOverpaid.event_type: self.follow_up,
            },
        }


def _day_before(record: Record) -> date:
    """The Helsinki date before the one on which something was recorded."""
    return record.recorded_at.astimezone(HELSINKI).date() - timedelta(days=1)


def _followed_up(fact: FollowUp, case: cases.Case, received_on: date) -> list[Fact]:
    match fact:
        case UsageReportSubmitted():
            return reports.receive(case.reports, fact, received_on)
        case CostReportSubmitted():
            return projects.receive(case.project, fact, received_on)
        case ChangeRequested():
            return changes.receive(case.changes, fact, received_on)
    return [_money_noted(fact)]


def _money_noted(fact: Money) -> PaymentNoted:
    about: dict[str, Any] = {"application_id": fact.application_id, "amount": fact.amount}
    match fact:
        case PaymentBooked():
            return PaymentNoted(**about, kind="booked", instalment=fact.instalment, booked_on=fact.booked_on)
        case PaymentReturned():
            return PaymentNoted(**about, kind="returned", instalment=fact.instalment, booked_on=fact.booked_on)
        case PaymentReturnCharged():
            return PaymentNoted(**about, kind="returned", instalment=fact.instalment, booked_on=fact.charged_on)
        case RecoverySetOff():
            return PaymentNoted(**about, kind="set_off", instalment=fact.instalment, booked_on=fact.set_off_on)
        case RecoveryOverpaid():
            return PaymentNoted(**about, kind="overpaid", booked_on=fact.booked_on)


def _noted(fact: ApplicationSupplemented | ApplicationWithdrawn, case: cases.Case) -> list[Fact]:
    if isinstance(fact, ApplicationWithdrawn):
        if case.decision is not None or case.closed_without_decision:
            return []
        return [CaseWithdrawn(application_id=fact.application_id, reason=fact.reason)]
    if fact.request_id not in case.open_requests or case.decision is not None or case.closed_without_decision:
        return []
    return [SupplementReceived(application_id=fact.application_id, request_id=fact.request_id, answer=fact.answer)]


def _opened(fact: ApplicationSubmitted, diary_number: str) -> CaseOpened:
    largest = max(fact.municipalities, key=lambda share: (share.percent, share.municipality))
    return CaseOpened(
        application_id=fact.application_id, diary_number=diary_number, call_id=fact.call_id,
        call_version=fact.call_version, basket=fact.basket, pays=fact.pays, association_id=fact.association_id,
        association_name=fact.association_name, iban=fact.iban, activity=fact.activity,
        municipality=largest.municipality, municipalities=fact.municipalities, purpose=fact.purpose,
        applied=fact.applied, own_funding=fact.own_funding, years=fact.years, channel=fact.channel,
        arrived_on=fact.arrived_on, late=fact.late,
    )  # fmt: skip
