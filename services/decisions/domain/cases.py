"""A case (*asia*) from opening to the notice of its decision: its state, and what each act makes of it.

Every act names the person who acts. Who is disqualified takes no part (*esteellisyys*, Administrative Procedure Act
434/2003), and who proposed does not decide (P8). A refused attempt is an event: `attempt` raises `Attempted` with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from schemas.decisions import (
    ActRefused,
    AppealDecided,
    AppealLodged,
    AssessmentRecorded,
    CallNoted,
    CaseAssigned,
    CaseOpened,
    CaseTransferred,
    CaseWithdrawn,
    CoefficientSet,
    ConflictDeclared,
    ConflictLifted,
    DecisionBecameFinal,
    DecisionDocumented,
    DecisionMade,
    DecisionNotified,
    DecisionPublished,
    DeMinimisAssessed,
    HearingAnswered,
    HearingClosed,
    HearingOpened,
    Instalment,
    Outcome,
    PaymentNoted,
    ProposalMade,
    RecoveryDecided,
    RectificationClaimed,
    RectificationDecided,
    RectificationNotified,
    RectificationWithdrawn,
    Score,
    SupplementReceived,
    SupplementRequested,
    TaskDecided,
)
from schemas.facts import Fact
from schemas.money import euros, split
from schemas.refusals import Refused, conflict, forbidden, invalid

from . import agreements, assessment, changes, interest, projects
from .reports import Reports
from .reports import evolve as evolve_reports

SUPPLEMENT_LONGEST: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands. `amount` is the sum in force, in cents; `movements` are payments, returns and recoveries,
    in the order in which they became known. `outcome` is what the decision says after all claims; an appeal
    can be made until `appeal_by` against what was decided on `appealable_from`.
    """

    opened: CaseOpened
    officer: str | None = None
    deputy: str | None = None
    assessments: Mapping[str, AssessmentRecorded] = field(default_factory=dict)
    task: TaskDecided | None = None
    disqualified: frozenset[str] = field(default_factory=frozenset)
    open_requests: Mapping[UUID, date] = field(default_factory=dict)
    transferred: CaseTransferred | None = None
    withdrawn: bool = False
    proposal: ProposalMade | None = None
    proposers: frozenset[str] = field(default_factory=frozenset)
    decision: DecisionMade | None = None
    outcome: Outcome | None = None
    aid: bool = False
    documents: Mapping[tuple[UUID | None, str], DecisionDocumented] = field(default_factory=dict)
    amount: int = 0
    notified: DecisionNotified | None = None
    published: DecisionPublished | None = None
    claim: RectificationClaimed | None = None
    claims_decided: int = 0
    claim_decided: RectificationDecided | None = None
    claim_answered: RectificationClaimed | None = None
    claim_notified: RectificationNotified | None = None
    claim_examined: bool = False
    last_appeal_day: date | None = None
    appealable_from: date | None = None
    appeal_by: date | None = None
    appeal: AppealLodged | None = None
    annulled: bool = False
    final_on: date | None = None
    partnership: agreements.Partnership = field(default_factory=agreements.Partnership)
    project: projects.Project = field(default_factory=projects.Project)
    changes: changes.Changes = field(default_factory=changes.Changes)
    reports: Reports = field(default_factory=dict)
    movements: tuple[interest.Movement, ...] = ()
    coefficient: CoefficientSet | None = None
    hearing: HearingOpened | None = None
    heard: bool = False
    recovered: int = 0

    @property
    def closed_without_decision(self) -> bool:
        return self.withdrawn or self.transferred is not None

    @property
    def eligible(self) -> int:
        """The part of the sum applied for that concerns the county's task, in cents."""
        return self.opened.applied if self.task is None else self.task.eligible


