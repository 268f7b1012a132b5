"""What the document of a decision on a grant holds, in order, as headings and blocks.

Every amount and date is written as Finland writes it, in both languages: 1 234,50 € and 24.2.2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.decisions.documents import parts
from services.decisions.documents.blocks import Block, amount, day, days, heading, items, prose, terms
from services.decisions.documents.model import DecisionDocument
from services.decisions.documents.wording import WORDING, Wording


def content(document: DecisionDocument) -> dict[str, Any]:
    """All that the template reads."""
    words = WORDING[document.language]
    return parts.framed(document, words.document, document.organ, _blocks(document, words))


def _blocks(document: DecisionDocument, words: Wording) -> Iterator[Block]:
    yield heading(1, words.document)
    yield heading(2, words.matter)
    yield terms(_matter(document, words))
    yield heading(2, words.decision)
    yield from _ruling(document, words)
    yield heading(2, words.reasons)
    yield prose(document.reasons)
    yield from parts.rules(document.rules, words)
    yield from parts.people(_people(document, words), words)
    yield from parts.notice(document, words)
    yield heading(2, words.rectification.heading)
    yield from parts.instructions(document.rectification, words.rectification, words, _closing(document, words))


def _matter(document: DecisionDocument, words: Wording) -> Iterator[tuple[str, str]]:
    yield from parts.matter(document, document.organ, words)
    yield words.applied, amount(document.applied, words)
    yield words.purpose, document.purpose


def _ruling(document: DecisionDocument, words: Wording) -> Iterator[Block]:
    if document.favourable and document.amount == 0:
        yield prose(words.without_money)
    else:
        yield prose(words.outcomes[document.outcome])
    granted = list(_granted(document, words))
    if granted:
        yield terms(granted)
    if document.instalments:
        yield heading(3, words.instalments)
        yield parts.instalments(document, words)
    if document.conditions:
        yield heading(3, words.conditions)
        yield items("numbered", document.conditions)
    if document.reports_due:
        one, many = words.reports_due
        yield heading(3, words.report)
        yield prose((one if len(document.reports_due) == 1 else many).format(days=days(document.reports_due, words)))


def _granted(document: DecisionDocument, words: Wording) -> Iterator[tuple[str, str]]:
    if document.amount:
        yield words.granted_sum, amount(document.amount, words)
    if document.period is not None:
        yield words.period, f"{day(document.period.first, words)}–{day(document.period.last, words)}"


def _people(document: DecisionDocument, words: Wording) -> Iterator[tuple[str, str]]:
    yield words.decision_maker, parts.named(document.decision_maker, words)
    yield words.preparer, parts.named(document.preparer, words)
    yield from parts.contact(document, words)


def _closing(document: DecisionDocument, words: Wording) -> str | None:
    at = document.rectification.closes_at
    return None if at is None else words.closes_at.format(time=f"{at:%H.%M}")
