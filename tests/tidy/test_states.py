"""docs/states.md says what may be done with a case in each state: every cell was tried. `python -m
tests.tidy.test_states` writes the page anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest

from schemas.decisions import (
    AgendaSet,
    AgreementDrafted,
    AgreementPartySigned,
    AgreementSigned,
    AppealDecided,
    AppealLodged,
    AppropriationCommitted,
    AppropriationSet,
    CaseOpened,
    CaseTransferred,
    CaseWithdrawn,
    ChangeDecided,
    ChangeProposed,
    ChangeReceived,
    CostReportAccepted,
    CostReportReceived,
    CostReportReturned,
    DecisionBecameFinal,
    DecisionDocumented,
    DecisionMade,
    DecisionNotified,
    DecisionPublished,
    HearingAnswered,
    HearingClosed,
    HearingOpened,
    MeetingConvened,
    PartnershipReviewed,
    PaymentNoted,
    ProposalMade,
    RecoveryDecided,
    RectificationClaimed,
    RectificationDecided,
    RectificationNotified,
    RectificationWithdrawn,
    ReportAccepted,
    ReportChecked,
    ReportReceived,
    ReportRequested,
    ReportReturned,
    SectionTaken,
    StandInEnded,
    StandInNamed,
    SupplementRequested,
    TaskDecided,
)
from schemas.facts import Fact
from schemas.intake import (
    ApplicationSupplemented,
    ApplicationWithdrawn,
    ChangeRequested,
    CostReportSubmitted,
    UsageReportSubmitted,
)
from schemas.refusals import Refused
from services.decisions.domain import (
    appeals,
    appropriations,
    cases,
    changes,
    claims,
    follow_up,
    meetings,
    projects,
    recovery,
    reports,
    stand_ins,
)
from services.decisions.domain.cases import Case, Judgement, Ruling
from services.decisions.reactions import _noted
from services.decisions.views import REGISTERS, STATES
from services.ledger import Context
from services.ledger.records import decode_body, encode_body
from services.web.handling import event_of
from tests.unit.given import fact, folded

PAGE: Final = Path(__file__).parents[2] / "docs" / "states.md"
REQUEST: Final = UUID("019b7a1e-8c00-7000-8000-000000000002")
YES, NOTHING = "yes", "–"
MOMENT: Final = "2026-02-24T08:00:00.000000Z"
AFTER_THE_LAST_DAY: Final = date(2026, 12, 29)
COURT_DAY: Final = date(2027, 5, 3)
Act = Callable[[Any], Sequence[Fact]]


@dataclass(frozen=True)
class State:
    """A column: what it is called, in Finnish too, and the facts that lead there from an opened case. `register` is the
    case's state in the register where that is called otherwise.
    """

    name: str
    finnish: str
    facts: tuple[Fact, ...] = ()
    late: bool = False
    register: str | None = None

    @property
    def opened(self) -> CaseOpened:
        """A partnership, so that an agreement can be made of it."""
        return fact(CaseOpened, basket="partnership", late=self.late)

    def made(self) -> Any:
        """What a command meets."""
        state = folded(cases.evolve, None, self.opened, *self.facts)
        assert state is not None
        return state


@dataclass(frozen=True)
class Other(State):
    """A state of another stream than a case's: what folds it, and from what."""

    evolve: Callable[[Any, Fact], Any] = meetings.evolve
    first: Any = None

    def made(self) -> Any:
        return folded(self.evolve, self.first, *self.facts)


@dataclass(frozen=True)
class Table:
    """A table of the page: its heading, the states, and what is done in each."""

    heading: str
    states: tuple[State, ...]
    commands: Mapping[str, Act]