def evolve(state: Case | None, fact: Fact) -> Case | None:  # noqa: C901, PLR0911, PLR0912 - one arm a fact, each trivial
    """The case after a fact."""
    match fact:
        case CaseOpened():
            return Case(fact)
        case _ if state is None:
            return None
        case CaseAssigned():
            return replace(state, officer=fact.officer, deputy=fact.deputy)
        case ConflictDeclared():
            return _stepped_aside(state, fact.person)
        case ConflictLifted():
            return replace(state, disqualified=state.disqualified - {fact.person})
        case AssessmentRecorded():
            return replace(state, assessments={**state.assessments, fact.person: fact})
        case TaskDecided():
            return replace(state, task=fact)
        case DecisionDocumented():
            return replace(state, documents={**state.documents, (fact.claim_id, fact.language): fact})
        case CoefficientSet():
            return replace(state, coefficient=fact)
        case SupplementRequested():
            return replace(state, open_requests={**state.open_requests, fact.request_id: fact.due_on})
        case SupplementReceived():
            left = {each: due for each, due in state.open_requests.items() if each != fact.request_id}
            return replace(state, open_requests=left)
        case CaseTransferred():
            return replace(state, transferred=fact)
        case CaseWithdrawn():
            return replace(state, withdrawn=True)
        case ProposalMade():
            return replace(state, proposal=fact, proposers=state.proposers | {fact.person})
        case DecisionMade():
            return replace(state, decision=fact, outcome=fact.outcome, amount=fact.amount)
        case DecisionNotified():
            return replace(state, notified=fact)
        case DecisionPublished():
            return replace(state, published=fact)
        case RectificationClaimed():
            return replace(state, claim=fact, final_on=None if fact.in_time else state.final_on)
        case RectificationWithdrawn():
            return replace(state, claim=None)
        case DeMinimisAssessed():
            return replace(state, aid=fact.aid)
        case RectificationDecided():
            return _claim_decided(state, fact)
        case RectificationNotified():
            return _claim_notified(state, fact)
        case AppealLodged():
            return replace(state, appeal=fact, final_on=None if fact.suspends else state.final_on)
        case AppealDecided():
            return _appeal_decided(state, fact)
        case DecisionBecameFinal():
            return replace(state, final_on=fact.final_on)
        case HearingOpened():
            return replace(state, hearing=fact, heard=False)
        case HearingAnswered():
            return replace(state, heard=True)
        case HearingClosed():
            return replace(state, hearing=None, heard=False)
        case RecoveryDecided():
            return replace(
                state, recovered=state.recovered + fact.amount, hearing=None, heard=False,
                movements=(*state.movements, fact),
            )  # fmt: skip
        case PaymentNoted():
            return replace(state, movements=(*state.movements, fact))
    return _followed_up(state, fact)


def _claim_decided(state: Case, decided: RectificationDecided) -> Case:
    """A claim that was examined opens the way to the court anew; a late one leaves it as it was."""
    examined = decided.outcome != "not_examined"
    return replace(
        state, claim=None, amount=decided.amount, claims_decided=state.claims_decided + 1, claim_decided=decided,
        claim_answered=state.claim, claim_notified=None, claim_examined=state.claim_examined or examined,
        last_appeal_day=None if examined else state.last_appeal_day, outcome=_changed_to(state, decided),
        appealable_from=None, appeal_by=None, annulled=False,
    )  # fmt: skip


def _changed_to(state: Case, decided: RectificationDecided) -> Outcome | None:
    """What the decision says after a claim; before version 3 of its event, what goes with the sum."""
    if decided.outcome != "changed":
        return state.outcome
    if decided.changed_to is not None or decided.amount == 0:
        return decided.changed_to or "rejected"
    return "granted" if decided.amount == state.opened.applied else "granted_in_part"


def _claim_notified(state: Case, told: RectificationNotified) -> Case:
    decided = state.claim_decided
    late = decided is not None and decided.outcome == "not_examined"
    return replace(
        state, claim_notified=told, last_appeal_day=state.last_appeal_day if late else told.last_appeal_day,
        appealable_from=None if decided is None else decided.decided_on, appeal_by=told.last_appeal_day,
    )  # fmt: skip


