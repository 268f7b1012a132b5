"""A call takes what arrives up to the end of its closing minute, by the clock of Helsinki."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from schemas.calls import CallTerms
from schemas.facts import Fact
from schemas.intake import CallAmended, CallPublished
from schemas.words import Words
from services.intake.domain import calls
from services.intake.domain.calls import Call
from tests.unit.given import county, fact, folded, refused

OPENS, CLOSES = datetime(2025, 12, 15, 6, 0, tzinfo=UTC), datetime(2026, 1, 16, 14, 0, tzinfo=UTC)
LABEL = {"fi": "Kysymys"}
A = {"choice_id": "a", "label": LABEL}
TEXT = {"question_id": "q", "kind": "text", "label": LABEL}
NUMBER, MONEY, DAY = ({**TEXT, "kind": kind} for kind in ("number", "money", "date"))
CHOICE = {**TEXT, "kind": "choice", "choices": [A, {"choice_id": "b", "label": LABEL}]}
CRITERION = {"criterion_id": "impact", "label": LABEL, "weight": 1}
ASKED = {"kind": "annual-accounts", "label": LABEL}


@pytest.mark.parametrize(
    ("moment", "late"),
    [
        ("2026-01-16T15:59:59.999999+02:00", False),
        ("2026-01-16T16:00:00+02:00", False),
        ("2026-01-16T16:00:59.999999+02:00", False),
        ("2026-01-16T14:00:59.999999+00:00", False),
        ("2026-01-16T16:01:00+02:00", True),
        ("2026-01-17T00:00:00+02:00", True),
    ],
)
def test_the_closing_minute_belongs_to_the_call(moment: str, late: bool) -> None:
    call = Call(fact(CallPublished))
    assert call.is_late(datetime.fromisoformat(moment)) is late
    assert call.is_open(datetime.fromisoformat(moment)) is not late


def test_a_call_is_not_open_before_its_moment() -> None:
    call = Call(fact(CallPublished))
    assert not call.is_open(OPENS.replace(hour=5, minute=59, second=59))
    assert call.is_open(OPENS)


def test_a_continuous_call_is_never_late() -> None:
    call = Call(fact(CallPublished, kind="continuous", closes_at=None))
    assert call.is_open(datetime(2099, 1, 1, tzinfo=UTC))


def test_a_call_is_published_once() -> None:
    call = fact(CallPublished)
    assert calls.publish(None, call) == [call]
    with refused("call-exists"):
        calls.publish(calls.evolve(None, call), call)


def told(**changed: Any) -> list[tuple[str, str]]:
    """What is wrong with the sample call when it is changed so."""
    found = calls.problems(fact(CallPublished, **changed), county(), date(2025, 12, 15))
    return [(each.slug, each.field) for each in found]


def test_the_sample_call_has_no_problem() -> None:
    assert told() == []


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"closes_at": None}, [("round-without-end", "/closes_at")]),
        ({"closes_at": OPENS}, [("closes-before-it-opens", "/closes_at")]),
        ({"closes_at": OPENS.replace(hour=5)}, [("closes-before-it-opens", "/closes_at")]),
        ({"basket": "lottery"}, [("unknown-basket", "/basket")]),
        ({"kind": "negotiated"}, [("kind-not-of-basket", "/kind")]),
        ({"applicants": ["district"]}, [("nobody-may-apply", "/applicants")]),
        ({"questions": [TEXT, TEXT]}, [("id-twice", "/questions/1/question_id")]),
        ({"questions": [{**NUMBER, "minimum": 3, "maximum": 2}]}, [("limits-crossed", "/questions/0")]),
        (
            {"questions": [{**MONEY, "minimum": "0.03 EUR", "maximum": "0.02 EUR"}]},
            [("limits-crossed", "/questions/0")],
        ),
        (
            {"questions": [{**DAY, "earliest": "2026-02-02", "latest": "2026-02-01"}]},
            [("limits-crossed", "/questions/0")],
        ),
        ({"questions": [{**CHOICE, "choices": [A, A]}]}, [("id-twice", "/questions/0/choices/1/choice_id")]),
        ({"criteria": [CRITERION, CRITERION]}, [("id-twice", "/criteria/1/criterion_id")]),
        ({"attachments": [ASKED, ASKED]}, [("id-twice", "/attachments/1/kind")]),
        ({"payable_from": ["2026-04-01", "2026-03-01"]}, [("days-out-of-order", "/payable_from/1")]),
        ({"payable_from": ["2026-04-01", "2026-04-01"]}, [("days-out-of-order", "/payable_from/1")]),
        ({"reports_due_on": ["2026-11-30", "2026-12-31", "2026-06-30"]}, [("days-out-of-order", "/reports_due_on/2")]),
        ({"reports_due_on": ["2025-12-15"]}, [("report-before-opening", "/reports_due_on/0")]),
        (
            {"attachments": [{**ASKED, "later_until": "2026-01-16"}]},
            [("later-than-closing", "/attachments/0/later_until")],
        ),
    ],
)
def test_each_contradiction_of_a_call_is_told_with_its_field(
    changed: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert told(**changed) == found


def amended(now: datetime, **changed: Any) -> list[Fact]:
    terms = CallTerms.model_validate(
        {name: getattr(fact(CallPublished), name) for name in CallTerms.model_fields} | changed
    )
    return calls.amend(Call(fact(CallPublished)), terms, Words(fi="Haku jatkuu."), now)


WHILE_OPEN = datetime(2026, 1, 10, 8, 0, tzinfo=UTC)


def test_an_open_call_is_amended_and_its_version_moves_on() -> None:
    later = CLOSES + timedelta(days=7)
    (change,) = amended(WHILE_OPEN, closes_at=later)
    assert isinstance(change, CallAmended)
    assert (change.call_version, change.closes_at, change.basket) == (2, later, "operating")
    state = folded(calls.evolve, None, fact(CallPublished), change)
    assert state is not None
    assert (state.version, state.is_late(CLOSES + timedelta(minutes=1))) == (2, False)


def test_a_closed_call_is_not_amended() -> None:
    with refused("call-closed"):
        amended(CLOSES + timedelta(minutes=1), title="Uusi")


@pytest.mark.parametrize(("name", "value"), [("basket", "theme"), ("year", 2027), ("kind", "continuous")])
def test_what_a_call_is_does_not_change(name: str, value: object) -> None:
    with refused("fixed-term", "invalid", f"/{name}"):
        amended(WHILE_OPEN, **{name: value})


def test_an_open_call_neither_opens_anew_nor_closes_in_the_past_nor_stays_the_same() -> None:
    with refused("opened-already", "invalid", "/opens_at"):
        amended(WHILE_OPEN, opens_at=WHILE_OPEN)
    with refused("closes-in-the-past", "invalid", "/closes_at"):
        amended(WHILE_OPEN, closes_at=WHILE_OPEN - timedelta(minutes=1))
    with refused("nothing-changes"):
        amended(WHILE_OPEN)