_DECIDED = (fact(ProposalMade), fact(DecisionMade))
_NOTIFIED = (*_DECIDED, fact(DecisionDocumented), fact(DecisionNotified))
_CLAIM_DECIDED = (*_NOTIFIED, fact(RectificationClaimed), fact(RectificationDecided))
_CLAIM_NOTICE = fact(RectificationNotified, last_appeal_day="2027-01-28")
_APPEAL = fact(AppealLodged, appeal_id=REQUEST, lodged_on="2027-01-28")
_ANNULLED = fact(AppealDecided, appeal_id=REQUEST, outcome="annulled", decided_on="2027-05-03", open_until=None)
_STANDS = fact(AppealDecided, appeal_id=REQUEST, outcome="stands", decided_on="2027-05-03", open_until=None)
CASES: Final = (
    State("opened", "kirjattu"),
    State("opened late", "myöhässä saapunut", late=True, register="opened"),
    State("supplement requested", "täydennyspyyntö", (fact(SupplementRequested),)),
    State("proposed", "päätösehdotus", (fact(ProposalMade),)),
    State(
        "proposed late", "päätösehdotus, myöhässä", (fact(ProposalMade, outcome="not_examined", amount=0),), late=True,
        register="proposed",
    ),
    State("transferred", "siirretty", (fact(CaseTransferred),)),
    State("withdrawn", "peruttu", (fact(CaseWithdrawn),)),
    State("decided", "päätetty", _DECIDED),
    State("notified", "tiedoksiannettu", _NOTIFIED),
    State("claimed", "oikaisuvaatimus vireillä", (*_NOTIFIED, fact(RectificationClaimed))),
    State(
        "claimed late", "myöhästynyt oikaisuvaatimus", (*_NOTIFIED, fact(RectificationClaimed, in_time=False)),
        register="notified",
    ),
    State("claim decided", "oikaisuvaatimus ratkaistu", _CLAIM_DECIDED),
    State(
        "claim notified", "oikaisupäätös tiedoksiannettu", (*_CLAIM_DECIDED, _CLAIM_NOTICE), register="notified"
    ),
    State("appealed", "valitus vireillä", (*_CLAIM_DECIDED, _CLAIM_NOTICE, _APPEAL)),
    State(
        "annulled", "hallinto-oikeus kumonnut", (*_CLAIM_DECIDED, _CLAIM_NOTICE, _APPEAL, _ANNULLED), register="claimed"
    ),
    State("final", "lainvoimainen", (*_NOTIFIED, fact(DecisionBecameFinal))),
)  # fmt: skip
_PART = Ruling(
    "board-9", "Aluehallitus", date(2026, 3, 24), "granted_in_part", 100_000, "Syyt", (), (date(2026, 4, 1),)
)


def _published(case: Case) -> Sequence[Fact]:
    """Published as the sample has it."""
    published = fact(DecisionPublished)
    claims.check_published(case, published.published_on, COURT_DAY)
    return [published]


_NOT_EXAMINED = replace(_PART, outcome="not_examined", amount=0, payable_from=())
CASE_COMMANDS: Final[Mapping[str, Act]] = {
    "assign to an officer (*valmistelija*)": lambda case: cases.assign(case, "anna", "bertta"),
    "declare a conflict of interest (*esteellisyys*)": lambda case: cases.declare_conflict(case, "anna", "Jäsen"),
    "decide whose task it is": lambda case: cases.decide_task(case, fact(TaskDecided)),
    "transfer to the municipality (*siirto*)": lambda case: cases.transfer(case, "Kunnan tehtävä"),
    "ask for a supplement (*täydennyspyyntö*)": lambda case: cases.request_supplement(
        case, REQUEST, "Tilinpäätös?", date(2026, 2, 6), date(2026, 2, 5)
    ),
    "the applicant supplements (*täydennys*)": lambda case: _noted(fact(ApplicationSupplemented), case),
    "the applicant withdraws (*peruminen*)": lambda case: _noted(fact(ApplicationWithdrawn), case),
    "assess (*arviointi*)": lambda case: cases.assess(case, Judgement("anna", 50, (), "Syyt")),
    "propose a grant (*päätösehdotus*)": lambda case: cases.propose(case, "anna", "granted_in_part", 100_000, "Syyt"),
    "propose not to examine": lambda case: cases.propose(case, "anna", "not_examined", 0, "Myöhässä"),
    "decide on a grant (*päätös*)": lambda case: cases.decide(case, _PART),
    "decide not to examine (*jätetään tutkimatta*)": lambda case: cases.decide(case, _NOT_EXAMINED),
    "give notice (*tiedoksianto*)": lambda case: cases.notify(case, fact(DecisionNotified)),
    "publish it on the web (*julkaiseminen*)": _published,
    "claim rectification (*oikaisuvaatimus*)": lambda case: claims.claim(case, REQUEST, date(2026, 12, 28), "Virhe"),
    "take the claim back (*peruminen*)": lambda case: claims.withdraw(case, fact(RectificationWithdrawn), COURT_DAY),
    "decide the claim: another sum": lambda case: claims.decide_claim(case, _PART, change=True),
    "decide the claim: the decision stands": lambda case: claims.decide_claim(case, _PART, change=False),
    "give notice of the claim's decision": lambda case: claims.notify_claim(case, _CLAIM_NOTICE),
    "record an appeal to the court (*valitus*)": lambda case: appeals.lodge(
        case, REQUEST, appeals.Lodged("Hallinto-oikeus", None, date(2027, 1, 28)), "anna", COURT_DAY
    ),
    "record that the court let the decision stand": lambda case: appeals.decide(case, _STANDS, COURT_DAY),
    "record that the court annulled it": lambda case: appeals.decide(case, _ANNULLED, COURT_DAY),
    "become final (*lainvoimaisuus*), the day after the last day for a claim": lambda case: claims.become_final(
        case, AFTER_THE_LAST_DAY
    ),
    "become final, the day after the last day to appeal (*valitus*)": lambda case: claims.become_final(
        case, _CLAIM_NOTICE.last_appeal_day + timedelta(days=1)
    ),
    "offer a partnership's agreement (*sopimus*)": lambda case: follow_up.draft_agreement(
        case, fact(AgreementDrafted), 5
    ),
    "hear the applicant on a recovery (*kuuleminen*)": lambda case: recovery.open_hearing(
        case, fact(HearingOpened), date(2026, 10, 1), 10_000
    ),
    "recover (*takaisinperintä*)": lambda case: recovery.recover(case, fact(RecoveryDecided), 10_000),
}