def _appeal_decided(state: Case, decided: AppealDecided) -> Case:
    """What stands can be attacked for as long as the court's decision can, and until the time to appeal is over, also
    where an appeal was withdrawn before; what is annulled waits for its claim, which counts as one in time.
    """
    appeal = state.appeal
    assert appeal is not None, "a court decides an appeal"
    if decided.outcome == "annulled":
        claim = state.claim_answered
        return replace(
            state, appeal=None, appealable_from=None, appeal_by=None, last_appeal_day=None, claim_examined=False,
            claim=claim if claim is None else claim.model_copy(update={"in_time": True}), claim_decided=None,
            claim_notified=None, annulled=True, final_on=None,
        )  # fmt: skip
    until = decided.open_until or decided.decided_on
    return replace(
        state, appeal=None, appealable_from=decided.decided_on, appeal_by=max(until, state.appeal_by or until),
        last_appeal_day=max(until, state.last_appeal_day or until) if appeal.suspends else state.last_appeal_day,
    )  # fmt: skip


def _followed_up(state: Case, fact: Fact) -> Case:
    """What follows a decision is folded by the part of the domain that it belongs to."""
    reports = evolve_reports(state.reports, fact)
    if reports is not state.reports:
        return replace(state, reports=reports)
    partnership = agreements.evolve(state.partnership, fact)
    if partnership is not state.partnership:
        return replace(state, partnership=partnership)
    project = projects.evolve(state.project, fact)
    if project is not state.project:
        return replace(state, project=project)
    after = changes.evolve(state.changes, fact)
    return state if after is state.changes else replace(state, changes=after)


def _stepped_aside(state: Case, person: str) -> Case:
    """Who is disqualified leaves the case, and the deputy takes the officer's place."""
    disqualified = state.disqualified | {person}
    officer, deputy = state.officer, state.deputy
    if officer == person:
        officer, deputy = deputy, None
    if deputy in disqualified:
        deputy = None
    # What a disqualified person proposed or assessed is nothing to decide on, unless it was decided already.
    falls = state.decision is None and state.proposal is not None and state.proposal.person == person
    counted = {who: each for who, each in state.assessments.items() if who != person or state.decision is not None}
    return replace(
        state, proposal=None if falls else state.proposal, disqualified=disqualified,
        officer=None if officer in disqualified else officer, deputy=deputy,
        assessments=counted,
    )  # fmt: skip


def attempt(
    case: Case, person: str, act: str, tied: frozenset[str] = frozenset(), another: str | None = None
) -> ActRefused | None:
    """The event of a refused attempt when `person` may take no part in the act, else None. `tied` are those who act or
    sign for the applicant: they are disqualified without having declared it.

    Acts: assign, request_supplement, assess, propose, decide, notify, transfer, decide_claim, recover, and what follows
    a decision. `another` is who did the part of the act that another person has to do: proposed the change, drafted the
    agreement.
    """
    reason = None
    if person in case.disqualified:
        reason = f"{person} is disqualified in this case"
    elif person in tied:
        reason = f"{person} acts for the applicant and so is disqualified in this case"
    elif act == "decide" and person in case.proposers:
        reason = f"{person} made the proposal and so does not decide"
    elif act == "decide_claim" and case.decision is not None and person in made_by(case.decision):
        reason = f"{person} made the decision and so does not decide on the claim against it"
    elif person == another:
        reason = f"{person} prepared it and so leaves it to another person"
    return None if reason is None else refuse(case, person, act, reason)


def made_by(decision: DecisionMade) -> set[str]:
    """Who made a decision, and in whose place."""
    return {decision.person} if decision.on_behalf_of is None else {decision.person, decision.on_behalf_of}


def refuse(case: Case, person: str, act: str, reason: str) -> ActRefused:
    """The event of a refused attempt."""
    return ActRefused(application_id=case.opened.application_id, person=person, act=act, reason=reason)


def refusal_of(refused: ActRefused) -> Refused:
    """What the caller is told once the attempt is recorded."""
    return forbidden("may-not-take-part", refused.reason)


