"""The decision document (*päätös*): made of the ledger and the county's data, kept under its SHA-256, hashed into the
ledger with the notice that is given of it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any, Final, Literal

from pydantic import ValidationError

from schemas.county import County, Names, Text
from schemas.decisions import CallNoted, DecisionDocumented, DecisionNotified
from schemas.refusals import conflict, invalid, not_found
from services.decisions.documents import (
    DecisionDocument,
    DocumentError,
    Notice,
    Official,
    RectificationInstructions,
    Rule,
    render,
)
from services.decisions.domain.cases import Case
from services.ledger import Ledger
from services.web.clock import Clock

Language = Literal["fi", "sv"]
_KEEP: Final = """
INSERT INTO decision_document (sha256, content, stored_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""
_READ: Final = "SELECT content FROM decision_document WHERE sha256 = $1"
_TITLES: Final = {"fi": ("Valmistelija", "Päättäjä"), "sv": ("Beredare", "Beslutsfattare")}
_CONTENTS: Final = ("rectification-decision", "rectification-change", "rectification-grounds")


@dataclass(frozen=True, slots=True)
class Written:
    """A document's bytes, and the event that they are known by."""

    content: bytes
    fact: DecisionDocumented


class Documents:
    """Writes decision documents, keeps them, and gives them out again."""

    def __init__(self, ledger: Ledger, county: County, clock: Clock) -> None:
        self._ledger = ledger
        self._county = county
        self._clock = clock

    async def write(self, case: Case, call: CallNoted | None, notice: DecisionNotified, language: Language) -> Written:
        """The document of a case's decision, stored before anything names it. Raises Refused when there is no decision,
        or when a text in it cannot be printed.
        """
        try:
            content = await asyncio.to_thread(render, document_of(case, call, notice, language, self._county))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise invalid("document-impossible", f"the decision cannot be printed: {where}: {first['msg']}") from error
        except DocumentError as error:
            raise conflict("document-impossible", str(error)) from error
        digest = sha256(content).hexdigest()
        await self._ledger.pool.execute(_KEEP, digest, content, self._clock())
        fact = DecisionDocumented(
            application_id=case.opened.application_id, language=language, sha256=digest, size_bytes=len(content)
        )
        return Written(content, fact)

    async def read(self, case: Case, language: Language | None) -> bytes:
        """The document of which notice was given, in a language or in the one that there is. Raises Refused (not
        found).
        """
        found = case.documents.get(language) if language else next(iter(case.documents.values()), None)
        if found is None:
            raise not_found("such document of the decision")
        content = await self._ledger.pool.fetchval(_READ, found.sha256)
        assert sha256(content).hexdigest() == found.sha256, "the table refuses other content under this hash"
        return bytes(content)


def document_of(
    case: Case, call: CallNoted | None, notice: DecisionNotified, language: Language, county: County
) -> DecisionDocument:
    """What the document says, by the county's data as of the day of the decision; the same for the same case."""
    decision, opened = case.decision, case.opened
    if decision is None:
        raise conflict("not-decided", "there is no decision to write a document of")
    on = decision.decided_on
    basket = county.basket(opened.basket, on)
    conditions = (*decision.conditions, *_texts(county, () if basket is None else basket.conditions, on, language))
    preparer, decider = _TITLES[language]
    favourable = decision.outcome in {"granted", "granted_in_part"}
    reports = [] if call is None else [day for day in call.reports_due_on if day > on]
    return DecisionDocument(
        language=language, county=_said(county.identity(on).name, language), organ=decision.organ, decided_on=on,
        section=decision.section, diary_number=opened.diary_number, association_name=opened.association_name,
        association_id=opened.association_id,
        basket=opened.basket if basket is None else _said(basket.name, language),
        call=opened.call_id if call is None else call.title, purpose=opened.purpose, outcome=decision.outcome,
        applied=opened.applied, amount=decision.amount, instalments=decision.instalments, period=None,
        reasons=decision.reasons, conditions=conditions if favourable else decision.conditions,
        report_due=reports[0] if favourable and reports else None, rules=_rules(county, on, language),
        preparer=Official(name=case.proposal.person if case.proposal else decision.person, title=preparer),
        decision_maker=Official(name=decision.person, title=decider),
        contact=_text(county, "contact", on, language), notice=_notice(notice, county),
        rectification=_instructions(notice, county, language),
    )  # fmt: skip


def _notice(notice: DecisionNotified, county: County) -> Notice:
    days = county.deadline_rules(notice.sent_on).notice_days
    after = days.electronic if notice.manner == "electronic" else days.letter
    return Notice(manner=notice.manner, received_after_days=after)


def _instructions(notice: DecisionNotified, county: County, language: Language) -> RectificationInstructions:
    on = notice.sent_on
    rules = county.deadline_rules(on)
    return RectificationInstructions(
        who=_text(county, "rectification-who", on, language), days=rules.rectification_days,
        where=_text(county, "rectification-where", on, language),
        contents=tuple(_text(county, each, on, language) for each in _CONTENTS), closes_at=rules.registry_closes,
        last_day=notice.last_claim_day,
    )  # fmt: skip


def _rules(county: County, on: date, language: Language) -> tuple[Rule, ...]:
    text = county.text("decision-grounds", on)
    return () if text is None else (Rule(text=_said(text, language), unchecked=text.unchecked),)


def _texts(county: County, ids: Any, on: date, language: Language) -> tuple[str, ...]:
    return tuple(_said(text, language) for each in ids if (text := county.text(each, on)) is not None)


def _text(county: County, text_id: str, on: date, language: Language) -> str:
    """A text that documents cannot do without. Raises Refused when the county's data lack it."""
    text = county.text(text_id, on)
    if text is None:
        raise conflict("county-text-missing", f"texts.yaml of the county has no text {text_id} on {on:%-d.%-m.%Y}")
    return _said(text, language)


def _said(words: Names | Text, language: Language) -> str:
    """In Swedish where it was translated, else in Finnish."""
    return (words.sv or words.fi) if language == "sv" else words.fi
