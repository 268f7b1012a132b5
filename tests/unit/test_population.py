from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from stdnum import iban
from stdnum.fi import ytunnus

from deploy.local.demo.applying import content
from deploy.local.demo.population import (
    APPLICATIONS,
    APPLIED_CENTS,
    OPERATING_APPROPRIATION_CENTS,
    THEME_APPROPRIATION_CENTS,
    Application,
    Mark,
    Population,
    build_population,
)
from schemas.county import County
from schemas.intake import ApplicationSubmitted, AssociationRegistered, CallPublished
from schemas.validity import all_holding_on
from services.intake.domain import applications
from services.web.county import load_county
from tests.unit.given import fact

HELSINKI = ZoneInfo("Europe/Helsinki")
SEEDS = (0, 1, 2, 3, 7, 42, 2026, 999_999)
COUNTED = {
    Mark.MUNICIPALITY_TASK: 8,
    Mark.PAPER: 3,
    Mark.LATE: 1,
    Mark.WITHDRAWN: 2,
    Mark.SUPPLEMENT: 5,
    Mark.DOUBLE_SUBMISSION: 1,
    Mark.DISQUALIFIED_OFFICER: 2,
    Mark.CLAIM_CHANGES: 1,
    Mark.CLAIM_UPHELD: 1,
    Mark.BANK_REJECTS: 1,
    Mark.BANK_RETURNS: 1,
    Mark.RECOVERY: 1,
}
OUTCOMES = {Mark.REJECTED, Mark.PART_GRANT, Mark.FULL_GRANT, Mark.INSTALMENTS}

built = cache(build_population)


@pytest.fixture(params=SEEDS, ids=lambda seed: f"seed-{seed}")
def population(request: pytest.FixtureRequest) -> Population:
    print(f"seed {request.param}")
    return built(request.param)


@pytest.fixture(scope="module")
def county() -> County:
    return load_county(Path(__file__).parents[2] / "deploy" / "county" / "north-karelia")


def test_the_same_seed_gives_the_same_population_and_another_another(population: Population) -> None:
    assert build_population(population.seed) == population
    assert build_population(population.seed + 1) != population


def test_130_applications_from_105_associations_in_all_municipalities(population: Population, county: County) -> None:
    assert Counter(application.basket for application in population.applications) == APPLICATIONS
    assert sum(APPLICATIONS.values()) == 130
    assert len(population.associations) == 105
    senders = {application.association for application in population.applications}
    assert senders == set(population.associations)
    domiciles = Counter(association.domicile for association in population.associations)
    assert domiciles.keys() == {municipality.id for municipality in county.municipalities}
    assert min(domiciles.values()) >= 3


def test_identifiers_are_valid_and_nobody_shares_one(population: Population) -> None:
    for association in population.associations:
        assert ytunnus.format(ytunnus.validate(association.business_id)) == association.business_id
        assert iban.validate(association.iban) == association.iban
        assert association.iban.startswith("FI")
    accounts = [a for one in population.associations for a in (one.iban, one.corrected_iban)]
    assert len(set(accounts)) == len(accounts)
    assert len({association.business_id for association in population.associations}) == 105
    assert len({association.name for association in population.associations}) == 105


def test_names_carry_finnish_letters_and_fit_a_bank_file(population: Population) -> None:
    letters = "".join(association.name for association in population.associations)
    assert {"ä", "ö"} <= set(letters)
    assert max(len(association.name) for association in population.associations) <= 70


def test_the_sum_applied_for_is_right_to_the_cent(population: Population) -> None:
    assert sum(application.applied_cents for application in population.applications) == APPLIED_CENTS
    assert any(application.applied_cents % 100 for application in population.applications)


def test_budgets_add_up(population: Population) -> None:
    for application in population.applications:
        sides = {side: sum(row.cents for row in application.budget if row.side == side) for side in ("cost", "income")}
        assert sides["cost"] == sides["income"] == application.costs_cents
        assert application.other_cents == sum(cents for _, cents in application.funders)
        assert all(row.cents >= 0 for row in application.budget)
        assert (application.applied_cents == 0) == application.in_kind