def _open_for_preparation(case: Case) -> None:
    if case.closed_without_decision:
        raise conflict("case-closed", "the case is closed: the application was withdrawn or transferred")
    if case.decision is not None:
        raise conflict("decided-already", "the case is decided already")


def assign(case: Case, officer: str, deputy: str | None = None, tied: frozenset[str] = frozenset()) -> list[Fact]:
    """Gives the case to an officer, with a deputy; a disqualified one is refused."""
    _open_for_preparation(case)
    for person in (officer, deputy):
        if person is not None and person in case.disqualified | tied:
            raise conflict("officer-disqualified", f"{person} is disqualified in this case: name another officer")
    if officer == deputy:
        raise invalid("own-deputy", "the deputy is another person than the officer", "/deputy")
    return [CaseAssigned(application_id=case.opened.application_id, officer=officer, deputy=deputy)]


def declare_conflict(case: Case, person: str, reason: str) -> list[Fact]:
    """Records that a person is disqualified; nothing when it is known."""
    if person in case.disqualified:
        return []
    return [ConflictDeclared(application_id=case.opened.application_id, person=person, reason=reason)]


def lift_conflict(case: Case, person: str, reason: str, decided_by: str) -> list[Fact]:
    """Finds that a person is not disqualified. What they assessed or proposed before does not come back."""
    if person not in case.disqualified:
        raise conflict("not-disqualified", f"nothing was declared of {person} in this case")
    return [
        ConflictLifted(application_id=case.opened.application_id, person=person, reason=reason, decided_by=decided_by)
    ]


def found(case: Case, tied: frozenset[str]) -> list[Fact]:
    """The conflicts of those who have a part in the case and act or sign for its applicant: the officer, the deputy,
    and until the decision who assessed and who proposed. They leave the case as if they had declared it.
    """
    part = {case.officer, case.deputy}
    if case.decision is None:
        part |= {*case.assessments, None if case.proposal is None else case.proposal.person}
    return [
        ConflictDeclared(
            application_id=case.opened.application_id, person=person, reason=f"{person} acts for the applicant"
        )
        for person in sorted(tied - case.disqualified)
        if person in part
    ]


def _check_supplemented(case: Case, today: date, act: str) -> None:
    """Raises Refused while a supplement may still come in time. Once its last day has passed the case goes on without
    it: what is missing is judged, not waited for.
    """
    due_on = max(case.open_requests.values(), default=None)
    if due_on is not None and today <= due_on:
        raise conflict("supplement-awaited", f"a supplement is awaited until {due_on:%-d.%-m.%Y}: {act} once it has "
                       "come, or after that day")  # fmt: skip


def request_supplement(case: Case, request_id: UUID, question: str, due_on: date, today: date) -> list[Fact]:
    """Asks for a supplement; the deadline lies ahead, and within a year, since the case waits for it so long."""
    _open_for_preparation(case)
    if due_on <= today:
        raise invalid("deadline-past", "the deadline for the supplement lies after today", "/due_on")
    if due_on - today > SUPPLEMENT_LONGEST:
        raise invalid("deadline-too-far", "the deadline for the supplement lies within a year", "/due_on")
    return [
        SupplementRequested(
            application_id=case.opened.application_id, request_id=request_id, question=question, due_on=due_on
        )
    ]


def transfer(case: Case, reason: str, municipality: str | None = None) -> list[Fact]:
    """Sends the application to the municipality whose task the activity is (*siirto*): that of the largest share, or
    another one in which the activity has a share.
    """
    _open_for_preparation(case)
    opened = case.opened
    shares = [share.municipality for share in opened.municipalities]
    if municipality is not None and municipality not in shares:
        raise invalid("no-share", f"the activity takes place in {', '.join(shares)}: name one of them", "/municipality")
    return [
        CaseTransferred(
            application_id=opened.application_id, municipality=municipality or opened.municipality,
            activity=opened.activity, reason=reason,
        )
    ]  # fmt: skip


