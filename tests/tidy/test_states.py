"""docs/states.md says what may be done with a case in each state: every cell was tried. `python -m
tests.tidy.test_states` writes the page anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from schemas.decisions import (
    AgreementDrafted,
    AgreementPartySigned,
    AgreementSigned,
    AppealDecided,
    AppealLodged,
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
    HearingOpened,
    PartnershipReviewed,
    ProposalMade,
    RecoveryDecided,
    RectificationClaimed,
    RectificationDecided,
    RectificationNotified,
    SupplementRequested,
    TaskDecided,
)
from schemas.facts import Fact
from schemas.intake import ApplicationSupplemented, ApplicationWithdrawn, ChangeRequested, CostReportSubmitted
from schemas.refusals import Refused
from services.decisions.domain import appeals, cases, changes, claims, follow_up, projects, recovery
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
Act = Callable[[Case], Sequence[Fact]]


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

    def case(self) -> Case:
        state = folded(cases.evolve, None, self.opened, *self.facts)
        assert state is not None
        return state


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
    "claim rectification (*oikaisuvaatimus*)": lambda case: claims.claim(case, REQUEST, date(2026, 12, 28), "Virhe"),
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
        case, fact(HearingOpened), date(2026, 10, 1)
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
TABLES: Final = (
    Table("", CASES, CASE_COMMANDS),
    Table("A partnership's agreement (*kumppanuussopimus*)", AGREEMENTS, AGREEMENT_COMMANDS),
    Table("A project's report of costs (*kustannusselvitys*)", COST_REPORTS, COST_REPORT_COMMANDS),
    Table("A change after the decision (*muutos*)", CHANGES, CHANGE_COMMANDS),
)


INTRODUCTION: Final = (
    "Each column is a state of a case, each row what somebody, another service or the calendar does with it: "
    f"**{YES}** it is done, **{NOTHING}** nothing happens and nothing is recorded, a number is the refusal below. "
    "Every cell was tried on the rules themselves, with a person who may take part; the disqualified and the proposer "
    "are refused in all states. The page is written by `python -m tests.tidy.test_states`."
)


def tried(act: Act, state: State) -> str:
    """Yes, nothing, or the slug and the words of the refusal."""
    try:
        return YES if act(state.case()) else NOTHING
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
