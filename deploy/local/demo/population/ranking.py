"""Who is given what: a plain ranking that keeps within the appropriations.

Ranked by points, then by the moment of sending. What is not to be examined gets nothing, nor what has fewer
than the least points; the best are given all they applied for, the others a part by sum and points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deploy.local.demo.population.names import REJECTION_REASONS
from deploy.local.demo.population.shapes import (
    OPERATING_APPROPRIATION_CENTS,
    THEME_APPROPRIATION_CENTS,
    Application,
    Mark,
)
from schemas.money import split

CLAIM_RESERVE_CENTS = 60_000
"""Kept from the operating sum for the claim for rectification that changes a decision."""

_POINTS_MIN = 42
_POINTS_FOR_ALL = 93
_AWARD_MIN_CENTS = 20_000
_STEP_CENTS = 1_000
"""Part-grants are whole tens of euros."""
_NOT_RANKED = frozenset({Mark.MUNICIPALITY_TASK, Mark.LATE, Mark.WITHDRAWN, Mark.REJECTED})
_PAID_AT_ONCE = frozenset({Mark.CLAIM_CHANGES, Mark.BANK_REJECTS, Mark.BANK_RETURNS, Mark.RECOVERY})
_FULL_BELOW_CENTS = 400_000
_INSTALMENTS_FROM_CENTS = 200_000


def ranked(applications: Sequence[Application]) -> list[Application]:
    """Give the applications with their awards, instalments and the marks that follow from them."""
    theme = [application for application in applications if application.basket == "theme"]
    rest = [application for application in applications if application.basket != "theme"]
    awards = _awards(theme, THEME_APPROPRIATION_CENTS)
    awards |= _awards(rest, OPERATING_APPROPRIATION_CENTS - CLAIM_RESERVE_CENTS)
    return [_decided(number, one, awards.get(one.key, 0)) for number, one in enumerate(applications)]


def _awards(applications: Sequence[Application], appropriation_cents: int) -> dict[str, int]:
    """Give the sums by key; together they are at most the appropriation."""
    candidates = sorted(
        (one for one in applications if not one.marks & _NOT_RANKED and _has_the_points(one)),
        key=lambda one: (-one.points, one.submitted_at, one.key),
    )
    candidates = [one for one in candidates if one.applied_cents > 0]
    awards = {one.key: one.applied_cents for one in candidates if _given_in_full(one)}
    parts = [one for one in candidates if one.key not in awards]
    left = appropriation_cents - sum(awards.values())
    assert left > 0, "the sums given in full leave something to share"
    portions = split(left, [one.applied_cents * one.points for one in parts])
    for one, portion in zip(parts, portions, strict=True):
        rounded = min(portion, one.applied_cents) // _STEP_CENTS * _STEP_CENTS
        if rounded >= _AWARD_MIN_CENTS:
            awards[one.key] = rounded
    left = appropriation_cents - sum(awards.values())
    for one in parts:
        added = min(left, one.applied_cents - awards.get(one.key, 0), _STEP_CENTS) // _STEP_CENTS * _STEP_CENTS
        if one.key in awards:
            awards[one.key] += added
            left -= added
    return awards


def _has_the_points(application: Application) -> bool:
    """A partnership was negotiated before it was applied for."""
    return application.basket == "partnership" or application.points >= _POINTS_MIN


def _given_in_full(application: Application) -> bool:
    return application.points >= _POINTS_FOR_ALL and application.applied_cents < _FULL_BELOW_CENTS


def _decided(number: int, application: Application, award_cents: int) -> Application:
    if application.marks & (_NOT_RANKED - {Mark.REJECTED}) or application.in_kind:
        return application
    if not award_cents:
        reason = application.reason or REJECTION_REASONS[number % len(REJECTION_REASONS)]
        return replace(application.marked(Mark.REJECTED), reason=reason)
    full = award_cents == application.applied_cents
    instalments = split(award_cents, [1] * _instalment_count(application, award_cents))
    marks = {Mark.FULL_GRANT if full else Mark.PART_GRANT} | ({Mark.INSTALMENTS} if len(instalments) > 1 else set())
    claim = award_cents + CLAIM_RESERVE_CENTS if Mark.CLAIM_CHANGES in application.marks else None
    recovery = award_cents // 2 if Mark.RECOVERY in application.marks else 0
    return replace(
        application.marked(*marks),
        award_cents=award_cents,
        instalments=tuple(instalments),
        claim_cents=claim,
        recovery_cents=recovery,
    )


def _instalment_count(application: Application, award_cents: int) -> int:
    """Partnerships are paid in two parts a year, projects in one a year, large operating grants in two."""
    if application.marks & _PAID_AT_ONCE:
        return 1
    match application.basket:
        case "partnership":
            return 2 * application.years
        case "project":
            return application.years
    return 2 if award_cents >= _INSTALMENTS_FROM_CENTS else 1
