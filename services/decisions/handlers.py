"""The commands of decisions: load, decide, append."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import holidays
from pydantic import Field, StrictBool
from uuid_utils.compat import uuid7

from schemas.county import County
from schemas.decisions import (
    AppropriationReleased,
    DecisionNotified,
    MeetingConvened,
    NoticeManner,
    Outcome,
    RecoveryDecided,
)
from schemas.facts import Contract, Date, Fact
from schemas.identifiers import Name, Slug, Text
from schemas.money import NonNegativeAmount, PositiveAmount
from schemas.refusals import conflict, invalid, not_found
from services.ledger import Context, Ledger, StreamWrite
from services.web.commands import Command, carry_out, encode
from services.web.handling import Answer, Loaded, Plan, handle, load

from .domain import appropriations, cases, deadlines
from .domain.cases import Case, Ruling

HELSINKI = ZoneInfo("Europe/Helsinki")
Clock = Callable[[], datetime]
Acted = tuple[list[Fact], dict[str, object]]


class Propose(Contract):
    """A proposed outcome."""

    outcome: Outcome
    amount: NonNegativeAmount
    reasons: Text


class MakeDecision(Propose):
    """A decision: `payable_from` has one Helsinki date for each instalment."""

    conditions: tuple[Text, ...] = Field(default=(), max_length=20)
    payable_from: tuple[Date, ...] = Field(default=(), max_length=60)
    organ: Name
    meeting_id: Slug | None = None


class DecideClaim(Propose):
    """A decision on a claim; `change` says whether the sum becomes `amount`."""

    change: StrictBool
    payable_from: tuple[Date, ...] = Field(default=(), max_length=60)
    organ: Name


class SignAgreement(Contract):
    """A partnership's agreement."""

    years: int = Field(strict=True, ge=1, le=5)
    without_money: StrictBool
    terms: Text


class Recover(Contract):
    """A decision to recover."""

    amount: PositiveAmount
    grounds: Text
    due_on: Date


