"""Assessment by weighted criteria, in exact arithmetic: scores make points from 0 to 100, in hundredths."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from schemas.calls import Criterion
from schemas.decisions import AssessmentRecorded, CallNoted, Score
from schemas.facts import Fact
from schemas.money import rounded
from schemas.refusals import Refused, SeveralRefused, invalid

HUNDREDTHS_MAX = 10_000
CallVersions = Mapping[int, CallNoted]


def evolve_call(versions: CallVersions, fact: Fact) -> CallVersions:
    """A call's versions, as they are known here, after a fact."""
    return {**versions, fact.call_version: fact} if isinstance(fact, CallNoted) else versions


@dataclass(frozen=True, slots=True)
class Summary:
    """What several assessors' points come to, in hundredths; `spread` is the highest less the lowest."""

    mean: int
    lowest: int
    highest: int
    assessors: int

    @property
    def spread(self) -> int:
        return self.highest - self.lowest


def summarise(assessments: Collection[AssessmentRecorded]) -> Summary | None:
    """The mean, rounded half up, with its bounds; None when nobody has assessed."""
    points = [each.hundredths for each in assessments]
    if not points:
        return None
    return Summary(rounded(Fraction(sum(points), len(points))), min(points), max(points), len(points))


def weighted(criteria: Sequence[Criterion], scores: Sequence[Score]) -> int:
    """The scores' weighted points in hundredths: each criterion counts with its weight and its own maximum.

    Raises SeveralRefused unless each criterion is scored once, within its maximum.
    """
    wrong = list(_problems(criteria, scores))
    if wrong:
        raise SeveralRefused(wrong)
    points = {score.criterion_id: score.points for score in scores}
    whole = sum(each.weight for each in criteria)
    parts = (Fraction(each.weight * points[each.criterion_id], each.points_max) for each in criteria)
    share = sum(parts, start=Fraction(0))
    return rounded(share * HUNDREDTHS_MAX / whole)


def _problems(criteria: Sequence[Criterion], scores: Sequence[Score]) -> list[Refused]:
    known = {each.criterion_id: each for each in criteria}
    found: list[Refused] = []
    seen: set[str] = set()
    for index, score in enumerate(scores):
        pointer = f"/scores/{index}"
        criterion = known.get(score.criterion_id)
        if criterion is None:
            found.append(invalid("unknown-criterion", f"the call has no criterion {score.criterion_id}",
                                 f"{pointer}/criterion_id"))  # fmt: skip
        elif score.criterion_id in seen:
            found.append(invalid("scored-twice", "each criterion is scored once", f"{pointer}/criterion_id"))
        elif score.points > criterion.points_max:
            found.append(invalid("points-over-maximum", f"this criterion has {criterion.points_max} points at most",
                                 f"{pointer}/points"))  # fmt: skip
        seen.add(score.criterion_id)
    missing = [each.criterion_id for each in criteria if each.criterion_id not in seen]
    if missing:
        found.append(invalid("criterion-not-scored", f"score also {', '.join(missing)}", "/scores"))
    return found
