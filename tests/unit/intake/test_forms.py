"""Answers fit the questions of their call, and attachments are there when they have to be."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from schemas.calls import Answer, AskedAttachment, AttachedFile, CallTerms
from schemas.intake import CallPublished
from schemas.samples import SAMPLES
from services.intake.domain import forms
from tests.unit.given import fact

LABEL = {"fi": "Kysymys"}
FILE = UUID("019b7a1e-8c00-7000-8000-000000000002")
OTHER = UUID("019b7a1e-8c00-7000-8000-000000000003")
CHOICES = [{"choice_id": name, "label": LABEL} for name in ("a", "b", "c")]
ONE = {"kind": "choice", "choices": CHOICES}
SEVERAL = {**ONE, "several": True}
LATER = date(2026, 4, 30)


def terms(*questions: dict[str, Any]) -> CallTerms:
    asked = [{"question_id": f"q-{number}", "label": LABEL, **each} for number, each in enumerate(questions)]
    return fact(CallPublished, questions=asked)


def wrong(question: dict[str, Any], value: Any) -> list[tuple[str, str, str]]:
    """What is wrong with a value as the only answer."""
    answer = Answer.model_validate({"question_id": "q-0", "value": value})
    found = forms.answer_problems(terms(question), [answer], frozenset({FILE}))
    return [(each.slug, each.field, each.detail) for each in found]


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ({"kind": "text"}, "x"),
        ({"kind": "text"}, "x" * 4000),
        ({"kind": "text", "length_max": 3}, "äöå"),
        ({"kind": "number"}, 0),
        ({"kind": "number"}, -(10**12)),
        ({"kind": "number", "minimum": 1, "maximum": 3}, 1),
        ({"kind": "number", "minimum": 1, "maximum": 3}, 3),
        ({"kind": "number", "minimum": 0, "maximum": 0}, 0),
        ({"kind": "money"}, "0.00 EUR"),
        ({"kind": "money", "minimum": "1.00 EUR", "maximum": "2.00 EUR"}, "1.00 EUR"),
        ({"kind": "money", "minimum": "1.00 EUR", "maximum": "2.00 EUR"}, "2.00 EUR"),
        ({"kind": "money", "minimum": "0.00 EUR", "maximum": "0.00 EUR"}, "0.00 EUR"),
        ({"kind": "date"}, "2028-02-29"),
        ({"kind": "date", "earliest": "2026-01-01", "latest": "2026-12-31"}, "2026-01-01"),
        ({"kind": "date", "earliest": "2026-01-01", "latest": "2026-12-31"}, "2026-12-31"),
        (ONE, "a"),
        (SEVERAL, "a"),
        (SEVERAL, ["b"]),
        (SEVERAL, ["c", "a", "b"]),
        ({"kind": "file"}, str(FILE)),
    ],
)
def test_an_answer_that_fits_has_no_problem_and_limits_are_inclusive(question: dict[str, Any], value: Any) -> None:
    assert wrong(question, value) == []


@pytest.mark.parametrize(
    ("question", "value", "right"),
    [
        ({"kind": "text"}, 5, "the answer is text"),
        ({"kind": "text"}, ["a"], "the answer is text"),
        ({"kind": "text"}, "", "the answer is text"),
        ({"kind": "text"}, " \n\t", "the answer is text"),
        ({"kind": "text", "length_max": 3}, "abcd", "the answer has at most 3 characters"),
        ({"kind": "number"}, "5", "the answer is a whole number"),
        ({"kind": "number"}, "", "the answer is a whole number"),
        ({"kind": "number"}, ["a"], "the answer is a whole number"),
        ({"kind": "number", "minimum": 1}, 0, "the answer is 1 or more"),
        ({"kind": "number", "maximum": 3}, 4, "the answer is 3 or less"),
        ({"kind": "number", "minimum": 0, "maximum": 0}, -1, "the answer is 0 or more"),
        ({"kind": "money"}, 500, 'the answer is an amount such as "1234.50 EUR"'),
        ({"kind": "money"}, "500", 'the answer is an amount such as "1234.50 EUR"'),
        ({"kind": "money"}, "5,00 EUR", 'the answer is an amount such as "1234.50 EUR"'),
        ({"kind": "money"}, ["a"], 'the answer is an amount such as "1234.50 EUR"'),
        ({"kind": "money"}, "-0.01 EUR", "the answer is 0.00 EUR or more"),
        ({"kind": "money", "minimum": "1.00 EUR"}, "0.99 EUR", "the answer is 1.00 EUR or more"),
        ({"kind": "money", "maximum": "2.00 EUR"}, "2.01 EUR", "the answer is 2.00 EUR or less"),
        ({"kind": "money", "maximum": "0.00 EUR"}, "0.01 EUR", "the answer is 0.00 EUR or less"),
        ({"kind": "date"}, "2027-02-29", "the answer is a date such as 2026-01-31"),
        ({"kind": "date"}, "31.1.2026", "the answer is a date such as 2026-01-31"),
        ({"kind": "date"}, "20260131", "the answer is a date such as 2026-01-31"),
        ({"kind": "date"}, "2026-W05-6", "the answer is a date such as 2026-01-31"),
        ({"kind": "date"}, 20260131, "the answer is a date such as 2026-01-31"),
        ({"kind": "date"}, ["2026-01-31"], "the answer is a date such as 2026-01-31"),
        ({"kind": "date", "earliest": "2026-01-01"}, "2025-12-31", "the answer is 2026-01-01 or more"),
        ({"kind": "date", "latest": "2026-12-31"}, "2027-01-01", "the answer is 2026-12-31 or less"),
        (ONE, "d", "the answer is one of a, b, c"),
        (ONE, 1, "the answer is one of a, b, c"),
        (ONE, ["a"], "the answer is one of a, b, c"),
        (SEVERAL, [], "the answer is a list of some of a, b, c"),
        (SEVERAL, ["a", "d"], "the answer is a list of some of a, b, c"),
        (SEVERAL, ["a", "a"], "the answer is a list of some of a, b, c"),
        ({"kind": "file"}, str(OTHER), "the answer is the id of one of the application's attachments"),
        ({"kind": "file"}, "tilinpaatos.pdf", "the answer is the id of one of the application's attachments"),
        ({"kind": "file"}, 1, "the answer is the id of one of the application's attachments"),
    ],
)  # fmt: skip
def test_an_answer_that_does_not_fit_is_told_what_would(question: dict[str, Any], value: Any, right: str) -> None:
    assert wrong(question, value) == [("answer-does-not-fit", "/answers/0/value", right)]


def test_what_must_be_answered_is_missed_and_what_may_be_is_not() -> None:
    asked = terms({"kind": "text", "required": True}, {"kind": "text"}, {"kind": "number", "required": True})
    [first, second] = forms.answer_problems(asked, [], frozenset())
    assert (first.slug, first.field) == ("answer-missing", "/answers")
    assert first.detail == "the question q-0 needs an answer: Kysymys"
    assert second.detail == "the question q-2 needs an answer: Kysymys"
    answers = [Answer(question_id="q-2", value=0), Answer(question_id="q-0", value="x")]
    assert list(forms.answer_problems(asked, answers, frozenset())) == []


def test_an_answer_to_no_question_and_a_second_answer_are_each_told_with_their_place() -> None:
    answers = [
        Answer(question_id="q-0", value="x"),
        Answer(question_id="colour", value="blue"),
        Answer(question_id="q-0", value="y"),
    ]
    found = list(forms.answer_problems(terms({"kind": "text"}), answers, frozenset()))
    assert [(each.slug, each.field) for each in found] == [
        ("unknown-question", "/answers/1/question_id"),
        ("answered-twice", "/answers/2/question_id"),
    ]


def test_a_wrong_answer_to_a_required_question_is_not_missing_too() -> None:
    found = forms.answer_problems(
        terms({"kind": "number", "required": True}), [Answer(question_id="q-0", value="x")], frozenset()
    )
    assert [each.slug for each in found] == ["answer-does-not-fit"]


# --- attachments ---------------------------------------------------------------------------------------------


def asked(kind: str, **changed: Any) -> AskedAttachment:
    return AskedAttachment.model_validate({"kind": kind, "label": LABEL, **changed})


def file(kind: str) -> AttachedFile:
    sample = SAMPLES["attachment.stored", 1]["file"]
    return AttachedFile.model_validate({**sample, "kind": kind})


def missing(wanted: AskedAttachment, *files: AttachedFile, on: date = LATER) -> list[tuple[str, str]]:
    return [(each.slug, each.field) for each in forms.attachment_problems([wanted], files, on)]


def test_a_required_attachment_is_missed_until_one_of_its_kind_is_there() -> None:
    wanted = asked("rules")
    assert missing(wanted) == [("attachment-missing", "/attachments")]
    assert missing(wanted, file("plan")) == [("attachment-missing", "/attachments")]
    assert missing(wanted, file("plan"), file("rules")) == []
    assert missing(asked("rules", required=False)) == []


def test_the_missing_attachment_is_named() -> None:
    [told] = forms.attachment_problems([asked("rules")], [], LATER)
    assert told.detail == "the call asks for the attachment rules: Kysymys"


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (date(2026, 1, 16), []),
        (date(2026, 4, 29), []),
        (date(2026, 4, 30), []),
        (date(2026, 5, 1), [("attachment-missing", "/attachments")]),
    ],
)
def test_what_may_follow_is_missed_only_once_its_last_day_is_over(day: date, told: list[tuple[str, str]]) -> None:
    assert missing(asked("accounts", later_until=LATER), on=day) == told
    assert missing(asked("accounts", later_until=LATER), file("accounts"), on=day) == []
    assert missing(asked("accounts", later_until=LATER, required=False), on=day) == []


def test_what_is_still_awaited_is_what_is_required_may_follow_and_has_not_come() -> None:
    wanted = [
        asked("rules"),
        asked("accounts", later_until=LATER),
        asked("audit", later_until=LATER),
        asked("photo", later_until=LATER, required=False),
    ]
    assert [each.kind for each in forms.still_awaited(wanted, ())] == ["accounts", "audit"]
    assert [each.kind for each in forms.still_awaited(wanted, {"audit"})] == ["accounts"]
    assert forms.still_awaited(wanted, {"audit", "accounts"}) == []