_DRAFTED = (*_DECIDED, fact(AgreementDrafted))
_BY_ONE = (*_DRAFTED, fact(AgreementPartySigned, party="county"))
_BY_BOTH = (*_BY_ONE, fact(AgreementPartySigned, party="association"), fact(AgreementSigned))
AGREEMENTS: Final = (
    State("none", "ei sopimusta", _DECIDED),
    State("drafted", "luonnos", _DRAFTED),
    State("signed by the county", "hyvinvointialue allekirjoittanut", _BY_ONE),
    State("signed", "allekirjoitettu", _BY_BOTH),
)
AGREEMENT_COMMANDS: Final[Mapping[str, Act]] = {
    "offer a version": lambda case: follow_up.draft_agreement(case, fact(AgreementDrafted), 5),
    "sign as the county": lambda case: follow_up.sign_agreement(case, fact(AgreementPartySigned, party="county")),
    "sign as the association": lambda case: follow_up.sign_agreement(
        case, fact(AgreementPartySigned, party="association")
    ),
    "sign a version that was replaced": lambda case: follow_up.sign_agreement(
        case, fact(AgreementPartySigned, version=99)
    ),
    "review before a later year (*vuosiarvio*)": lambda case: follow_up.review(case, fact(PartnershipReviewed)),
}

_RECEIVED = (*_DECIDED, fact(CostReportReceived))
COST_REPORTS: Final = (
    State("none", "ei selvitystä", _DECIDED),
    State("received", "saapunut", _RECEIVED),
    State("returned", "palautettu täydennettäväksi", (*_RECEIVED, fact(CostReportReturned))),
    State("accepted", "hyväksytty", (*_RECEIVED, fact(CostReportAccepted))),
)
COST_REPORT_COMMANDS: Final[Mapping[str, Act]] = {
    "the applicant reports the period's costs (*kustannusselvitys*)": lambda case: projects.receive(
        case.project, fact(CostReportSubmitted), date(2026, 7, 1)
    ),
    "give it back to be completed": lambda case: projects.give_back(
        case.project, fact(CostReportReturned), date(2026, 7, 1)
    ),
    "accept the costs": lambda case: projects.accept(case.project, fact(CostReportAccepted)),
}