def decide_task(case: Case, decided: TaskDecided) -> list[Fact]:
    """Decides whose task the activity is where the division splits it or leaves it open; the whole sum is the county's
    when the task is, and a part of it otherwise. It is decided until the decision, and again while a claim waits.
    """
    if case.claim is None or not case.claim.in_time:
        _open_for_preparation(case)
    applied = case.opened.applied
    whole = decided.task == "county"
    if (decided.eligible != applied) if whole else not 0 < decided.eligible < applied:
        right = f"{euros(applied)}, the whole sum" if whole else f"more than nothing and less than {euros(applied)}"
        raise invalid("eligible-does-not-fit", f"of this task the county's part is {right}", "/eligible")
    return [decided]


def set_coefficient(case: Case, chosen: CoefficientSet) -> list[Fact]:
    """Sets what the points are multiplied by before ranking; a later one replaces it, until the decision."""
    _open_for_preparation(case)
    return [] if case.coefficient == chosen else [chosen]


@dataclass(frozen=True, slots=True)
class Judgement:
    """An assessor's judgement: points from 0 to 100 where the call has no criteria, else a score for each of them."""

    person: str
    points: int | None
    scores: Sequence[Score]
    reasons: str


def assess(
    case: Case, judgement: Judgement, call: CallNoted | None = None, today: date = date.min
) -> list[Fact]:  # fmt: skip
    """Records an assessment; not while a supplement is awaited. A second one of the same person replaces the first.
    `today` is a Helsinki date; without it no deadline has passed.
    """
    _open_for_preparation(case)
    _check_supplemented(case, today, "assess")
    criteria = () if call is None else call.criteria
    if criteria:
        if judgement.points is not None:
            raise invalid("points-by-criteria", "the call has criteria: score each, the points follow", "/points")
        hundredths = assessment.weighted(criteria, judgement.scores)
    else:
        if judgement.points is None or judgement.scores:
            raise invalid("points-missing", "the call has no criteria: give points from 0 to 100", "/points")
        hundredths = judgement.points * 100
    return [
        AssessmentRecorded(
            application_id=case.opened.application_id, points=(hundredths + 50) // 100, hundredths=hundredths,
            scores=tuple(judgement.scores), reasons=judgement.reasons, person=judgement.person,
        )
    ]  # fmt: skip


def check_assessed(case: Case, call: CallNoted | None) -> None:
    """Raises Refused while fewer have assessed than the call asks for. A call without criteria asks only when it names
    two assessors or more. What came late is not examined, so nobody assesses it.
    """
    if call is None or case.opened.late or not (call.criteria or call.assessors > 1):
        return
    if len(case.assessments) < call.assessors:
        raise conflict("not-assessed", f"{len(case.assessments)} of {call.assessors} assessments are there: "
                       "propose once all are")  # fmt: skip


def check_outcome(case: Case, outcome: Outcome, amount: int, *, claimed: bool = False) -> None:
    """An outcome fits its sum: in full what was applied for, in part less, else nothing. Late is not examined, except
    where a claim against that is found right (`claimed`).
    """
    applied = case.opened.applied
    if case.opened.late and not claimed and outcome != "not_examined":
        raise conflict("late", "the application came late: it is not examined")
    if outcome == "not_examined" and not case.opened.late:
        raise invalid("not-late", "only what came late is not examined", "/outcome")
    fits = {
        "granted": amount == applied,
        "granted_in_part": 0 < amount < applied,
        "rejected": amount == 0,
        "not_examined": amount == 0,
    }[outcome]
    if not fits:
        raise invalid("amount-does-not-fit", f"{outcome} does not go with {euros(amount)} when {euros(applied)} "
                      "was applied for", "/amount")  # fmt: skip
    if amount > case.eligible:
        raise invalid(
            "more-than-the-countys-part", f"{euros(case.eligible)} of it concern the county's task", "/amount"
        )


