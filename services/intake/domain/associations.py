"""Associations (*yhdistys*) and their accounts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from schemas.facts import Fact
from schemas.intake import AssociationAccountChanged, AssociationRegistered
from schemas.refusals import conflict


@dataclass(frozen=True, slots=True)
class Association:
    """An association as it stands; `iban` is the account that later payments go to."""

    registered: AssociationRegistered
    iban: str


def evolve(state: Association | None, fact: Fact) -> Association | None:
    """The association after a fact."""
    match fact:
        case AssociationRegistered():
            return Association(fact, fact.iban)
        case AssociationAccountChanged() if state is not None:
            return replace(state, iban=fact.iban)
    return state


def register(state: Association | None, association: AssociationRegistered) -> list[Fact]:
    """Registers an association once: its business id is its identity."""
    if state is not None:
        raise conflict("association-exists", f"{association.association_id} is registered already")
    return [association]


def change_account(state: Association, iban: str, reason: str) -> list[Fact]:
    """Corrects the account. Refused when nothing changes."""
    if iban == state.iban:
        raise conflict("account-unchanged", "this is the account already")
    return [AssociationAccountChanged(association_id=state.registered.association_id, iban=iban, reason=reason)]