_ASKED = (*_DECIDED, fact(ChangeReceived))
_PROPOSED = (*_ASKED, fact(ChangeProposed))
CHANGES: Final = (
    State("none", "ei muutosta", _DECIDED),
    State("asked", "haettu", _ASKED),
    State("proposed", "ehdotettu", _PROPOSED),
    State("decided", "päätetty", (*_PROPOSED, fact(ChangeDecided))),
)
CHANGE_COMMANDS: Final[Mapping[str, Act]] = {
    "the applicant asks for it (*muutoshakemus*)": lambda case: changes.receive(
        case.changes, fact(ChangeRequested), date(2026, 7, 1)
    ),
    "propose": lambda case: follow_up.propose_change(case, fact(ChangeProposed)),
    "decide": lambda case: follow_up.decide_change(case, fact(ChangeDecided)),
}

_ON_PAPER = fact(ReportRequested, due_on="2026-11-30")
_CAME = (*_DECIDED, _ON_PAPER, fact(ReportReceived))
_SOUND = (fact(ReportChecked, part="content"), fact(ReportChecked, part="money"))
REPORTS: Final = (
    State("none", "ei selvitystä", _DECIDED),
    State("asked for", "pyydetty", (*_DECIDED, _ON_PAPER)),
    State("received", "saapunut", _CAME),
    State("found sound", "tarkastettu", (*_CAME, *_SOUND)),
    State("returned", "palautettu täydennettäväksi", (*_CAME, fact(ReportReturned))),
    State("accepted", "hyväksytty", (*_CAME, *_SOUND, fact(ReportAccepted))),
)


def _day(today: date) -> Act:
    """What a day brings of a report that is due on 30.11.2026, by the calendar alone."""
    return lambda case: list(reports.due(REQUEST, case.reports, [date(2026, 11, 30)], today, 30))


REPORT_COMMANDS: Final[Mapping[str, Act]] = {
    "the day on which it is asked for": _day(date(2026, 10, 31)),
    "the day after the day by which it was asked for": _day(date(2026, 12, 1)),
    "the day after the day by which it was to be completed": _day(date(2026, 12, 16)),
    "the applicant reports the use (*selvitys*)": lambda case: reports.receive(
        case.reports, fact(UsageReportSubmitted), date(2026, 11, 20)
    ),
    "check a part of it (*tarkastus*)": lambda case: reports.check(case.reports, fact(ReportChecked)),
    "give it back to be completed": lambda case: reports.give_back(
        case.reports, fact(ReportReturned), date(2026, 11, 23)
    ),
    "accept it": lambda case: reports.accept(case.reports, fact(ReportAccepted), case.amount),
}

_PAID = (*_NOTIFIED, fact(PaymentNoted))
_HEARD = (*_PAID, fact(HearingOpened))
RECOVERIES: Final = (
    State("none", "ei takaisinperintää", _PAID),
    State("heard", "kuultavana", _HEARD),
    State("answered", "vastattu", (*_HEARD, fact(HearingAnswered))),
    State("closed", "päätetty ilman takaisinperintää", (*_HEARD, fact(HearingClosed))),
    State("recovered", "peritty takaisin", (*_HEARD, fact(HearingAnswered), fact(RecoveryDecided))),
)


def _recover(today: date, amount: int) -> Act:
    """Decides to recover so much, once the applicant was heard."""
    decided = fact(RecoveryDecided, decided_on=today, due_on=today + timedelta(days=30), amount=amount)

    def act(case: Case) -> Sequence[Fact]:
        recovery.check_heard(case, amount, today)
        return recovery.recover(case, decided, 10_000)

    return act


RECOVERY_COMMANDS: Final[Mapping[str, Act]] = {
    "hear the applicant (*kuuleminen*)": lambda case: recovery.open_hearing(
        case, fact(HearingOpened), date(2026, 10, 20), 10_000
    ),
    "hear on less than need be returned": lambda case: recovery.open_hearing(
        case, fact(HearingOpened, amount=9_999), date(2026, 11, 2), 10_000
    ),
    "the applicant answers (*vastaus*)": lambda case: recovery.answer_hearing(case, fact(HearingAnswered)),
    "end the hearing without a recovery": lambda case: recovery.close_hearing(case, fact(HearingClosed)),
    "recover while they may answer (*takaisinperintä*)": _recover(date(2026, 10, 30), 30_000),
    "recover once their time is over": _recover(date(2026, 10, 31), 30_000),
    "recover more than they were heard on": _recover(date(2026, 10, 31), 30_001),
}

