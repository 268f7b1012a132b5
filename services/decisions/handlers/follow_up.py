"""Commands on what follows a decision: agreements of partnerships, costs and own funding of projects, changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from pydantic import Field, StrictBool

from schemas.county import Basket, County
from schemas.decisions import (
    AgreementDrafted,
    AgreementPartySigned,
    AgreementSigned,
    ChangeDecided,
    ChangeProposed,
    CostReportAccepted,
    CostReportReturned,
    NegotiationNoted,
    OwnFundingProven,
    PartnershipReviewed,
)
from schemas.facts import Contract, Date
from schemas.identifiers import Name, Sha256, Text
from schemas.money import NonNegativeAmount, PositiveAmount, euros
from schemas.refusals import invalid, not_found
from services.decisions.domain import cases, changes, follow_up, people, projects
from services.decisions.domain.agreements import Partnership
from services.decisions.domain.cases import Case
from services.ledger import Ledger
from services.web.commands import Command, carry_out
from services.web.handling import Answer, Plan
from services.web.permissions import limited_to

from .authority import Act, Authority
from .cases import Acted, Decisions
from .reports import ReturnReport

UNNUMBERED: Final = 1
"""The version of an agreement's draft until the rules give it its own."""


class NoteNegotiation(Contract):
    """A negotiation that took place on a Helsinki date, and what was said."""

    held_on: Date
    notes: Text


class DraftAgreement(Contract):
    """A version of the agreement. `contributions` are what the county gives beside money or in its place; the period
    is of Helsinki dates, both inclusive, and touches as many calendar years as `years` says.
    """

    years: int = Field(strict=True, ge=1, le=5)
    without_money: StrictBool
    contributions: tuple[Text, ...] = Field(default=(), max_length=20)
    terms: Text
    valid_from: Date
    valid_until: Date


class SignAgreement(Contract):
    """The version that is signed."""

    version: int = Field(strict=True, ge=1, le=100)


class ReviewPartnership(Contract):
    """Whether the partnership goes on in a later calendar year, before whose instalments it is reviewed."""

    year: int = Field(strict=True, ge=2020, le=2100)
    continues: StrictBool
    remarks: Text


class ProveOwnFunding(Contract):
    """A part of the own funding that was proven, from where it comes, and the hash of the proof where one was sent."""

    source: Name
    amount: PositiveAmount
    proof_sha256: Sha256 | None = None


class AcceptCosts(Contract):
    """What is accepted of the reported costs, with reasons."""

    accepted: NonNegativeAmount
    reasons: Text


class ProposeChange(Contract):
    """Whether a change is proposed to be approved, with reasons."""

    approve: StrictBool
    reasons: Text


class DecideChange(Contract):
    """A decision on a change. An approved one of time has the new last Helsinki date of use; `reports_due_on`, where
    it is given, replaces the days on which reports are due.
    """

    approved: StrictBool
    reasons: Text
    conditions: tuple[Text, ...] = Field(default=(), max_length=20)
    use_until: Date | None = None
    reports_due_on: tuple[Date, ...] = Field(default=(), max_length=20)
    organ: Name


