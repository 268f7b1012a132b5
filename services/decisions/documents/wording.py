"""The document's own words in Finnish and in Swedish, the same in every county; the county's texts are data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from schemas.decisions import NoticeManner, Outcome
from services.decisions.documents.model import Language


@dataclass(frozen=True, slots=True)
class InstructionWords:
    """One language's words of how a decision is attacked. `days` are for one day and for more."""

    heading: str
    who: str
    within: str
    days: tuple[str, str]
    closed_days: str
    last_day: str
    where: str
    contents: str


@dataclass(frozen=True, slots=True)
class Wording:
    """One language's words. Braces stand for what `content` fills in. `reports_due` are for one report and for more."""

    locale: str
    document: str
    matter: str
    county: str
    organ: str
    decided_on: str
    section: str
    diary_number: str
    applicant: str
    business_id: str
    basket: str
    call: str
    purpose: str
    applied: str
    decision: str
    outcomes: Mapping[Outcome, str]
    without_money: str
    granted_sum: str
    period: str
    instalments: str
    instalment: str
    instalment_sum: str
    payable_from: str
    instalments_total: str
    conditions: str
    report: str
    reports_due: tuple[str, str]
    reasons: str
    rules: str
    instructions: str
    people: str
    decision_maker: str
    preparer: str
    stand_in: str
    contact: str
    notice: str
    manners: Mapping[NoticeManner, str]
    received_on: str
    not_counted: str
    closes_at: str
    rectification: InstructionWords


_FI: Final = Wording(
    locale="fi_FI",
    document="Avustuspäätös",
    matter="Asia ja hakija",
    county="Viranomainen",
    organ="Päätöksen tehnyt toimielin tai viranhaltija",
    decided_on="Päätöksen päivämäärä",
    section="Pykälä",
    diary_number="Diaarinumero",
    applicant="Hakija",
    business_id="Y-tunnus",
    basket="Avustuslaji",
    call="Haku",
    purpose="Käyttötarkoitus",
    applied="Haettu avustus",
    decision="Päätös",
    outcomes=MappingProxyType(
        {
            "granted": "Avustus myönnetään haetun suuruisena.",
            "granted_in_part": "Avustus myönnetään osittain. Muilta osin hakemus hylätään.",
            "rejected": "Hakemus hylätään.",
            "not_examined": "Hakemus jätetään tutkimatta.",
        }
    ),
    without_money="Hakemus hyväksytään. Päätökseen ei sisälly rahasuoritusta.",
    granted_sum="Myönnetty avustus",
    period="Käyttöaika",
    instalments="Maksuerät",
    instalment="Erä",
    instalment_sum="Summa",
    payable_from="Maksetaan aikaisintaan",
    instalments_total="Yhteensä",
    conditions="Ehdot",
    report="Selvitys avustuksen käytöstä",
    reports_due=(
        "Selvitys avustuksen käytöstä on annettava viimeistään {days}.",
        "Selvitykset avustuksen käytöstä on annettava viimeistään {days}.",
    ),
    reasons="Perustelut",
    rules="Sovelletut säännökset ja määräykset",
    instructions="Viranomaisen ohjeet",
    people="Päätöksentekijä ja lisätiedot",
    decision_maker="Päätöksentekijä",
    preparer="Valmistelija",
    stand_in="{name}, {title}, sijaisena (sijaistettava {principal})",
    contact="Lisätietoja antaa",
    notice="Tiedoksianto",
    manners=MappingProxyType(
        {
            "electronic": "Päätös annetaan hakijalle tiedoksi sähköisesti. Tiedoksianto katsotaan saaduksi "
            "{days}. päivänä viestin lähettämisestä.",
            "letter": "Päätös annetaan hakijalle tiedoksi kirjeellä. Tiedoksianto katsotaan saaduksi "
            "{days}. päivänä kirjeen lähettämisestä.",
        }
    ),
    received_on="Päätös katsotaan saaduksi tiedoksi {day}.",
    not_counted="Tiedoksisaantipäivää ei lueta määräaikaan.",
    closes_at="Oikaisuvaatimuksen on saavuttava määräajan viimeisenä päivänä ennen kirjaamon sulkemista kello {time}.",
    rectification=InstructionWords(
        heading="Oikaisuvaatimusohje",
        who="Kuka saa vaatia oikaisua",
        within="Oikaisuvaatimuksen määräaika",
        days=(
            "Oikaisuvaatimus on tehtävä {days} päivän kuluessa päätöksen tiedoksisaannista.",
            "Oikaisuvaatimus on tehtävä {days} päivän kuluessa päätöksen tiedoksisaannista.",
        ),
        closed_days="Jos määräajan viimeinen päivä on pyhäpäivä, itsenäisyyspäivä, vapunpäivä, joulu- tai "
        "juhannusaatto tai arkilauantai, oikaisuvaatimuksen saa tehdä ensimmäisenä arkipäivänä sen jälkeen.",
        last_day="Oikaisuvaatimuksen viimeinen päivä on {day}.",
        where="Mihin oikaisuvaatimus toimitetaan",
        contents="Oikaisuvaatimuksessa on ilmoitettava",
    ),
)

