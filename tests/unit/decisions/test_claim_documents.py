"""The document of a decision on a claim: what it says of a case in both languages, its form, its bytes, and that no
text of the claimant's or the county's breaks it.
"""

from __future__ import annotations

import unicodedata
from datetime import date
from functools import cache
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.county import County
from schemas.decisions import (
    CallNoted,
    CaseOpened,
    DecisionMade,
    DecisionNotified,
    DeMinimisAssessed,
    ProposalMade,
    RectificationClaimed,
    RectificationDecided,
    RectificationNotified,
)
from schemas.facts import Fact
from schemas.refusals import Refused
from services.decisions.documents import ClaimDocument, render
from services.decisions.domain import cases, claims
from services.decisions.domain.cases import Case
from services.decisions.handlers.printing import claim_document_of, document_of
from tests.unit.decisions.test_documents import catalogue_and_metadata, pages, structure, text
from tests.unit.given import county, fact, folded, refused

Language = Literal["fi", "sv"]
BOARD = "Hyvinvoinnin ja terveyden edistämisen lautakunta"
NOTIFIED = fact(DecisionNotified, sent_on="2026-02-25", received_on="2026-02-28", last_claim_day="2026-03-16")
MADE = fact(
    DecisionMade, organ=BOARD, section=7, decided_on="2026-02-24", person="board-1", outcome="granted_in_part",
    amount="1500.00 EUR", instalments=[{"number": 1, "amount": "1500.00 EUR", "payable_from": "2026-04-01"}],
)  # fmt: skip
IN_TIME = fact(RectificationClaimed, received_on="2026-03-10", in_time=True, grounds="Summa luettiin väärin.")
LATE = fact(RectificationClaimed, received_on="2026-03-17", in_time=False, grounds="Emme ehtineet ajoissa.")
CHANGED = fact(
    RectificationDecided, outcome="changed", previous_amount="1500.00 EUR", amount="1600.00 EUR",
    instalments=[
        {"number": 1, "amount": "1000.00 EUR", "payable_from": "2026-05-01"},
        {"number": 2, "amount": "600.00 EUR", "payable_from": "2026-09-01"},
    ],
    reasons="Summa korjataan.", decided_on="2026-03-24", person="board-2", organ=BOARD, section=4,
)  # fmt: skip
NOTHING: dict[str, Any] = {"amount": "0.00 EUR", "instalments": []}
STANDS: dict[str, Any] = {"amount": "1500.00 EUR", "instalments": []}
OUTCOMES: dict[str, tuple[RectificationClaimed, dict[str, Any]]] = {
    "changed": (IN_TIME, {}),
    "changed to nothing": (IN_TIME, NOTHING),
    "upheld": (IN_TIME, {"outcome": "upheld", **STANDS}),
    "late": (LATE, {"outcome": "not_examined", **STANDS}),
}
NOTICE = fact(RectificationNotified, manner="letter", sent_on="2026-03-25", received_on="2026-04-01",
              last_appeal_day="2026-05-04")  # fmt: skip


def case(claim: RectificationClaimed = IN_TIME, decided: Fact = CHANGED, made: Fact = MADE) -> Case:
    """A case whose claim was decided."""
    facts = (fact(CaseOpened), fact(ProposalMade), made, NOTIFIED, claim, decided)
    state: Case | None = folded(cases.evolve, None, *facts)
    assert state is not None
    return state


def changed(**values: Any) -> RectificationDecided:
    """The decision on the claim, with these fields changed."""
    return RectificationDecided.model_validate({**CHANGED.model_dump(mode="json"), **values})


def document(state: Case, language: Language = "fi", texts: County | None = None) -> ClaimDocument:
    return claim_document_of(state, fact(CallNoted), NOTICE, language, texts or county())


@cache
def printed(outcome: str, language: Language) -> str:
    claim, values = OUTCOMES[outcome]
    return text(render(document(case(claim, changed(**values)), language)))


