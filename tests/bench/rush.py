"""The rush at the end of a round: ten thousand applications by 64 callers in its last ten minutes, some more after
them, and what became of each; beside the bare route that inserts one row. The callers send as fast as they can, so
that the service's clock runs faster than time: it is set on with every few answers, and the closing minute ends in the
midst of the load, when ten thousand were answered.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from deploy.local.service_process import ServiceProcess
from services.intake.domain.calls import CLOSING_MINUTE
from tests.bench.http_submit import PATH, ROOT, SUBMISSION, bare_route, intake_process
from tests.bench.running import Run

NAMES: Final = ("rush_lost", "rush_doubled", "rush_wrong_side")
APPLICATIONS: Final = 10_000
APPLICATIONS_QUICK: Final = 1_000
CONNECTIONS: Final = 64
TWICE_EACH: Final = 20
CLOSES_AT: Final = datetime(2026, 1, 16, 14, 0, tzinfo=UTC)
MINUTES_BEFORE: Final = timedelta(minutes=10)
OPENS_THE_RUSH: Final = CLOSES_AT + CLOSING_MINUTE - MINUTES_BEFORE
MORE: Final = 500
"""So many come after the closing minute."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request: when it was sent and answered (seconds since 1970, real time), and what came back."""

    number: int
    sent: float
    answered: float
    status: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """The service's time was set: from which real instant it counts, when that was written (seconds since 1970), and
    what it was set to.
    """

    set_at: float
    written_at: float
    simulated: datetime


async def measure(run: Run) -> None:
    """All applications come in the last ten minutes of the call's round, and a few more after its closing minute."""
    count = APPLICATIONS_QUICK if run.options.quick else APPLICATIONS
    clock = run.folder / "rush-clock.json"
    async with AsyncExitStack() as stack:
        run.screen.tell("rush", "intake")
        steps = [_set(clock, OPENS_THE_RUSH)]
        opened, service, headers = await stack.enter_async_context(
            intake_process(run, "services.intake", closes_at=CLOSES_AT, MODE="embedded", CLOCK_FILE=str(clock))
        )
        in_time = count + count // TWICE_EACH
        steps.append(_set(clock, OPENS_THE_RUSH))
        answers = await _rush(
            service, headers, count + MORE, lambda done: steps.append(_set(clock, _at(done / in_time)))
        )
        _judge(run, answers, count, _reached(steps, CLOSES_AT + CLOSING_MINUTE))
        recorded = await _recorded(opened.ledger)
        run.figures["rush_lost"] = len({each.body["application_id"] for each in answers} - set(recorded))
        run.figures["rush_doubled"] = sum(recorded.values()) - len({each.number for each in answers})
        bare = stack.enter_context(await bare_route(run, "rush_bare_route"))
        run.screen.tell("rush", "bare route")
        plain = await _rush(bare, {}, count, lambda _done: None)
    run.figures["rush_vs_bare_route"] = _rate(answers) / _rate(plain)
    run.notes["rush_applications"] = count


def _at(progress: float) -> datetime:
    """The service's time when this part of the applications was answered: the closing minute ends when all were."""
    return OPENS_THE_RUSH + progress * MINUTES_BEFORE


def _reached(steps: list[Step], moment: datetime) -> tuple[float, float]:
    """Between which real instants (seconds since 1970) the service's time reached a moment: between two steps it is one
    instant, by a step the time that writing it took. Far ahead where it never did.
    """
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        flowed = step.set_at + (moment - step.simulated).total_seconds()
        if flowed <= step.set_at:
            return step.set_at, step.written_at
        if following is None or flowed < following.set_at:
            return flowed, max(flowed, step.written_at)
    raise AssertionError("the last step answers")


def _judge(run: Run, answers: list[Sent], count: int, closed: tuple[float, float]) -> None:
    assert {each.status for each in answers} == {201}, Counter(each.status for each in answers)
    late = {each.number for each in answers if each.body["late"]}
    assert late, "the call closed after the last application"
    firsts = sorted((each.answered - each.sent) * 1000 for each in answers)
    run.figures["rush_per_s"] = _rate(answers)
    run.figures["rush_p50_ms"] = firsts[len(firsts) // 2]
    run.figures["rush_p99_ms"] = firsts[int(len(firsts) * 0.99)]
    run.figures["rush_in_time"] = len({each.number for each in answers} - late)
    assert run.figures["rush_in_time"] >= count - CONNECTIONS, "the call closed before the applications had come"
    # What was under way at the very end of the minute may be on either side; everything else may not. One that is sent
    # again is answered as it was the first time.
    first_sent: dict[int, float] = {}
    for each in sorted(answers, key=lambda each: each.sent):
        first_sent.setdefault(each.number, each.sent)
    run.figures["rush_wrong_side"] = sum(
        each.body["late"] if each.answered < closed[0] else not each.body["late"]
        for each in answers
        if each.answered < closed[0] or first_sent[each.number] >= closed[1]
    )


def _rate(answers: list[Sent]) -> float:
    return len(answers) / (max(each.answered for each in answers) - min(each.sent for each in answers))


async def _rush(
    service: ServiceProcess, headers: dict[str, str], count: int, tell: Callable[[int], object]
) -> list[Sent]:
    """Sends so many applications; `tell` is told how many requests were answered so far."""
    bodies = [{**SUBMISSION, "purpose": f"Vertaistuki {number}"} for number in range(count)]
    order = {
        "port": service.port, "path": PATH, "connections": CONNECTIONS, "headers": headers, "bodies": bodies,
        "twice_each": TWICE_EACH,
    }  # fmt: skip
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.rush_load", cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert program.stdin is not None
    assert program.stdout is not None
    assert program.stderr is not None
    program.stdin.write(json.dumps(order).encode())
    program.stdin.close()
    reading = asyncio.create_task(program.stdout.read())
    async for line in program.stderr:
        tell(int(line))
    output = await reading
    return [
        Sent(number, sent, answered, status, json.loads(body))
        for number, sent, answered, status, body in json.loads(output)
    ]


async def _recorded(ledger: Any) -> Counter[str]:
    """How many events of sending there are of each application."""
    records = await ledger.of_types(["application.submitted"])
    return Counter(record.stream.removeprefix("application/") for record in records)


def _set(clock: Path, moment: datetime) -> Step:
    """Sets the service's time."""
    now = datetime.now(UTC)
    draft = clock.with_suffix(".new")
    draft.write_text(json.dumps({"simulated": moment.isoformat(), "set_at": now.isoformat()}), encoding="utf-8")
    draft.replace(clock)
    return Step(now.timestamp(), datetime.now(UTC).timestamp(), moment)
