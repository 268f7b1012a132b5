"""Where time goes: the top of a cProfile, written beside the figures."""

from __future__ import annotations

import cProfile
import io
import pstats
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.bench.figures import OUT

LINES: Final = 45


@contextmanager
def profiled(name: str) -> Iterator[None]:
    """Profiles this thread and writes `out/bench-profile-<name>.txt`."""
    profile = cProfile.Profile()
    profile.enable()
    try:
        yield
    finally:
        profile.disable()
        write_top(profile, profile_path(name))


def profile_path(name: str) -> Path:
    """Where a profile is written."""
    OUT.mkdir(exist_ok=True)
    return OUT / f"bench-profile-{name}.txt"


def write_top(profile: cProfile.Profile, path: Path) -> None:
    """The functions that take the most time by themselves, then those with the most below them."""
    text = io.StringIO()
    stats = pstats.Stats(profile, stream=text).strip_dirs()
    for order in ("tottime", "cumulative"):
        stats.sort_stats(order).print_stats(LINES)
    path.write_text(text.getvalue(), encoding="utf-8")
