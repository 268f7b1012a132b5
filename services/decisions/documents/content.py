"""What the document holds, in order, as headings and blocks that the template knows how to set.

A block is a `kind` and its content: prose (paragraphs), terms (pairs of term and paragraphs), numbered and bullets
(items of paragraphs), table (columns, rows, total). Every text has passed through `characters`; every amount and date
is written as Finland writes it, in both languages: 1 234,50 € and 24.2.2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency

from services.decisions.documents.characters import paragraphs, printable
from services.decisions.documents.model import DecisionDocument, Official
from services.decisions.documents.rules import without_citations
from services.decisions.documents.wording import WORDING, Wording

Block = dict[str, Any]


def content(document: DecisionDocument) -> dict[str, Any]:
    """All that the template reads."""
    words = WORDING[document.language]
    return {
        "language": document.language,
        "title": printable(f"{words.document} {document.diary_number}, {document.association_name}"),
        "author": printable(f"{document.county}, {document.organ}"),
        "date": {"year": document.decided_on.year, "month": document.decided_on.month, "day": document.decided_on.day},
        "running": printable(document.diary_number),
        "blocks": list(_blocks(document, words)),
    }


def amount(cents: int, words: Wording) -> str:
    """Cents as 1 234,50 €, with spaces that do not break."""
    return format_currency(Decimal(cents) / 100, "EUR", locale=words.locale)


def day(value: date, words: Wording) -> str:
    """A date as 24.2.2026."""
    return format_date(value, "d.M.y", locale=words.locale)


def _blocks(document: DecisionDocument, words: Wording) -> Iterator[Block]:
    yield _heading(1, words.document)
    yield _heading(2, words.matter)
    yield _terms(_matter(document, words))
    yield _heading(2, words.decision)
    yield from _ruling(document, words)
    yield _heading(2, words.reasons)
    yield _prose(document.reasons)
    yield from _rules(document, words)
    yield _heading(2, words.people)
    yield _terms(_people(document, words))
    yield _heading(2, words.notice)
    yield _prose(words.manners[document.notice.manner].format(days=document.notice.received_after_days))
    yield _heading(2, words.rectification)
    yield from _rectification(document, words)


def _matter(document: DecisionDocument, words: Wording) -> Iterator[tuple[str, str]]:
    yield words.county, document.county
    yield words.organ, document.organ
    yield words.decided_on, day(document.decided_on, words)
    if document.section is not None:
        yield words.section, f"{document.section} §"
    yield words.diary_number, document.diary_number
    yield words.applicant, document.association_name
    yield words.business_id, document.association_id
    yield words.basket, document.basket
    yield words.call, document.call
    yield words.applied, amount(document.applied, words)
    yield words.purpose, document.purpose


def _ruling(document: DecisionDocument, words: Wording) -> Iterator[Block]:
    if document.favourable and document.amount == 0:
        yield _prose(words.without_money)
    else:
        yield _prose(words.outcomes[document.outcome])
    terms = list(_granted(document, words))
    if terms:
        yield _terms(terms)
    if document.instalments:
        yield _heading(3, words.instalments)
        yield _instalments(document, words)
    if document.conditions:
        yield _heading(3, words.conditions)
        yield _items("numbered", document.conditions)
    if document.report_due is not None:
        yield _heading(3, words.report)
        yield _prose(words.report_due.format(day=day(document.report_due, words)))


def _granted(document: DecisionDocument, words: Wording) -> Iterator[tuple[str, str]]:
    if document.amount:
        yield words.granted_sum, amount(document.amount, words)
    if document.period is not None:
        yield words.period, f"{day(document.period.first, words)}–{day(document.period.last, words)}"


def _instalments(document: DecisionDocument, words: Wording) -> Block:
    rows = [
        [str(each.number), amount(each.amount, words), day(each.payable_from, words)] for each in document.instalments
    ]
    return {
        "kind": "table",
        "columns": [words.instalment, words.instalment_sum, words.payable_from],
        "rows": [*rows, [words.instalments_total, amount(document.amount, words), ""]],
    }


def _rules(document: DecisionDocument, words: Wording) -> Iterator[Block]:
    checked = [rule.text for rule in document.rules if not rule.unchecked]
    unchecked = [without_citations(rule.text) for rule in document.rules if rule.unchecked]
    for heading, texts in ((words.rules, checked), (words.instructions, [text for text in unchecked if text])):
        if texts:
            yield _heading(2, heading)
            yield _items("bullets", texts)


def _people(document: DecisionDocument, words: Wording) -> Iterator[tuple[str, str]]:
    yield words.decision_maker, _named(document.decision_maker)
    yield words.preparer, _named(document.preparer)
    yield words.contact, document.contact


def _named(official: Official) -> str:
    return f"{official.name}, {official.title}"


def _rectification(document: DecisionDocument, words: Wording) -> Iterator[Block]:
    instructions = document.rectification
    yield _heading(3, words.who)
    yield _prose(instructions.who)
    yield _heading(3, words.within)
    yield _prose(" ".join(_time_limit(document, words)))
    yield _heading(3, words.where)
    yield _prose(instructions.where)
    yield _heading(3, words.contents)
    yield _items("bullets", instructions.contents)


def _time_limit(document: DecisionDocument, words: Wording) -> Iterator[str]:
    instructions = document.rectification
    one, many = words.days
    yield (one if instructions.days == 1 else many).format(days=instructions.days)
    yield words.not_counted
    yield words.closed_days
    if instructions.closes_at is not None:
        yield words.closes_at.format(time=f"{instructions.closes_at:%H.%M}")
    if instructions.last_day is not None:
        yield words.last_day.format(day=day(instructions.last_day, words))


def _heading(level: int, text: str) -> Block:
    return {"kind": "heading", "level": level, "text": text}


def _prose(text: str) -> Block:
    return {"kind": "prose", "paragraphs": paragraphs(text)}


def _terms(pairs: Iterable[tuple[str, str]]) -> Block:
    return {"kind": "terms", "items": [[term, paragraphs(text)] for term, text in pairs]}


def _items(kind: str, texts: Iterable[str]) -> Block:
    return {"kind": kind, "items": [paragraphs(text) for text in texts]}
