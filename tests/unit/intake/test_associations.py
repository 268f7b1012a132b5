"""An association is registered once, and its account changes only to another one."""

from schemas.intake import AssociationAccountChanged, AssociationRegistered
from services.intake.domain import associations
from tests.unit.given import fact, folded, refused

OTHER_IBAN = "FI1410093000123458"


def test_a_business_id_is_registered_once() -> None:
    association = fact(AssociationRegistered)
    assert associations.register(None, association) == [association]
    with refused("association-exists"):
        associations.register(associations.evolve(None, association), association)


def test_the_account_is_corrected_and_the_registration_stays() -> None:
    association = fact(AssociationRegistered)
    state = folded(associations.evolve, None, association)
    assert state is not None
    changed = associations.change_account(state, OTHER_IBAN, "Tili vaihtui")
    assert changed == [
        AssociationAccountChanged(association_id=association.association_id, iban=OTHER_IBAN, reason="Tili vaihtui")
    ]
    after = folded(associations.evolve, None, association, *changed)
    assert after is not None
    assert (after.iban, after.registered) == (OTHER_IBAN, association)


def test_the_same_account_is_no_change() -> None:
    state = folded(associations.evolve, None, fact(AssociationRegistered))
    assert state is not None
    with refused("account-unchanged"):
        associations.change_account(state, state.iban, "Tili vaihtui")