def county_with(**changes: dict[str, Any] | None) -> County:
    """North Karelia with some texts changed, or left out where the change is None. Underscores stand for hyphens."""
    by_id = {name.replace("_", "-"): change for name, change in changes.items()}
    texts = tuple(
        each if each.id not in by_id else each.model_copy(update=by_id[each.id] or {})
        for each in county().texts
        if by_id.get(each.id, each) is not None
    )
    return county().model_copy(update={"texts": texts})


EVERY: dict[str, tuple[str, str]] = {
    "its name": ("Päätös oikaisuvaatimukseen Asia ja hakija", "Beslut om begäran om omprövning Ärende och sökande"),
    "authority": ("Viranomainen: Pohjois-Karjalan hyvinvointialue", "Myndighet: Norra Karelens välfärdsområde"),
    "body": (f"viranhaltija: {BOARD} Päätöksen", "beslutet: Nämnden för främjande av välfärd och hälsa Beslutsdatum"),
    "date and section": ("päivämäärä: 24.3.2026 Pykälä: 4 §", "Beslutsdatum: 24.3.2026 Paragraf: 4 §"),
    "diary number": ("Diaarinumero: 17/02.05.01.00/2026", "Diarienummer: 17/02.05.01.00/2026"),
    "applicant": ("Hakija: Esimerkkiyhdistys ry Y-tunnus: 2050864-5", "Sökande: Esimerkkiyhdistys ry FO-nummer"),
    "call": ("Haku: Toiminta-avustukset 2026", "Ansökningsomgång: Toiminta-avustukset 2026"),
    "decision claimed against": (
        (
            f"Päätös, johon vaaditaan oikaisua Päätöksen tehnyt toimielin tai viranhaltija: {BOARD} "
            "Päätöksen päivämäärä: 24.2.2026 Pykälä: 7 §"
        ),
        (
            "Beslut som begäran om omprövning gäller Organ eller tjänsteinnehavare som fattat beslutet: "
            "Nämnden för främjande av välfärd och hälsa Beslutsdatum: 24.2.2026 Paragraf: 7 §"
        ),
    ),
    "last day for a claim": (
        "Oikaisuvaatimuksen viimeinen päivä: 16.3.2026",
        "Sista dag för begäran om omprövning: 16.3.2026",
    ),
    "reasons": ("Perustelut Summa korjataan.", "Motivering Summa korjataan."),
    "who decided": ("Päätöksentekijä: board-2, Päättäjä Lisätietoja", "Beslutsfattare: board-2, Beslutsfattare Mer"),
    "contact": ("Lisätietoja antaa: Pohjois-Karjalan", "Mer information ges av: Norra Karelens"),
    "notice": (
        (
            "kirjeellä. Tiedoksianto katsotaan saaduksi 7. päivänä kirjeen lähettämisestä. Päätös katsotaan saaduksi "
            "tiedoksi 1.4.2026."
        ),
        (
            "per brev. Delgivningen anses ha skett på dag 7 efter det att brevet sändes. Beslutet anses ha delgetts "
            "den 1.4.2026."
        ),
    ),
    "court": (
        (
            "Valitusosoitus Tähän päätökseen haetaan muutosta valittamalla hallinto-oikeuteen. Kuka saa valittaa "
            "Valittaa saa se, joka teki oikaisuvaatimuksen."
        ),
        (
            "Besvärsanvisning Ändring i detta beslut söks genom besvär hos förvaltningsdomstolen. Vem som får anföra "
            "besvär Besvär får anföras av den som begärde omprövning."
        ),
    ),
    "time to appeal": (
        "Valitusaika Valitus on tehtävä 30 päivän kuluessa päätöksen tiedoksisaannista. Tiedoksisaantipäivää ei lueta",
        "Besvärstid Besvär ska anföras inom 30 dagar från delfåendet av beslutet. Dagen för delfåendet räknas inte",
    ),
    "last day to appeal": (
        "valituksen saa tehdä ensimmäisenä arkipäivänä sen jälkeen. Valitusajan viimeinen päivä on 4.5.2026.",
        "första vardagen därefter. Den sista dagen för besvär är 4.5.2026.",
    ),
    "where": (
        "Mihin valitus toimitetaan Valitus tehdään kirjallisesti Itä-Suomen hallinto-oikeudelle.",
        "Vart besvären lämnas Besvär anförs skriftligen hos Östra Finlands förvaltningsdomstol.",
    ),
    "what the appeal holds": (
        "Valituksessa on ilmoitettava • Päätös, johon haetaan muutosta • Miltä osin",
        "I besvären ska anges • Det beslut i vilket ändring söks • Till vilka delar",
    ),
}
OWN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "changed": (
        (
            "Saapunut: 10.3.2026",
            (
                "Määräaika: Oikaisuvaatimus on saapunut määräajassa. Oikaisuvaatimuksen perustelut: "
                "Summa luettiin väärin."
            ),
            (
                "Päätös Päätöstä muutetaan oikaisuvaatimuksen johdosta. Avustus ennen muutosta: 1\u00a0500,00\u00a0€ "
                "Avustus muutoksen jälkeen: 1\u00a0600,00\u00a0€ Maksuerät Nämä maksuerät korvaavat aiemmat maksuerät."
            ),
            "1 1\u00a0000,00\u00a0€ 1.5.2026 2 600,00\u00a0€ 1.9.2026 Yhteensä 1\u00a0600,00\u00a0€",
            "Sovelletut säännökset ja määräykset • Hyvinvointialueen järjestöavustusten periaatteet",
        ),
        (
            "Inkommen: 10.3.2026",
            (
                "Tidsfrist: Begäran om omprövning har kommit in inom tidsfristen. Grunder för begäran "
                "om omprövning: Summa luettiin väärin."
            ),
            (
                "Beslut Beslutet ändras med anledning av begäran om omprövning. Understöd före ändringen: "
                "1\u00a0500,00\u00a0€ Understöd efter ändringen: 1\u00a0600,00\u00a0€ Betalningsposter Dessa "
                "betalningsposter ersätter de tidigare betalningsposterna."
            ),
            "1 1\u00a0000,00\u00a0€ 1.5.2026 2 600,00\u00a0€ 1.9.2026 Sammanlagt 1\u00a0600,00\u00a0€",
            "Tillämpade bestämmelser • Välfärdsområdets principer",
        ),
    ),
    "changed to nothing": (
        ("Avustus muutoksen jälkeen: 0,00\u00a0€ Avustusta ei myönnetä. Perustelut",),
        ("Understöd efter ändringen: 0,00\u00a0€ Inget understöd beviljas. Motivering",),
    ),
    "upheld": (
        ("Oikaisuvaatimus hylätään. Päätöstä ei muuteta. Avustus, joka jää voimaan: 1\u00a0500,00\u00a0€ Perustelut",),
        ("Begäran om omprövning avslås. Beslutet ändras inte. Understöd som förblir i kraft: 1\u00a0500,00\u00a0€",),
    ),
    "late": (
        (
            "Saapunut: 17.3.2026",
            "Määräaika: Oikaisuvaatimus on saapunut määräajan jälkeen. Oikaisuvaatimuksen",
            "Oikaisuvaatimus jätetään tutkimatta, koska se on saapunut määräajan jälkeen.",
        ),
        (
            "Inkommen: 17.3.2026",
            "Tidsfrist: Begäran om omprövning har kommit in efter tidsfristens utgång. Grunder",
            "lämnas utan prövning, eftersom den har kommit in efter tidsfristens utgång.",
        ),
    ),
}
ABSENT = {
    "changed": ("jää voimaan", "hylätään", "tutkimatta", "sijaisena", "förblir i kraft", "avslås", "utan prövning"),
    "changed to nothing": ("Maksuerät", "jää voimaan", "Betalningsposter", "förblir i kraft"),
    "upheld": ("Maksuerät", "muutoksen jälkeen", "tutkimatta", "Betalningsposter", "efter ändringen"),
    "late": ("Maksuerät", "Sovelletut", "sulkemisen jälkeen", "Betalningsposter", "Tillämpade", "hade stängt"),
}