_CONVENED = (fact(MeetingConvened),)
_AGENDA = (*_CONVENED, fact(AgendaSet))
_OTHER_CASE: Final = UUID("019b7a1e-8c00-7000-8000-000000000009")
MEETINGS: Final = (
    Other("convened", "kutsuttu koolle", _CONVENED),
    Other("with an agenda", "esityslista laadittu", _AGENDA),
    Other("begun", "alkanut", (*_AGENDA, fact(SectionTaken, matter="decision"))),
)
MEETING_COMMANDS: Final[Mapping[str, Act]] = {
    "set its agenda (*esityslista*)": lambda meeting: meetings.set_agenda(meeting, fact(AgendaSet)),
    "take up a case of the agenda (*pykälä*)": lambda meeting: [
        meetings.take_section(meeting, fact(AgendaSet).items[0].application_id)
    ],
    "take up another case": lambda meeting: [meetings.take_section(meeting, _OTHER_CASE)],
}

_SET = (fact(AppropriationSet, amount=1_000_000),)
_MONEY: Final = appropriations.Appropriation()


def _money(name: str, finnish: str, *facts: Fact) -> Other:
    return Other(name, finnish, facts, evolve=appropriations.evolve_appropriation, first=_MONEY)


APPROPRIATIONS: Final = (
    _money("not set", "ei määrärahaa"),
    _money("set", "asetettu", *_SET),
    _money("bound in part", "osin sidottu", *_SET, fact(AppropriationCommitted, amount=600_000)),
    _money("bound wholly", "kokonaan sidottu", *_SET, fact(AppropriationCommitted, amount=1_000_000)),
)
APPROPRIATION_COMMANDS: Final[Mapping[str, Act]] = {
    "set it to 8 000 euros": lambda state: appropriations.set_appropriation(state, "operating-2026", 800_000),
    "bind 4 000 euros of it": lambda state: appropriations.commit(state, "operating-2026", REQUEST, 400_000),
    "bind 4 000 euros and a cent": lambda state: appropriations.commit(state, "operating-2026", REQUEST, 400_001),
    "bind nothing": lambda state: appropriations.commit(state, "operating-2026", REQUEST, 0),
}

_NAMED = fact(StandInNamed)
_IN_JULY: Final = date(2026, 7, 10)


def _standing(name: str, finnish: str, *facts: Fact) -> Other:
    return Other(name, finnish, facts, evolve=stand_ins.evolve, first={})


def _decides(amount: int, today: date) -> Act:
    """Whether the stand-in decides on so much that day, as if it were an event."""

    def act(state: stand_ins.StandIns) -> Sequence[Fact]:
        return [
            each
            for each in stand_ins.stands_for(state, "officer-2", today)
            if stand_ins.why_not(each, amount, frozenset()) is None
        ]

    return act


STAND_INS: Final = (
    _standing("none", "ei sijaista"),
    _standing("named for July", "nimetty", _NAMED),
    _standing("ended on 15 July", "päätetty", _NAMED, fact(StandInEnded)),
)
STAND_IN_COMMANDS: Final[Mapping[str, Act]] = {
    "name another one for the end of July": lambda state: stand_ins.name(
        state,
        fact(StandInNamed, stand_in="officer-3", valid_from="2026-07-20", stand_in_id=_OTHER_CASE),
        _IN_JULY,
    ),
    "the stand-in names the one they stand in for": lambda state: stand_ins.name(
        state, fact(StandInNamed, principal="officer-2", stand_in="board-1", stand_in_id=_OTHER_CASE), _IN_JULY
    ),
    "end it on 12 July": lambda state: stand_ins.end(state, fact(StandInEnded, valid_until="2026-07-12"), _IN_JULY),
    "end it later than it ends": lambda state: stand_ins.end(
        state, fact(StandInEnded, valid_until="2026-08-12"), _IN_JULY
    ),
    "somebody else ends it": lambda state: stand_ins.end(
        state, fact(StandInEnded, valid_until="2026-07-12", person="board-2"), _IN_JULY
    ),
    "the stand-in decides on 5 000 euros on 10 July": _decides(500_000, _IN_JULY),
    "the stand-in decides on a cent more": _decides(500_001, _IN_JULY),
    "the stand-in decides on 20 July": _decides(500_000, date(2026, 7, 20)),
}
TABLES: Final = (
    Table("", CASES, CASE_COMMANDS),
    Table("A partnership's agreement (*kumppanuussopimus*)", AGREEMENTS, AGREEMENT_COMMANDS),
    Table("A project's report of costs (*kustannusselvitys*)", COST_REPORTS, COST_REPORT_COMMANDS),
    Table("A change after the decision (*muutos*)", CHANGES, CHANGE_COMMANDS),
    Table("A report of use (*selvitys*)", REPORTS, REPORT_COMMANDS),
    Table("A recovery (*takaisinperintä*)", RECOVERIES, RECOVERY_COMMANDS),
    Table("A board's meeting (*kokous*)", MEETINGS, MEETING_COMMANDS),
    Table("An appropriation of 10 000 euros (*määräraha*)", APPROPRIATIONS, APPROPRIATION_COMMANDS),
    Table("A stand-in up to 5 000 euros (*sijainen*)", STAND_INS, STAND_IN_COMMANDS),
)


