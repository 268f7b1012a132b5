"""The decision document: what it holds in both languages, its form for archives and for everybody, its bytes, and that
no text is more than text in it.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import unicodedata
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, PdfObject

from schemas.decisions import DecisionMade
from services.decisions.documents import DecisionDocument, NotRendered, Rule, render, rendering
from services.decisions.documents.characters import MARKS_MAX, glyphs, paragraphs, printable
from services.decisions.documents.rules import without_citations
from tests.unit.given import county, fact

ROOT = Path(__file__).parents[3]
DIARY = "17/02.05.01.00/2026"

FINNISH: dict[str, Any] = {
    "language": "fi",
    "county": "Pohjois-Karjalan hyvinvointialue",
    "organ": "Hyvinvoinnin edistämisen lautakunta",
    "decided_on": "2026-02-24",
    "section": 12,
    "diary_number": DIARY,
    "association_name": "Esimerkkiyhdistys ry",
    "association_id": "2050864-5",
    "basket": "Toiminta-avustus",
    "call": "Toiminta-avustukset 2026",
    "purpose": "Vertaistuki ja ryhmätoiminta",
    "outcome": "granted_in_part",
    "applied": "20000.00 EUR",
    "amount": "1234.50 EUR",
    "instalments": [
        {"number": 1, "amount": "1000.00 EUR", "payable_from": "2026-04-01"},
        {"number": 2, "amount": "234.50 EUR", "payable_from": "2026-09-01"},
    ],
    "period": {"first": "2026-01-01", "last": "2026-12-31"},
    "reasons": "Määräraha ei riitä kaikkeen haettuun.\n\nVertaistuki on painopiste.",
    "conditions": ["Toiminta tapahtuu alueella.", "Kirjanpito on eroteltu."],
    "reports_due": ["2027-02-28"],
    "rules": [
        {"text": "Avustusten yleiset ehdot 3 §", "unchecked": False},
        {"text": "Hakemusta täydennetään määräajassa (hallintolaki 22 ja 33 §).", "unchecked": True},
    ],
    "preparer": {"name": "Maija Valmistelija", "title": "järjestökoordinaattori"},
    "decision_maker": {"name": "Pekka Päättäjä", "title": "puheenjohtaja"},
    "contact": "Maija Valmistelija, 013 330 0000",
    "notice": {"manner": "electronic", "received_after_days": 3},
    "rectification": {
        "who": "Oikaisua saa vaatia se, johon päätös on kohdistettu.",
        "days": 14,
        "where": "Kirjaamo, Tikkamäentie 16, Joensuu",
        "contents": ["päätös, johon haetaan oikaisua", "millaista oikaisua vaaditaan"],
        "closes_at": "15:00",
        "last_day": "2026-03-13",
    },
}
SWEDISH: dict[str, Any] = {
    **FINNISH,
    "language": "sv",
    "county": "Norra Karelens välfärdsområde",
    "organ": "Nämnden för främjande av välfärd",
    "association_name": "Exempelföreningen rf",
    "basket": "Verksamhetsunderstöd",
    "call": "Verksamhetsunderstöd 2026",
    "purpose": "Kamratstöd och gruppverksamhet",
    "reasons": "Anslaget räcker inte till allt.",
    "conditions": ["Verksamheten sker i området.", "Bokföringen är åtskild."],
    "rules": [
        {"text": "Allmänna villkor för understöd", "unchecked": False},
        {"text": "Ansökan kompletteras inom tidsfristen (22 § i förvaltningslagen).", "unchecked": True},
    ],
    "preparer": {"name": "Maja Beredare", "title": "koordinator"},
    "decision_maker": {"name": "Per Beslutare", "title": "ordförande"},
    "contact": "Maja Beredare, 013 330 0000",
    "notice": {"manner": "letter", "received_after_days": 7},
    "rectification": {
        "who": "Den som beslutet avser får begära omprövning.",
        "days": 14,
        "where": "Registratorskontoret, Joensuu",
        "contents": ["det beslut som avses", "hurdan omprövning som begärs"],
        "closes_at": "15:00",
        "last_day": "2026-03-13",
    },
}
WITHOUT_SUM: dict[str, Any] = {
    "amount": "0.00 EUR", "instalments": [], "period": None, "reports_due": [], "conditions": [],
}  # fmt: skip

PARTS = {
    "authority": ("Viranomainen: Pohjois-Karjalan hyvinvointialue", "Myndighet: Norra Karelens välfärdsområde"),
    "organ": ("viranhaltija: Hyvinvoinnin edistämisen lautakunta", "beslutet: Nämnden för främjande av välfärd"),
    "date": ("Päätöksen päivämäärä: 24.2.2026", "Beslutsdatum: 24.2.2026"),
    "section": ("Pykälä: 12 §", "Paragraf: 12 §"),
    "diary number": (f"Diaarinumero: {DIARY}", f"Diarienummer: {DIARY}"),
    "party": ("Hakija: Esimerkkiyhdistys ry", "Sökande: Exempelföreningen rf"),
    "business id": ("Y-tunnus: 2050864-5", "FO-nummer: 2050864-5"),
    "basket": ("Avustuslaji: Toiminta-avustus", "Typ av understöd: Verksamhetsunderstöd"),
    "call": ("Haku: Toiminta-avustukset 2026", "Ansökningsomgång: Verksamhetsunderstöd 2026"),
    "applied": ("Haettu avustus: 20\u00a0000,00\u00a0€", "Sökt understöd: 20\u00a0000,00\u00a0€"),
    "purpose": ("Käyttötarkoitus: Vertaistuki ja ryhmätoiminta", "Kamratstöd och gruppverksamhet"),
    "outcome": (
        "Avustus myönnetään osittain. Muilta osin hakemus hylätään.",
        "Understödet beviljas delvis. Till övriga delar avslås ansökan.",
    ),
    "sum": ("Myönnetty avustus: 1\u00a0234,50\u00a0€", "Beviljat understöd: 1\u00a0234,50\u00a0€"),
    "period": ("Käyttöaika: 1.1.2026–31.12.2026", "Användningstid: 1.1.2026–31.12.2026"),
    "instalments": ("Maksuerät Erä Summa Maksetaan aikaisintaan", "Betalningsposter Post Belopp Betalas tidigast"),
    "first instalment": ("1 1\u00a0000,00\u00a0€ 1.4.2026", "1 1\u00a0000,00\u00a0€ 1.4.2026"),
    "second instalment": ("2 234,50\u00a0€ 1.9.2026", "2 234,50\u00a0€ 1.9.2026"),
    "total": ("Yhteensä 1\u00a0234,50\u00a0€", "Sammanlagt 1\u00a0234,50\u00a0€"),
    "conditions": (
        "Ehdot 1. Toiminta tapahtuu alueella. 2. Kirjanpito on eroteltu.",
        "Villkor 1. Verksamheten sker i området. 2. Bokföringen är åtskild.",
    ),
    "report": ("on annettava viimeistään 28.2.2027.", "ska lämnas senast 28.2.2027."),
    "reasons": (
        "Perustelut Määräraha ei riitä kaikkeen haettuun. Vertaistuki on painopiste.",
        "Motivering Anslaget räcker inte till allt.",
    ),
    "rules": ("määräykset • Avustusten yleiset ehdot 3 §", "Tillämpade bestämmelser • Allmänna villkor för understöd"),
    "county's own": (
        "Viranomaisen ohjeet • Hakemusta täydennetään määräajassa.",
        "Myndighetens anvisningar • Ansökan kompletteras inom tidsfristen.",
    ),
    "decision maker": (
        "Päätöksentekijä: Pekka Päättäjä, puheenjohtaja",
        "Beslutsfattare: Per Beslutare, ordförande",
    ),
    "preparer": ("Valmistelija: Maija Valmistelija, järjestökoordinaattori", "Beredare: Maja Beredare, koordinator"),
    "contact": (
        "Lisätietoja antaa: Maija Valmistelija, 013 330 0000",
        "Mer information ges av: Maja Beredare, 013 330 0000",
    ),
    "notice": (
        "tiedoksi sähköisesti. Tiedoksianto katsotaan saaduksi 3. päivänä",
        "delges sökanden per brev. Delgivningen anses ha skett på dag 7",
    ),
    "who may claim": ("Oikaisuvaatimusohje Kuka saa vaatia", "Anvisning för begäran om omprövning Vem som får begära"),
    "time for a claim": (
        "on tehtävä 14 päivän kuluessa päätöksen tiedoksisaannista",
        "ska göras inom 14 dagar från delfåendet av beslutet",
    ),
    "registry": ("ennen kirjaamon sulkemista kello 15.00.", "innan registratorskontoret stänger klockan 15.00."),
    "last day": (
        "Oikaisuvaatimuksen viimeinen päivä on 13.3.2026.",
        "Den sista dagen för begäran om omprövning är 13.3.2026.",
    ),
    "where": ("toimitetaan Kirjaamo, Tikkamäentie 16, Joensuu", "lämnas Registratorskontoret, Joensuu"),
    "what a claim holds": (
        "on ilmoitettava • päätös, johon haetaan oikaisua • millaista oikaisua vaaditaan",
        "ska anges • det beslut som avses • hurdan omprövning som begärs",
    ),
}


def document(base: Mapping[str, Any] = FINNISH, /, **changed: Any) -> DecisionDocument:
    return DecisionDocument.model_validate({**base, **changed})


def pages(made: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(io.BytesIO(made)).pages]


def text(made: bytes) -> str:
    """All text, line ends as single spaces, without what stands at the head of each page."""
    lines = [line.strip() for page in pages(made) for line in page.splitlines()[1:]]
    return " ".join(line for line in lines if line)


def catalogue_and_metadata(made: bytes) -> tuple[Any, Any]:
    reader = PdfReader(io.BytesIO(made))
    return reader.root_object, reader.metadata


@cache
def finnish_and_swedish() -> tuple[str, str]:
    """The text of the two documents that most tests start from."""
    return text(render(document(FINNISH))), text(render(document(SWEDISH)))


def structure(made: bytes) -> list[str]:
    """The kinds of the structure's elements, in the order of reading."""
    found: list[str] = []

    def walk(node: Any) -> None:
        resolved = node.get_object() if isinstance(node, PdfObject) else node
        if isinstance(resolved, list):
            for child in resolved:
                walk(child)
        elif isinstance(resolved, DictionaryObject):
            if "/S" in resolved:
                found.append(str(resolved["/S"]))
            walk(resolved.get("/K"))

    walk(PdfReader(io.BytesIO(made)).root_object["/StructTreeRoot"])
    return found


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("language", [0, 1], ids=["fi", "sv"])
def test_each_part_that_a_decision_holds_is_printed(part: str, language: int) -> None:
    assert PARTS[part][language] in finnish_and_swedish()[language]