@pytest.mark.parametrize("part", EVERY)
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_part_that_every_decision_on_a_claim_holds_is_printed(outcome: str, part: str) -> None:
    finnish, swedish = EVERY[part]
    assert finnish in printed(outcome, "fi")
    assert swedish in printed(outcome, "sv")


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_outcome_says_when_the_claim_came_what_is_decided_and_nothing_else(outcome: str) -> None:
    for language, parts in zip(("fi", "sv"), OWN[outcome], strict=True):
        shown = printed(outcome, language)
        assert [part for part in parts if part not in shown] == []
        assert [word for word in ABSENT[outcome] if word in shown] == []


def test_a_claim_that_came_on_the_last_day_after_the_registry_had_closed_is_told_apart() -> None:
    closing = RectificationClaimed.model_validate({**LATE.model_dump(mode="json"), "received_on": "2026-03-16"})
    state = case(closing, changed(outcome="not_examined", **STANDS))
    assert "Se saapui viimeisenä päivänä kirjaamon sulkemisen jälkeen." in text(render(document(state)))
    assert "Den kom in den sista dagen efter att registratorskontoret hade stängt." in text(
        render(document(state, "sv"))
    )


def test_a_stand_in_decides_by_name_for_whom() -> None:
    state = case(decided=changed(on_behalf_of="board-9"))
    assert "Päätöksentekijä: board-2, Päättäjä, sijaisena (sijaistettava board-9)" in text(render(document(state)))
    shown = text(render(document(state, "sv")))
    assert "Beslutsfattare: board-2, Beslutsfattare, som ställföreträdare för board-9" in shown


