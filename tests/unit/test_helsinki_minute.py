"""A minute of Helsinki's clock means one instant: what the clocks leave out or show twice is refused."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.helsinki import HELSINKI, HelsinkiMinute, helsinki_minute

YEARS = (2026, 2027, 2028)
FIRST, LAST = datetime.fromisoformat("2026-01-01T00:00"), datetime.fromisoformat("2028-12-31T23:59")
MINUTES = int((LAST - FIRST) / timedelta(minutes=1))
KEPT: TypeAdapter[datetime] = TypeAdapter(HelsinkiMinute)


def last_sunday(year: int, month: int) -> date:
    """The day of a change of the clocks (directive 2000/84/EC, articles 2 and 3)."""
    day = date(year, month, calendar.monthrange(year, month)[1])
    return day - timedelta(days=(day.weekday() + 1) % 7)


SPRING = [last_sunday(year, 3) for year in YEARS]
AUTUMN = [last_sunday(year, 10) for year in YEARS]


def test_the_days_on_which_the_clocks_change_are_those_of_the_calendar() -> None:
    assert [date(2026, 3, 29), date(2027, 3, 28), date(2028, 3, 26)] == SPRING
    assert [date(2026, 10, 25), date(2027, 10, 31), date(2028, 10, 29)] == AUTUMN


@pytest.mark.parametrize("day", SPRING)
@pytest.mark.parametrize("minute", [0, 1, 30, 59])
def test_the_hour_that_the_clocks_leave_out_in_march_does_not_exist(day: date, minute: int) -> None:
    with pytest.raises(ValueError, match=rf"{day:%-d\.%-m\.%Y} at 03\.{minute:02} does not exist: .* take an earlier"):
        helsinki_minute(f"{day}T03:{minute:02}")


@pytest.mark.parametrize("day", AUTUMN)
@pytest.mark.parametrize("minute", [0, 1, 30, 59])
def test_the_hour_that_the_clocks_show_twice_in_october_means_two_instants(day: date, minute: int) -> None:
    with pytest.raises(ValueError, match=rf"{day:%-d\.%-m\.%Y} at 03\.{minute:02} comes twice: .* take an earlier"):
        helsinki_minute(f"{day}T03:{minute:02}")


@pytest.mark.parametrize("day", SPRING)
def test_the_minutes_beside_the_change_in_march_follow_each_other(day: date) -> None:
    before, after = helsinki_minute(f"{day}T02:59"), helsinki_minute(f"{day}T04:00")
    assert (before.isoformat(), after.isoformat()) == (f"{day}T02:59:00+02:00", f"{day}T04:00:00+03:00")
    assert after - before == timedelta(minutes=1)


@pytest.mark.parametrize("day", AUTUMN)
def test_the_minutes_beside_the_change_in_october_are_two_hours_apart(day: date) -> None:
    before, after = helsinki_minute(f"{day}T02:59"), helsinki_minute(f"{day}T04:00")
    assert (before.isoformat(), after.isoformat()) == (f"{day}T02:59:00+03:00", f"{day}T04:00:00+02:00")
    assert after - before == timedelta(hours=2, minutes=1)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2028-02-29T16:00", "2028-02-29T16:00:00+02:00"),
        ("2026-12-31T23:59", "2026-12-31T23:59:00+02:00"),
        ("2027-01-01T00:00", "2027-01-01T00:00:00+02:00"),
        ("2026-01-16T16:00", "2026-01-16T16:00:00+02:00"),
        ("2026-07-01 16:00", "2026-07-01T16:00:00+03:00"),
        ("2026-07-01T16:00:00", "2026-07-01T16:00:00+03:00"),
        ("2026-07-01T16:00+03:00", "2026-07-01T16:00:00+03:00"),
        ("2026-07-01T16:00:00+03:00", "2026-07-01T16:00:00+03:00"),
        ("2026-07-01T13:00Z", "2026-07-01T16:00:00+03:00"),
        ("2026-07-01T16:00+02:00", "2026-07-01T17:00:00+03:00"),
        ("2026-12-31T22:30+00:00", "2027-01-01T00:30:00+02:00"),
        ("2026-01-16T09:00-05:00", "2026-01-16T16:00:00+02:00"),
        ("2026-01-16T19:30+05:30", "2026-01-16T16:00:00+02:00"),
        ("2026-03-29T03:30+02:00", "2026-03-29T04:30:00+03:00"),
        ("2000-01-01T00:00", "2000-01-01T00:00:00+02:00"),
        ("2200-12-31T23:59", "2200-12-31T23:59:00+02:00"),
    ],
)
def test_a_minute_becomes_an_instant_with_the_offset_that_is_in_force_in_helsinki(text: str, instant: str) -> None:
    assert helsinki_minute(text).isoformat() == instant
    assert KEPT.validate_python(text).isoformat() == instant


@pytest.mark.parametrize("text", ["2026-10-25T00:30Z", "2026-10-25T01:30Z", "2026-10-25T03:30+03:00"])
def test_an_offset_does_not_help_where_the_clock_shows_the_minute_twice(text: str) -> None:
    with pytest.raises(ValueError, match=r"25\.10\.2026 at 03\.30 comes twice"):
        helsinki_minute(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "2026-01-16", "2026-01-16T16", "16:00", "2026-01-16T1600", "20260116T16:00", "2026-1-16T16:00",
        "2026-01-16T16:00:30", "2026-01-16T16:00:00.5", "2026-01-16T16:00:00.000", "2026-01-16T16:00:01Z",
        "2026-01-16T16:00+02", "2026-01-16T16:00+0200", "2026-01-16T16:00 +02:00", "2026-01-16T16:00z",
        "2026-01-16T16:00+02:00:00", "2026-01-16T16:00+24:00", "2026-01-16t16:00", "2026-01-16T16.00",
        "2026-01-16T24:00", "2026-01-16T16:60", "2026-13-01T16:00", "2026-02-29T16:00", "2027-02-29T16:00",
        "2028-02-30T16:00", "0000-01-01T00:00", "0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00",
        " 2026-01-16T16:00", "2026-01-16T16:00\n", "२०२६-01-16T16:00", "2026-W03-5T16:00",
    ],
)  # fmt: skip
def test_another_form_is_refused_and_the_right_one_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="a minute of the clock in Helsinki reads 2026-01-16T16:00"):
        helsinki_minute(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00", "1999-12-31T23:59", "2201-01-01T00:00", "9999-12-31T23:59"])
def test_a_year_so_far_away_that_no_call_is_meant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the year is 2000 to 2200"):
        helsinki_minute(text)


@pytest.mark.parametrize("value", [None, 0, 1768572000, 1.5, True, ["2026-01-16T16:00"], FIRST])
def test_what_is_no_text_is_no_minute(value: object) -> None:
    with pytest.raises(ValidationError, match="a minute of the clock in Helsinki reads"):
        KEPT.validate_python(value)


@given(st.integers(0, MINUTES))
@example(int((datetime.fromisoformat("2028-02-29T12:00") - FIRST) / timedelta(minutes=1)))
@example(MINUTES)
def test_every_minute_that_is_taken_reads_the_same_on_the_wall(number: int) -> None:
    local = FIRST + timedelta(minutes=number)
    changing = local.hour == 3 and local.date() in {*SPRING, *AUTUMN}
    if changing:
        with pytest.raises(ValueError, match=r"does not exist|comes twice"):
            helsinki_minute(f"{local:%Y-%m-%dT%H:%M}")
        return
    instant = helsinki_minute(f"{local:%Y-%m-%dT%H:%M}")
    assert instant.astimezone(HELSINKI).replace(tzinfo=None) == local
    assert instant.utcoffset() == local.replace(tzinfo=HELSINKI).utcoffset()
    for zone in (UTC, HELSINKI, ZoneInfo("America/New_York")):
        assert helsinki_minute(instant.astimezone(zone).isoformat()) == instant


def test_of_the_three_years_only_the_hours_of_the_six_changes_are_refused() -> None:
    """Every quarter of an hour: what is refused is 3 x 4 quarters left out and 3 x 4 shown twice."""
    refused: list[datetime] = []
    for quarter in range(MINUTES // 15 + 1):
        local = FIRST + timedelta(minutes=15 * quarter)
        try:
            helsinki_minute(f"{local:%Y-%m-%dT%H:%M}")
        except ValueError:
            refused.append(local)
    assert {each.date() for each in refused} == {*SPRING, *AUTUMN}
    assert {each.hour for each in refused} == {3}
    assert len(refused) == 24