@pytest.mark.parametrize(
    ("base", "language", "title"),
    [
        (FINNISH, "fi-FI", f"Avustuspäätös {DIARY}, Esimerkkiyhdistys ry"),
        (SWEDISH, "sv-FI", f"Beslut om understöd {DIARY}, Exempelföreningen rf"),
    ],
)
def test_the_file_says_its_language_title_author_and_form(base: dict[str, Any], language: str, title: str) -> None:
    root, about = catalogue_and_metadata(render(document(base)))
    assert (about["/Title"], about["/Author"]) == (title, f"{base['county']}, {base['organ']}")
    assert root["/Lang"] == language
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    xmp = root["/Metadata"].get_object().get_data().decode()
    for identifier in ("pdfaid:part>2<", "pdfaid:conformance>A<", "pdfuaid:part>1<"):
        assert identifier in xmp


def test_its_only_dates_are_the_decisions() -> None:
    root, about = catalogue_and_metadata(render(document()))
    assert about["/CreationDate"] == about["/ModDate"] == "D:20260224000000Z"
    xmp = root["/Metadata"].get_object().get_data().decode()
    assert xmp.count("2026-02-24T00:00:00Z") == xmp.count("T00:00:00Z") == 4
    assert date.today().isoformat() not in xmp  # noqa: DTZ011 - whatever day this machine takes it for