def test_the_decision_document_names_for_whom_a_stand_in_decided_and_the_body_in_its_language() -> None:
    made = DecisionMade.model_validate({**MADE.model_dump(mode="json"), "on_behalf_of": "board-9"})
    state = case(made=made)
    finnish = text(render(document_of(state, None, NOTIFIED, "fi", county())))
    assert "Päätöksentekijä: board-1, Päättäjä, sijaisena (sijaistettava board-9)" in finnish
    assert f"viranhaltija: {BOARD}" in finnish
    assert "Päätös katsotaan saaduksi tiedoksi 28.2.2026." in finnish
    swedish = text(render(document_of(state, None, NOTIFIED, "sv", county())))
    assert "board-1, Beslutsfattare, som ställföreträdare för board-9" in swedish
    assert "Nämnden för främjande av välfärd och hälsa" in swedish


def test_a_body_that_the_county_does_not_have_is_named_as_recorded_and_one_not_recorded_not_at_all() -> None:
    unknown = text(render(document(case(decided=changed(organ="Entinen lautakunta")), "sv")))
    assert "fattat beslutet: Entinen lautakunta Beslutsdatum: 24.3.2026" in unknown
    state = case(decided=changed(organ=None, meeting_id=None, section=None))
    made = render(document(state))
    assert "hyvinvointialue Päätöksen päivämäärä: 24.3.2026 Diaarinumero" in text(made)
    _, about = catalogue_and_metadata(made)
    assert about["/Author"] == "Pohjois-Karjalan hyvinvointialue"


