"""What the associations apply for: purpose, places, budget, and the moment of sending."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from deploy.local.demo.population.applicants import HELSINKI, MUNICIPALITIES, YEAR_CALLS
from deploy.local.demo.population.names import (
    COSTS,
    COUNTY_FIELDS,
    EXTRA_ACTIVITIES,
    FUNDERS,
    MUNICIPAL_FIELDS,
    PARTNERSHIPS,
    PROJECTS,
    THEMES,
    Field,
)
from deploy.local.demo.population.shapes import (
    APPLICATIONS,
    APPLIED_CENTS,
    Application,
    Association,
    BudgetRow,
    Mark,
)
from schemas.money import split

_CALLS = {call.basket: call for call in YEAR_CALLS}
_WEIGHTS = (1, 2, 2, 3, 3, 4, 5, 8)
"""Many small sums and few large ones."""
_THEME_CENTS = 4_512_345
_PARTNERSHIP_YEARS = (3, 2, 1)
_PARTNERSHIP_CENTS = (3_600_000, 2_250_050, 0)
_PROJECT_CENTS = (812_500, 640_080, 955_025, 499_999)


@dataclass(frozen=True, slots=True)
class _Wish:
    """What an application is about, before its budget and its moment."""

    basket: str
    association: Association
    activity: str
    purpose: str
    applied_cents: int
    years: int = 1
    in_kind: bool = False
    funder: str | None = None


def applications(seed: int, associations: Sequence[Association]) -> list[Application]:
    """Give the 130 applications of the associations, each of which has at least one."""
    random = Random(f"applications {seed}")  # noqa: S311 - repeatable, not secret
    wishes = _wishes(random, associations)
    return [_application(random, number, wish) for number, wish in enumerate(wishes, 1)]


def _wishes(random: Random, associations: Sequence[Association]) -> list[_Wish]:
    local = [association for association in associations if association.kind == "local"]
    wider = [association for association in associations if association.kind != "local"]
    eligible = [association for association in local if _field_of(association) in COUNTY_FIELDS]
    partners, wider_projects, wider_themes = wider[:3], wider[3:5], wider[5:]
    projects = wider_projects + random.sample(eligible, APPLICATIONS["project"] - len(wider_projects))
    themes = wider_themes + random.sample(eligible, APPLICATIONS["theme"] - len(wider_themes))
    wishes = [*_partnerships(partners), *_projects(projects), *_themes(random, themes)]
    rest_cents = APPLIED_CENTS - sum(wish.applied_cents for wish in wishes)
    again = random.sample(eligible, APPLICATIONS["operating"] - len(local))
    return [*wishes, *_operating(random, local, again, rest_cents)]


def _partnerships(partners: Sequence[Association]) -> Iterator[_Wish]:
    for partner, partnership, cents, years in zip(
        partners, PARTNERSHIPS, _PARTNERSHIP_CENTS, _PARTNERSHIP_YEARS, strict=True
    ):
        activity, purpose, kind = partnership
        yield _Wish("partnership", partner, activity, purpose, cents, years, in_kind=kind == "in_kind")


def _projects(associations: Sequence[Association]) -> Iterator[_Wish]:
    for association, project, cents in zip(associations, PROJECTS, _PROJECT_CENTS, strict=True):
        activity, purpose, funder = project
        yield _Wish("project", association, activity, purpose, cents, years=2, funder=funder)


def _themes(random: Random, associations: Sequence[Association]) -> Iterator[_Wish]:
    amounts = split(_THEME_CENTS, random.choices(_WEIGHTS[2:6], k=len(associations)))
    for association, cents in zip(associations, amounts, strict=True):
        field = _field_of(association) or random.choice(COUNTY_FIELDS)
        yield _Wish("theme", association, field.activity, random.choice(THEMES), cents)


def _operating(
    random: Random, local: Sequence[Association], again: Sequence[Association], total_cents: int
) -> Iterator[_Wish]:
    """Every local association applies, and some apply again for what belongs to their annual plan."""
    amounts = split(total_cents, random.choices(_WEIGHTS, k=len(local) + len(again)))
    for association, cents in zip(local, amounts[: len(local)], strict=True):
        field = _field_of(association) or random.choice(COUNTY_FIELDS)
        yield _Wish("operating", association, field.activity, random.choice(field.purposes), cents)
    for association, cents in zip(again, amounts[len(local) :], strict=True):
        yield _Wish("operating", association, *random.choice(EXTRA_ACTIVITIES), cents)


def _field_of(association: Association) -> Field | None:
    """Give the field that the association's name tells; the wider bodies' names tell none."""
    fields = COUNTY_FIELDS + MUNICIPAL_FIELDS
    return next((field for field in fields if association.name.endswith(f" {field.association} ry")), None)


def _application(random: Random, number: int, wish: _Wish) -> Application:
    other, own, own_share, funders = _funding(random, wish)
    sent = _moment(random, wish.basket)
    municipal = _field_of(wish.association) in MUNICIPAL_FIELDS
    return Application(
        key=f"{wish.basket}-{number:03d}",
        call_id=_CALLS[wish.basket].id,
        basket=wish.basket,
        association=wish.association,
        activity=wish.activity,
        county_condition_met=not municipal,
        municipalities=_municipalities(random, wish.association.domicile),
        purpose=wish.purpose,
        budget=_budget(random, wish, funders, own),
        applied_cents=wish.applied_cents,
        other_cents=other,
        own_cents=own,
        own_share_cents=own_share,
        funders=funders,
        years=wish.years,
        in_kind=wish.in_kind,
        submitted_at=sent,
        arrived_on=sent.astimezone(HELSINKI).date(),
        points=random.randint(30, 98),
        marks=frozenset({Mark.MUNICIPALITY_TASK}) if municipal else frozenset(),
        reason="Toiminta on kunnan tehtävä, ja hakemus siirretään kunnalle." if municipal else None,
    )


def _funding(random: Random, wish: _Wish) -> tuple[int, int, int, tuple[tuple[str, int], ...]]:
    """Give other funding, own funding, the declared own-funding share, and the funders with their sums."""
    if wish.funder is not None:
        # The funder pays 80 %; the own-funding share is what is applied for and the association's own.
        own = wish.applied_cents // random.randint(3, 8)
        share = wish.applied_cents + own
        return share * 4, own, share, ((wish.funder, share * 4),)
    if wish.in_kind:
        own = random.randrange(200_000, 900_000)
        return 0, own, 0, ()
    own = wish.applied_cents * random.randint(5, 60) // 100
    names = random.sample(FUNDERS, random.choice((0, 0, 1, 1, 2)))
    funders = tuple((name, wish.applied_cents * random.randint(5, 80) // 100) for name in names)
    return sum(cents for _, cents in funders), own, 0, funders


def _budget(random: Random, wish: _Wish, funders: tuple[tuple[str, int], ...], own_cents: int) -> tuple[BudgetRow, ...]:
    incomes = [("haettu avustus", wish.applied_cents), *funders, ("omat tulot", own_cents)]
    total = sum(cents for _, cents in incomes)
    names = random.sample(COSTS, random.randint(2, 5))
    costs = split(total, [random.randint(1, 9) for _ in names])
    return (
        *(BudgetRow("cost", name, cents) for name, cents in zip(names, costs, strict=True)),
        *(BudgetRow("income", name, cents) for name, cents in incomes if cents),
    )


def _municipalities(random: Random, domicile: str) -> tuple[tuple[str, int], ...]:
    """Give where the activity takes place, in percent: the domicile first, with the largest share."""
    others = random.sample([name for name in MUNICIPALITIES if name != domicile], random.choice((0, 0, 0, 1, 2, 3)))
    percent = [random.randint(5, 15) for _ in others]
    return ((domicile, 100 - sum(percent)), *zip(others, percent, strict=True))


def _moment(random: Random, basket: str) -> datetime:
    """Give a moment within the call, to the minute: most applications of a round come in its last days.

    What may be sent at any time comes in winter, before the board of March.
    """
    call = _CALLS[basket]
    if call.closes_at is None:
        minutes = random.randrange(60 * 24 * 60, 105 * 24 * 60)
        return call.opens_at + timedelta(minutes=minutes)
    open_minutes = int((call.closes_at - call.opens_at).total_seconds()) // 60
    return call.closes_at - timedelta(minutes=int(open_minutes * random.random() ** 3) + 1)
