"""State machines that are held to reach what they are about: an invariant of what never happens holds for nothing."""

from __future__ import annotations

from typing import Any, Final
from unittest import TestCase

from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine

from schemas.facts import Fact

EXAMPLES: Final = 200
ATTEMPTS: Final = 3
"""What is rare may be missed by chance once, and hardly ever so often."""
Kinds = set[type[Fact]]


def reaching(
    machine: type[RuleBasedStateMachine], written: Kinds, reached: Kinds, *, steps: int = 40
) -> type[TestCase]:
    """The test of a machine: no sequence of commands breaks an invariant, and each kind of fact that is `written` there
    was `reached`: the machine adds to that set what each sequence wrote.
    """
    base: Any = machine.TestCase

    class Reaching(base):  # type: ignore[misc]
        def runTest(self) -> None:  # noqa: N802 - unittest's name
            for _ in range(ATTEMPTS):
                super().runTest()
                if written <= reached:
                    return
            missing = sorted(each.__name__ for each in written - reached)
            assert not missing, f"no sequence reached {', '.join(missing)}"

    Reaching.settings = settings(max_examples=EXAMPLES, stateful_step_count=steps, print_blob=True, deadline=None)
    return Reaching