@pytest.mark.parametrize(
    ("language", "said", "title", "organ"),
    [
        ("fi", "fi-FI", "Päätös oikaisuvaatimukseen", f"Pohjois-Karjalan hyvinvointialue, {BOARD}"),
        ("sv", "sv-FI", "Beslut om begäran om omprövning",
         "Norra Karelens välfärdsområde, Nämnden för främjande av välfärd och hälsa"),
    ],
)  # fmt: skip
def test_the_file_says_its_form_language_title_author_and_date(
    language: Language, said: str, title: str, organ: str
) -> None:
    root, about = catalogue_and_metadata(render(document(case(), language)))
    assert (about["/Title"], about["/Author"]) == (f"{title} 17/02.05.01.00/2026, Esimerkkiyhdistys ry", organ)
    assert about["/CreationDate"] == about["/ModDate"] == "D:20260324000000Z"
    assert root["/Lang"] == said
    xmp = root["/Metadata"].get_object().get_data().decode()
    for identifier in ("pdfaid:part>2<", "pdfaid:conformance>A<", "pdfuaid:part>1<"):
        assert identifier in xmp


def test_headings_lists_and_the_table_are_tagged() -> None:
    kinds = structure(render(document(case())))
    assert [kinds.count(kind) for kind in ("/H1", "/H2", "/H3", "/Table", "/TH", "/TD")] == [1, 9, 5, 1, 3, 9]
    late = structure(render(document(case(LATE, changed(outcome="not_examined", **STANDS)))))
    assert [late.count(kind) for kind in ("/H1", "/H2", "/H3", "/Table")] == [1, 8, 4, 0]


def test_the_same_case_gives_the_same_bytes() -> None:
    assert render(document(case())) == render(document(case()))
    assert render(document(case())) != render(document(case(decided=changed(section=5))))


@pytest.mark.parametrize(
    "hostile",
    [
        "#panic(1) #read(\"/etc/passwd\") #eval('1')",
        "$x^2$ *strong* _emphasis_ `raw` <label> @reference",
        "= heading",
        "// comment /* comment */",
        "{braces} {day} {0} %s ${name} [brackets]",
        '"}, {"kind": "heading", "level": 9}',
        "Ääkköset, Ǯǯ, Кириллица, Ελληνικά",
    ],
)
def test_hostile_text_is_printed_as_it_is_wherever_it_stands(hostile: str) -> None:
    claim = RectificationClaimed.model_validate({**IN_TIME.model_dump(mode="json"), "grounds": hostile})
    whole = document(case(claim, changed(reasons=hostile, organ=hostile)))
    said = {
        "county": hostile, "call": hostile, "basket": hostile, "contact": hostile, "association_name": hostile,
        "claimed_against": {**whole.claimed_against.model_dump(mode="json"), "organ": hostile},
        "decision_maker": {"name": hostile, "title": hostile, "stands_in_for": hostile},
        "appeal": {**whole.appeal.model_dump(mode="json"), "who": hostile, "where": hostile, "contents": [hostile]},
    }  # fmt: skip
    made = ClaimDocument.model_validate({**whole.model_dump(mode="json"), **said})
    shown = unicodedata.normalize("NFC", "".join(text(render(made)).split()))
    assert shown.count(unicodedata.normalize("NFC", "".join(hostile.split()))) == 15


def test_long_texts_flow_over_pages_and_control_characters_are_shown() -> None:
    grounds = ("Sana vain. " * 400)[:3980] + "\u0007\u001b\u0085loppu"
    claim = RectificationClaimed.model_validate({**IN_TIME.model_dump(mode="json"), "grounds": grounds})
    made = render(document(case(claim, changed(reasons="W" * 3995 + "\u000bloppu"[:5]))))
    shown = pages(made)
    assert len(shown) > 3
    assert [page.splitlines()[0] for page in shown] == [
        f"17/02.05.01.00/2026 {number} ({len(shown)})" for number in range(1, len(shown) + 1)
    ]
    words = text(made)
    assert "[U+0007][U+001B][U+0085]loppu" in "".join(words.split())
    assert "[U+000B]lopp" in words


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=300))
@settings(max_examples=40, deadline=None)
def test_whatever_a_claimant_writes_can_be_printed(words: str) -> None:
    grounds = f"x{words}"
    claim = RectificationClaimed.model_validate({**IN_TIME.model_dump(mode="json"), "grounds": grounds})
    assert render(document(case(claim))).startswith(b"%PDF-1.7")


