"""Commands on cases, and on what many cases share: appropriations and meetings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

import holidays
import structlog
from pydantic import Field, StrictBool
from uuid_utils.compat import uuid7

from schemas.county import County
from schemas.decisions import (
    ActRefused,
    CallNoted,
    DecisionNotified,
    DeMinimisAssessed,
    DeMinimisChanged,
    DeMinimisGranted,
    Matter,
    MeetingConvened,
    NoticeManner,
    Outcome,
    Score,
    TaskDecided,
)
from schemas.facts import Contract, Date, Fact
from schemas.helsinki import HELSINKI
from schemas.identifiers import Name, Person, Slug, Text
from schemas.money import NonNegativeAmount, euros
from schemas.refusals import conflict, invalid, not_found
from services.decisions.documents import Prose
from services.decisions.domain import assessment, cases, claims, de_minimis, deadlines, meetings, people
from services.decisions.domain.cases import Case, Judgement, Ruling
from services.decisions.domain.meetings import Meeting
from services.ledger import Context, Ledger, LedgerError, StreamWrite
from services.ledger.writer import CONNECTION_LOST
from services.web.clock import Clock
from services.web.commands import Command, carry_out, encode
from services.web.handling import Answer, Loaded, Plan, handle, load

from .authority import Act, Authority
from .commitments import Commitments
from .documents import Documents, Language

log = structlog.get_logger(__name__)

Acted = tuple[list[Fact], dict[str, object]]


@dataclass(frozen=True, slots=True)
class InHand:
    """A case as a command finds it. Those who are `tied` to its applicant today have left it by the facts `found`,
    which are written with whatever the command writes; `guard` is that the tied are still the same then.
    """

    loaded: Loaded[Case | None]
    case: Case
    tied: frozenset[str]
    guard: StreamWrite
    found: tuple[Fact, ...]

    def plan(self, facts: Sequence[Fact], answer: dict[str, object], *writes: StreamWrite) -> Plan:
        """What the command writes on the case and beside it."""
        return Plan((self.loaded.write([*self.found, *facts]), self.guard, *writes), answer)

    def refusal(self, refused: ActRefused, *guards: StreamWrite) -> Plan:
        """A refused attempt, kept on the case."""
        return Plan((self.loaded.write([*self.found, refused]), self.guard, *guards), {}, cases.refusal_of(refused))


class Assign(Contract):
    """The officer who prepares the case, and the deputy who takes over when they are disqualified."""

    officer: Person
    deputy: Person | None = None


class Assess(Contract):
    """Points from 0 to 100 where the call has no criteria, else a score for each of them; with reasons."""

    points: int | None = Field(strict=True, default=None, ge=0, le=100)
    scores: tuple[Score, ...] = Field(default=(), max_length=30)
    reasons: Text


class Transfer(Contract):
    """Why the application is sent on, and to which municipality; by default to that of the largest share."""

    reason: Text
    municipality: Slug | None = None


class DecideTask(Contract):
    """Whose task the activity is: the county's, or in part; `eligible` is the county's part of what is applied for."""

    task: Literal["county", "county_part"]
    eligible: NonNegativeAmount
    reason: Text


class GiveNotice(Contract):
    """How notice is given, and the language of the decision document."""

    manner: NoticeManner
    language: Language = "fi"


class Propose(Contract):
    """A proposed outcome."""

    outcome: Outcome
    amount: NonNegativeAmount
    reasons: Prose


class DeMinimis(Contract):
    """Whether the grant is de minimis aid, with the reason."""

    aid: StrictBool
    reason: Text

    def assessed(self, case: Case, person: str) -> DeMinimisAssessed:
        """What a person found."""
        return DeMinimisAssessed(
            application_id=case.opened.application_id, aid=self.aid, reason=self.reason, person=person
        )


class MakeDecision(Propose):
    """A decision: `payable_from` has one Helsinki date for each instalment; the grant is used from `use_from` to
    `use_until`, both inclusive.
    """

    de_minimis: DeMinimis | None = None
    conditions: tuple[Prose, ...] = Field(default=(), max_length=20)
    payable_from: tuple[Date, ...] = Field(default=(), max_length=60)
    organ: Name
    meeting_id: Slug | None = None
    use_from: Date | None = None
    use_until: Date | None = None

    @property
    def use(self) -> tuple[date, date] | None:
        """The time of use. Raises Refused when only one end of it is given."""
        if self.use_from is not None and self.use_until is not None:
            return self.use_from, self.use_until
        if self.use_from is self.use_until:
            return None
        missing = "use_from" if self.use_from is None else "use_until"
        raise invalid("half-a-period", "the time of use has a first and a last day", f"/{missing}")


class Decisions:
    """The commands. Each returns once its events are durable."""

    def __init__(self, ledger: Ledger, county: County, clock: Clock, documents: Documents) -> None:
        self._ledger = ledger
        self._county = county
        self._clock = clock
        self._documents = documents
        self._authority = Authority(ledger, county, self.today)
        self.commitments = Commitments(ledger, county)

    def today(self) -> date:
        """The Helsinki date now."""
        return self._clock().astimezone(HELSINKI).date()

    async def case(self, application_id: UUID) -> Loaded[Case | None]:
        return await load(self._ledger, f"case/{application_id}", cases.evolve, None)

    async def meeting(self, meeting_id: str) -> Loaded[Meeting | None]:
        return await load(self._ledger, f"meeting/{meeting_id}", meetings.evolve, None)

    async def declare_conflict(self, command: Command, application_id: UUID, person: str, reason: str) -> Answer:
        """Anybody in preparation says of themselves that they are disqualified; of others, who is not disqualified."""
        act = None if person == command.identity.person else "declare_conflict"
        return await self.on_case(
            command, application_id, act, lambda case: (cases.declare_conflict(case, person, reason), {})
        )

    async def lift_conflict(self, command: Command, application_id: UUID, person: str, reason: str) -> Answer:
        """A decision maker finds that somebody is not disqualified: nobody finds it of themselves."""
        decided_by = command.identity.person
        return await self.on_case(
            command, application_id, "lift_conflict",
            lambda case: (cases.lift_conflict(case, person, reason, decided_by), {}),
        )  # fmt: skip

    async def assign(self, command: Command, application_id: UUID, given: Assign) -> Answer:
        async def decide() -> Plan:
            hand = await self.in_hand(application_id)
            refused = cases.attempt(hand.case, command.identity.person, "assign", hand.tied)
            if refused is not None:
                return hand.refusal(refused)
            facts = cases.assign(hand.case, given.officer, given.deputy, hand.tied)
            answer: dict[str, object] = {
                "application_id": str(application_id), "officer": given.officer, "deputy": given.deputy,
            }  # fmt: skip
            return hand.plan(facts, answer)

        return await carry_out(self._ledger, command, decide)

    async def request_supplement(
        self, command: Command, application_id: UUID, question: str, due_on: date | None = None
    ) -> Answer:
        """Asks for a supplement, within the county's days where no day is given."""
        request_id, last_day = uuid7(), due_on or self.supplement_by(self.today())

        def act(case: Case) -> Acted:
            facts = cases.request_supplement(case, request_id, question, last_day, self.today())
            return facts, {"request_id": str(request_id), "due_on": last_day.isoformat()}

        return await self.on_case(command, application_id, "request_supplement", act)

    async def transfer(self, command: Command, application_id: UUID, given: Transfer) -> Answer:
        def act(case: Case) -> Acted:
            # The division of the day on which the application arrived, as money is proposed by it too.
            activity = self._county.activity(case.opened.activity, case.opened.arrived_on)
            if activity is not None and activity.task == "county":
                raise conflict("county-task", f"{activity.name.fi} is the county's task: it is not transferred")
            facts = cases.transfer(case, given.reason, given.municipality)
            return facts, {"municipality": given.municipality or case.opened.municipality}

        return await self.on_case(command, application_id, "transfer", act)

    async def decide_task(self, command: Command, application_id: UUID, given: DecideTask) -> Answer:
        """Decides whose task the activity is, with a reason, where the division does not."""

        def act(case: Case) -> Acted:
            decided = TaskDecided(
                application_id=application_id, task=given.task, eligible=given.eligible, reason=given.reason,
                person=command.identity.person,
            )  # fmt: skip
            return cases.decide_task(case, decided), {"eligible": euros(given.eligible)}

        return await self.on_case(command, application_id, "decide_task", act)

    async def assess(self, command: Command, application_id: UUID, given: Assess) -> Answer:
        judgement = Judgement(command.identity.person, given.points, given.scores, given.reasons)
        call = await self._call_of(application_id)
        return await self.on_case(
            command, application_id, "assess", lambda case: (cases.assess(case, judgement, call, self.today()), {})
        )

    async def propose(
        self, command: Command, application_id: UUID, proposal: Propose,
        check: Callable[[Case], None] = lambda _case: None,
    ) -> Answer:  # fmt: skip
        """Proposes a decision; `check` raises Refused for what else keeps the case from it."""
        person = command.identity.person
        call = await self._call_of(application_id)

        def act(case: Case) -> Acted:
            self.check_task(case, proposal.amount)
            cases.check_assessed(case, call)
            check(case)
            said = (proposal.outcome, proposal.amount, proposal.reasons)
            return cases.propose(case, person, *said, self.today()), {}

        return await self.on_case(command, application_id, "propose", act)

    def check_task(self, case: Case, amount: int) -> None:
        """Raises Refused before money is proposed or granted for what is not, or may not be, the county's task."""
        activity = self._county.activity(case.opened.activity, case.opened.arrived_on)
        if amount == 0 or activity is None or case.task is not None or case.closed_without_decision:
            return
        name = activity.name.fi
        if activity.task == "municipality":
            raise conflict("municipality-task", f"{name} is the municipality's task: transfer it, or decide otherwise "
                           "with a reason")  # fmt: skip
        if activity.task == "both":
            raise conflict(
                "task-undecided", f"{name} is the county's task in part: decide its part with a reason first"
            )

    async def make_decision(
        self, command: Command, application_id: UUID, made: MakeDecision,
        check: Callable[[Case], None] = lambda _case: None,
    ) -> Answer:  # fmt: skip
        """Decides; binds the appropriation and takes the meeting's next section in the same transaction. `check` raises
        Refused for what else keeps the case from it.
        """
        person = command.identity.person

        async def decide() -> Plan:
            hand = await self.in_hand(application_id)
            case, tied = hand.case, hand.tied
            mandate = await self._authority.mandate(command, case, Act("decide", made.amount), tied)
            if mandate.refused is not None:
                return hand.refusal(mandate.refused, *mandate.guards)
            sitting = await self.sitting(made.meeting_id)
            organ, on = self._authority.deciding(made.organ, made.amount, _convened(sitting)), self.decided_on(sitting)
            section, writes = self.take_section(sitting, person, case, case.disqualified | tied, "decision")
            ruling = Ruling(
                person, organ.name.fi, on, made.outcome, made.amount, made.reasons, made.conditions,
                made.payable_from, made.meeting_id, section, mandate.on_behalf_of, made.use,
            )  # fmt: skip
            facts = cases.decide(case, ruling)
            check(case)
            self.check_task(case, made.amount)
            cases.check_assessed(case, await self.call_for(case))
            writes += await self.commitments.bind(case, made.amount, on)
            if made.de_minimis is not None:
                facts = [*facts, made.de_minimis.assessed(case, person)]
                writes += await self.note_aid(case, made.amount, on, aid=made.de_minimis.aid)
            answer: dict[str, object] = {"application_id": str(application_id), "section": section}
            return hand.plan(facts, answer, *mandate.guards, *writes)

        return await carry_out(self._ledger, command, decide)

    async def notify(self, command: Command, application_id: UUID, given: GiveNotice) -> Answer:
        """Gives notice today, with the decision document: its bytes are stored before the event names their hash."""
        notice = self._notice(application_id, given.manner)

        async def decide() -> Plan:
            hand = await self.in_hand(application_id)
            case = hand.case
            refused = cases.attempt(case, command.identity.person, "notify", hand.tied)
            if refused is not None:
                return hand.refusal(refused)
            facts = cases.notify(case, notice)
            written = await self._documents.write(case, await self.call_for(case), notice, given.language)
            answer: dict[str, object] = {
                "application_id": str(application_id), "last_claim_day": notice.last_claim_day.isoformat(),
                "document_sha256": written.fact.sha256,
            }  # fmt: skip
            return hand.plan([*cases.document(case, written.fact), *facts], answer)

        return await carry_out(self._ledger, command, decide)

    def _notice(self, application_id: UUID, manner: NoticeManner) -> DecisionNotified:
        sent_on = self.today()
        received_on = self.received_on(sent_on, manner)
        days = self._county.deadline_rules(sent_on).rectification_days
        return DecisionNotified(
            application_id=application_id, manner=manner, sent_on=sent_on, received_on=received_on,
            last_claim_day=deadlines.last_day(received_on, days, self.is_working_day),
        )  # fmt: skip

    def received_on(self, sent_on: date, manner: NoticeManner) -> date:
        """The Helsinki date on which a notice that is sent counts as received."""
        days = self._county.deadline_rules(sent_on).notice_days
        return deadlines.counts_as_received(sent_on, days.electronic if manner == "electronic" else days.letter)

    async def run_deadlines(self, context: Context) -> int:
        """Makes every decision final that nobody can attack any more, each in a transaction of its own; how many."""
        today = self.today()
        done = 0
        after = ""
        position = (await self._ledger.head()).size
        while page := await self._ledger.page("cases", position, after=after, where={"state": "notified"}, limit=200):
            after = page[-1].key
            for entry in page:
                last_day = entry.document.get("last_open_day") or entry.document["last_claim_day"]
                if date.fromisoformat(last_day) < today:
                    done += await self._try_to_finalise(context, UUID(entry.key), today)
        return done

    async def _try_to_finalise(self, context: Context, application_id: UUID, today: date) -> int:
        try:
            return await self._finalise(context, application_id, today)
        except (LedgerError, *CONNECTION_LOST):
            raise
        except Exception as error:  # noqa: BLE001 - a case that cannot be read holds up no other
            kind, case = type(error).__name__, str(application_id)
            log.error("a decision could not become final", error=kind, application_id=case)  # noqa: TRY400
            return 0

    async def _finalise(self, context: Context, application_id: UUID, today: date) -> int:
        async def decide() -> Plan:
            loaded, case = await self.existing(application_id)
            facts = claims.become_final(case, today)
            return Plan((loaded.write(facts),), {"final": bool(facts)})

        answer = await handle(self._ledger, context, decide, encode)
        return answer.events

    def supplement_by(self, asked_on: date) -> date:
        """The last Helsinki date for a supplement that is asked for on a day, by the county's own habit."""
        days = self._county.deadline_rules(asked_on).supplement_days
        return deadlines.last_day(asked_on, days, self.is_working_day)

    def is_working_day(self, day: date) -> bool:
        rules = self._county.deadline_rules(day)
        calendar = holidays.country_holidays(rules.calendar, language="fi", years=day.year)
        return bool(calendar.is_working_day(day)) and day not in rules.extra_closed

    async def existing(self, application_id: UUID) -> tuple[Loaded[Case | None], Case]:
        """A case and where it was loaded from. Raises Refused (not found)."""
        loaded = await self.case(application_id)
        if loaded.state is None:
            raise not_found("such case")
        return loaded, loaded.state

    async def in_hand(self, application_id: UUID) -> InHand:
        """A case for a command. Raises Refused (not found)."""
        loaded, case = await self.existing(application_id)
        tied, guard = await self.tied(case)
        facts = cases.found(case, tied)
        for each in facts:
            after = cases.evolve(case, each)
            assert after is not None, "a case that is there stays"
            case = after
        return InHand(loaded, case, tied, guard, tuple(facts))

    async def tied(self, case: Case) -> tuple[frozenset[str], StreamWrite]:
        """Who acts or signs for the applicant today, and so is disqualified; and the guard that it stays so."""
        known = await self.people_of(case)
        return people.in_force(known.state, self.today()), known.unchanged()

    async def people_of(self, case: Case) -> Loaded[people.People]:
        """Who acts or signs for the applicant, as far as it is known here."""
        return await load(self._ledger, f"association/{case.opened.association_id}", people.evolve, {})

    async def _call_of(self, application_id: UUID) -> CallNoted | None:
        _, case = await self.existing(application_id)
        return await self.call_for(case)

    async def call_for(self, case: Case) -> CallNoted | None:
        """The call in the version under which the application was sent; None while it is not known here."""
        return await self.call_version(case.opened.call_id, case.opened.call_version)

    async def call_version(self, call_id: str, version: int) -> CallNoted | None:
        """A version of a call as it is known here."""
        stream = f"call/{call_id}"
        known: Loaded[assessment.CallVersions] = await load(self._ledger, stream, assessment.evolve_call, {})
        return known.state.get(version)

    async def _aids(self, case: Case) -> Loaded[de_minimis.Aids]:
        stream = f"undertaking/{case.opened.association_id}"
        loaded: Loaded[de_minimis.Aids] = await load(self._ledger, stream, de_minimis.evolve, {})
        return loaded

    async def note_aid(self, case: Case, amount: int, on: date, *, aid: bool) -> list[StreamWrite]:
        """What a decision of a Helsinki date makes of the case's aid (cents): granted, changed, or none any more. It is
        noted on its undertaking's stream, at the version at which what counts was summed.
        """
        opened, loaded = case.opened, await self._aids(case)
        limit = self._county.payment_rules(on).de_minimis_limit
        if opened.application_id in loaded.state:
            changed = DeMinimisChanged(
                association_id=opened.association_id, application_id=opened.application_id,
                amount=amount if aid else 0, changed_on=on,
            )  # fmt: skip
            return [loaded.write(de_minimis.change(loaded.state, changed, limit))]
        if not aid or amount == 0:
            return []
        granted = DeMinimisGranted(
            association_id=opened.association_id, association_name=opened.association_name,
            application_id=opened.application_id, diary_number=opened.diary_number, amount=amount, granted_on=on,
            three_years_before=0,
        )  # fmt: skip
        return [loaded.write(de_minimis.grant(loaded.state, granted, limit))]

    async def sitting(self, meeting_id: str | None) -> Loaded[Meeting] | None:
        """The meeting at which something is decided; None for no meeting. Raises Refused (not found, not held yet)."""
        if meeting_id is None:
            return None
        loaded = await self.meeting(meeting_id)
        if loaded.state is None:
            raise not_found(f"meeting {meeting_id}")
        meetings.check_held(loaded.state.convened, self.today())
        return Loaded(loaded.stream, loaded.version, loaded.state)

    def decided_on(self, sitting: Loaded[Meeting] | None) -> date:
        """The Helsinki date of a decision: the meeting's day, also where it is recorded later, or today."""
        return self.today() if sitting is None else sitting.state.convened.held_on

    def take_section(
        self, sitting: Loaded[Meeting] | None, person: str, case: Case, disqualified: frozenset[str], matter: Matter
    ) -> tuple[int | None, list[StreamWrite]]:
        """The meeting's next section for a matter of the case, and its write; nothing outside a meeting."""
        if sitting is None:
            return None, []
        if person not in sitting.state.convened.present:
            raise invalid("not-present", "whoever decides at a meeting is present at it", "/meeting_id")
        if matter == "claim" and case.claim is not None:
            meetings.check_had_come(sitting.state.convened, case.claim.received_on, "the claim")
        else:
            meetings.check_had_come(sitting.state.convened, case.opened.arrived_on, "the application")
        taken = meetings.take_section(sitting.state, case.opened.application_id, disqualified, matter)
        return taken.section, [sitting.write([taken])]

    async def on_case(
        self,
        command: Command,
        application_id: UUID,
        act: str | None,
        run: Callable[[Case], Acted],
        another: Callable[[Case], str | None] = lambda _case: None,
    ) -> Answer:
        """Runs an act on a case; an act with a name is refused, and the attempt recorded, when the person may not.
        `another` names who prepared what is done, and so leaves it to somebody else.
        """

        async def decide() -> Plan:
            hand = await self.in_hand(application_id)
            if act is not None:
                person = command.identity.person
                refused = cases.attempt(hand.case, person, act, hand.tied, another(hand.case))
                if refused is not None:
                    return hand.refusal(refused)
            facts, answer = run(hand.case)
            return hand.plan(facts, {"application_id": str(application_id), **answer})

        return await carry_out(self._ledger, command, decide)


def _convened(sitting: Loaded[Meeting] | None) -> MeetingConvened | None:
    return None if sitting is None else sitting.state.convened