INTRODUCTION: Final = (
    "Each column is a state of a case, or of what a later table is of, each row what somebody, another service or the "
    "calendar does with it: "
    f"**{YES}** it is done, **{NOTHING}** nothing happens and nothing is recorded, a number is the refusal below. "
    "Every cell was tried on the rules themselves, with a person who may take part; the disqualified and the proposer "
    "are refused in all states. The page is written by `python -m tests.tidy.test_states`."
)


def tried(act: Act, state: State) -> str:
    """Yes, nothing, or the slug and the words of the refusal."""
    try:
        return YES if act(state.made()) else NOTHING
    except Refused as refused:
        return f"`{refused.slug}`: {refused.detail}"


def page() -> str:
    """The whole page."""
    lines = ["# What may be done with a case", "", INTRODUCTION, ""]
    for table in TABLES:
        lines += [f"## {table.heading}", ""] if table.heading else []
        lines += _shown(table)
    return "\n".join(lines[:-1]) + "\n"


def _shown(table: Table) -> list[str]:
    """A table, and below it the refusals that its numbers mean."""
    tried_in = {name: [tried(act, state) for state in table.states] for name, act in table.commands.items()}
    told = (cell for cell in chain.from_iterable(tried_in.values()) if cell not in {YES, NOTHING})
    numbers = {reason: number for number, reason in enumerate(dict.fromkeys(told), 1)}
    lines = [
        "| | " + " | ".join(f"{state.name} (*{state.finnish}*)" for state in table.states) + " |",
        "| --- |" + " --- |" * len(table.states),
    ]
    for name, cells in tried_in.items():
        shown = (str(numbers.get(cell, cell)) for cell in cells)
        lines.append(f"| {name} | " + " | ".join(shown) + " |")
    level = "###" if table.heading else "##"
    return [*lines, "", f"{level} Why not", "", *(f"{number}. {reason}" for reason, number in numbers.items()), ""]


def test_the_page_of_states_is_what_the_rules_do() -> None:
    written = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    assert written == page(), "docs/states.md is stale: python -m tests.tidy.test_states writes it anew"


def in_register(state: State) -> str:
    """What the register calls the state of such a case."""
    register = next(each for each in REGISTERS if each.name == "cases")
    document = None
    for number, each in enumerate((state.opened, *state.facts), 1):
        body = encode_body(number, MOMENT, event_of(each), "case/1", number, Context("anna", "affair"))
        record = decode_body(body)
        if record.type in register.types:
            document = register.fold(document, record, record.data)
    assert document is not None
    return str(document["state"])


@pytest.mark.parametrize("state", CASES, ids=lambda state: state.name)
def test_a_state_is_called_as_in_the_register(state: State) -> None:
    assert in_register(state) == (state.register or state.name.replace(" ", "_"))


def test_every_state_of_the_register_has_its_column() -> None:
    shown = {in_register(state) for state in CASES}
    assert {*STATES.values(), "claim_decided"} - shown == {"in_preparation"}, "in preparation is as opened"


def test_every_refusal_of_the_page_says_what_would_be_right() -> None:
    told = [tried(act, state) for table in TABLES for state in table.states for act in table.commands.values()]
    assert all(cell in {YES, NOTHING} or len(cell.split()) > 3 for cell in told)


def main() -> None:
    """Writes the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
