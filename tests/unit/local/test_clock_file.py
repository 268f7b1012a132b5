from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from deploy.local.clock import ClockFile
from services.web.clock import ClockFileInvalid, SimulatedClock

START = datetime(2026, 1, 15, 6, tzinfo=UTC)


def test_simulated_time_runs_on_from_the_instant_that_was_set(tmp_path: Path) -> None:
    clock = ClockFile(tmp_path / "clock.json")
    clock.set(START)
    first = clock.now()
    second = clock.now()
    assert START <= first <= second < START + timedelta(minutes=1)


def test_a_service_sees_a_change_at_its_next_look(tmp_path: Path) -> None:
    clock = ClockFile(tmp_path / "clock.json")
    clock.set(START)
    service = SimulatedClock(clock.path)
    service()
    for _ in range(20):
        moved = clock.advance(timedelta(days=30))
        assert timedelta() <= service() - moved < timedelta(minutes=1)


def test_an_instant_in_helsinki_is_told_in_utc(tmp_path: Path) -> None:
    clock = ClockFile(tmp_path / "clock.json")
    clock.set(datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Europe/Helsinki")))
    assert (clock.now().hour, clock.now().tzinfo) == (9, UTC)


def test_an_instant_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="names no time zone"):
        ClockFile(tmp_path / "clock.json").set(datetime(2026, 7, 1, 12))  # noqa: DTZ001 - what is refused


def test_a_clock_that_was_never_set_is_no_clock(tmp_path: Path) -> None:
    with pytest.raises(ClockFileInvalid):
        ClockFile(tmp_path / "clock.json").now()


def test_a_change_leaves_no_other_file_behind(tmp_path: Path) -> None:
    clock = ClockFile(tmp_path / "clock.json")
    for _ in range(3):
        clock.set(START)
    assert list(tmp_path.iterdir()) == [clock.path]
