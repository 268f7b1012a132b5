"""The worklist as a file that a Finnish spreadsheet opens: what an officer prepares a board's list of grants from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import date
from typing import Any, Final

from schemas.county import County
from schemas.money import cents
from services.decisions.open_data.names import CountyNames
from services.decisions.open_data.spreadsheet import OUTCOMES, decimal, inert, lines
from services.ledger import Entry, Ledger, Order

PAGE: Final = 500
HEADERS: Final = (
    "Diaarinumero", "Saapunut", "Myöhässä", "Tila", "Määräpäivä", "Täydennys viimeistään", "Avustuskori", "Haku",
    "Y-tunnus", "Hakija", "Toiminta", "Kunta", "Haettu (EUR)", "Hyvinvointialueen osuus (EUR)", "Pisteet", "Arvioijia",
    "Pisteiden ero", "Kerroin", "Vertailupisteet", "Ehdotus", "Ehdotettu (EUR)", "Ratkaisu", "Myönnetty (EUR)",
    "Valmistelija", "Varavalmistelija",
)  # fmt: skip
STATES: Final[Mapping[str, str]] = {
    "opened": "Kirjattu",
    "in_preparation": "Valmistelussa",
    "supplement_requested": "Odottaa täydennystä",
    "proposed": "Päätösehdotus",
    "transferred": "Siirretty kunnalle",
    "withdrawn": "Peruttu",
    "decided": "Päätetty",
    "notified": "Annettu tiedoksi",
    "claimed": "Oikaisuvaatimus vireillä",
    "claim_decided": "Oikaisuvaatimus ratkaistu",
    "appealed": "Valitus vireillä",
    "final": "Lainvoimainen",
}
"""Finnish names of states; one that is missing here stands for itself."""


async def pages(
    ledger: Ledger, position: int, where: dict[str, Any], order: Order | None
) -> AsyncIterator[list[Entry]]:
    """All cases as of a position, in an order; by key where none is asked for."""
    after: tuple[str | int, str] | None = None
    while page := await _page(ledger, position, where, order, after):
        after = ("" if order is None else order.sort.of(page[-1].document), page[-1].key)
        yield page


async def _page(
    ledger: Ledger, position: int, where: dict[str, Any], order: Order | None, after: tuple[str | int, str] | None
) -> list[Entry]:
    if order is None:
        return await ledger.page("cases", position, after="" if after is None else after[1], where=where, limit=PAGE)
    return await ledger.sorted_page("cases", position, order, after=after, where=where, limit=PAGE)


async def file(found: AsyncIterator[list[Entry]], county: County) -> AsyncIterator[bytes]:
    """The file, a page at a time."""
    names = CountyNames(county)
    yield "\ufeff".encode() + lines([HEADERS])
    async for page in found:
        yield lines([_cells(entry.document, names) for entry in page])


def _cells(case: Mapping[str, Any], names: CountyNames) -> list[str]:
    on = date.fromisoformat(case["arrived_on"])
    proposed = case.get("proposed") or {}
    awaited = case.get("supplements", {}).values() if "decided_on" not in case else ()
    return [
        inert(case["diary_number"]), case["arrived_on"], "kyllä" if case["late"] else "", _state(case["state"]),
        case.get("next_deadline") or "", min(awaited, default=""), inert(names.name("basket", case["basket"], on)),
        case["call_id"], case["association_id"], inert(case["association_name"]),
        inert(names.name("activity", case["activity"], on)),
        inert(names.name("municipality", case["municipality"], on)), _euros(case["applied"]), _euros(case["eligible"]),
        _hundredths(case["points_hundredths"]), str(len(case["assessments"])), _hundredths(case["spread_hundredths"]),
        _hundredths(case["coefficient_hundredths"]), _hundredths(case["ranking_hundredths"]),
        _outcome(proposed.get("outcome")), _euros(proposed.get("amount")), _outcome(case.get("outcome")),
        _euros(case["amount"]), inert(case["officer"] or ""), inert(case["deputy"] or ""),
    ]  # fmt: skip


def _state(state: str) -> str:
    return STATES.get(state, state)


def _outcome(outcome: Any) -> str:
    return "" if outcome is None else OUTCOMES[outcome]


def _euros(amount: str | None) -> str:
    return "" if amount is None else decimal(cents(amount))


def _hundredths(value: int | None) -> str:
    return "" if value is None else decimal(value)
