"""Partnerships (*kumppanuus*): negotiated, agreed in versions that both parties sign, reviewed before each later year.

A partnership's money waits for its agreement, and the instalments of a later year for that year's review. An agreement
may be without money: premises, guidance or training in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from schemas.decisions import AgreementDrafted, AgreementPartySigned, AgreementSigned, PartnershipReviewed, Party
from schemas.facts import Fact
from schemas.refusals import conflict, invalid

PARTIES: frozenset[Party] = frozenset({"county", "association"})
VERSIONS_MAX = 100


@dataclass(frozen=True, slots=True)
class Partnership:
    """What is drafted and signed. Signatures count for the last draft alone; what was signed before, and by whom, holds
    until both have signed the next one.
    """

    draft: AgreementDrafted | None = None
    signatures: Mapping[Party, AgreementPartySigned] = field(default_factory=dict)
    signed: AgreementSigned | None = None
    signed_by: Mapping[Party, AgreementPartySigned] = field(default_factory=dict)
    reviews: Mapping[int, PartnershipReviewed] = field(default_factory=dict)


def evolve(state: Partnership, fact: Fact) -> Partnership:
    """The partnership after a fact; the same object when it concerns none."""
    match fact:
        case AgreementDrafted():
            return replace(state, draft=fact, signatures={})
        case AgreementPartySigned():
            return replace(state, signatures={**state.signatures, fact.party: fact})
        case AgreementSigned():
            return replace(state, signed=fact, signed_by=state.signatures)
        case PartnershipReviewed():
            return replace(state, reviews={**state.reviews, fact.year: fact})
    return state


def draft(state: Partnership, offered: AgreementDrafted, amount: int, years_max: int) -> list[Fact]:
    """Offers the next version to be signed; `amount` is the sum in force, in cents."""
    if offered.valid_until < offered.valid_from:
        raise invalid("period-backwards", "the agreement ends after it begins", "/valid_until")
    if offered.years > years_max:
        raise invalid("too-many-years", f"a partnership lasts {years_max} years at most", "/years")
    whole = offered.valid_until.year - offered.valid_from.year + 1
    if whole != offered.years:
        raise invalid("years-do-not-fit", f"the period touches {whole} calendar years", "/years")
    if offered.without_money != (amount == 0):
        said = "without money" if amount == 0 else "with money"
        raise invalid("money-does-not-fit", f"the decision was on a partnership {said}", "/without_money")
    if offered.without_money and not offered.contributions:
        raise invalid("nothing-agreed", "without money the county gives something else: name it", "/contributions")
    version = 1 if state.draft is None else state.draft.version + 1
    if version > VERSIONS_MAX:
        raise conflict("too-many-versions", f"an agreement has {VERSIONS_MAX} versions at most: let one be signed")
    return [offered.model_copy(update={"version": version})]


def sign(state: Partnership, signature: AgreementPartySigned) -> list[Fact]:
    """Signs the last version for a party; with the second signature the agreement is in force."""
    offered = state.draft
    if offered is None:
        raise conflict("no-draft", "there is no version to sign yet")
    if signature.version != offered.version:
        raise conflict("version-replaced", f"version {offered.version} is the one to sign")
    if signature.party in state.signatures:
        raise conflict("signed-already", "this party signed this version already")
    if PARTIES - set(state.signatures) != {signature.party}:
        return [signature]
    agreed = AgreementSigned(
        application_id=offered.application_id, years=offered.years, without_money=offered.without_money,
        terms=offered.terms, version=offered.version, contributions=offered.contributions,
        valid_from=offered.valid_from, valid_until=offered.valid_until, signed_on=signature.signed_on,
    )  # fmt: skip
    return [signature, agreed]


def review(state: Partnership, reviewed: PartnershipReviewed, paid_since: int | None = None) -> list[Fact]:
    """Reviews a partnership before the instalments of a later year; who reviewed it as held may review it again.
    `paid_since` is the calendar year of the first instalment, which may be before the agreement's first.
    """
    agreed = state.signed
    if agreed is None:
        raise conflict("not-signed", "a partnership is reviewed once its agreement is signed")
    if agreed.valid_from is not None and agreed.valid_until is not None:
        first = min(agreed.valid_from.year, paid_since or agreed.valid_from.year) + 1
        last = agreed.valid_until.year
        if not first <= reviewed.year <= last:
            raise invalid("no-such-year", _years(first, last), "/year")
    before = state.reviews.get(reviewed.year)
    if before is not None and before.continues:
        raise conflict("reviewed-already", f"the year {reviewed.year} was reviewed already")
    return [reviewed]


def _years(first: int, last: int) -> str:
    if last < first:
        return "an agreement of one year is not reviewed"
    return f"the years {first} to {last} are reviewed" if first < last else f"the year {first} is reviewed"
