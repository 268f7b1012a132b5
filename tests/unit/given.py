"""What unit tests of the domains start from: the published sample of each fact with what a test changes, the county's
data, and the refusal that a command must end in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest

from schemas.county import County
from schemas.facts import Fact
from schemas.refusals import Kind, Refused
from schemas.samples import SAMPLES
from services.web.county import load_county

COUNTY_FOLDER = Path(__file__).parents[2] / "deploy" / "county" / "north-karelia"
AnyFact = TypeVar("AnyFact", bound=Fact)
State = TypeVar("State")


def fact(kind: type[AnyFact], /, **changed: Any) -> AnyFact:
    """The sample of a fact, with these fields changed; money as cents or as text."""
    return kind.model_validate({**SAMPLES[kind.event_type, kind.event_schema], **changed})


def folded(evolve: Callable[[State, Fact], State], state: Any, *facts: Fact) -> State:
    """A state after these facts. What it is is known by what evolves it: a run may begin as none."""
    after: State = fold(evolve, state, facts)
    return after


def fold(evolve: Callable[[State, Fact], State], state: State, facts: Iterable[Fact]) -> State:
    for each in facts:
        state = evolve(state, each)
    return state


@contextmanager
def refused(slug: str, kind: Kind = "conflict", field: str = "") -> Iterator[None]:
    """The block must be refused for this reason, and nothing else."""
    with pytest.raises(Refused) as caught:
        yield
    assert (caught.value.slug, caught.value.kind, caught.value.field) == (slug, kind, field)


@cache
def county() -> County:
    """The data of North Karelia."""
    return load_county(COUNTY_FOLDER)
