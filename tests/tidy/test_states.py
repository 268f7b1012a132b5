"""docs/states.md says what may be done with a case in each state: every cell was tried. `python -m
tests.tidy.test_states` writes the page anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from schemas.decisions import (
    CaseOpened,
    CaseTransferred,
    CaseWithdrawn,
    DecisionBecameFinal,
    DecisionDocumented,
    DecisionMade,
    DecisionNotified,
    ProposalMade,
    RecoveryDecided,
    RectificationClaimed,
    SupplementRequested,
    TaskDecided,
)
from schemas.facts import Fact
from schemas.intake import ApplicationSupplemented, ApplicationWithdrawn
from schemas.refusals import Refused
from services.decisions.domain import cases
from services.decisions.domain.cases import Case, Judgement, Ruling
from services.decisions.reactions import _noted
from services.decisions.views import STATES
from tests.unit.given import fact, folded

PAGE: Final = Path(__file__).parents[2] / "docs" / "states.md"
REQUEST: Final = UUID("019b7a1e-8c00-7000-8000-000000000002")
YES, NOTHING = "yes", "–"
AFTER_THE_LAST_DAY: Final = date(2026, 12, 29)
Act = Callable[[Case], Sequence[Fact]]


@dataclass(frozen=True)
class State:
    """A column: what it is called, in Finnish too, and the facts that lead there from an opened case."""

    name: str
    finnish: str
    facts: tuple[Fact, ...] = ()
    late: bool = False

    def case(self) -> Case:
        """A partnership, so that an agreement can be signed of it."""
        state = folded(cases.evolve, None, fact(CaseOpened, basket="partnership", late=self.late), *self.facts)
        assert state is not None
        return state


_DECIDED = (fact(ProposalMade), fact(DecisionMade))
_NOTIFIED = (*_DECIDED, fact(DecisionDocumented), fact(DecisionNotified))
ALL_STATES: Final = (
    State("opened", "kirjattu"),
    State("opened late", "myöhässä saapunut", late=True),
    State("supplement requested", "täydennyspyyntö", (fact(SupplementRequested),)),
    State("proposed", "päätösehdotus", (fact(ProposalMade),)),
    State(
        "proposed late", "päätösehdotus, myöhässä", (fact(ProposalMade, outcome="not_examined", amount=0),), late=True
    ),
    State("transferred", "siirretty", (fact(CaseTransferred),)),
    State("withdrawn", "peruttu", (fact(CaseWithdrawn),)),
    State("decided", "päätetty", _DECIDED),
    State("notified", "tiedoksiannettu", _NOTIFIED),
    State("claimed", "oikaisuvaatimus vireillä", (*_NOTIFIED, fact(RectificationClaimed))),
    State("claimed late", "myöhästynyt oikaisuvaatimus", (*_NOTIFIED, fact(RectificationClaimed, in_time=False))),
    State("final", "lainvoimainen", (*_NOTIFIED, fact(DecisionBecameFinal))),
)
_PART = Ruling("board-9", "Hallitus", date(2026, 3, 24), "granted_in_part", 100_000, "Syyt", (), (date(2026, 4, 1),))
_NOT_EXAMINED = replace(_PART, outcome="not_examined", amount=0, payable_from=())
COMMANDS: Final[Mapping[str, Act]] = {
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
    "claim rectification (*oikaisuvaatimus*)": lambda case: cases.claim(case, REQUEST, date(2026, 12, 28), "Virhe"),
    "decide the claim: another sum": lambda case: cases.decide_claim(case, _PART, change=True),
    "decide the claim: the decision stands": lambda case: cases.decide_claim(case, _PART, change=False),
    "become final (*lainvoimaisuus*), the day after the last day for a claim": lambda case: cases.become_final(
        case, AFTER_THE_LAST_DAY
    ),
    "sign a partnership's agreement (*sopimus*)": lambda case: cases.sign_agreement(
        case, 3, without_money=False, terms="Sopimus"
    ),
    "recover (*takaisinperintä*)": lambda case: cases.recover(case, fact(RecoveryDecided), 10_000),
}


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
    table = {name: [tried(act, state) for state in ALL_STATES] for name, act in COMMANDS.items()}
    told = (cell for cell in chain.from_iterable(table.values()) if cell not in {YES, NOTHING})
    numbers = {reason: number for number, reason in enumerate(dict.fromkeys(told), 1)}
    lines = [
        "# What may be done with a case",
        "",
        INTRODUCTION,
        "",
        "| | " + " | ".join(f"{state.name} (*{state.finnish}*)" for state in ALL_STATES) + " |",
        "| --- |" + " --- |" * len(ALL_STATES),
    ]
    for name, cells in table.items():
        shown = (str(numbers.get(cell, cell)) for cell in cells)
        lines.append(f"| {name} | " + " | ".join(shown) + " |")
    lines += ["", "## Why not", "", *(f"{number}. {reason}" for reason, number in numbers.items())]
    return "\n".join(lines) + "\n"


def test_the_page_of_states_is_what_the_rules_do() -> None:
    written = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    assert written == page(), "docs/states.md is stale: python -m tests.tidy.test_states writes it anew"


@pytest.mark.parametrize("state", ALL_STATES, ids=lambda state: state.name)
def test_a_state_is_called_as_in_the_register(state: State) -> None:
    last = next((STATES[each.event_type] for each in reversed(state.facts) if each.event_type in STATES), "opened")
    assert state.name.removesuffix(" late").replace(" ", "_") == last


def test_every_state_of_the_register_has_its_column() -> None:
    shown = {state.name.removesuffix(" late").replace(" ", "_") for state in ALL_STATES}
    assert set(STATES.values()) - shown == {"in_preparation"}, "in preparation is as opened"


def main() -> None:
    """Writes the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
