"""The county's names for ids in rows, as they were on the day of a decision."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final, Literal, TypeVar

from schemas.county import Activity, Basket, County, Identity, Municipality
from schemas.validity import Dated

Kind = Literal["basket", "activity", "municipality"]
AnyDated = TypeVar("AnyDated", bound=Dated)


class CountyNames:
    """Finnish names by id and Helsinki date. An id that no file of the county has stands for its own name."""

    def __init__(self, county: County) -> None:
        self._county: Final = county
        self._found: dict[tuple[Kind, str, date], Basket | Activity | Municipality | None] = {}
        self._identities: dict[date, Identity] = {}

    def name(self, kind: Kind, key: str, on: date) -> str:
        """The name on that day; that of another time when none holds then."""
        found = self._record(kind, key, on)
        return key if found is None else found.name.fi

    def code(self, municipality: str, on: date) -> str | None:
        """The three digits of Statistics Finland (*kuntanumero*), or None for an unknown municipality."""
        found = self._record("municipality", municipality, on)
        return found.code if isinstance(found, Municipality) else None

    def known(self, kind: Kind) -> list[str]:
        """All ids that the county's files have or had, in order."""
        return sorted({record.id for record in self._records(kind)})

    def municipalities(self, first: date, last: date) -> list[str]:
        """The municipalities of the county on some day of a period."""
        holding = (each for each in self._county.municipalities if each.valid_from <= last)
        return sorted({each.id for each in holding if each.valid_to is None or each.valid_to >= first})

    def identity(self, on: date) -> Identity:
        """The county itself on that day, or the nearest record of it."""
        if on not in self._identities:
            found = _nearest(self._county.county, on)
            assert found is not None, "a county's data has one record of it at least"
            self._identities[on] = found
        return self._identities[on]

    def _records(self, kind: Kind) -> Iterable[Basket | Activity | Municipality]:
        match kind:
            case "basket":
                return self._county.baskets
            case "activity":
                return self._county.activities
            case "municipality":
                return self._county.municipalities

    def _record(self, kind: Kind, key: str, on: date) -> Basket | Activity | Municipality | None:
        """A million rows ask for the same few names, so that each is looked for once a day of decision."""
        asked = (kind, key, on)
        if asked not in self._found:
            self._found[asked] = _nearest((each for each in self._records(kind) if each.id == key), on)
        return self._found[asked]


def _nearest(records: Iterable[AnyDated], on: date) -> AnyDated | None:
    """The record that holds on the day, else the last one before it, else the first one."""
    ordered = sorted(records, key=lambda record: record.valid_from)
    begun = [record for record in ordered if record.valid_from <= on]
    return begun[-1] if begun else next(iter(ordered), None)
