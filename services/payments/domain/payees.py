"""People of the associations that are paid: who acts or signs for a payee prepares and approves nothing paid to it.

A board member or managing director of a party is disqualified (*esteellisyys*, Administrative Procedure Act 434/2003,
section 28); mandates and signatories are what can be known of that here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from schemas.facts import Fact
from schemas.intake import PersonNamed
from schemas.payments import PayeePersonNoted, PaymentLine

People = Mapping[UUID, PayeePersonNoted]
NOBODY: Final[People] = {}
_TOLD_MAX: Final = 20


def evolve(people: People, fact: Fact) -> People:
    """The people of an association after a fact."""
    return {**people, fact.person_id: fact} if isinstance(fact, PayeePersonNoted) else people


def in_force(people: People, on: date) -> frozenset[str]:
    """Who acts or signs for the association on a Helsinki date, by the id that their token names."""
    return frozenset(
        each.person
        for each in people.values()
        if each.valid_from <= on and (each.valid_until is None or on <= each.valid_until)
    )


def name(people: People, named: PersonNamed) -> list[Fact]:
    """Notes a person whom a token can name; nothing for others, and for one who is noted."""
    if named.person is None or named.person_id in people:
        return []
    return [
        PayeePersonNoted(
            association_id=named.association_id, person_id=named.person_id, person=named.person,
            valid_from=named.valid_from, valid_until=named.valid_until,
        )
    ]  # fmt: skip


def end(people: People, person_id: UUID, last: date) -> list[Fact]:
    """Notes that a person's part ends on a Helsinki date; nothing for one who is not noted or ends by then anyway."""
    before = people.get(person_id)
    if before is None or (before.valid_until is not None and before.valid_until <= last):
        return []
    return [before.model_copy(update={"valid_until": last})]


@dataclass(frozen=True, slots=True)
class Payees:
    """Who acts or signs, on one Helsinki date, for the association that each application's grant is paid to."""

    people: Mapping[UUID, frozenset[str]] = field(default_factory=dict)

    def of(self, person: str, lines: Collection[PaymentLine]) -> list[PaymentLine]:
        """Those of the lines that are paid to an association for which a person acts or signs. A line whose payee is
        not known here is nobody's to decide: KeyError.
        """
        return [line for line in lines if person in self.people[line.application_id]]


def told(lines: Sequence[PaymentLine]) -> str:
    """Lines by their diary numbers and EndToEndIds, the first twenty of them."""
    named = ", ".join(f"{line.diary_number} ({line.end_to_end_id})" for line in lines[:_TOLD_MAX])
    more = len(lines) - _TOLD_MAX
    return f"{named} and {more} more" if more > 0 else named
