"""A call takes what arrives up to the end of its closing minute, by the clock of Helsinki."""

from datetime import UTC, datetime

import pytest

from schemas.intake import CallPublished
from services.intake.domain import calls
from services.intake.domain.calls import Call
from tests.unit.given import fact, refused

OPENS, CLOSES = datetime(2025, 12, 15, 6, 0, tzinfo=UTC), datetime(2026, 1, 16, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "late"),
    [
        ("2026-01-16T15:59:59.999999+02:00", False),
        ("2026-01-16T16:00:00+02:00", False),
        ("2026-01-16T16:00:59.999999+02:00", False),
        ("2026-01-16T14:00:59.999999+00:00", False),
        ("2026-01-16T16:01:00+02:00", True),
        ("2026-01-17T00:00:00+02:00", True),
    ],
)
def test_the_closing_minute_belongs_to_the_call(moment: str, late: bool) -> None:
    call = Call(fact(CallPublished))
    assert call.is_late(datetime.fromisoformat(moment)) is late
    assert call.is_open(datetime.fromisoformat(moment)) is not late


def test_a_call_is_not_open_before_its_moment() -> None:
    call = Call(fact(CallPublished))
    assert not call.is_open(OPENS.replace(hour=5, minute=59, second=59))
    assert call.is_open(OPENS)


def test_a_continuous_call_is_never_late() -> None:
    call = Call(fact(CallPublished, kind="continuous", closes_at=None))
    assert call.is_open(datetime(2099, 1, 1, tzinfo=UTC))


def test_a_call_is_published_once() -> None:
    call = fact(CallPublished)
    assert calls.publish(None, call) == [call]
    with refused("call-exists"):
        calls.publish(calls.evolve(None, call), call)


def test_a_round_has_an_end() -> None:
    with refused("round-without-end", "invalid", "/closes_at"):
        calls.publish(None, fact(CallPublished, closes_at=None))


@pytest.mark.parametrize("closes_at", [OPENS, OPENS.replace(hour=5)])
def test_a_call_closes_after_it_opens(closes_at: datetime) -> None:
    with refused("closes-before-it-opens", "invalid", "/closes_at"):
        calls.publish(None, fact(CallPublished, closes_at=closes_at))