@pytest.mark.parametrize("missing", ["appeal_who", "appeal_where", "appeal_contents_1", "contact"])
def test_a_text_that_the_county_lacks_is_refused_with_its_name(missing: str) -> None:
    with pytest.raises(Refused) as caught:
        document(case(), texts=county_with(**{missing: None}))
    assert caught.value.slug == "county-text-missing"
    day = "24.3.2026" if missing == "contact" else "25.3.2026"
    assert caught.value.detail == f"texts.yaml of the county has no text {missing.replace('_', '-')} on {day}"


def test_what_the_appeal_holds_is_read_in_order_to_the_first_number_that_is_not_there() -> None:
    shorter = document(case(), texts=county_with(appeal_contents_3=None))
    assert [each[:5] for each in shorter.appeal.contents] == ["Päätö", "Miltä"]
    assert len(document(case()).appeal.contents) == 6


def test_an_unchecked_text_never_prints_the_statute_that_it_cites() -> None:
    cited = {"fi": "Valittaa saa asianosainen (hallintolaki 21 §)."}
    made = document(case(), texts=county_with(appeal_who=cited))
    assert made.appeal.who == "Valittaa saa asianosainen."
    checked = document(case(), texts=county_with(appeal_who={**cited, "unchecked": False}))
    assert checked.appeal.who == "Valittaa saa asianosainen (hallintolaki 21 §)."
    with refused("county-text-unchecked"):
        document(case(), texts=county_with(appeal_who={"fi": "Hallintolain 21 §:n mukaan valittaa saa asianosainen."}))


def test_the_countys_texts_say_no_section_number() -> None:
    for language in ("fi", "sv"):
        state = case(LATE, changed(outcome="not_examined", section=None, **STANDS),
                     DecisionMade.model_validate({**MADE.model_dump(mode="json"), "section": None}))  # fmt: skip
        assert "§" not in text(render(document(state, language)))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"outcome": "not_examined", "amount": "1500.00 EUR", "instalments": []}, "a claim that came in time"),
        ({"outcome": "upheld"}, "outcome upheld changes nothing: amount stays 1500.00 EUR, without instalments"),
        ({"instalments": []}, "they add up to amount, 1600.00 EUR"),
        ({"claim": {"received_on": "2026-03-17", "last_day": "2026-03-16", "in_time": True, "grounds": "x"}},
         "the last day was 2026-03-16"),
        ({"claim": {"received_on": "2026-03-17", "last_day": "2026-03-16", "in_time": False, "grounds": "x"}},
         "a late claim is not_examined"),
    ],
)  # fmt: skip
def test_a_document_that_contradicts_itself_is_refused(values: dict[str, Any], told: str) -> None:
    whole = document(case()).model_dump(mode="json")
    with pytest.raises(ValidationError) as caught:
        ClaimDocument.model_validate({**whole, **values})
    assert told in str(caught.value)


def test_no_document_is_written_before_a_claim_is_decided() -> None:
    state: Case | None = folded(cases.evolve, None, fact(CaseOpened), fact(ProposalMade), MADE, NOTIFIED, IN_TIME)
    assert state is not None
    with refused("claim-not-decided"):
        document(state)


