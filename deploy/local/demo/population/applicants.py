"""The calls of the year, and the associations that answer them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count, product
from random import Random
from typing import Literal
from zoneinfo import ZoneInfo

from stdnum.fi import ytunnus

from deploy.local.demo.population.names import (
    BOARD_TITLES,
    COLLABORATIVE,
    COUNTY_FIELDS,
    DISTRICTS,
    MUNICIPAL_FIELDS,
    PLACES,
)
from deploy.local.demo.population.shapes import ASSOCIATIONS, Association, Call

_Kind = Literal["local", "district", "collaborative_area"]

HELSINKI = ZoneInfo("Europe/Helsinki")

MUNICIPALITIES = {
    "joensuu": 38, "kontiolahti": 7, "kitee": 6, "lieksa": 6, "liperi": 6, "nurmes": 5, "outokumpu": 4,
    "ilomantsi": 3, "juuka": 3, "heinavesi": 2, "polvijarvi": 2, "tohmajarvi": 2, "raakkyla": 1,
}  # fmt: skip
"""Municipality, and how many associations it has beyond the three of each, roughly by population."""

_LEAST_PER_MUNICIPALITY = 3
_FIRST_BUSINESS_ID = 9_000_000
"""Far above what the register has given out: dummies, though with right check digits."""
_BANK = "9000"
"""No Finnish bank has accounts that begin with 9: dummies, though with right check digits."""


def _helsinki(year: int, month: int, day: int, hour: int) -> datetime:
    return datetime(year, month, day, hour, tzinfo=HELSINKI).astimezone(UTC)


YEAR_CALLS = (
    Call(
        id="operating-2026",
        basket="operating",
        year=2026,
        kind="round",
        title="Toiminta-avustukset 2026",
        opens_at=_helsinki(2025, 12, 15, 8),
        closes_at=_helsinki(2026, 1, 22, 16),
        pays="when_final",
        instructions="Toiminta-avustusta hakee paikallinen yhdistys toimintaansa Pohjois-Karjalassa.",
    ),
    Call(
        id="theme-2026",
        basket="theme",
        year=2026,
        kind="round",
        title="Teema-avustukset 2026: yksinäisyyden vähentäminen",
        opens_at=_helsinki(2026, 4, 1, 8),
        closes_at=_helsinki(2026, 4, 30, 16),
        pays="on_notice",
        instructions="Teema-avustusta haetaan vuoden teeman mukaiseen kertaluonteiseen toimintaan.",
    ),
    Call(
        id="partnership-2026",
        basket="partnership",
        year=2026,
        kind="negotiated",
        title="Kumppanuudet 2026",
        opens_at=_helsinki(2025, 11, 11, 8),
        closes_at=None,
        pays="on_notice",
        instructions="Kumppanuudesta neuvotellaan ja tehdään sopimus. Kumppanuus voi olla myös rahaton.",
    ),
    Call(
        id="project-2026",
        basket="project",
        year=2026,
        kind="continuous",
        title="Hankeavustukset 2026",
        opens_at=_helsinki(2025, 11, 11, 8),
        closes_at=None,
        pays="on_notice",
        instructions="Hankeavustus voi olla muun rahoittajan hankkeen omarahoitusosuus. Osuus ilmoitetaan.",
    ),
)


def associations(seed: int) -> tuple[Association, ...]:
    """Give 105 associations: districts, bodies of the collaborative area, and the local ones."""
    random = Random(f"associations {seed}")  # noqa: S311 - repeatable, not secret
    domiciles = _domiciles(random)
    business_ids, ibans = _business_ids(seed), _ibans(random)
    return tuple(
        Association(
            business_id=next(business_ids),
            name=name,
            kind=kind,
            domicile=domicile,
            iban=next(ibans),
            corrected_iban=next(ibans),
            language=random.choices(("fi", "sv", "en"), (96, 3, 1))[0],
            contact_title=random.choice(BOARD_TITLES),
        )
        for (name, kind), domicile in zip(_named(random), domiciles, strict=True)
    )


def _named(random: Random) -> list[tuple[str, _Kind]]:
    municipal = [f"{random.choice(PLACES)} {field.association} ry" for field in MUNICIPAL_FIELDS]
    local = [f"{place} {field.association} ry" for place, field in product(PLACES, COUNTY_FIELDS)]
    random.shuffle(local)
    local = municipal + local
    wider: list[tuple[str, _Kind]] = [(f"{name} ry", "district") for name in DISTRICTS]
    wider += [(f"{name} ry", "collaborative_area") for name in COLLABORATIVE]
    return wider + [(name, "local") for name in local[: ASSOCIATIONS - len(wider)]]


def _domiciles(random: Random) -> list[str]:
    least = [name for name in MUNICIPALITIES for _ in range(_LEAST_PER_MUNICIPALITY)]
    rest = random.choices(list(MUNICIPALITIES), list(MUNICIPALITIES.values()), k=ASSOCIATIONS - len(least))
    domiciles = least + rest
    random.shuffle(domiciles)
    return domiciles


def _business_ids(seed: int) -> Iterator[str]:
    for base in count(_FIRST_BUSINESS_ID + seed % 1000 * 500):
        for check_digit in range(10):
            if ytunnus.is_valid(f"{base}{check_digit}"):
                yield ytunnus.format(f"{base}{check_digit}")


def _ibans(random: Random) -> Iterator[str]:
    """Give accounts of no bank; FI is 1518 in the modulo 97 of ISO 13616."""
    for number in count(random.randrange(1, 10**6)):
        account = f"{_BANK}{number:010d}"
        yield f"FI{98 - int(f'{account}151800') % 97:02d}{account}"
