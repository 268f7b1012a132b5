"""Commands on applications: sending, supplements, attachments that follow, withdrawal, changes, reports of use and of
costs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field, StrictBool
from uuid_utils.compat import uuid7

from schemas.calls import Answer as FormAnswer
from schemas.calls import AttachedFile, Budget, CostRow
from schemas.county import County
from schemas.facts import Contract, Date, Fact
from schemas.helsinki import HELSINKI
from schemas.identifiers import BusinessId, Slug, Text
from schemas.intake import (
    ApplicationSubmitted,
    AttachmentStored,
    ChangeRequested,
    Channel,
    CostReportSubmitted,
    MunicipalityShare,
    UsageReportSubmitted,
)
from schemas.money import NonNegativeAmount, euros
from schemas.refusals import Refused, SeveralRefused, conflict, forbidden, invalid, not_found
from services.intake.domain import applications, associations, calls, forms
from services.intake.domain.applications import Application
from services.ledger import Ledger, Record, StreamWrite, Verifier
from services.ledger.checkpointing import latest
from services.ledger.ledger import LAST_POSITION
from services.ledger.proofs import Proofs, TableSource
from services.ledger.receipts import build_receipt
from services.web.clock import Clock
from services.web.commands import Command, carry_out
from services.web.handling import Answer, Loaded, Plan, fact_of, fold, load
from services.web.permissions import limited_to


class SubmitApplication(Contract):
    """What an applicant sends; money as "1234.50 EUR". `attachments` are ids of files that were stored before, and
    `contact_id` a person of the association.
    """

    call_id: Slug
    association_id: BusinessId
    activity: Slug
    municipalities: tuple[MunicipalityShare, ...] = Field(min_length=1, max_length=20)
    purpose: Text
    applied: NonNegativeAmount
    costs: NonNegativeAmount
    other_funding: NonNegativeAmount
    own_funding: NonNegativeAmount
    budget: Budget | None = None
    years: int = Field(strict=True, default=1, ge=1, le=5)
    separable_bookkeeping: StrictBool
    answers: tuple[FormAnswer, ...] = Field(default=(), max_length=100)
    attachments: tuple[UUID, ...] = Field(default=(), max_length=100)
    contact_id: UUID | None = None


class RegisterPaperApplication(SubmitApplication):
    """A paper application with the Helsinki date on which it arrived; its scan is one of the attachments, of the kind
    `scan`.
    """

    arrived_on: Date


class ReportUse(Contract):
    """How the grant was used; `attachments` are ids of files that were stored before."""

    used: NonNegativeAmount
    account: Text
    attachments: tuple[UUID, ...] = Field(default=(), max_length=100)


class ReportCosts(Contract):
    """A project's costs of a period of Helsinki dates, both inclusive, by row; `attachments` are ids of files that were
    stored before.
    """

    period_from: Date
    period_until: Date
    rows: tuple[CostRow, ...] = Field(min_length=1, max_length=200)
    attachments: tuple[UUID, ...] = Field(default=(), max_length=100)


class Asked:
    """What an application is checked against: its call, its association, and the files that it names; with the guards
    that call and association stay as they were read.
    """

    def __init__(
        self,
        call: calls.Call,
        association: associations.Association,
        files: Sequence[AttachedFile | None],
        guards: tuple[StreamWrite, ...] = (),
    ) -> None:
        self.call = call
        self.association = association
        self.files = files
        self.guards = guards

    def application(
        self, application_id: UUID, sent: SubmitApplication, channel: Channel, arrived_on: date
    ) -> ApplicationSubmitted:
        """The application as it would be recorded, not late; files that are not there are left out."""
        return ApplicationSubmitted(
            application_id=application_id, call_version=self.call.version, basket=self.call.call.basket,
            pays=self.call.call.pays, association_name=self.association.registered.name, iban=self.association.iban,
            channel=channel, arrived_on=arrived_on, late=False,
            **{**dict(sent), "attachments": tuple(file for file in self.files if file is not None)},
        )  # fmt: skip

    def problems(self, application: ApplicationSubmitted, county: County) -> list[Refused]:
        """Everything that is wrong with it."""
        found = applications.problems(application, county)
        found += applications.call_problems(application, self.call, self.association, county)
        return found + [_unknown_file(index) for index, file in enumerate(self.files) if file is None]


class Applications:
    """The commands. Each returns once its events are durable."""

    def __init__(self, ledger: Ledger, county: County, clock: Clock, verifier: Verifier) -> None:
        self._ledger = ledger
        self._verifier = verifier
        self._county = county
        self._clock = clock

    async def application(self, application_id: UUID) -> Loaded[Application | None]:
        return await load(self._ledger, f"application/{application_id}", applications.evolve, None)

    async def submit(self, command: Command, sent: SubmitApplication) -> Answer:
        """Sends an application now; one that comes after the call has closed is taken and marked as late."""
        now = self._clock()
        return await self._send(command, uuid7(), sent, "electronic", now.astimezone(HELSINKI).date(), now)

    async def submit_draft(self, command: Command, draft_id: UUID, sent: SubmitApplication) -> Answer:
        """Sends a draft now, under its own id, so that it is sent once; refused when its call has closed."""
        now = self._clock()
        arrived_on = now.astimezone(HELSINKI).date()
        return await self._send(command, draft_id, sent, "electronic", arrived_on, now, draft=True)

    async def register_paper(self, command: Command, sent: RegisterPaperApplication) -> Answer:
        """Registers a paper application with the day of its arrival."""
        if sent.arrived_on > self._clock().astimezone(HELSINKI).date():
            raise invalid("arrives-in-future", "a paper application has arrived today or earlier", "/arrived_on")
        content = SubmitApplication.model_construct(
            **{name: getattr(sent, name) for name in SubmitApplication.model_fields}
        )
        moment = applications.paper_moment(sent.arrived_on)
        return await self._send(command, uuid7(), content, "paper", sent.arrived_on, moment)

    async def _send(
        self,
        command: Command,
        application_id: UUID,
        sent: SubmitApplication,
        channel: Channel,
        arrived_on: date,
        moment: datetime,
        *,
        draft: bool = False,
    ) -> Answer:
        async def decide() -> Plan:
            asked, before = await self.asked(sent, application_id if draft else None)
            if channel == "electronic":
                # By the day of sending, also where midnight comes while it is on its way.
                check_mandate(asked.association, command.identity.person, arrived_on)
            else:
                self._check_not_theirs(command, sent.association_id, asked.association)
            application = asked.application(application_id, sent, channel, arrived_on)
            wrong = asked.problems(application, self._county)
            if channel == "paper":
                wrong = [each for each in wrong if each.slug not in applications.PAPER_MAY_LACK]
            if wrong and before.state is None:
                raise SeveralRefused(wrong)
            facts = applications.submit(before.state, asked.call, application, moment)
            if draft and asked.call.is_late(moment):
                raise conflict("call-closed", "the call has closed: copy the draft to the next call")
            late = any(isinstance(fact, ApplicationSubmitted) and fact.late for fact in facts)
            answer = {"application_id": str(application_id), "late": late, "arrived_on": arrived_on.isoformat()}
            loaded = Loaded(f"application/{application_id}", before.version, before.state)
            return Plan((loaded.write(facts), *asked.guards), answer)

        return await carry_out(self._ledger, command, decide)

    def _check_not_theirs(self, command: Command, association_id: str, association: associations.Association) -> None:
        """Raises Refused for an officer who acts for the association: the day of arrival is not theirs to say."""
        identity = command.identity
        if identity.association == association_id or associations.acts_for(association, identity.person, self.today()):
            raise forbidden("acts-for-it", f"{identity.person} acts for the association: another officer registers its "
                            "application on paper")  # fmt: skip

    async def asked(
        self, sent: SubmitApplication, application_id: UUID | None = None
    ) -> tuple[Asked, Loaded[Application | None]]:
        """What an application is checked against, and the application of that id if one is given, by one statement."""
        files = [f"attachment/{each}" for each in sent.attachments]
        call_stream, association_stream = f"call/{sent.call_id}", f"association/{sent.association_id}"
        own = [] if application_id is None else [f"application/{application_id}"]
        found = await self._ledger.streams([call_stream, association_stream, *own, *files])
        call = fold(call_stream, found[call_stream], calls.evolve, None)
        association = fold(association_stream, found[association_stream], associations.evolve, None)
        if call.state is None:
            raise not_found(f"call {sent.call_id}")
        if association.state is None:
            raise not_found(f"association {sent.association_id}: register it first")
        stored = [_file_of(found[stream], sent.association_id) for stream in files]
        before: Loaded[Application | None] = Loaded("", 0, None)
        if own:
            before = fold(own[0], found[own[0]], applications.evolve, None)
        return Asked(call.state, association.state, stored, (call.unchanged(), association.unchanged())), before

    async def receipt(self, application_id: UUID) -> dict[str, Any]:
        """The receipt of a sent application against the newest checkpoint; refused until one covers it."""
        records = await self._ledger.stream(f"application/{application_id}")
        if not records:
            raise not_found("such application")
        note = await latest(self._ledger)
        checkpoint = None if note is None else self._verifier.open(note)
        if note is None or checkpoint is None or checkpoint.size < records[0].position:
            raise conflict("not-signed-yet", "no checkpoint covers the application yet: ask again in a second")
        path = await Proofs(TableSource(self._ledger.pool)).inclusion(records[0].position, checkpoint.size)
        return build_receipt("intake", records[0].body, checkpoint.size, path, note, self._verifier.vkey())

    async def withdraw(self, command: Command, application_id: UUID, reason: str) -> Answer:
        return await self._act(
            command, "application.withdraw", application_id, lambda state: applications.withdraw(state, reason)
        )

    async def supplement(self, command: Command, application_id: UUID, request_id: UUID, answer: str) -> Answer:
        return await self._act(
            command,
            "application.supplement",
            application_id,
            lambda state: applications.supplement(state, request_id, answer),
        )

    async def report_use(self, command: Command, application_id: UUID, sent: ReportUse) -> Answer:
        """Reports how the grant was used, with files that were stored before."""

        async def decide() -> Plan:
            loaded, state, guards = await self._own(command, "usage_report.submit", application_id)
            report = UsageReportSubmitted(
                application_id=application_id, used=sent.used, account=sent.account,
                attachments=await self._files(sent.attachments, state),
            )  # fmt: skip
            facts = applications.report_use(state, report)
            return Plan((loaded.write(facts), *guards), {"application_id": str(application_id)})

        return await carry_out(self._ledger, command, decide)

    async def report_costs(self, command: Command, application_id: UUID, sent: ReportCosts) -> Answer:
        """Reports a project's costs of a period that is over, with files that were stored before."""
        total = applications.total_of(sent.rows)
        if sent.period_until > self.today():
            raise invalid("period-not-over", "costs are reported once they are there: the period ends today or before",
                          "/period_until")  # fmt: skip

        async def decide() -> Plan:
            loaded, state, guards = await self._own(command, "cost_report.submit", application_id)
            report = CostReportSubmitted(
                application_id=application_id, period_from=sent.period_from, period_until=sent.period_until,
                rows=sent.rows, total=total, attachments=await self._files(sent.attachments, state),
            )  # fmt: skip
            facts = applications.report_costs(state, report)
            return Plan((loaded.write(facts), *guards), {"application_id": str(application_id), "total": euros(total)})

        return await carry_out(self._ledger, command, decide)

    async def _files(self, attachments: Sequence[UUID], state: Application) -> tuple[AttachedFile, ...]:
        """Files that the application's association stored. Raises SeveralRefused, which names all that are not, or that
        stand there twice.
        """
        streams = [f"attachment/{each}" for each in attachments]
        found = await self._ledger.streams(streams)
        files = [_file_of(found[stream], state.submitted.association_id) for stream in streams]
        wrong = [_unknown_file(index) for index, file in enumerate(files) if file is None]
        wrong += [
            invalid("attached-twice", "each attachment stands once", f"/attachments/{index}")
            for index, each in enumerate(attachments)
            if each in attachments[:index]
        ]
        if wrong:
            raise SeveralRefused(wrong)
        return tuple(file for file in files if file is not None)

    async def request_change(self, command: Command, request: ChangeRequested) -> Answer:
        """Asks for a change after a decision."""
        return await self._act(
            command,
            "application.request_change",
            request.application_id,
            lambda state: applications.request_change(state, request),
            {"change_id": str(request.change_id)},
        )

    async def add_attachment(self, command: Command, application_id: UUID, attachment_id: UUID) -> Answer:
        """Adds a stored file that the call lets follow later."""
        today = self.today()
        records = await self._ledger.stream(f"attachment/{attachment_id}")

        async def decide() -> Plan:
            loaded, state, guards = await self._own(command, "application.supplement", application_id)
            file = _file_of(records, state.submitted.association_id)
            if file is None:
                raise invalid("unknown-attachment", "an attachment is a file that this association stored here",
                              "/attachment_id")  # fmt: skip
            sent_under, by_now = await self._call(state.submitted.call_id, state.submitted.call_version)
            facts = applications.add_attachment(state, sent_under, file, today, by_now.state)
            writes = (loaded.write(facts), *guards, by_now.unchanged())
            return Plan(writes, {"application_id": str(application_id)})

        return await carry_out(self._ledger, command, decide)

    async def awaited(self, application: Mapping[str, Any], position: int) -> list[dict[str, Any]]:
        """The attachments that an application, as its register shows it, awaits as of a position; each with the last
        Helsinki date on which it may follow.
        """
        if application["standing"] in {"withdrawn", "transferred"}:
            return []
        sent_under, by_then = await self._call(application["call_id"], application["call_version"], position)
        last_days = applications.may_follow(sent_under, by_then.state)
        kinds = {file["kind"] for file in application["attachments"]}
        return [
            {"kind": each.kind, "label": each.label.model_dump(), "later_until": last_days[each.kind].isoformat()}
            for each in forms.still_awaited(sent_under.call.attachments, kinds)
        ]

    async def _call(
        self, call_id: str, version: int, position: int = LAST_POSITION
    ) -> tuple[calls.Call, Loaded[calls.Call | None]]:
        """A version of a call under which an application was sent, and the call as of a position."""
        stream = f"call/{call_id}"
        records = await self._ledger.stream(stream, position)
        sent_under = fold(stream, records[:version], calls.evolve, None).state
        assert sent_under is not None, "a sent application names a call that was published"
        return sent_under, fold(stream, records, calls.evolve, None)

    def today(self) -> date:
        """The Helsinki date now."""
        return self._clock().astimezone(HELSINKI).date()

    async def _act(
        self,
        command: Command,
        action: str,
        application_id: UUID,
        act: Callable[[Application], list[Fact]],
        answer: dict[str, Any] | None = None,
    ) -> Answer:
        async def decide() -> Plan:
            loaded, state, guards = await self._own(command, action, application_id)
            told = {"application_id": str(application_id), **(answer or {})}
            return Plan((loaded.write(act(state)), *guards), told)

        return await carry_out(self._ledger, command, decide)

    async def _own(
        self, command: Command, action: str, application_id: UUID
    ) -> tuple[Loaded[Application | None], Application, tuple[StreamWrite, ...]]:
        """An application that the sender may act on, with the guard that their mandate stays as it was read; another
        association's is as if it were not there.
        """
        loaded = await self.application(application_id)
        limit = limited_to(command.identity, action)
        if loaded.state is None or limit not in {None, loaded.state.submitted.association_id}:
            raise not_found("such application")
        if limit is None:
            return loaded, loaded.state, ()
        association = await load(self._ledger, f"association/{limit}", associations.evolve, None)
        if association.state is not None:
            check_mandate(association.state, command.identity.person, self.today())
        return loaded, loaded.state, (association.unchanged(),)


def check_mandate(association: associations.Association, person: str, today: date) -> None:
    """Raises Refused unless the person may act for the association."""
    if not associations.may_act(association, person, today):
        raise forbidden("no-mandate", f"{person} has no mandate of this association that is in force today")


def _unknown_file(index: int) -> Refused:
    return invalid(
        "unknown-attachment", "an attachment is a file that this association stored here", f"/attachments/{index}"
    )


def _file_of(records: Sequence[Record], association_id: str) -> AttachedFile | None:
    """The file of an attachment's stream, if there is one and it is the association's."""
    fact = fact_of(records[0]) if records else None
    if not isinstance(fact, AttachmentStored) or fact.association_id != association_id:
        return None
    return fact.file