def test_municipalities_are_the_countys_and_their_shares_are_whole(population: Population, county: County) -> None:
    for application in population.applications:
        names = [name for name, _ in application.municipalities]
        assert len(set(names)) == len(names)
        assert all(county.municipality(name, application.arrived_on) for name in names)
        assert sum(percent for _, percent in application.municipalities) == 100
        largest = max(application.municipalities, key=lambda share: share[1])
        assert largest[0] == names[0] == application.association.domicile


def test_the_division_by_activity_tells_whose_task_each_application_is(population: Population, county: County) -> None:
    for application in population.applications:
        activity = county.activity(application.activity, application.arrived_on)
        assert activity is not None
        countys = activity.task == "county" or (activity.task == "both" and application.county_condition_met)
        assert countys == (Mark.MUNICIPALITY_TASK not in application.marks)
    assert len({application.activity for application in population.with_mark(Mark.MUNICIPALITY_TASK)}) >= 6


def test_baskets_take_the_applicants_that_the_county_says(population: Population, county: County) -> None:
    for application in population.applications:
        basket = county.basket(application.basket, application.arrived_on)
        assert basket is not None
        assert application.association.kind in basket.applicants
        assert 1 <= application.years <= basket.years_max
        assert (application.own_share_cents > 0) == basket.own_funding_declared
        assert not application.in_kind or basket.money == "optional"
    for call in population.calls:
        held = {basket.id: basket for basket in all_holding_on(county.baskets, call.opens_at.date())}
        assert call.kind in held[call.basket].opens


def test_two_partnerships_run_over_years_and_one_is_without_money(population: Population) -> None:
    partnerships = population.in_basket("partnership")
    assert sorted(one.years > 1 for one in partnerships) == [False, True, True]
    assert [one.in_kind for one in partnerships].count(True) == 1
    assert all(one.in_kind == (one.years == 1) for one in partnerships)


def test_projects_declare_an_own_funding_share_that_the_funder_asks_for(population: Population) -> None:
    for project in population.in_basket("project"):
        assert project.own_share_cents == project.applied_cents + project.own_cents
        assert project.own_share_cents * 5 == project.costs_cents


def test_everything_that_the_year_must_show_happens_and_to_different_applications(
    population: Population,
) -> None:
    for mark, count in COUNTED.items():
        assert len(population.with_mark(mark)) == count, mark
    for application in population.applications:
        assert len(application.marks - OUTCOMES) <= 1
    assert len(population.with_mark(Mark.REJECTED)) >= 3
    assert len(population.with_mark(Mark.PART_GRANT)) >= 10
    assert len(population.with_mark(Mark.FULL_GRANT)) >= 1
    assert len(population.with_mark(Mark.INSTALMENTS)) >= 3


def test_what_meets_the_bank_belongs_to_an_association_with_one_application(population: Population) -> None:
    senders = Counter(application.association.business_id for application in population.applications)
    for mark in (Mark.BANK_REJECTS, Mark.BANK_RETURNS, Mark.RECOVERY, Mark.CLAIM_CHANGES):
        (application,) = population.with_mark(mark)
        assert senders[application.association.business_id] == 1
        assert application.award_cents > 0
        assert len(application.instalments) == 1


def awarded(applications: tuple[Application, ...]) -> int:
    """Give the sum bound at the end of the year, claims included."""
    return sum(one.award_cents if one.claim_cents is None else one.claim_cents for one in applications)


def test_awards_keep_within_the_appropriations_and_use_most_of_them(population: Population) -> None:
    theme = awarded(population.in_basket("theme"))
    rest = awarded(population.applications) - theme
    assert 0.98 * THEME_APPROPRIATION_CENTS <= theme <= THEME_APPROPRIATION_CENTS
    assert 0.98 * OPERATING_APPROPRIATION_CENTS <= rest <= OPERATING_APPROPRIATION_CENTS


