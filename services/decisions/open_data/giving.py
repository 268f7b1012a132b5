"""Grants in the 360Giving Data Standard, version 1.4 (standard.threesixtygiving.org): one JSON package, streamed.

Only awards of more than zero belong to it. Organisations are named as org-id.guide says: list code FI-PRO (the Finnish
Patent and Registration Office) and the business id. A municipality stands as geoCode with the code of Statistics
Finland; the standard's list of code types has British ones alone, so the type is told in the location's description. A
package of no grants has an empty list: whoever registers packages with 360Giving sends none without a grant.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec

from .names import CountyNames
from .rows import OpenGrant, Share

VERSION: Final = "1.4"
_ORGANISATIONS: Final = "FI-PRO"
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who publishes. `prefix` begins every grant's id; `licence` is the address of the data's licence, or None."""

    prefix: str
    licence: str | None = None


async def package(
    pages: AsyncIterator[list[OpenGrant]], names: CountyNames, publisher: Publisher, on: date
) -> AsyncIterator[bytes]:
    """The package as of a Helsinki date, a page at a time."""
    identity = names.identity(on)
    head: dict[str, Any] = {
        "version": VERSION,
        "title": f"{identity.name.fi}: avustukset",
        "publisher": {"name": identity.name.fi, "identifier": organisation(identity.business_id)},
    }
    if publisher.licence is not None:
        head["license"] = publisher.licence
    yield _ENCODER.encode(head)[:-1] + b',"grants":['
    between = b""
    async for page in pages:
        yield between + b",".join(_ENCODER.encode(grant(row, names, publisher)) for row in page)
        between = b","
    yield b"]}"


def organisation(business_id: str) -> str:
    """The identifier of a Finnish organisation."""
    return f"{_ORGANISATIONS}-{business_id}"


def grant(row: OpenGrant, names: CountyNames, publisher: Publisher) -> dict[str, Any]:
    """One grant. Sums are exact decimals, written as numbers of two decimals."""
    on, county = row.decided_on, names.identity(row.decided_on)
    basket, activity = names.name("basket", row.basket, on), names.name("activity", row.activity, on)
    document = {
        "id": f"{publisher.prefix}-{row.application_id}",
        "title": f"{basket}: {activity}",
        "description": row.purpose,
        "currency": "EUR",
        "amountAppliedFor": Decimal(row.applied).scaleb(-2),
        "amountAwarded": Decimal(row.granted).scaleb(-2),
        "awardDate": on.isoformat(),
        "recipientOrganization": [{"id": organisation(row.association_id), "name": row.association_name}],
        "fundingOrganization": [{"id": organisation(county.business_id), "name": county.name.fi}],
        "grantProgramme": [{"code": row.basket, "title": basket}],
        "beneficiaryLocation": [_location(share, names, on) for share in row.shares],
        "classifications": [
            {"vocabulary": "Toimintaperustainen jaottelu", "code": row.activity, "title": activity},
        ],
    }
    planned = {"startDate": row.use_from, "endDate": row.use_until}
    dates = {name: day.isoformat() for name, day in planned.items() if day is not None}
    return {**document, "plannedDates": [dates]} if dates else document


def _location(share: Share, names: CountyNames, on: date) -> dict[str, Any]:
    code = names.code(share.municipality, on)
    place: dict[str, Any] = {"name": names.name("municipality", share.municipality, on), "countryCode": "FI"}
    if code is not None:
        place |= {"geoCode": code, "description": "geoCode: kuntanumero (Tilastokeskus)"}
    return place
