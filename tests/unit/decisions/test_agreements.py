"""A partnership is negotiated, agreed in versions that both parties sign, and reviewed before each later year."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from schemas.decisions import (
    AgreementDrafted,
    AgreementPartySigned,
    AgreementSigned,
    CaseOpened,
    CaseTransferred,
    CaseWithdrawn,
    DecisionMade,
    NegotiationNoted,
    OwnFundingProven,
    PartnershipReviewed,
    ProposalMade,
    RectificationDecided,
)
from schemas.facts import Fact
from services.decisions.domain import agreements, cases, follow_up
from services.decisions.domain.agreements import Partnership
from services.decisions.domain.cases import Case
from tests.unit.given import fact, fold, folded, refused

AMOUNT, YEARS_MAX = 150_000, 5
DRAFTED = fact(AgreementDrafted)
SECOND = fact(AgreementDrafted, version=2, terms="Uusi sopimus")
BY_ASSOCIATION = fact(AgreementPartySigned)
BY_COUNTY = fact(AgreementPartySigned, party="county", person="board-1", signed_on="2026-03-24")
SIGNED = fact(AgreementSigned)
REJECTION = fact(DecisionMade, outcome="rejected", amount=0, instalments=[])


def after(*facts: Fact) -> Partnership:
    return fold(agreements.evolve, Partnership(), facts)


def case(*facts: Fact, **opened: Any) -> Case:
    state = folded(cases.evolve, None, fact(CaseOpened, basket="partnership", **opened), *facts)
    assert state is not None
    return state


def drafted(state: Partnership, amount: int = AMOUNT, years_max: int = YEARS_MAX, **changed: Any) -> list[Fact]:
    return agreements.draft(state, fact(AgreementDrafted, **changed), amount, years_max)


# --- drafts --------------------------------------------------------------------------------------------------


def test_versions_are_numbered_from_one_whatever_was_sent() -> None:
    assert drafted(after(), version=7) == [DRAFTED]
    assert drafted(after(DRAFTED), terms="Uusi sopimus") == [SECOND]
    assert drafted(after(DRAFTED, SECOND)) == [fact(AgreementDrafted, version=3)]


def test_there_are_as_many_versions_as_can_be_numbered() -> None:
    assert drafted(after(fact(AgreementDrafted, version=99))) == [fact(AgreementDrafted, version=100)]
    with refused("too-many-versions"):
        drafted(after(fact(AgreementDrafted, version=100)))


@pytest.mark.parametrize(
    ("changed", "slug", "field"),
    [
        ({"valid_until": "2025-12-31"}, "period-backwards", "/valid_until"),
        ({"years": 4}, "years-do-not-fit", "/years"),
        ({"years": 2}, "years-do-not-fit", "/years"),
        ({"valid_until": "2027-12-31"}, "years-do-not-fit", "/years"),
        ({"without_money": True}, "money-does-not-fit", "/without_money"),
    ],
)
def test_a_draft_that_contradicts_itself_or_the_decision_is_told_where(
    changed: dict[str, Any], slug: str, field: str
) -> None:
    with refused(slug, "invalid", field):
        drafted(after(), **changed)


def test_an_agreement_lasts_as_long_as_its_basket_allows_and_may_begin_and_end_within_a_day() -> None:
    with refused("too-many-years", "invalid", "/years"):
        drafted(after(), years_max=2)
    assert drafted(after(), years_max=3) == [DRAFTED]
    one_day: dict[str, Any] = {"years": 1, "valid_from": "2026-03-20", "valid_until": "2026-03-20"}
    assert drafted(after(), years_max=1, **one_day) == [fact(AgreementDrafted, **one_day)]


def test_without_money_the_county_names_what_it_gives_in_its_place() -> None:
    with refused("money-does-not-fit", "invalid", "/without_money"):
        drafted(after(), amount=0)
    with refused("nothing-agreed", "invalid", "/contributions"):
        drafted(after(), amount=0, without_money=True, contributions=[])
    without = fact(AgreementDrafted, without_money=True)
    assert drafted(after(), amount=0, without_money=True) == [without]
    assert drafted(after(), contributions=[]) == [fact(AgreementDrafted, contributions=[])]


# --- signatures ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second"), [(BY_ASSOCIATION, BY_COUNTY), (BY_COUNTY, BY_ASSOCIATION)])
def test_the_second_signature_brings_the_agreement_into_force_on_its_day(
    first: AgreementPartySigned, second: AgreementPartySigned
) -> None:
    assert agreements.sign(after(DRAFTED), first) == [first]
    in_force = fact(AgreementSigned, signed_on=second.signed_on)
    assert agreements.sign(after(DRAFTED, first), second) == [second, in_force]
    state = after(DRAFTED, first, second, in_force)
    assert (state.signed, state.signed_by) == (in_force, {"association": BY_ASSOCIATION, "county": BY_COUNTY})


def test_nothing_is_signed_before_it_was_drafted_and_no_party_signs_twice() -> None:
    with refused("no-draft"):
        agreements.sign(after(), BY_ASSOCIATION)
    again = fact(AgreementPartySigned, person="user-2")
    with refused("signed-already"):
        agreements.sign(after(DRAFTED, BY_ASSOCIATION), again)
    with refused("signed-already"):
        agreements.sign(after(DRAFTED, BY_ASSOCIATION, BY_COUNTY, SIGNED), BY_COUNTY)


@pytest.mark.parametrize("version", [1, 3])
def test_only_the_last_version_is_signed(version: int) -> None:
    with refused("version-replaced"):
        agreements.sign(after(DRAFTED, SECOND), fact(AgreementPartySigned, version=version))


def test_signatures_of_a_replaced_version_count_for_nothing() -> None:
    state = after(DRAFTED, BY_ASSOCIATION, SECOND)
    by_county = fact(AgreementPartySigned, version=2, party="county", person="board-1")
    assert agreements.sign(state, by_county) == [by_county]


def test_what_was_signed_holds_with_its_signers_until_both_have_signed_the_next_version() -> None:
    state = after(DRAFTED, BY_ASSOCIATION, BY_COUNTY, SIGNED, SECOND, fact(AgreementPartySigned, version=2))
    assert state.signed == SIGNED
    assert {party: each.version for party, each in state.signed_by.items()} == {"association": 1, "county": 1}
    by_county = fact(AgreementPartySigned, version=2, party="county", person="board-2")
    [_, next_one] = agreements.sign(state, by_county)
    assert isinstance(next_one, AgreementSigned)
    assert (next_one.version, next_one.terms) == (2, "Uusi sopimus")


# --- reviews -------------------------------------------------------------------------------------------------


def reviewed(state: Partnership, **changed: Any) -> list[Fact]:
    return agreements.review(state, fact(PartnershipReviewed, **changed))


@pytest.mark.parametrize(("year", "fits"), [(2026, False), (2027, True), (2028, True), (2029, False)])
def test_each_later_year_of_an_agreement_is_reviewed(year: int, fits: bool) -> None:
    if fits:
        assert reviewed(after(SIGNED), year=year) == [fact(PartnershipReviewed, year=year)]
        return
    with refused("no-such-year", "invalid", "/year"):
        reviewed(after(SIGNED), year=year)


def test_an_agreement_of_one_year_is_not_reviewed_and_an_unsigned_one_neither() -> None:
    with refused("no-such-year", "invalid", "/year"):
        reviewed(after(fact(AgreementSigned, years=1, valid_until="2026-12-31")))
    for state in (after(), after(DRAFTED, BY_ASSOCIATION)):
        with refused("not-signed"):
            reviewed(state)


def test_a_year_that_was_held_is_reviewed_again_and_one_that_continues_is_not() -> None:
    held = fact(PartnershipReviewed, continues=False)
    assert reviewed(after(SIGNED, held)) == [fact(PartnershipReviewed)]
    with refused("reviewed-already"):
        reviewed(after(SIGNED, held, fact(PartnershipReviewed)))
    assert reviewed(after(SIGNED, fact(PartnershipReviewed)), year=2028) == [fact(PartnershipReviewed, year=2028)]


def test_an_agreement_of_the_first_contract_has_no_period_and_any_year_is_reviewed() -> None:
    without_period = fact(AgreementSigned, valid_from=None, valid_until=None, signed_on=None)
    assert reviewed(after(without_period), year=2040) == [fact(PartnershipReviewed, year=2040)]


# --- what a decision has to be -------------------------------------------------------------------------------

PROPOSED, DECIDED = fact(ProposalMade), fact(DecisionMade)
WITHOUT_MONEY = fact(DecisionMade, outcome="granted", amount=0, instalments=[])


def test_an_agreement_follows_a_favourable_decision() -> None:
    with refused("not-decided"):
        follow_up.draft_agreement(case(PROPOSED), DRAFTED, YEARS_MAX)
    with refused("not-granted"):
        follow_up.draft_agreement(case(PROPOSED, REJECTION), DRAFTED, YEARS_MAX)
    assert follow_up.draft_agreement(case(PROPOSED, DECIDED), DRAFTED, YEARS_MAX) == [DRAFTED]


def test_a_partnership_without_money_is_granted_too() -> None:
    without = fact(AgreementDrafted, without_money=True)
    granted = case(PROPOSED, WITHOUT_MONEY, applied=0)
    assert follow_up.draft_agreement(granted, without, YEARS_MAX) == [without]
    with refused("not-granted"):
        follow_up.draft_agreement(case(PROPOSED, REJECTION, applied=0), without, YEARS_MAX)


def test_a_claim_may_take_what_was_granted_or_grant_what_was_rejected() -> None:
    taken = fact(RectificationDecided, amount=0, instalments=[])
    drafted_first = case(PROPOSED, DECIDED, DRAFTED, taken)
    with refused("not-granted"):
        follow_up.sign_agreement(drafted_first, BY_ASSOCIATION)
    granted = case(PROPOSED, REJECTION, fact(RectificationDecided))
    assert follow_up.draft_agreement(granted, DRAFTED, YEARS_MAX) == [DRAFTED]


def test_all_that_follows_a_decision_waits_for_a_favourable_one() -> None:
    for state, slug in ((case(PROPOSED), "not-decided"), (case(PROPOSED, REJECTION), "not-granted")):
        with refused(slug):
            follow_up.sign_agreement(state, BY_ASSOCIATION)
        with refused(slug):
            follow_up.review(state, fact(PartnershipReviewed))
        with refused(slug):
            follow_up.prove_own_funding(state, fact(OwnFundingProven))
    signed = case(PROPOSED, DECIDED, DRAFTED, BY_ASSOCIATION, BY_COUNTY, SIGNED)
    assert follow_up.review(signed, fact(PartnershipReviewed)) == [fact(PartnershipReviewed)]


def test_a_negotiation_is_noted_once_it_took_place_before_or_after_the_decision() -> None:
    noted, day = fact(NegotiationNoted), date(2026, 2, 10)
    assert follow_up.note_negotiation(case(), noted, day) == [noted]
    assert follow_up.note_negotiation(case(PROPOSED, DECIDED), noted, day) == [noted]
    with refused("not-held-yet", "invalid", "/held_on"):
        follow_up.note_negotiation(case(), noted, date(2026, 2, 9))
    for closing in (CaseWithdrawn, CaseTransferred):
        with refused("case-closed"):
            follow_up.note_negotiation(case(fact(closing)), noted, day)


def test_a_basket_without_agreements_is_told_to_have_none() -> None:
    with refused("no-agreement"):
        follow_up.check_agreed(case(), agreed=False)
    follow_up.check_agreed(case(), agreed=True)
