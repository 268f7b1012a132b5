"""People of associations as decisions know them: who acts or signs for an applicant is disqualified in its cases.

A board member or managing director of the applicant is disqualified (*esteellisyys*, Administrative Procedure Act
434/2003, section 28); mandates and signatories are what can be known of that here, the rest is declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from schemas.decisions import PersonNoted
from schemas.facts import Fact

People = Mapping[UUID, PersonNoted]


def evolve(people: People, fact: Fact) -> People:
    """The people of an association after a fact."""
    return {**people, fact.person_id: fact} if isinstance(fact, PersonNoted) else people


def in_force(people: People, today: date) -> frozenset[str]:
    """Who acts or signs for the association on a Helsinki date, by the id that their token names."""
    return frozenset(each.person for each in people.values() if _holds(each, today))


def _holds(noted: PersonNoted, today: date) -> bool:
    return noted.valid_from <= today and (noted.valid_until is None or today <= noted.valid_until)


def among(persons: Iterable[str], people: People, today: date) -> list[str]:
    """Which of these persons act or sign for the association."""
    tied = in_force(people, today)
    return [person for person in persons if person in tied]