def test_headings_lists_and_the_table_with_its_header_row_are_tagged() -> None:
    kinds = structure(render(document()))
    assert kinds.count("/H1") == 1
    assert kinds.count("/H2") == 8
    assert kinds.count("/H3") == 7
    assert kinds.count("/Table") == 1
    assert kinds.count("/TH") == 3
    assert kinds.count("/TD") == 9
    assert kinds.count("/L") == 7


def test_the_same_decision_gives_the_same_bytes() -> None:
    assert render(document()) == render(document())
    assert render(document()) != render(document(section=13))


def test_the_same_decision_gives_the_same_bytes_in_another_process_at_another_place(tmp_path: Path) -> None:
    program = (
        "import sys; from services.decisions.documents import DecisionDocument, render; "
        "sys.stdout.buffer.write(render(DecisionDocument.model_validate_json(sys.stdin.buffer.read())))"
    )
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C",
        "SOURCE_DATE_EPOCH": "1",
    }  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-c", program],
        input=document().model_dump_json().encode(),
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env=environment,
    )
    assert ran.stdout == render(document())


@pytest.mark.parametrize(
    "hostile",
    [
        '#import "x.typ": y',
        "#panic(1) #read(\"/etc/passwd\") #sys.inputs #eval('1')",
        "$x^2$ *strong* _emphasis_ `raw` <label> @reference ~ --- ...",
        "= heading",
        "- item",
        "+ item",
        "/ term: description",
        "// comment /* comment */",
        r'\ \u{41} \" " ’ ” \\',
        "{braces} [brackets] (brackets) ${days} %s {0}",
        '"}, {"kind": "heading", "level": 9}',
        "https://example.fi/?a=b&c=<d>",
        "Ääkköset, šamaani, Ǯǯ, ŋ, Кириллица, Ελληνικά",
        "x\u0323\u0302 e\u0301 o\u0308",
    ],
)
def test_hostile_text_is_printed_as_it_is_wherever_it_stands(hostile: str) -> None:
    """Each letter with marks is read twice by pypdf, so the marks' own case is compared as a set."""
    made = document(
        county=hostile, organ=hostile, association_name=hostile, basket=hostile, call=hostile, purpose=hostile,
        reasons=hostile, conditions=[hostile], rules=[{"text": hostile, "unchecked": False}], contact=hostile,
        preparer={"name": hostile, "title": hostile}, decision_maker={"name": hostile, "title": hostile},
        rectification={**FINNISH["rectification"], "who": hostile, "where": hostile, "contents": [hostile]},
    )  # fmt: skip
    printed = unicodedata.normalize("NFC", "".join(text(render(made)).split()))
    expected = unicodedata.normalize("NFC", "".join(hostile.split()))
    if "\u0323" in hostile:
        assert set(expected) <= set(printed)
    else:
        assert printed.count(expected) >= 16


