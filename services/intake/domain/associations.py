"""Associations (*yhdistys*), their accounts, and the people who act for them.

An account changes by two people: one asks, another confirms once the county's waiting time is over, so that neither a
forged letter nor one person alone can turn payments aside. What an association is (its name, its kind) is corrected by
an officer who does not act for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final
from uuid import UUID

from schemas.facts import Fact
from schemas.intake import (
    AccountChangeDropped,
    AccountChangeRefused,
    AccountChangeRequested,
    AssociationAccountChanged,
    AssociationCorrected,
    AssociationRegistered,
    PersonEnded,
    PersonErased,
    PersonNamed,
)
from schemas.refusals import Refused, conflict, forbidden, invalid, not_found

CORRECTED: Final = ("name", "display_name", "register_number", "domicile", "kind", "language")
"""What a correction says anew, all of it. The account changes by two people, and the business id is its identity."""


@dataclass(frozen=True, slots=True)
class Association:
    """An association as it stands: `registered` says what it is by now, corrections included, but for its account;
    `iban` is the account that later payments go to.
    """

    registered: AssociationRegistered
    iban: str
    changes: Mapping[UUID, AccountChangeRequested] = field(default_factory=dict)
    persons: Mapping[UUID, PersonNamed] = field(default_factory=dict)
    erased: frozenset[UUID] = field(default_factory=frozenset)


def evolve(state: Association | None, fact: Fact) -> Association | None:  # noqa: PLR0911 - one arm for each kind
    """The association after a fact."""
    match fact:
        case AssociationRegistered():
            return Association(fact, fact.iban)
        case _ if state is None:
            return None
        case AssociationCorrected():
            return replace(state, registered=state.registered.model_copy(update=_said(fact)))
        case AssociationAccountChanged():
            return replace(state, iban=fact.iban)
        case AccountChangeRequested():
            return replace(state, changes={**state.changes, fact.change_id: fact})
        case AccountChangeDropped():
            return replace(state, changes=_without(state.changes, fact.change_id))
        case PersonNamed():
            return replace(state, persons={**state.persons, fact.person_id: fact})
        case PersonEnded():
            named = state.persons[fact.person_id].model_copy(update={"valid_until": fact.valid_until})
            return replace(state, persons={**state.persons, fact.person_id: named})
        case PersonErased():
            return replace(state, erased=state.erased | {fact.person_id})
    return state


def _said(association: AssociationRegistered | AssociationCorrected) -> dict[str, object]:
    return {name: getattr(association, name) for name in CORRECTED}


def _without(changes: Mapping[UUID, AccountChangeRequested], change_id: UUID) -> dict[UUID, AccountChangeRequested]:
    return {key: change for key, change in changes.items() if key != change_id}


def register(state: Association | None, association: AssociationRegistered) -> list[Fact]:
    """Registers an association once: its business id is its identity."""
    if state is not None:
        raise conflict("association-exists", f"{association.association_id} is registered already")
    return [association]


def correct(state: Association, corrected: AssociationCorrected, today: date, *, named: bool = False) -> list[Fact]:
    """Says anew what an association is. Refused to who acts for it on a Helsinki date or whose token names it
    (`named`), for its kind decides where it may apply, and its name whom the county pays; and when nothing changes.
    """
    if named or acts_for(state, corrected.person, today):
        raise forbidden("acts-for-it", f"{corrected.person} acts for the association and so does not correct it: "
                        "another officer does")  # fmt: skip
    if _said(corrected) == _said(state.registered):
        raise conflict("nothing-changes", "the association is registered so already")
    return [corrected]


def request_account_change(state: Association, request: AccountChangeRequested) -> list[Fact]:
    """Asks for another account. Refused when nothing changes, and while another change waits."""
    if request.iban == state.iban:
        raise conflict("account-unchanged", "this is the account already")
    if state.changes:
        raise conflict("change-pending", "another change of account waits: confirm or drop it first")
    return [request]


def refused_confirmation(
    state: Association, change_id: UUID, person: str, today: date, *, named: bool = False
) -> AccountChangeRefused | None:
    """The event of a refused attempt when the one who asked would also confirm, or somebody who acts for the
    association on a Helsinki date or whose token names it (`named`): the second person is the county's alone.
    """
    request = _waiting(state, change_id)
    if request.person == person:
        reason = f"{person} asked for the change and so does not confirm it"
    elif named or acts_for(state, person, today):
        reason = f"{person} acts for the association and so does not confirm it"
    else:
        return None
    return AccountChangeRefused(
        association_id=request.association_id, change_id=change_id, person=person, reason=reason
    )


def confirm_account_change(state: Association, change_id: UUID, person: str, today: date) -> list[Fact]:
    """Changes the account. Refused to the one who asked or acts for the association (whose attempt
    `refused_confirmation` keeps), and before the waiting time is over.
    """
    request = _waiting(state, change_id)
    refused = refused_confirmation(state, change_id, person, today)
    if refused is not None:
        raise refusal_of(state, refused)
    if today < request.not_before:
        day = f"{request.not_before:%-d.%-m.%Y}"
        raise conflict("change-too-early", f"the account can be changed from {day} on")
    changed = AssociationAccountChanged(association_id=request.association_id, iban=request.iban, reason=request.reason)
    return [changed, _dropped(request, "Vahvistettu", person)]


def drop_account_change(state: Association, change_id: UUID, reason: str, person: str) -> list[Fact]:
    """Takes a requested change back, or refuses it."""
    return [_dropped(_waiting(state, change_id), reason, person)]


def _waiting(state: Association, change_id: UUID) -> AccountChangeRequested:
    request = state.changes.get(change_id)
    if request is None:
        raise not_found("waiting change of account with this id")
    return request


def _dropped(request: AccountChangeRequested, reason: str, person: str) -> AccountChangeDropped:
    return AccountChangeDropped(
        association_id=request.association_id, change_id=request.change_id, reason=reason, person=person
    )


def name_person(state: Association, named: PersonNamed) -> list[Fact]:
    """Names a contact, a signatory or a mandate holder (who has an id in tokens)."""
    if named.person_id in state.persons:
        raise conflict("person-exists", "this person is named already")
    if named.role == "mandate" and named.person is None:
        raise invalid("mandate-without-person", "who may act has the id that their token names", "/person")
    if named.valid_until is not None and named.valid_until < named.valid_from:
        raise invalid("period-reversed", "a period ends after it begins", "/valid_until")
    return [named]


def end_person(state: Association, person_id: UUID, valid_until: date) -> list[Fact]:
    """Ends a person's part in the association. Refused where that would make it last longer than it does now."""
    named = person(state, person_id)
    if named.valid_until is not None and valid_until > named.valid_until:
        day = f"{named.valid_until:%-d.%-m.%Y}"
        raise invalid("period-longer", f"the period ends on {day}: name the person anew for a later one",
                      "/valid_until")  # fmt: skip
    if valid_until < named.valid_from:
        raise invalid("period-reversed", "a period ends after it begins", "/valid_until")
    return [PersonEnded(association_id=named.association_id, person_id=person_id, valid_until=valid_until)]


