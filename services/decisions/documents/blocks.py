"""Headings and blocks, which the template knows how to set, and how sums and dates are written in them.

A block is a `kind` and its content: prose (paragraphs), terms (pairs of term and paragraphs), numbered and bullets
(items of paragraphs), table (columns, rows). Every text passes through `characters`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_currency

from services.decisions.documents.characters import paragraphs
from services.decisions.documents.wording import Wording

Block = dict[str, Any]


def amount(cents: int, words: Wording) -> str:
    """Cents as 1 234,50 €, with spaces that do not break."""
    return format_currency(Decimal(cents) / 100, "EUR", locale=words.locale)


def day(value: date, words: Wording) -> str:
    """A date as 24.2.2026."""
    return format_date(value, "d.M.y", locale=words.locale)


def days(values: Iterable[date], words: Wording) -> str:
    """Dates as 31.8.2026 ja 31.1.2027."""
    return format_list([day(value, words) for value in values], locale=words.locale)


def heading(level: int, text: str) -> Block:
    """A heading; the document's own name is of level 1."""
    return {"kind": "heading", "level": level, "text": text}


def prose(text: str) -> Block:
    """Running text."""
    return {"kind": "prose", "paragraphs": paragraphs(text)}


def terms(pairs: Iterable[tuple[str, str]]) -> Block:
    """Pairs of a term and what stands for it here."""
    return {"kind": "terms", "items": [[term, paragraphs(text)] for term, text in pairs]}


def items(kind: str, texts: Iterable[str]) -> Block:
    """A list, `numbered` or in `bullets`."""
    return {"kind": kind, "items": [paragraphs(text) for text in texts]}
