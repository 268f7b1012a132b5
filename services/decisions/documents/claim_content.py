"""What the document of a decision on a claim for rectification holds, in order, as headings and blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.decisions.documents import parts
from services.decisions.documents.blocks import Block, amount, day, heading, prose, terms
from services.decisions.documents.claim_model import ClaimDocument
from services.decisions.documents.claim_wording import CLAIM_WORDING, ClaimWording
from services.decisions.documents.wording import WORDING, Wording


def claim_content(document: ClaimDocument) -> dict[str, Any]:
    """All that the template reads."""
    words, own = WORDING[document.language], CLAIM_WORDING[document.language]
    return parts.framed(document, own.document, document.organ, _blocks(document, words, own))


def _blocks(document: ClaimDocument, words: Wording, own: ClaimWording) -> Iterator[Block]:
    yield heading(1, own.document)
    yield heading(2, words.matter)
    yield terms(parts.matter(document, document.organ, words))
    yield heading(2, own.claimed_against)
    yield terms(_claimed_against(document, words))
    yield heading(2, own.claim)
    yield from _claim(document, words, own)
    yield heading(2, words.decision)
    yield from _ruling(document, words, own)
    yield heading(2, words.reasons)
    yield prose(document.reasons)
    yield from parts.rules(document.rules, words)
    yield from parts.people(_people(document, words), words)
    yield from parts.notice(document, words)
    yield heading(2, own.appeal.heading)
    yield prose(own.court)
    yield from parts.instructions(document.appeal, own.appeal, words)


def _claimed_against(document: ClaimDocument, words: Wording) -> Iterator[tuple[str, str]]:
    decision = document.claimed_against
    yield words.organ, decision.organ
    yield words.decided_on, day(decision.decided_on, words)
    if decision.section is not None:
        yield words.section, f"{decision.section} §"


def _claim(document: ClaimDocument, words: Wording, own: ClaimWording) -> Iterator[Block]:
    claim = document.claim
    came = [own.in_time if claim.in_time else own.late]
    if not claim.in_time and claim.received_on <= claim.last_day:
        came.append(own.after_closing)
    yield terms(
        [
            (own.received_on, day(claim.received_on, words)),
            (own.last_day, day(claim.last_day, words)),
            (own.arrival, " ".join(came)),
            (own.grounds, claim.grounds),
        ]
    )


def _ruling(document: ClaimDocument, words: Wording, own: ClaimWording) -> Iterator[Block]:
    yield prose(own.outcomes[document.outcome])
    sums = list(_sums(document, words, own))
    if sums:
        yield terms(sums)
    if document.outcome == "changed" and document.amount == 0:
        yield prose(own.nothing_granted)
    if document.instalments:
        yield heading(3, words.instalments)
        yield prose(own.instalments_replaced)
        yield parts.instalments(document, words)


def _sums(document: ClaimDocument, words: Wording, own: ClaimWording) -> Iterator[tuple[str, str]]:
    if document.outcome == "changed":
        yield own.sum_before, amount(document.previous_amount, words)
        yield own.sum_after, amount(document.amount, words)
    elif document.amount:
        yield own.sum_in_force, amount(document.amount, words)


def _people(document: ClaimDocument, words: Wording) -> Iterator[tuple[str, str]]:
    yield words.decision_maker, parts.named(document.decision_maker, words)
    yield from parts.contact(document, words)
