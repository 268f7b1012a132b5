"""A decision says from when to when the grant may be used, and its document says so too."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from schemas.catalogue import read
from schemas.decisions import CaseOpened, DecisionMade, ProposalMade
from schemas.samples import SAMPLES
from services.decisions.domain import cases
from services.decisions.domain.cases import Case, Ruling
from services.decisions.handlers.cases import MakeDecision
from tests.unit.given import fact, folded, refused

USE = (date(2026, 1, 1), date(2026, 12, 31))
RULING = Ruling(
    "board-1", "Aluehallitus", date(2026, 2, 24), "granted", 200_000, "Syyt", (), (date(2026, 4, 1),), use=USE
)
SENT = {
    "outcome": "granted", "amount": "2000.00 EUR", "reasons": "Syyt", "organ": "hyte-johtaja",
    "payable_from": ["2026-04-01"],
}  # fmt: skip


def proposed() -> Case:
    state = folded(cases.evolve, None, fact(CaseOpened), fact(ProposalMade))
    assert state is not None
    return state


def decided(ruling: Ruling) -> DecisionMade:
    [made] = cases.decide(proposed(), ruling)
    assert isinstance(made, DecisionMade)
    return made


def test_a_decision_has_its_time_of_use_or_none() -> None:
    made = decided(RULING)
    assert (made.use_from, made.use_until) == USE
    without = decided(replace(RULING, use=None))
    assert (without.use_from, without.use_until) == (None, None)


def test_a_time_of_use_of_one_day_is_one() -> None:
    assert decided(replace(RULING, use=(USE[0], USE[0]))).use_until == USE[0]


def test_a_time_of_use_runs_forward_and_belongs_to_what_is_granted() -> None:
    with refused("period-backwards", "invalid", "/use_until"):
        decided(replace(RULING, use=(USE[1], USE[0])))
    with refused("nothing-to-use", "invalid", "/use_from"):
        decided(replace(RULING, outcome="rejected", amount=0, payable_from=()))


@pytest.mark.parametrize(
    ("sent", "missing"), [({"use_from": "2026-01-01"}, "/use_until"), ({"use_until": "2026-01-01"}, "/use_from")]
)
def test_half_a_time_of_use_is_refused_with_the_end_that_is_missing(sent: dict[str, str], missing: str) -> None:
    made = MakeDecision.model_validate({**SENT, **sent})
    with refused("half-a-period", "invalid", missing):
        _ = made.use
    assert MakeDecision.model_validate({**SENT, "use_from": "2026-01-01", "use_until": "2026-12-31"}).use == USE
    assert MakeDecision.model_validate(SENT).use is None


def test_a_decision_of_the_first_contract_has_no_time_of_use() -> None:
    first = read("decision.made", 1, dict(SAMPLES["decision.made", 1]))
    assert isinstance(first, DecisionMade)
    assert (first.use_from, first.use_until) == (None, None)