class FollowUp:
    """The commands. Each returns once its events are durable."""

    def __init__(self, ledger: Ledger, county: County, decisions: Decisions, authority: Authority) -> None:
        self._ledger = ledger
        self._county = county
        self._decisions = decisions
        self._authority = authority

    async def agreement(self, application_id: UUID) -> Partnership:
        """What is offered and signed of a case. Raises Refused (not found) where nothing was drafted."""
        _, case = await self._decisions.existing(application_id)
        if case.partnership.draft is None and case.partnership.signed is None:
            raise not_found("agreement of this case")
        return case.partnership

    async def note_negotiation(self, command: Command, application_id: UUID, given: NoteNegotiation) -> Answer:
        noted = NegotiationNoted(application_id=application_id, person=command.identity.person, **dict(given))

        def act(case: Case) -> Acted:
            follow_up.check_agreed(case, self._agreed(case))
            return follow_up.note_negotiation(case, noted, self._decisions.today()), {}

        return await self._decisions.on_case(command, application_id, "note_negotiation", act)

    async def draft_agreement(self, command: Command, application_id: UUID, given: DraftAgreement) -> Answer:
        """Offers the next version to be signed."""
        offered = AgreementDrafted(
            application_id=application_id, version=UNNUMBERED, person=command.identity.person, **dict(given)
        )

        def act(case: Case) -> Acted:
            follow_up.check_agreed(case, self._agreed(case))
            facts = follow_up.draft_agreement(case, offered, self._basket(case).years_max)
            version = next(fact.version for fact in facts if isinstance(fact, AgreementDrafted))
            return facts, {"version": version}

        return await self._decisions.on_case(command, application_id, "draft_agreement", act)

    async def sign_agreement(self, command: Command, application_id: UUID, given: SignAgreement) -> Answer:
        """Signs the offered version: for the association by somebody who acts or signs for it, for the county by a
        decision maker who did not draft it.
        """
        own = limited_to(command.identity, "agreement.sign") is not None
        signature = AgreementPartySigned(
            application_id=application_id, version=given.version, party="association" if own else "county",
            person=command.identity.person, signed_on=self._decisions.today(),
        )  # fmt: skip

        def act(case: Case) -> Acted:
            facts = follow_up.sign_agreement(case, signature)
            in_force = any(isinstance(fact, AgreementSigned) for fact in facts)
            return facts, {"version": given.version, "party": signature.party, "in_force": in_force}

        # Who signs for the association acts for the applicant, which shuts out whoever signs for the county alone.
        if own:
            return await self._sign_for_association(command, application_id, act)
        return await self._decisions.on_case(command, application_id, "sign_agreement", act, _drafter)

    async def _sign_for_association(
        self, command: Command, application_id: UUID, act: Callable[[Case], Acted]
    ) -> Answer:
        async def decide() -> Plan:
            loaded, case = await self._decisions.existing(application_id)
            known = await self._decisions.people_of(case)
            people.check_signs(known.state, command.identity.person, self._decisions.today())
            facts, answer = act(case)
            written = (loaded.write(facts), known.unchanged())
            return Plan(written, {"application_id": str(application_id), **answer})

        return await carry_out(self._ledger, command, decide)

    async def review_partnership(self, command: Command, application_id: UUID, given: ReviewPartnership) -> Answer:
        """Reviews a partnership today, before the instalments of a later year."""
        reviewed = PartnershipReviewed(
            application_id=application_id, reviewed_on=self._decisions.today(), person=command.identity.person,
            **dict(given),
        )  # fmt: skip
        return await self._decisions.on_case(
            command, application_id, "review_partnership", lambda case: (follow_up.review(case, reviewed), {})
        )

    async def prove_own_funding(self, command: Command, application_id: UUID, given: ProveOwnFunding) -> Answer:
        """Records that a part of the declared own funding was proven."""

        def act(case: Case) -> Acted:
            proven = OwnFundingProven(
                application_id=application_id, person=command.identity.person, total=0, declared=0, covered=False,
                **dict(given),
            )  # fmt: skip
            facts = follow_up.prove_own_funding(case, proven)
            recorded = next(fact for fact in facts if isinstance(fact, OwnFundingProven))
            return facts, {"total": euros(recorded.total), "covered": recorded.covered}

        return await self._decisions.on_case(command, application_id, "prove_own_funding", act)

    async def return_cost_report(
        self, command: Command, application_id: UUID, number: int, given: ReturnReport
    ) -> Answer:
        returned = CostReportReturned(
            application_id=application_id, cost_report=number, person=command.identity.person, **dict(given)
        )

        def act(case: Case) -> Acted:
            return projects.give_back(case.project, returned, self._decisions.today()), {}

        return await self._decisions.on_case(command, application_id, "check_cost_report", act)

    async def accept_cost_report(
        self, command: Command, application_id: UUID, number: int, given: AcceptCosts
    ) -> Answer:
        """Accepts the costs of a report or a part of them."""
        accepted = CostReportAccepted(
            application_id=application_id, cost_report=number, person=command.identity.person, accepted_total=0,
            **dict(given),
        )  # fmt: skip

        def act(case: Case) -> Acted:
            facts = projects.accept(case.project, accepted)
            return facts, {"accepted_total": euros(case.project.accepted + given.accepted)}

        return await self._decisions.on_case(command, application_id, "check_cost_report", act)

    async def propose_change(
        self, command: Command, application_id: UUID, change_id: UUID, given: ProposeChange
    ) -> Answer:
        proposed = ChangeProposed(
            application_id=application_id, change_id=change_id, person=command.identity.person, **dict(given)
        )
        return await self._decisions.on_case(
            command, application_id, "propose_change", lambda case: (follow_up.propose_change(case, proposed), {})
        )

    async def decide_change(
        self, command: Command, application_id: UUID, change_id: UUID, given: DecideChange
    ) -> Answer:
        """Decides a proposed change in a body of the county, with no meeting of its own."""

        async def decide() -> Plan:
            loaded, case = await self._decisions.existing(application_id)
            tied, guard = await self._decisions.tied(case)
            wanted = Act("decide_change", 0, changes.proposers(case.changes, change_id))
            mandate = await self._authority.mandate(command, case, wanted, tied)
            guards = (guard, *mandate.guards)
            if mandate.refused is not None:
                return Plan((loaded.write([mandate.refused]), *guards), {}, cases.refusal_of(mandate.refused))
            today = self._decisions.today()
            sent = {**dict(given), "organ": self._authority.organ(given.organ, today).name.fi}
            decided = ChangeDecided(
                application_id=application_id, change_id=change_id, what="time", decided_on=today,
                person=command.identity.person, on_behalf_of=mandate.on_behalf_of, **sent,
            )  # fmt: skip
            facts = follow_up.decide_change(case, decided)
            answer = {"application_id": str(application_id), "change_id": str(change_id)}
            return Plan((loaded.write(facts), *guards), answer)

        return await carry_out(self._ledger, command, decide)

    def _agreed(self, case: Case) -> bool:
        return "agreement" in self._basket(case).requires

    def _basket(self, case: Case) -> Basket:
        """The case's basket as it holds on the day of its decision, or today before one."""
        on = self._decisions.today() if case.decision is None else case.decision.decided_on
        basket = self._county.basket(case.opened.basket, on)
        if basket is None:
            raise invalid("unknown-basket", f"{case.opened.basket} is no basket on {on:%-d.%-m.%Y}")
        return basket


def _drafter(case: Case) -> str | None:
    return None if case.partnership.draft is None else case.partnership.draft.person