def test_every_application_has_one_outcome_and_sums_that_fit_it(population: Population) -> None:
    for application in population.applications:
        granted = application.award_cents > 0
        ended_otherwise = application.marks & {Mark.MUNICIPALITY_TASK, Mark.LATE, Mark.WITHDRAWN}
        outcomes = [granted, Mark.REJECTED in application.marks, bool(ended_otherwise), application.in_kind]
        assert outcomes.count(True) == 1
        assert granted or application.in_kind or application.reason
        assert application.award_cents <= application.applied_cents
        assert sum(application.instalments) == application.award_cents
        assert all(cents > 0 for cents in application.instalments)
        assert (Mark.INSTALMENTS in application.marks) == (len(application.instalments) > 1)
        assert (Mark.FULL_GRANT in application.marks) == (
            granted and application.award_cents == application.applied_cents
        )


def test_the_claims_and_the_recovery_have_what_they_need(population: Population) -> None:
    (changes,) = population.with_mark(Mark.CLAIM_CHANGES)
    (upheld,) = population.with_mark(Mark.CLAIM_UPHELD)
    (recovery,) = population.with_mark(Mark.RECOVERY)
    assert changes.claim_grounds
    assert changes.claim_cents is not None
    assert changes.award_cents < changes.claim_cents <= changes.applied_cents
    assert upheld.claim_grounds
    assert Mark.REJECTED in upheld.marks
    assert 100_00 <= recovery.recovery_cents <= recovery.award_cents
    for application in population.with_mark(Mark.SUPPLEMENT):
        assert application.supplement is not None


def test_moments_lie_within_the_call_but_for_the_one_that_is_a_minute_late(population: Population) -> None:
    calls = {call.id: call for call in population.calls}
    moments = [application.submitted_at for application in population.applications]
    assert moments == sorted(moments)
    for application in population.applications:
        call = calls[application.call_id]
        assert application.submitted_at >= call.opens_at
        if Mark.PAPER in application.marks:
            assert call.closes_at is not None
            assert application.arrived_on <= call.closes_at.astimezone(HELSINKI).date()
            assert application.submitted_at.astimezone(HELSINKI).date() > application.arrived_on
            continue
        assert application.arrived_on == application.submitted_at.astimezone(HELSINKI).date()
        if Mark.LATE in application.marks:
            assert call.closes_at is not None
            assert application.submitted_at == call.closes_at + timedelta(minutes=1)
        elif call.closes_at is not None:
            assert application.submitted_at < call.closes_at


def test_the_contracts_of_intake_take_calls_and_associations(population: Population) -> None:
    for call in population.calls:
        CallPublished(
            call_id=call.id,
            basket=call.basket,
            year=call.year,
            title=call.title,
            kind=call.kind,
            opens_at=call.opens_at,
            closes_at=call.closes_at,
            pays=call.pays,
            instructions=call.instructions,
        )
    for one in population.associations:
        AssociationRegistered(
            association_id=one.business_id,
            name=one.name,
            display_name=one.name,
            register_number=None,
            domicile=one.domicile,
            kind=one.kind,
            iban=one.iban,
            language=one.language,
        )


def test_every_application_keeps_intakes_rules(population: Population, county: County) -> None:
    for application in population.applications:
        said = {"answers": [], "attachments": [], "contact_id": None, **content(application)}
        sent = fact(ApplicationSubmitted, basket=application.basket, arrived_on=application.arrived_on, **said)
        assert applications.problems(sent, county) == [], application.key


def test_a_hundred_more_seeds_find_all_that_they_need() -> None:
    for seed in range(100, 200):
        print(f"seed {seed}")
        population = build_population(seed)
        assert sum(application.applied_cents for application in population.applications) == APPLIED_CENTS
        assert awarded(population.in_basket("theme")) <= THEME_APPROPRIATION_CENTS
        assert len(population.with_mark(Mark.CLAIM_CHANGES)) == 1
        (changes,) = population.with_mark(Mark.CLAIM_CHANGES)
        assert (changes.claim_cents or 0) <= changes.applied_cents
        assert len({association.name for association in population.associations}) == 105