@pytest.mark.parametrize(
    ("language", "told"),
    [("fi", "Avustus on vähämerkityksistä tukea eli de minimis -tukea."), ("sv", "det vill säga de minimis-stöd.")],
)
def test_who_gets_de_minimis_aid_is_told_so_in_both_documents(language: Language, told: str) -> None:
    found = fact(DeMinimisAssessed)
    for aid in (True, False):
        facts = (fact(CaseOpened), fact(ProposalMade), MADE, found.model_copy(update={"aid": aid}), NOTIFIED)
        decided: Case | None = folded(cases.evolve, None, *facts)
        claimed: Case | None = folded(cases.evolve, None, *facts, IN_TIME, CHANGED)
        assert decided is not None
        assert claimed is not None
        made = render(document_of(decided, None, NOTIFIED, language, county()))
        changed_to = render(claim_document_of(claimed, None, NOTICE, language, county()))
        assert [told in text(each) for each in (made, changed_to)] == [aid, aid]
        assert not any("2023/2831" in text(each) for each in (made, changed_to))


def test_a_swedish_document_says_in_swedish_what_the_county_says() -> None:
    granted: Case | None = folded(cases.evolve, None, fact(CaseOpened), fact(ProposalMade), MADE, NOTIFIED)
    assert granted is not None
    said = text(render(document_of(granted, None, NOTIFIED, "sv", county())))
    for part in ("Verksamhetsunderstöd", "bedrivs helt i Norra Karelen.", "kan särskiljas i föreningens bokföring."):
        assert part in said


@pytest.mark.parametrize(
    ("language", "late", "criteria"),
    [
        ("fi", "Hakemus saapui hakuajan päätyttyä.", "arviointiperusteet"),
        ("sv", "Ansökan kom in efter ansökningstidens utgång.", "bedömningsgrunder"),
    ],
)
def test_what_was_not_examined_rests_on_the_time_limit_alone(language: Language, late: str, criteria: str) -> None:
    nothing = {"outcome": "not_examined", "amount": 0, "instalments": (), "use_from": None, "use_until": None}
    made = MADE.model_copy(update=nothing)
    opened = fact(CaseOpened).model_copy(update={"late": True})
    unexamined: Case | None = folded(cases.evolve, None, opened, fact(ProposalMade), made, NOTIFIED)
    granted: Case | None = folded(cases.evolve, None, fact(CaseOpened), fact(ProposalMade), MADE, NOTIFIED)
    assert unexamined is not None
    assert granted is not None
    for state, rests_on, not_on in ((unexamined, late, criteria), (granted, criteria, late)):
        said = text(render(document_of(state, None, NOTIFIED, language, county())))
        assert rests_on in said
        assert not_on not in said


# --- when nobody can attack the decision any more ------------------------------------------------------------


def test_a_late_claim_leaves_the_days_to_appeal_against_an_examined_one_as_they_are() -> None:
    facts = (fact(CaseOpened), fact(ProposalMade), MADE, NOTIFIED, IN_TIME, CHANGED, NOTICE)
    late = changed(outcome="not_examined", claim_id="019b7a1e-8c00-7000-8000-000000000077", previous_amount=160_000,
                   amount=160_000, instalments=[])  # fmt: skip
    told = RectificationNotified.model_validate({**NOTICE.model_dump(mode="json"), "last_appeal_day": "2026-06-01"})
    for more in ((LATE,), (LATE, late), (LATE, late, told)):
        state: Case | None = folded(cases.evolve, None, *facts, *more)
        assert state is not None
        assert claims.last_open_day(state) == date(2026, 5, 4)


def test_notice_of_an_examined_claims_decision_comes_before_the_next_claim_is_decided() -> None:
    facts = (fact(CaseOpened), fact(ProposalMade), MADE, NOTIFIED, IN_TIME, CHANGED, IN_TIME)
    waiting: Case | None = folded(cases.evolve, None, *facts)
    told: Case | None = folded(cases.evolve, None, *facts[:-1], NOTICE, IN_TIME)
    assert waiting is not None
    assert told is not None
    ruling = cases.Ruling("board-3", BOARD, date(2026, 4, 2), "rejected", 0, "Syyt", (), ())
    with refused("claim-not-notified"):
        claims.decide_claim(waiting, ruling, change=False)
    assert len(claims.decide_claim(told, ruling, change=False)) == 1
