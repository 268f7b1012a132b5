"""The words of the demo's population. Every place, association and body here is invented."""

from __future__ import annotations

from dataclasses import dataclass

PLACES = (
    "Äijänkankaan", "Hämärälahden", "Kuutamorannan", "Sinikankaan", "Ylä-Hörhän", "Öljysalmen", "Mäntyhohdon",
    "Käenpiilon", "Revonhännän", "Tähtivaaran", "Peurasäikän", "Usvajärven", "Hiidenkehdon", "Marjaköngäksen",
    "Tuulensuun", "Räystäsniemen", "Kettulehdon", "Yönsilmän", "Pöllövuoren", "Halkosärkän", "Jäkäläperän",
    "Sammalkorven", "Åkerholman", "Hopeakosken", "Kurjenkylvyn", "Lumikellon",
)  # fmt: skip
"""Places that are on no map, in the genitive."""

BOARD_TITLES = ("puheenjohtaja", "sihteeri", "rahastonhoitaja", "toiminnanjohtaja", "hallituksen jäsen")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of work: its activity in the division, the association's name after a place, and purposes."""

    activity: str
    association: str
    purposes: tuple[str, ...]


COUNTY_FIELDS = (
    Field(
        "patients-and-disability-organisations",
        "Selkäystävät",
        (
            "Vertaistukiryhmät selkäsairaille ja heidän läheisilleen",
            "Sopeutumisviikonloppu vastasairastuneille",
        ),
    ),
    Field(
        "patients-and-disability-organisations",
        "Näkövammaistuki",
        ("Apuvälineneuvonta ja äänilehti näkövammaisille", "Opastajakoulutus ja kerhopäivät"),
    ),
    Field(
        "patients-and-disability-organisations",
        "Hengityspiiri",
        ("Hengitysryhmät ja ensitietopäivät", "Allasryhmät pitkäaikaissairaille"),
    ),
    Field(
        "mental-health-and-substance-abuse",
        "Toivontupa",
        ("Päivätoiminta mielenterveyskuntoutujille", "Päihteetön olohuone ja kokemusasiantuntijat"),
    ),
    Field(
        "mental-health-and-substance-abuse",
        "Kriisipäivystys",
        ("Keskusteluapu kriisin kokeneille", "Vapaaehtoisten kriisituen koulutus"),
    ),
    Field(
        "living-at-home",
        "Kotiapuvälitys",
        (
            "Ystävätoiminta ja asiointiapu kotona asuville ikäihmisille",
            "Tasapainoryhmät kaatumisten ehkäisyyn",
        ),
    ),
    Field(
        "living-at-home",
        "Omaistuki",
        ("Omaishoitajien vertaisryhmät ja sijaisapu", "Muistisairaiden ja läheisten tukipäivät"),
    ),
    Field(
        "war-veterans-and-invalids",
        "Veteraaniperinne",
        ("Sotaveteraanien ja leskien kotiapu", "Sotainvalidien virkistys- ja kuljetusapu"),
    ),
    Field(
        "child-and-youth-work",
        "Lapsiperhetuki",
        ("Perhekahvila lapsiperhepalvelujen asiakkaille", "Tukiperhetoiminta neuvolan ohjaamille perheille"),
    ),
    Field(
        "cultural-work",
        "Hoivasoittajat",
        ("Musiikkihetket asumispalveluyksiköissä", "Taidepajat kuntoutujille sotekeskuksen kanssa"),
    ),
    Field(
        "prevention-of-unemployment",
        "Työpajayhdistys",
        ("Tuettu työtoiminta sosiaalihuollon asiakkaille", "Kuntouttavan työtoiminnan ohjaus"),
    ),
    Field(
        "safety-and-preparedness",
        "Turvakerho",
        (
            "Paloturvallisuusneuvonta kotona asuville pelastuslaitoksen kanssa",
            "Vapaaehtoisten etsintäharjoitukset",
        ),
    ),
)
"""Work that is the county's, or meets the county's condition where the activity is the task of both."""