class Decisions:
    """The commands. Each returns once its events are durable."""

    def __init__(self, ledger: Ledger, county: County, clock: Clock) -> None:
        self._ledger = ledger
        self._county = county
        self._clock = clock

    def today(self) -> date:
        """The Helsinki date now."""
        return self._clock().astimezone(HELSINKI).date()

    async def case(self, application_id: UUID) -> Loaded[Case | None]:
        return await load(self._ledger, f"case/{application_id}", cases.evolve, None)

    async def appropriation(self, appropriation_id: str) -> Loaded[appropriations.Appropriation]:
        stream = f"appropriation/{appropriation_id}"
        return await load(self._ledger, stream, appropriations.evolve_appropriation, appropriations.Appropriation())

    async def meeting(self, meeting_id: str) -> Loaded[appropriations.Meeting | None]:
        return await load(self._ledger, f"meeting/{meeting_id}", appropriations.evolve_meeting, None)

    async def set_appropriation(self, command: Command, appropriation_id: str, amount: int) -> Answer:
        async def decide() -> Plan:
            loaded = await self.appropriation(appropriation_id)
            facts = appropriations.set_appropriation(loaded.state, appropriation_id, amount)
            return Plan((loaded.write(facts),), {"appropriation_id": appropriation_id})

        return await carry_out(self._ledger, command, decide)

    async def convene(self, command: Command, meeting: MeetingConvened) -> Answer:
        async def decide() -> Plan:
            loaded = await self.meeting(meeting.meeting_id)
            if loaded.state is not None:
                raise conflict("meeting-exists", f"the meeting {meeting.meeting_id} is convened already")
            return Plan((loaded.write([meeting]),), {"meeting_id": meeting.meeting_id})

        return await carry_out(self._ledger, command, decide)

    async def declare_conflict(self, command: Command, application_id: UUID, person: str, reason: str) -> Answer:
        return await self._on_case(
            command, application_id, None, lambda case: (cases.declare_conflict(case, person, reason), {})
        )

    async def assign(self, command: Command, application_id: UUID, officer: str) -> Answer:
        return await self._on_case(
            command,
            application_id,
            "assign",
            lambda case: (cases.assign(case, officer), {"officer": officer}),
        )

    async def request_supplement(self, command: Command, application_id: UUID, question: str, due_on: date) -> Answer:
        request_id = uuid7()

        def act(case: Case) -> Acted:
            facts = cases.request_supplement(case, request_id, question, due_on, self.today())
            return facts, {"request_id": str(request_id)}

        return await self._on_case(command, application_id, "request_supplement", act)

    async def transfer(self, command: Command, application_id: UUID, reason: str) -> Answer:
        def act(case: Case) -> Acted:
            activity = self._county.activity(case.opened.activity, self.today())
            if activity is not None and activity.task == "county":
                raise conflict("county-task", f"{activity.name.fi} is the county's task: it is not transferred")
            return cases.transfer(case, reason), {"municipality": case.opened.municipality}

        return await self._on_case(command, application_id, "transfer", act)

    async def assess(self, command: Command, application_id: UUID, points: int, reasons: str) -> Answer:
        person = command.identity.person
        return await self._on_case(
            command, application_id, "assess", lambda case: (cases.assess(case, person, points, reasons), {})
        )

    async def propose(self, command: Command, application_id: UUID, proposal: Propose) -> Answer:
        person = command.identity.person

        def act(case: Case) -> Acted:
            return cases.propose(case, person, proposal.outcome, proposal.amount, proposal.reasons), {}

        return await self._on_case(command, application_id, "propose", act)

    async def make_decision(self, command: Command, application_id: UUID, made: MakeDecision) -> Answer:
        """Decides; binds the appropriation and takes the meeting's next section in the same transaction."""
        person = command.identity.person

        async def decide() -> Plan:
            loaded, case = await self._case(application_id)
            refused = cases.attempt(case, person, "decide")
            if refused is not None:
                return Plan((loaded.write([refused]),), {}, cases.refusal_of(refused))
            writes: list[StreamWrite] = []
            section = None
            if made.meeting_id is not None:
                section, write = await self._take_section(made.meeting_id, person, case)
                writes.append(write)
            ruling = Ruling(
                person, made.organ, self.today(), made.outcome, made.amount, made.reasons, made.conditions,
                made.payable_from, made.meeting_id, section,
            )  # fmt: skip
            facts = cases.decide(case, ruling)
            writes += await self._bind(case, made.amount)
            answer = {"application_id": str(application_id), "section": section}
            return Plan((loaded.write(facts), *writes), answer)

        return await carry_out(self._ledger, command, decide)

    async def notify(self, command: Command, application_id: UUID, manner: NoticeManner) -> Answer:
        sent_on = self.today()
        rules = self._county.deadline_rules(sent_on)
        days = rules.notice_days.electronic if manner == "electronic" else rules.notice_days.letter
        received_on = deadlines.counts_as_received(sent_on, days)
        last_day = deadlines.last_claim_day(received_on, rules.rectification_days, self._is_working_day)
        notice = DecisionNotified(
            application_id=application_id, manner=manner, sent_on=sent_on, received_on=received_on,
            last_claim_day=last_day,
        )  # fmt: skip
        return await self._on_case(
            command,
            application_id,
            "notify",
            lambda case: (cases.notify(case, notice), {"last_claim_day": last_day.isoformat()}),
        )

    async def claim(self, command: Command, application_id: UUID, grounds: str) -> Answer:
        claim_id = uuid7()

        def act(case: Case) -> Acted:
            facts = cases.claim(case, claim_id, self.today(), grounds)
            in_time = all(getattr(fact, "in_time", False) for fact in facts)
            return facts, {"claim_id": str(claim_id), "in_time": in_time}

        return await self._on_case(command, application_id, None, act)

    async def decide_claim(self, command: Command, application_id: UUID, made: DecideClaim) -> Answer:
        """Decides the pending claim; the appropriation follows the difference in the same transaction."""
        person = command.identity.person

        async def decide() -> Plan:
            loaded, case = await self._case(application_id)
            refused = cases.attempt(case, person, "decide_claim")
            if refused is not None:
                return Plan((loaded.write([refused]),), {}, cases.refusal_of(refused))
            ruling = Ruling(
                person,
                made.organ,
                self.today(),
                made.outcome,
                made.amount,
                made.reasons,
                (),
                made.payable_from,
            )
            facts = cases.decide_claim(case, ruling, made.change)
            writes = await self._bind(case, made.amount - case.amount) if made.change else []
            return Plan((loaded.write(facts), *writes), {"application_id": str(application_id)})

        return await carry_out(self._ledger, command, decide)

    async def sign_agreement(self, command: Command, application_id: UUID, signed: SignAgreement) -> Answer:
        def act(case: Case) -> Acted:
            return cases.sign_agreement(case, signed.years, signed.without_money, signed.terms), {}

        return await self._on_case(command, application_id, None, act)

    async def recover(self, command: Command, application_id: UUID, recovery: Recover) -> Answer:
        recovery_id = uuid7()
        today = self.today()
        limit = self._county.payment_rules(today).small_recovery_limit

        def act(case: Case) -> Acted:
            fact = RecoveryDecided(
                application_id=application_id, recovery_id=recovery_id, amount=recovery.amount,
                grounds=recovery.grounds, decided_on=today, due_on=recovery.due_on, person=command.identity.person,
            )  # fmt: skip
            return cases.recover(case, fact, limit), {"recovery_id": str(recovery_id)}

        return await self._on_case(command, application_id, "recover", act)

    async def run_deadlines(self, context: Context) -> int:
        """Makes every decision final whose last day for a claim has passed, each in a transaction of its own; how
        many.
        """
        today = self.today()
        done = 0
        after = ""
        position = (await self._ledger.head()).size
        while page := await self._ledger.page("cases", position, after=after, where={"state": "notified"}, limit=200):
            after = page[-1].key
            for entry in page:
                if date.fromisoformat(entry.document["last_claim_day"]) < today:
                    done += await self._finalise(context, UUID(entry.key), today)
        return done

    async def _finalise(self, context: Context, application_id: UUID, today: date) -> int:
        async def decide() -> Plan:
            loaded, case = await self._case(application_id)
            facts = cases.become_final(case, today)
            return Plan((loaded.write(facts),), {"final": bool(facts)})

        answer = await handle(self._ledger, context, decide, encode)
        return answer.events

    def _is_working_day(self, day: date) -> bool:
        rules = self._county.deadline_rules(day)
        calendar = holidays.country_holidays(rules.calendar, language="fi", years=day.year)
        return bool(calendar.is_working_day(day)) and day not in rules.extra_closed

    async def _case(self, application_id: UUID) -> tuple[Loaded[Case | None], Case]:
        loaded = await self.case(application_id)
        if loaded.state is None:
            raise not_found("such case")
        return loaded, loaded.state

    async def _take_section(self, meeting_id: str, person: str, case: Case) -> tuple[int, StreamWrite]:
        loaded = await self.meeting(meeting_id)
        if loaded.state is None:
            raise not_found(f"meeting {meeting_id}")
        if person not in loaded.state.convened.present:
            raise invalid("not-present", "whoever decides at a meeting is present at it", "/meeting_id")
        taken = appropriations.take_section(loaded.state, case.opened.application_id)
        return taken.section, loaded.write([taken])

    async def _bind(self, case: Case, change: int) -> list[StreamWrite]:
        """Binds more of the appropriation, or frees some of it, at the version at which it was loaded."""
        if change == 0:
            return []
        decided_on = case.decision.decided_on if case.decision is not None else self.today()
        basket = self._county.basket(case.opened.basket, decided_on)
        if basket is None:
            raise invalid("unknown-basket", f"{case.opened.basket} is no basket on {decided_on:%-d.%-m.%Y}")
        name = f"{basket.appropriation}-{decided_on.year}"
        loaded = await self.appropriation(name)
        application_id = case.opened.application_id
        facts: list[Fact] = (
            appropriations.commit(loaded.state, name, application_id, change)
            if change > 0
            else [AppropriationReleased(appropriation_id=name, application_id=application_id, amount=-change)]
        )
        return [loaded.write(facts)]

    async def _on_case(
        self, command: Command, application_id: UUID, act: str | None, run: Callable[[Case], Acted]
    ) -> Answer:
        """Runs an act on a case; an act with a name is refused, and the attempt recorded, when the person may not."""

        async def decide() -> Plan:
            loaded, case = await self._case(application_id)
            refused = None if act is None else cases.attempt(case, command.identity.person, act)
            if refused is not None:
                return Plan((loaded.write([refused]),), {}, cases.refusal_of(refused))
            facts, answer = run(case)
            return Plan((loaded.write(facts),), {"application_id": str(application_id), **answer})

        return await carry_out(self._ledger, command, decide)
