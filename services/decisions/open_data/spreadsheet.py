"""Open data as CSV that a Finnish spreadsheet opens: UTF-8 with a byte order mark, `;`, CRLF, decimal comma, Finnish
headers. Dates are ISO 8601.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Final

from schemas.decisions import Outcome

from .names import CountyNames
from .picture import Picture
from .rows import OpenGrant, Share

GRANT_HEADERS: Final = (
    "Diaarinumero", "Päätöspäivä", "Pykälä", "Avustuskori", "Y-tunnus", "Hakija", "Toiminta", "Käyttötarkoitus",
    "Kunta", "Kuntanumero", "Kuntien osuudet", "Haettu (EUR)", "Myönnetty (EUR)", "Takaisin perittävä (EUR)",
    "Ratkaisu", "Oikaistu", "Käyttöaika alkaa", "Käyttöaika päättyy",
)  # fmt: skip
PICTURE_HEADERS: Final = (
    "Vuosi", "Kunta", "Kuntanumero", "Toiminta", "Hakemuksia", "Osuus muista hakemuksista", "Haettu (EUR)",
    "Myönnettyjä", "Myönnetty (EUR)", "Siirretty kunnalle", "Siirrettyjen haettu summa (EUR)",
)  # fmt: skip
OUTCOMES: Final[Mapping[Outcome, str]] = {
    "granted": "Myönnetty",
    "granted_in_part": "Myönnetty osittain",
    "rejected": "Hylätty",
    "not_examined": "Jätetty tutkimatta",
}

_FORMULA_STARTS = frozenset("=+-@＝＋－＠")
_GUARDED_STARTS = _FORMULA_STARTS | {"'"}
_BREAKS = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ufeff]+")


def inert(text: str) -> str:
    """A text as one line that no spreadsheet runs as a formula: what could be one has an apostrophe in front, and what
    looks guarded already gets one more. Source: OWASP, CSV Injection.
    """
    line = (text if text.isprintable() else _BREAKS.sub(" ", text)).strip(" ")
    looks_guarded = line[:1] == "'" and line[1:2] in _GUARDED_STARTS
    return f"'{line}" if line[:1] in _FORMULA_STARTS or looks_guarded else line


def decimal(amount_cents: int) -> str:
    """Cents with a decimal comma: 123450 is "1234,50". Raises ValueError below zero: no sum of open data is."""
    if amount_cents < 0:
        raise ValueError(f"a published sum is zero or more, not {amount_cents} cents")
    return f"{amount_cents // 100},{amount_cents % 100:02d}"


async def grants_csv(pages: AsyncIterator[list[OpenGrant]], names: CountyNames) -> AsyncIterator[bytes]:
    """The file of grants, a page at a time."""
    yield "\ufeff".encode() + lines([GRANT_HEADERS])
    async for page in pages:
        yield lines(_grant_cells(row, names) for row in page)


def picture_csv(made: Picture, year: int, names: CountyNames) -> bytes:
    """The picture as a file: a row for each municipality and activity, no rows of totals, so that a column adds up."""
    rows = [
        [
            str(year), inert(names.name("municipality", municipality, date(year, 12, 31))),
            names.code(municipality, date(year, 12, 31)) or "",
            inert(names.name("activity", activity, date(year, 12, 31))),
            str(cell.applications), str(cell.shared), decimal(cell.applied), str(cell.grants), decimal(cell.granted),
            str(cell.transferred), decimal(cell.transferred_applied),
        ]
        for (municipality, activity), cell in sorted(made.cells.items())
    ]  # fmt: skip
    return "\ufeff".encode() + lines([PICTURE_HEADERS, *rows])


def _grant_cells(row: OpenGrant, names: CountyNames) -> list[str]:
    on = row.decided_on
    return [
        inert(row.diary_number), on.isoformat(), "" if row.section is None else str(row.section),
        inert(names.name("basket", row.basket, on)), inert(row.association_id), inert(row.association_name),
        inert(names.name("activity", row.activity, on)), inert(row.purpose),
        inert(names.name("municipality", row.municipality, on)), names.code(row.municipality, on) or "",
        _shares(names, row.shares, on), decimal(row.applied), decimal(row.granted), decimal(row.recovered),
        OUTCOMES[row.outcome], "kyllä" if row.rectified else "ei", _day(row.use_from), _day(row.use_until),
    ]  # fmt: skip


@lru_cache(maxsize=4096)
def _shares(names: CountyNames, shares: tuple[Share, ...], on: date) -> str:
    """One cell; few mixtures of municipalities are many rows'."""
    return inert(
        ", ".join(f"{names.name('municipality', share.municipality, on)} {share.percent} %" for share in shares)
    )


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def lines(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows of cells that are inert already, as lines of the file."""
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=";", lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode()