MUNICIPAL_FIELDS = (
    Field("sports-and-exercise", "Pallo", ("Junioreiden harjoitusvuorot ja turnausmatkat",)),
    Field("open-meeting-places", "Kohtaamispaikka", ("Avoin kohtaamispaikka viitenä päivänä viikossa",)),
    Field("integration-support", "Monikulttuuriseura", ("Kielikahvila maahan muuttaneille",)),
    Field("participation-and-recreation", "Eläkeläiset", ("Eläkeläisten kerhot ja kesäretki",)),
    Field("food-aid", "Ruokakassi", ("Ruoka-avun jakelu viikoittain",)),
    Field("sense-of-community", "Naapurit", ("Kylätalkoot ja korttelijuhla",)),
    Field("village-and-residents-associations", "Kyläyhdistys", ("Kylätalon ylläpito ja kyläsuunnitelma",)),
    Field("cultural-work", "Kesäteatteri", ("Kesäteatterin esitykset, ei sote-palveluihin kiinnittyen",)),
)
"""Work that is the municipality's task: its application is transferred there."""

EXTRA_ACTIVITIES = (
    ("events", "Toimintavuoden teemapäivä osana vuosisuunnitelmaa"),
    ("premises", "Ryhmätilan vuokra osana vuosisuunnitelmaa"),
)
"""A second application of an association, for what belongs to its annual plan."""

THEMES = (
    "Yksinäisyyden vähentäminen: soittorinki ja kyläilykaverit",
    "Yksinäisyyden vähentäminen: yhteisruokailut lähimmäisen kanssa",
    "Digitukea kotona asuville: vertaisopastajat",
    "Liikkumisen ilo kaiken ikäisille: tuolijumppa kylillä",
)

DISTRICTS = (
    "Itärannikon Selkäystäväpiiri", "Ylämaan Omaistukipiiri", "Vaarojen Näkövammaispiiri",
    "Järviseudun Toivontupapiiri",    "Salonseudun Hengityspiiri", "Rajamaan Veteraanipiiri",
)  # fmt: skip
COLLABORATIVE = ("Itäisen yhteistyöalueen Kuntoutujaliitto", "Itäisen yhteistyöalueen Kriisituki",
                 "Itäisen yhteistyöalueen Omaisverkosto")  # fmt: skip

PARTNERSHIPS = (
    (
        "mental-health-and-substance-abuse",
        "Kriisityön kumppanuus: ympärivuorokautinen keskusteluapu",
        "money",
    ),
    ("living-at-home", "Omaishoidon kumppanuus: valmennus ja vertaisohjaajat", "money"),
    (
        "patients-and-disability-organisations",
        "Kokemusasiantuntijat vastaanotoilla: tilat ja ohjaus",
        "in_kind",
    ),
)
PROJECTS = (
    ("mental-health-and-substance-abuse", "Nuorten mieli maalla -hanke", "ESR+"),
    ("living-at-home", "Turvallisesti kotona -hanke", "STEA"),
    ("child-and-youth-work", "Perheen lähellä -hanke", "STEA"),
    ("patients-and-disability-organisations", "Etävertainen-hanke", "ESR+"),
)
FUNDERS = ("STEA", "kotikunnan avustus", "Hohtosäätiö", "seurakunta", "arpajaistuotto")
COSTS = ("palkat ja palkkiot", "tilavuokrat", "matkat", "materiaalit ja tarjoilut", "viestintä", "koulutus")

REJECTION_REASONS = (
    "Toiminta ei eroa yhdistyksen muusta toiminnasta niin, että se voitaisiin arvioida erikseen.",
    "Hakijan vertailupisteet jäivät alle rajan, ja määräraha on sidottu enemmän pisteitä saaneisiin.",
    "Talousarvion menoista valtaosa on muita kuin haetun toiminnan menoja.",
)
SUPPLEMENTS = (
    (
        "Toimittakaa vahvistettu tilinpäätös edelliseltä vuodelta.",
        "Tilinpäätös vahvistettiin, ja se on liitteenä.",
    ),
    (
        "Eritelkää, mikä osa menoista kohdistuu haettuun toimintaan.",
        "Haetun toiminnan osuus on kolme neljäsosaa.",
    ),
    (
        "Ilmoittakaa muilta haettu rahoitus ja sen päätökset.",
        "Muuta rahoitusta haettiin, päätöstä ei ole saatu.",
    ),
    ("Toimittakaa toiminnantarkastuskertomus.", "Toiminnantarkastuskertomus on liitteenä."),
    ("Kuvatkaa, miten toiminta kiinnittyy sotepalveluihin.", "Ryhmät kootaan sotekeskuksen lähetteillä."),
)
CLAIM_GROUNDS = {
    True: "Päätöksessä ei otettu huomioon, että avustettava ryhmä kokoontuu kahdessa kunnassa.",
    False: "Yhdistys katsoo, että sen toimintaa olisi pitänyt pisteyttää toisin.",
}