def erase_person(state: Association, person_id: UUID, reason: str) -> list[Fact]:
    """Records that a person's key was destroyed; nothing when that is recorded."""
    named = person(state, person_id)
    if person_id in state.erased:
        return []
    return [PersonErased(association_id=named.association_id, person_id=person_id, reason=reason)]


def person(state: Association, person_id: UUID) -> PersonNamed:
    """A person of the association. Raises Refused (not found)."""
    named = state.persons.get(person_id)
    if named is None:
        raise not_found("such person of the association")
    return named


def may_act(state: Association, subject: str, today: date) -> bool:
    """Whether a person may act for the association on a Helsinki date: anybody whose token names it while no mandates
    are kept here, else who has a mandate in force. Nobody acts by the mandate of an erased person, of whom nothing can
    be read any more; it still counts as kept, so that an erasure opens the association to nobody.
    """
    mandates = [each for each in state.persons.values() if each.role == "mandate"]
    return not mandates or any(
        each.person == subject and _in_force(each, today) for each in mandates if each.person_id not in state.erased
    )


def acts_for(state: Association, person: str, today: date) -> bool:
    """Whether a person is known to act or sign for the association, or to be its contact, on a Helsinki date: as an
    officer they leave its matters to another.
    """
    return any(each.person == person and _in_force(each, today) for each in state.persons.values())


def is_contact(state: Association, person_id: UUID, on: date) -> bool:
    """Whether somebody can be an application's contact on a Helsinki date: a person of the association who was not
    erased, and whose part has not ended.
    """
    named = state.persons.get(person_id)
    if named is None or person_id in state.erased:
        return False
    return named.valid_until is None or on <= named.valid_until


def _in_force(named: PersonNamed, today: date) -> bool:
    return named.valid_from <= today and (named.valid_until is None or today <= named.valid_until)


def refusal_of(state: Association, refused: AccountChangeRefused) -> Refused:
    """What the caller is told once the attempt is recorded."""
    asked = _waiting(state, refused.change_id).person
    return forbidden("same-person" if refused.person == asked else "acts-for-it", refused.reason)