def propose(
    case: Case, person: str, outcome: Outcome, amount: int, reasons: str, today: date = date.min
) -> list[Fact]:  # fmt: skip
    """Proposes a decision (*päätösehdotus*). `today` is a Helsinki date; without it no deadline has passed."""
    _open_for_preparation(case)
    _check_supplemented(case, today, "propose")
    check_outcome(case, outcome, amount)
    return [
        ProposalMade(
            application_id=case.opened.application_id,
            outcome=outcome,
            amount=amount,
            reasons=reasons,
            person=person,
        )
    ]


def plan_instalments(amount: int, payable_from: tuple[date, ...]) -> tuple[Instalment, ...]:
    """Equal instalments on the given days, which follow each other, exact to the cent by largest remainder; none for a
    sum of zero.
    """
    if amount == 0:
        return ()
    if not payable_from:
        raise invalid("no-instalments", "a grant is paid in one instalment at least", "/payable_from")
    if len(payable_from) > amount:
        raise invalid("too-many-instalments", "each instalment is a cent at least", "/payable_from")
    if list(payable_from) != sorted(payable_from):
        raise invalid("days-out-of-order", "the days of the instalments follow each other", "/payable_from")
    shares = split(amount, [1] * len(payable_from))
    return tuple(
        Instalment(number=index + 1, amount=share, payable_from=day)
        for index, (share, day) in enumerate(zip(shares, payable_from, strict=True))
    )


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a decision says beside the case: who decided, where, on which Helsinki date, with which terms; `use` is the
    first and last day on which the grant may be used.
    """

    person: str
    organ: str
    decided_on: date
    outcome: Outcome
    amount: int
    reasons: str
    conditions: tuple[str, ...]
    payable_from: tuple[date, ...]
    meeting_id: str | None = None
    section: int | None = None
    on_behalf_of: str | None = None
    use: tuple[date, date] | None = None


def _check_use(ruling: Ruling) -> None:
    """Raises Refused for a time of use that runs backwards, or of what was not granted."""
    if ruling.use is None:
        return
    if ruling.use[1] < ruling.use[0]:
        raise invalid("period-backwards", "the time of use ends on or after its first day", "/use_until")
    if ruling.outcome in {"rejected", "not_examined"}:
        raise invalid("nothing-to-use", "only what is granted has a time of use", "/use_from")


def decide(case: Case, ruling: Ruling) -> list[Fact]:
    """Makes the decision on a case that has a proposal."""
    _open_for_preparation(case)
    if case.proposal is None:
        raise conflict("no-proposal", "a decision needs a proposal first")
    _check_supplemented(case, ruling.decided_on, "decide")
    check_outcome(case, ruling.outcome, ruling.amount)
    _check_use(ruling)
    opened = case.opened
    first, last = (None, None) if ruling.use is None else ruling.use
    return [
        DecisionMade(
            application_id=opened.application_id, diary_number=opened.diary_number,
            association_id=opened.association_id, association_name=opened.association_name, iban=opened.iban,
            basket=opened.basket, municipality=opened.municipality, pays=opened.pays, outcome=ruling.outcome,
            amount=ruling.amount, instalments=plan_instalments(ruling.amount, ruling.payable_from),
            reasons=ruling.reasons, conditions=ruling.conditions, decided_on=ruling.decided_on, person=ruling.person,
            organ=ruling.organ, meeting_id=ruling.meeting_id, section=ruling.section,
            on_behalf_of=ruling.on_behalf_of, own_funding=case.opened.own_funding,
            use_from=first, use_until=last,
        )
    ]  # fmt: skip


def notify(case: Case, notice: DecisionNotified) -> list[Fact]:
    """Gives notice of the decision, once."""
    if case.decision is None:
        raise conflict("not-decided", "there is no decision to give notice of")
    if case.notified is not None:
        raise conflict("notified-already", "notice was given already")
    return [notice]


def document(case: Case, made: DecisionDocumented) -> list[Fact]:
    """Records the document of the decision, once for a language."""
    if case.decision is None:
        raise conflict("not-decided", "there is no decision to write a document of")
    return [] if case.documents.get((made.claim_id, made.language)) == made else [made]
