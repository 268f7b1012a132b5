"""Answers to a call's own questions, and the attachments that it asks for: what is wrong or missing in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from schemas.calls import (
    Answer,
    AnyQuestion,
    AskedAttachment,
    AttachedFile,
    CallTerms,
    ChoiceQuestion,
    DateQuestion,
    FileQuestion,
    MoneyQuestion,
    NumberQuestion,
    TextQuestion,
)
from schemas.money import cents, euros
from schemas.refusals import Refused, invalid

_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def answer_problems(terms: CallTerms, answers: Sequence[Answer], attached: frozenset[UUID]) -> Iterator[Refused]:
    """What is wrong in the answers, each with a pointer; `attached` are the ids of the application's attachments."""
    questions = {question.question_id: question for question in terms.questions}
    seen: set[str] = set()
    for index, answer in enumerate(answers):
        pointer = f"/answers/{index}"
        question = questions.get(answer.question_id)
        if question is None:
            yield invalid(
                "unknown-question", f"the call has no question {answer.question_id}", f"{pointer}/question_id"
            )
        elif answer.question_id in seen:
            yield invalid("answered-twice", f"{answer.question_id} is answered once", f"{pointer}/question_id")
        else:
            expected = _expectation(question, answer.value, attached)
            if expected is not None:
                yield invalid("answer-does-not-fit", expected, f"{pointer}/value")
        seen.add(answer.question_id)
    for question in terms.questions:
        if question.required and question.question_id not in seen:
            yield invalid("answer-missing", f"the question {question.question_id} needs an answer: {question.label.fi}",
                          "/answers")  # fmt: skip


def attachment_problems(asked: Sequence[AskedAttachment], files: Sequence[AttachedFile], on: date) -> Iterator[Refused]:
    """Attachments that the call requires by `on` (Helsinki date) and that are not there. One that may follow later is
    not missing before its last day has passed.
    """
    kinds = {file.kind for file in files}
    for each in asked:
        waits = each.later_until is not None and on <= each.later_until
        if each.required and each.kind not in kinds and not waits:
            yield invalid("attachment-missing", f"the call asks for the attachment {each.kind}: {each.label.fi}",
                          "/attachments")  # fmt: skip


def still_awaited(asked: Sequence[AskedAttachment], kinds: Container[str]) -> list[AskedAttachment]:
    """The required attachments that may follow later and have not come yet: none of the `kinds` that are there."""
    return [each for each in asked if each.required and each.later_until is not None and each.kind not in kinds]


def _expectation(question: AnyQuestion, value: Any, attached: frozenset[UUID]) -> str | None:
    """What would be right, when the value does not fit the question."""
    return _EXPECTATIONS[type(question)](question, value, attached)


def _text(question: TextQuestion, value: Any, _attached: frozenset[UUID]) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return "the answer is text"
    if len(value) > question.length_max:
        return f"the answer has at most {question.length_max} characters"
    return None


def _number(question: NumberQuestion, value: Any, _attached: frozenset[UUID]) -> str | None:
    if not isinstance(value, int):
        return "the answer is a whole number"
    return _within(value, question.minimum, question.maximum, str)


def _money(question: MoneyQuestion, value: Any, _attached: frozenset[UUID]) -> str | None:
    try:
        amount = cents(value)
    except (TypeError, ValueError):
        return 'the answer is an amount such as "1234.50 EUR"'
    if amount < 0:
        return "the answer is 0.00 EUR or more"
    return _within(amount, question.minimum, question.maximum, euros)


def _date(question: DateQuestion, value: Any, _attached: frozenset[UUID]) -> str | None:
    try:
        if not _ISO_DATE.fullmatch(value):
            raise ValueError(value)
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        return "the answer is a date such as 2026-01-31"
    return _within(day, question.earliest, question.latest, date.isoformat)


def _choice(question: ChoiceQuestion, value: Any, _attached: frozenset[UUID]) -> str | None:
    known = [choice.choice_id for choice in question.choices]
    chosen = list(value) if isinstance(value, tuple) and question.several else [value]
    if not chosen or any(each not in known for each in chosen) or len(set(chosen)) != len(chosen):
        some = "a list of some of" if question.several else "one of"
        return f"the answer is {some} {', '.join(known)}"
    return None


def _file(_question: FileQuestion, value: Any, attached: frozenset[UUID]) -> str | None:
    if not isinstance(value, str) or value not in {str(each) for each in attached}:
        return "the answer is the id of one of the application's attachments"
    return None


def _within(value: Any, low: Any, high: Any, show: Callable[[Any], str]) -> str | None:
    if low is not None and value < low:
        return f"the answer is {show(low)} or more"
    if high is not None and value > high:
        return f"the answer is {show(high)} or less"
    return None


_EXPECTATIONS: Final[Mapping[type, Callable[[Any, Any, frozenset[UUID]], str | None]]] = {
    TextQuestion: _text,
    NumberQuestion: _number,
    MoneyQuestion: _money,
    DateQuestion: _date,
    ChoiceQuestion: _choice,
    FileQuestion: _file,
}
