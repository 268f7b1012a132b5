"""What the documents of a case say, by the county's data; the same for the same case."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import count, takewhile
from typing import Final

from schemas.county import County, Text
from schemas.decisions import CallNoted, DecisionMade, DecisionNotified, RectificationNotified
from schemas.refusals import conflict
from schemas.validity import Names
from services.decisions.documents import (
    ClaimDocument,
    ClaimedDecision,
    DecisionDocument,
    GrantPeriod,
    Instructions,
    Language,
    MadeClaim,
    Notice,
    Official,
    RectificationInstructions,
    Rule,
    without_citations,
)
from services.decisions.domain import claims
from services.decisions.domain.cases import Case

_TITLES: Final = {"fi": ("Valmistelija", "Päättäjä"), "sv": ("Beredare", "Beslutsfattare")}
_CONTENTS: Final = ("rectification-decision", "rectification-change", "rectification-grounds")


def document_of(
    case: Case, call: CallNoted | None, notice: DecisionNotified, language: Language, county: County
) -> DecisionDocument:
    """The document of the decision on the grant, by the county's data as of the day of the decision. Raises Refused
    when there is no decision, or the county's texts lack what it says.
    """
    decision, opened = case.decision, case.opened
    if decision is None:
        raise conflict("not-decided", "there is no decision to write a document of")
    on = decision.decided_on
    basket = county.basket(opened.basket, on)
    conditions = (*decision.conditions, *_texts(county, () if basket is None else basket.conditions, on, language))
    preparer, decider = _TITLES[language]
    favourable = decision.outcome in {"granted", "granted_in_part"}
    reports = () if call is None else tuple(day for day in call.reports_due_on if day > on)
    return DecisionDocument(
        language=language, county=_said(county.identity(on).name, language),
        organ=_organ(county, decision.organ, on, language), decided_on=on, section=decision.section,
        diary_number=opened.diary_number, association_name=opened.association_name,
        association_id=opened.association_id, basket=_basket(case, county, on, language),
        call=opened.call_id if call is None else call.title, purpose=opened.purpose, outcome=decision.outcome,
        applied=opened.applied, amount=decision.amount, instalments=decision.instalments,
        period=_period(decision),
        reasons=decision.reasons, conditions=conditions if favourable else decision.conditions,
        reports_due=reports if favourable else (),
        rules=_rules(
            county, on, language, aid=case.aid and decision.amount > 0, examined=decision.outcome != "not_examined"
        ),
        preparer=Official(name=case.proposal.person if case.proposal else decision.person, title=preparer),
        decision_maker=Official(name=decision.person, title=decider, stands_in_for=decision.on_behalf_of),
        contact=_text(county, "contact", on, language), notice=_notice(notice, county),
        rectification=_rectification(notice, county, language),
    )  # fmt: skip


def _period(decision: DecisionMade) -> GrantPeriod | None:
    if decision.use_from is None or decision.use_until is None:
        return None
    return GrantPeriod(first=decision.use_from, last=decision.use_until)


def claim_document_of(
    case: Case, call: CallNoted | None, notice: RectificationNotified, language: Language, county: County
) -> ClaimDocument:
    """The document of the last decision on a claim, by the county's data as of the day of that decision. What was not
    examined rests on the time limit alone, so the criteria of grants are not named. Raises Refused when no claim was
    decided, or the county's texts lack what it says.
    """
    decided, opened = claims.claim_to_notify(case), case.opened
    on = decided.decided_on
    return ClaimDocument(
        language=language, county=_said(county.identity(on).name, language),
        organ=None if decided.organ is None else _organ(county, decided.organ, on, language), decided_on=on,
        section=decided.section, diary_number=opened.diary_number, association_name=opened.association_name,
        association_id=opened.association_id, basket=_basket(case, county, on, language),
        call=opened.call_id if call is None else call.title, claimed_against=_claimed_against(case, county, language),
        claim=_claim(case), outcome=decided.outcome, previous_amount=decided.previous_amount, amount=decided.amount,
        instalments=decided.instalments, reasons=decided.reasons,
        rules=() if decided.outcome == "not_examined" else _rules(
            county, on, language, aid=case.aid and decided.amount > 0
        ),
        decision_maker=Official(
            name=decided.person, title=_TITLES[language][1], stands_in_for=decided.on_behalf_of
        ),
        contact=_text(county, "contact", on, language), notice=_notice(notice, county),
        appeal=_appeal(notice, county, language),
    )  # fmt: skip


def _claimed_against(case: Case, county: County, language: Language) -> ClaimedDecision:
    decision = case.decision
    assert decision is not None, "a claim is made against a decision"
    organ = _organ(county, decision.organ, decision.decided_on, language)
    return ClaimedDecision(organ=organ, decided_on=decision.decided_on, section=decision.section)


def _claim(case: Case) -> MadeClaim:
    claim, notified = case.claim_answered, case.notified
    assert claim is not None, "a decision on a claim answers one"
    assert notified is not None, "a claim is made against a decision of which notice was given"
    return MadeClaim(
        received_on=claim.received_on, last_day=notified.last_claim_day, in_time=claim.in_time, grounds=claim.grounds
    )


def _organ(county: County, name: str, on: date, language: Language) -> str:
    """A body's name in the document's language; as it was recorded where the county has no such body."""
    organ = county.organ(name, on)
    return name if organ is None else _said(organ.name, language)


def _basket(case: Case, county: County, on: date, language: Language) -> str:
    basket = county.basket(case.opened.basket, on)
    return case.opened.basket if basket is None else _said(basket.name, language)


def _notice(notice: DecisionNotified | RectificationNotified, county: County) -> Notice:
    days = county.deadline_rules(notice.sent_on).notice_days
    after = days.electronic if notice.manner == "electronic" else days.letter
    return Notice(manner=notice.manner, received_after_days=after, received_on=notice.received_on)


def _rectification(notice: DecisionNotified, county: County, language: Language) -> RectificationInstructions:
    on = notice.sent_on
    rules = county.deadline_rules(on)
    return RectificationInstructions(
        who=_text(county, "rectification-who", on, language), days=rules.rectification_days,
        where=_text(county, "rectification-where", on, language),
        contents=tuple(_text(county, each, on, language) for each in _CONTENTS), closes_at=rules.registry_closes,
        last_day=notice.last_claim_day,
    )  # fmt: skip


def _appeal(notice: RectificationNotified, county: County, language: Language) -> Instructions:
    on = notice.sent_on
    first, *others = takewhile(
        lambda each: each == "appeal-contents-1" or county.text(each, on) is not None,
        (f"appeal-contents-{number}" for number in count(1)),
    )
    return Instructions(
        who=_text(county, "appeal-who", on, language), days=county.deadline_rules(on).appeal_days,
        where=_text(county, "appeal-where", on, language),
        contents=tuple(_text(county, each, on, language) for each in (first, *others)),
        last_day=notice.last_appeal_day,
    )  # fmt: skip


def _rules(county: County, on: date, language: Language, *, aid: bool, examined: bool = True) -> tuple[Rule, ...]:
    """What the decision rests on: what was not examined, on the time limit alone. Who gets de minimis aid is told so
    (Regulation (EU) 2023/2831).
    """
    grounds = "decision-grounds" if examined else "not-examined-late"
    texts = (county.text(each, on) for each in (grounds, *(["de-minimis-aid"] if aid else [])))
    return tuple(Rule(text=_said(text, language), unchecked=text.unchecked) for text in texts if text is not None)


def _texts(county: County, ids: Iterable[str], on: date, language: Language) -> tuple[str, ...]:
    return tuple(_printed(text, language) for each in ids if (text := county.text(each, on)) is not None)


def _text(county: County, text_id: str, on: date, language: Language) -> str:
    """A text that documents cannot do without. Raises Refused when the county's data lack it."""
    text = county.text(text_id, on)
    if text is None:
        raise conflict("county-text-missing", f"texts.yaml of the county has no text {text_id} on {on:%-d.%-m.%Y}")
    return _printed(text, language)


def _printed(text: Text, language: Language) -> str:
    """A text as it is printed: an unchecked one without the statutes that it cites. Raises Refused where it cannot be
    parted from them.
    """
    said = _said(text, language)
    shown = without_citations(said) if text.unchecked else said
    if shown is None:
        raise conflict("county-text-unchecked", f"the text {text.id} in texts.yaml of the county cites a statute, and "
                       "is unchecked: have it checked, or put what it cites in brackets")  # fmt: skip
    return shown


def _said(words: Names | Text, language: Language) -> str:
    """In Swedish where it was translated, else in Finnish."""
    return (words.sv or words.fi) if language == "sv" else words.fi