def test_text_from_right_to_left_is_printed() -> None:
    printed = text(render(document(reasons="שלום עולם")))
    assert set("שלוםעולם") <= set(printed)


def test_a_character_without_a_glyph_is_shown_by_its_code_point() -> None:
    assert "Perustelut Hyvä [U+1F600]! [U+65E5]" in text(render(document(reasons="Hyvä \U0001f600! 日")))


@pytest.mark.parametrize("turner", ["\u202a", "\u202e", "\u2066", "\u2069"])
def test_a_character_that_turns_the_text_after_it_is_shown_and_does_nothing(turner: str) -> None:
    assert printable(f"ry{turner}abc") == f"ry[U+{ord(turner):04X}]abc"


def test_marks_are_not_stacked_over_the_lines_above() -> None:
    within, beyond = "q" + "\u0323" * MARKS_MAX, "q" + "\u0323" * (MARKS_MAX + 1)
    assert printable(within) == within
    assert printable(beyond) == "q" + "[U+0323]" * (MARKS_MAX + 1)


def test_a_text_without_a_place_to_break_stays_within_the_margins() -> None:
    lines = [line for page in pages(render(document(reasons="W" * 4000))) for line in page.splitlines()]
    unbroken = [line for line in lines if line.startswith("WW")]
    assert sum(len(line.strip()) for line in unbroken) == 4000
    assert max(map(len, unbroken)) <= 41


def test_an_empty_line_parts_paragraphs_whatever_ends_the_lines() -> None:
    assert paragraphs("a\r\nb\r\n\r\n \t\r\nc\u2029d\u2028e\rf\n\n") == [["a", "b"], ["c"], ["d", "e", "f"]]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1).filter(str.strip))
@settings(max_examples=60, deadline=None)
def test_any_text_can_be_printed(words: str) -> None:
    whole = words[:400].strip() or "x"
    made = render(document(reasons=words, conditions=[words], purpose=words, association_name=whole, call=whole))
    assert made.startswith(b"%PDF-1.7")


