"""People of associations as decisions know them: who acts or signs for an applicant is disqualified in its cases.

A board member or managing director of the applicant is disqualified (*esteellisyys*, Administrative Procedure Act
434/2003, section 28); mandates and signatories are what can be known of that here, the rest is declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from schemas.decisions import PersonNoted
from schemas.facts import Fact
from schemas.refusals import forbidden

People = Mapping[UUID, PersonNoted]
NOBODY: People = {}


def evolve(people: People, fact: Fact) -> People:
    """The people of an association after a fact."""
    return {**people, fact.person_id: fact} if isinstance(fact, PersonNoted) else people


def in_force(people: People, today: date) -> frozenset[str]:
    """Who acts or signs for the association on a Helsinki date, by the id that their token names."""
    return frozenset(each.person for each in people.values() if _holds(each, today))


def check_signs(people: People, person: str, today: date) -> None:
    """Raises Refused for a person who may not sign for the association on a Helsinki date. While nobody is known here
    who acts or signs for it, anybody may whose token names it.
    """
    if people and person not in in_force(people, today):
        raise forbidden("no-mandate", f"{person} neither acts nor signs for this association today: let one who does")


def _holds(noted: PersonNoted, today: date) -> bool:
    return noted.valid_from <= today and (noted.valid_until is None or today <= noted.valid_until)
