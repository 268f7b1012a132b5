"""The parts that the document of a decision on a grant and that of one on a claim have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from services.decisions.documents.blocks import Block, amount, day, heading, items, prose, terms
from services.decisions.documents.characters import printable
from services.decisions.documents.model import CaseDocument, Instructions, Official, Rule
from services.decisions.documents.rules import without_citations
from services.decisions.documents.wording import InstructionWords, Wording


def framed(document: CaseDocument, name: str, organ: str | None, blocks: Iterable[Block]) -> dict[str, Any]:
    """All that the template reads: the file's title, author and date, what heads each page, and the blocks."""
    decided_on = document.decided_on
    return {
        "language": document.language,
        "title": printable(f"{name} {document.diary_number}, {document.association_name}"),
        "author": printable(document.county if organ is None else f"{document.county}, {organ}"),
        "date": {"year": decided_on.year, "month": decided_on.month, "day": decided_on.day},
        "running": printable(document.diary_number),
        "blocks": list(blocks),
    }


def matter(document: CaseDocument, organ: str | None, words: Wording) -> Iterator[tuple[str, str]]:
    """Who decided, when and where, on whose application, in which call."""
    yield words.county, document.county
    if organ is not None:
        yield words.organ, organ
    yield words.decided_on, day(document.decided_on, words)
    if document.section is not None:
        yield words.section, f"{document.section} §"
    yield words.diary_number, document.diary_number
    yield words.applicant, document.association_name
    yield words.business_id, document.association_id
    yield words.basket, document.basket
    yield words.call, document.call


def instalments(document: CaseDocument, words: Wording) -> Block:
    """The instalments as a table, with their sum in its last row."""
    rows = [
        [str(each.number), amount(each.amount, words), day(each.payable_from, words)] for each in document.instalments
    ]
    total = amount(sum(each.amount for each in document.instalments), words)
    return {
        "kind": "table",
        "columns": [words.instalment, words.instalment_sum, words.payable_from],
        "rows": [*rows, [words.instalments_total, total, ""]],
    }


def rules(listed: Iterable[Rule], words: Wording) -> Iterator[Block]:
    """What the decision rests on; what nobody read in the statute stands apart, without the statute's number."""
    found = list(listed)
    checked = [rule.text for rule in found if not rule.unchecked]
    unchecked = [without_citations(rule.text) for rule in found if rule.unchecked]
    for title, texts in ((words.rules, checked), (words.instructions, [text for text in unchecked if text])):
        if texts:
            yield heading(2, title)
            yield items("bullets", texts)


def named(official: Official, words: Wording) -> str:
    """A person with their title, and for whom they stood in."""
    if official.stands_in_for is None:
        return f"{official.name}, {official.title}"
    return words.stand_in.format(name=official.name, title=official.title, principal=official.stands_in_for)


def notice(document: CaseDocument, words: Wording) -> Iterator[Block]:
    """How notice is given, and when it counts as received."""
    given = document.notice
    told = [words.manners[given.manner].format(days=given.received_after_days)]
    if given.received_on is not None:
        told.append(words.received_on.format(day=day(given.received_on, words)))
    yield heading(2, words.notice)
    yield prose(" ".join(told))


def contact(document: CaseDocument, words: Wording) -> Iterator[tuple[str, str]]:
    """Who tells more."""
    yield words.contact, document.contact


def instructions(
    given: Instructions, own: InstructionWords, words: Wording, closing: str | None = None
) -> Iterator[Block]:
    """How the decision is attacked: who may, within which time, where, and what is told. `closing` says when on the
    last day the time is out.
    """
    yield heading(3, own.who)
    yield prose(given.who)
    yield heading(3, own.within)
    yield prose(" ".join(_time_limit(given, own, words, closing)))
    yield heading(3, own.where)
    yield prose(given.where)
    yield heading(3, own.contents)
    yield items("bullets", given.contents)


def _time_limit(given: Instructions, own: InstructionWords, words: Wording, closing: str | None) -> Iterator[str]:
    one, many = own.days
    yield (one if given.days == 1 else many).format(days=given.days)
    yield words.not_counted
    yield own.closed_days
    if closing is not None:
        yield closing
    if given.last_day is not None:
        yield own.last_day.format(day=day(given.last_day, words))


def people(pairs: Iterable[tuple[str, str]], words: Wording) -> Iterator[Block]:
    """Who decided, and who tells more."""
    yield heading(2, words.people)
    yield terms(pairs)
