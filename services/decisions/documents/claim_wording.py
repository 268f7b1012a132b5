"""The words of a decision on a claim in Finnish and in Swedish, beside those that every decision document has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from services.decisions.documents.claim_model import ClaimOutcome
from services.decisions.documents.model import Language
from services.decisions.documents.wording import InstructionWords


@dataclass(frozen=True, slots=True)
class ClaimWording:
    """One language's words."""

    document: str
    claimed_against: str
    claim: str
    received_on: str
    last_day: str
    arrival: str
    in_time: str
    late: str
    after_closing: str
    grounds: str
    outcomes: Mapping[ClaimOutcome, str]
    sum_before: str
    sum_after: str
    sum_in_force: str
    nothing_granted: str
    instalments_replaced: str
    court: str
    appeal: InstructionWords


_FI: Final = ClaimWording(
    document="Päätös oikaisuvaatimukseen",
    claimed_against="Päätös, johon vaaditaan oikaisua",
    claim="Oikaisuvaatimus",
    received_on="Saapunut",
    last_day="Oikaisuvaatimuksen viimeinen päivä",
    arrival="Määräaika",
    in_time="Oikaisuvaatimus on saapunut määräajassa.",
    late="Oikaisuvaatimus on saapunut määräajan jälkeen.",
    after_closing="Se saapui viimeisenä päivänä kirjaamon sulkemisen jälkeen.",
    grounds="Oikaisuvaatimuksen perustelut",
    outcomes=MappingProxyType(
        {
            "changed": "Päätöstä muutetaan oikaisuvaatimuksen johdosta.",
            "upheld": "Oikaisuvaatimus hylätään. Päätöstä ei muuteta.",
            "not_examined": "Oikaisuvaatimus jätetään tutkimatta, koska se on saapunut määräajan jälkeen.",
        }
    ),
    sum_before="Avustus ennen muutosta",
    sum_after="Avustus muutoksen jälkeen",
    sum_in_force="Avustus, joka jää voimaan",
    nothing_granted="Avustusta ei myönnetä.",
    instalments_replaced="Nämä maksuerät korvaavat aiemmat maksuerät.",
    court="Tähän päätökseen haetaan muutosta valittamalla hallinto-oikeuteen.",
    appeal=InstructionWords(
        heading="Valitusosoitus",
        who="Kuka saa valittaa",
        within="Valitusaika",
        days=(
            "Valitus on tehtävä {days} päivän kuluessa päätöksen tiedoksisaannista.",
            "Valitus on tehtävä {days} päivän kuluessa päätöksen tiedoksisaannista.",
        ),
        closed_days="Jos määräajan viimeinen päivä on pyhäpäivä, itsenäisyyspäivä, vapunpäivä, joulu- tai "
        "juhannusaatto tai arkilauantai, valituksen saa tehdä ensimmäisenä arkipäivänä sen jälkeen.",
        last_day="Valitusajan viimeinen päivä on {day}.",
        where="Mihin valitus toimitetaan",
        contents="Valituksessa on ilmoitettava",
    ),
)

_SV: Final = ClaimWording(
    document="Beslut om begäran om omprövning",
    claimed_against="Beslut som begäran om omprövning gäller",
    claim="Begäran om omprövning",
    received_on="Inkommen",
    last_day="Sista dag för begäran om omprövning",
    arrival="Tidsfrist",
    in_time="Begäran om omprövning har kommit in inom tidsfristen.",
    late="Begäran om omprövning har kommit in efter tidsfristens utgång.",
    after_closing="Den kom in den sista dagen efter att registratorskontoret hade stängt.",
    grounds="Grunder för begäran om omprövning",
    outcomes=MappingProxyType(
        {
            "changed": "Beslutet ändras med anledning av begäran om omprövning.",
            "upheld": "Begäran om omprövning avslås. Beslutet ändras inte.",
            "not_examined": "Begäran om omprövning lämnas utan prövning, eftersom den har kommit in efter tidsfristens "
            "utgång.",
        }
    ),
    sum_before="Understöd före ändringen",
    sum_after="Understöd efter ändringen",
    sum_in_force="Understöd som förblir i kraft",
    nothing_granted="Inget understöd beviljas.",
    instalments_replaced="Dessa betalningsposter ersätter de tidigare betalningsposterna.",
    court="Ändring i detta beslut söks genom besvär hos förvaltningsdomstolen.",
    appeal=InstructionWords(
        heading="Besvärsanvisning",
        who="Vem som får anföra besvär",
        within="Besvärstid",
        days=(
            "Besvär ska anföras inom {days} dag från delfåendet av beslutet.",
            "Besvär ska anföras inom {days} dagar från delfåendet av beslutet.",
        ),
        closed_days="Om tidsfristens sista dag är en helgdag, självständighetsdagen, första maj, jul- eller "
        "midsommarafton eller en helgfri lördag får besvär anföras den första vardagen därefter.",
        last_day="Den sista dagen för besvär är {day}.",
        where="Vart besvären lämnas",
        contents="I besvären ska anges",
    ),
)

CLAIM_WORDING: Final[Mapping[Language, ClaimWording]] = MappingProxyType({"fi": _FI, "sv": _SV})