def test_the_list_of_glyphs_is_what_the_fonts_in_typst_have() -> None:
    for font, characters in glyphs().items():
        for weight in ("regular", "bold"):
            source = (
                f'#set document(title: "x")\n#set text(lang: "fi", fallback: false, font: "{font}", weight: "{weight}")'
                '\n= x\n#sys.inputs.at("text")'
            )
            made = typst.compile(
                source.encode(),
                format="pdf",
                sys_inputs={"text": " ".join(sorted(characters))},
                ignore_system_fonts=True,
                pdf_standards=["a-2a", "ua-1"],
            )
            assert isinstance(made, bytes)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("association_name", "Esimerkki\u001bry", "Esimerkki[U+001B]ry"),
        ("call", "Haku\u0085kahdella rivillä", "Haku[U+0085]kahdella rivillä"),
        ("purpose", "Vertais\u000btuki", "Vertais[U+000B]tuki"),
        ("reasons", "Syy\u0007tä", "Syy[U+0007]tä"),
        ("county", "Alue\u009fI", "Alue[U+009F]I"),
    ],
)
def test_a_control_character_of_what_is_recorded_is_shown_by_its_code_point(name: str, value: str, shown: str) -> None:
    assert shown in text(render(document({**FINNISH, name: value})))


def test_each_report_that_is_due_is_told_with_its_day() -> None:
    days = ["2026-08-31", "2027-01-31", "2027-08-31"]
    finnish, swedish = (text(render(document(base, reports_due=days))) for base in (FINNISH, SWEDISH))
    assert "Selvitykset avustuksen käytöstä on annettava viimeistään 31.8.2026, 31.1.2027 ja 31.8.2027." in finnish
    assert (
        "Redovisningar av hur understödet har använts ska lämnas senast 31.8.2026, 31.1.2027 och 31.8.2027." in swedish
    )


@pytest.mark.parametrize(
    ("outcome", "fi", "sv"),
    [
        ("rejected", "Hakemus hylätään.", "Ansökan avslås."),
        ("not_examined", "Hakemus jätetään tutkimatta.", "Ansökan lämnas utan prövning."),
    ],
)
def test_a_decision_that_grants_nothing_has_no_sum_and_no_instalments(outcome: str, fi: str, sv: str) -> None:
    for base, words, absent in (
        (FINNISH, fi, ("Myönnetty", "Maksuerät", "Käyttöaika", "Ehdot", "annettava viimeistään", "0,00\u00a0€")),
        (SWEDISH, sv, ("Beviljat", "Betalningsposter", "Användningstid", "Villkor", "senast", "0,00\u00a0€")),
    ):
        made = render(document(base, outcome=outcome, **WITHOUT_SUM))
        printed = text(made)
        assert words in printed
        assert "/Table" not in structure(made)
        assert [word for word in absent if word in printed.replace("20\u00a0000,00\u00a0€", "")] == []


def test_what_was_applied_for_may_be_granted_in_full() -> None:
    instalments = [{"number": 1, "amount": "20000.00 EUR", "payable_from": "2026-04-01"}]
    whole: dict[str, Any] = {"outcome": "granted", "amount": "20000.00 EUR", "instalments": instalments}
    assert "Avustus myönnetään haetun suuruisena." in text(render(document(**whole)))
    assert "Understödet beviljas till sökt belopp." in text(render(document(SWEDISH, **whole)))


def test_a_partnership_without_money_is_granted_without_a_sum() -> None:
    free: dict[str, Any] = {"outcome": "granted", "applied": "0.00 EUR", "amount": "0.00 EUR", "instalments": []}
    printed = text(render(document(**free)))
    assert "Hakemus hyväksytään. Päätökseen ei sisälly rahasuoritusta." in printed
    assert "Myönnetty avustus" not in printed
    assert "Käyttöaika: 1.1.2026" in printed