_SV: Final = Wording(
    locale="sv_FI",
    document="Beslut om understöd",
    matter="Ärende och sökande",
    county="Myndighet",
    organ="Organ eller tjänsteinnehavare som fattat beslutet",
    decided_on="Beslutsdatum",
    section="Paragraf",
    diary_number="Diarienummer",
    applicant="Sökande",
    business_id="FO-nummer",
    basket="Typ av understöd",
    call="Ansökningsomgång",
    purpose="Användningsändamål",
    applied="Sökt understöd",
    decision="Beslut",
    outcomes=MappingProxyType(
        {
            "granted": "Understödet beviljas till sökt belopp.",
            "granted_in_part": "Understödet beviljas delvis. Till övriga delar avslås ansökan.",
            "rejected": "Ansökan avslås.",
            "not_examined": "Ansökan lämnas utan prövning.",
        }
    ),
    without_money="Ansökan godkänns. Beslutet omfattar ingen penningprestation.",
    granted_sum="Beviljat understöd",
    period="Användningstid",
    instalments="Betalningsposter",
    instalment="Post",
    instalment_sum="Belopp",
    payable_from="Betalas tidigast",
    instalments_total="Sammanlagt",
    conditions="Villkor",
    report="Redovisning av användningen",
    reports_due=(
        "En redovisning av hur understödet har använts ska lämnas senast {days}.",
        "Redovisningar av hur understödet har använts ska lämnas senast {days}.",
    ),
    reasons="Motivering",
    rules="Tillämpade bestämmelser",
    instructions="Myndighetens anvisningar",
    people="Beslutsfattare och mer information",
    decision_maker="Beslutsfattare",
    preparer="Beredare",
    stand_in="{name}, {title}, som ställföreträdare för {principal}",
    contact="Mer information ges av",
    notice="Delgivning",
    manners=MappingProxyType(
        {
            "electronic": "Beslutet delges sökanden elektroniskt. Delgivningen anses ha skett på dag {days} efter det "
            "att meddelandet sändes.",
            "letter": "Beslutet delges sökanden per brev. Delgivningen anses ha skett på dag {days} efter det att "
            "brevet sändes.",
        }
    ),
    received_on="Beslutet anses ha delgetts den {day}.",
    not_counted="Dagen för delfåendet räknas inte med i tidsfristen.",
    closes_at="Begäran om omprövning ska vara framme på tidsfristens sista dag innan registratorskontoret stänger "
    "klockan {time}.",
    rectification=InstructionWords(
        heading="Anvisning för begäran om omprövning",
        who="Vem som får begära omprövning",
        within="Tidsfrist för begäran om omprövning",
        days=(
            "Begäran om omprövning ska göras inom {days} dag från delfåendet av beslutet.",
            "Begäran om omprövning ska göras inom {days} dagar från delfåendet av beslutet.",
        ),
        closed_days="Om tidsfristens sista dag är en helgdag, självständighetsdagen, första maj, jul- eller "
        "midsommarafton eller en helgfri lördag får begäran om omprövning göras den första vardagen därefter.",
        last_day="Den sista dagen för begäran om omprövning är {day}.",
        where="Vart begäran om omprövning lämnas",
        contents="I begäran om omprövning ska anges",
    ),
)

WORDING: Final[Mapping[Language, Wording]] = MappingProxyType({"fi": _FI, "sv": _SV})