def test_what_a_decision_lacks_is_not_printed() -> None:
    bare = document(
        section=None, period=None, reports_due=[], conditions=[], rules=[],
        rectification={**FINNISH["rectification"], "closes_at": None, "last_day": None},
    )  # fmt: skip
    printed = text(render(bare))
    for absent in (
        "Pykälä",
        "Käyttöaika",
        "Ehdot",
        "Selvitys",
        "säännökset",
        "ohjeet",
        "kello",
        "viimeinen päivä on 1",
    ):
        assert absent not in printed


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"outcome": "granted"}, "amount (1234.50 EUR) does not go with outcome granted"),
        ({"outcome": "rejected"}, "rejected and not_examined are 0.00 EUR"),
        ({"amount": "20000.00 EUR"}, "granted_in_part is less but not nothing"),
        ({"outcome": "rejected", "amount": "0.00 EUR"}, "instalments are 1234.50 EUR together"),
        ({"instalments": FINNISH["instalments"][:1]}, "they add up to amount, 1234.50 EUR"),
        ({"instalments": FINNISH["instalments"][::-1]}, "numbered from 1, in order"),
        ({"period": {"first": "2026-12-31", "last": "2026-01-01"}}, "a period ends after it began"),
        ({"outcome": "rejected", **WITHOUT_SUM, "reports_due": ["2027-02-28"]}, "reports_due does not go with"),
        ({"outcome": "not_examined", **WITHOUT_SUM, "period": FINNISH["period"]}, "period does not go with"),
        ({"preparer": {"name": " ", "title": "sihteeri"}}, "preparer.name"),
        ({"reasons": ""}, "reasons"),
        ({"language": "en"}, "language"),
        ({"association_id": "2050864-6"}, "association_id"),
    ],
)
def test_a_document_that_contradicts_itself_is_refused_with_what_would_be_right(
    changed: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        document(**changed)
    assert told in str(refused.value)


def test_the_parts_of_a_made_decision_fit_the_document() -> None:
    made = fact(DecisionMade)
    shown = document(
        applied="2000.00 EUR", **made.model_dump(mode="json", include=set(DecisionDocument.model_fields) - {"applied"})
    )
    assert "1\u00a0500,00\u00a0€ 1.4.2026" in text(render(shown))


def test_long_texts_flow_over_pages_which_are_all_numbered_and_carry_the_diary_number() -> None:
    instalments = [{"number": n, "amount": "25.00 EUR", "payable_from": "2026-04-01"} for n in range(1, 61)]
    made = render(
        document(
            amount="1500.00 EUR", instalments=instalments, reasons=("Sana vain. " * 400)[:3990] + "loppu",
            conditions=[f"Ehto {n}: " + "sana " * 700 + f"loppu{n}." for n in range(1, 21)],
        )
    )  # fmt: skip
    shown = pages(made)
    assert len(shown) > 10
    assert [page.splitlines()[0] for page in shown] == [f"{DIARY} {n} ({len(shown)})" for n in range(1, len(shown) + 1)]
    with_rows = [page for page in shown if "25,00\u00a0€ 1.4.2026" in page]
    assert len(with_rows) > 1
    assert all("Erä Summa Maksetaan aikaisintaan" in page for page in with_rows)
    printed = text(made)
    assert all(f"{n} 25,00\u00a0€ 1.4.2026" in printed for n in range(1, 61))
    assert all(f"loppu{n}." in printed for n in range(1, 21))
    assert "loppu Sovelletut" in printed


@pytest.mark.parametrize(
    ("unchecked", "shown"),
    [
        ("Toiminta on kunnan tehtävä (hallintolaki 21 §). Siirto.", "Toiminta on kunnan tehtävä. Siirto."),
        ("Vastaus annetaan [förvaltningslagen 434/2003].", "Vastaus annetaan."),
        ("Selvitys (kirjallinen) annetaan.", "Selvitys (kirjallinen) annetaan."),
        ("Hallintolain 21 §:n mukaan siirretään.", None),
        ("Enligt 5 kap. i lagen.", None),
        ("Noudatetaan 3 luvun säännöksiä.", None),
        ("Asetuksen 6 artiklan mukaan.", None),
        ("Laki 434/2003.", None),
        ("Hallintolaki 21 koskee tätä.", None),
        ("Sovelletaan toista py\u00adkälää.", None),
        ("(hallintolaki 21 §).", None),
        ("Ulompi (sisempi (21 §) loppu).", "Ulompi (sisempi loppu)."),
    ],
)
def test_an_unchecked_rule_loses_its_section_number_or_is_left_out(unchecked: str, shown: str | None) -> None:
    assert without_citations(unchecked) == shown


def test_the_countys_unchecked_texts_are_its_own_instructions_without_a_section_number() -> None:
    listed = [text for text in county().texts if text.unchecked]
    assert listed
    rules = [Rule(text=each.fi, unchecked=True) for each in listed]
    printed = text(render(document(section=None, rules=rules)))
    assert "§" not in printed
    assert "säännökset" not in printed
    assert "Viranomaisen ohjeet • Avustus on vähämerkityksistä tukea eli de minimis -tukea." in printed


def test_rules_that_are_all_left_out_leave_no_heading() -> None:
    printed = text(render(document(section=None, rules=[{"text": "Hallintolain 21 §:n nojalla.", "unchecked": True}])))
    assert "ohjeet" not in printed
    assert "21 §" not in printed


def test_what_typst_refuses_is_told_with_the_diary_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "_template", lambda: b"#panic(1)")
    with pytest.raises(NotRendered, match=f"the decision document of {DIARY} was not made: panicked"):
        render(document())
