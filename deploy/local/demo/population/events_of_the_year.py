"""Which application meets with what in the demo's year. Each of these falls on another application."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random

from deploy.local.demo.population.applicants import HELSINKI, YEAR_CALLS
from deploy.local.demo.population.names import CLAIM_GROUNDS, REJECTION_REASONS, SUPPLEMENTS
from deploy.local.demo.population.shapes import Application, Mark

PAPER_DAYS = 3
"""A paper application is registered some days after it arrived."""

_MIDDLING = range(50, 90)
"""Points with which an application is given a part."""
_ROUND = YEAR_CALLS[0]


def marked(seed: int, applications: Sequence[Application]) -> list[Application]:
    """Give the applications with the marks of the year, and what each mark needs."""
    random = Random(f"events {seed}")  # noqa: S311 - repeatable, not secret
    applicants = [application.association.business_id for application in applications]
    ordinary = [
        application
        for application in applications
        if application.basket == "operating"
        and not application.marks
        and applicants.count(application.association.business_id) == 1
        and application.applied_cents >= _LEAST_CENTS
    ]
    random.shuffle(ordinary)
    changed: dict[str, Application] = {}
    for mark, count in _COUNTS:
        for number in range(count):
            chosen = ordinary.pop()
            changed[chosen.key] = _CHANGES[mark](random, chosen.marked(mark), number)
    return [changed.get(application.key, application) for application in applications]


_LEAST_CENTS = 250_000
"""So that its award can be paid, returned, reduced or recovered in sums worth the while."""

_COUNTS = (
    (Mark.PAPER, 3),
    (Mark.LATE, 1),
    (Mark.WITHDRAWN, 2),
    (Mark.SUPPLEMENT, 5),
    (Mark.DOUBLE_SUBMISSION, 1),
    (Mark.DISQUALIFIED_OFFICER, 2),
    (Mark.CLAIM_CHANGES, 1),
    (Mark.CLAIM_UPHELD, 1),
    (Mark.BANK_REJECTS, 1),
    (Mark.BANK_RETURNS, 1),
    (Mark.RECOVERY, 1),
)

_Change = Callable[[Random, Application, int], Application]


def _on_paper(_random: Random, application: Application, number: int) -> Application:
    """The first arrives on the closing day itself and is registered after it: it is in time."""
    assert _ROUND.closes_at is not None
    arrived = _ROUND.closes_at.astimezone(HELSINKI) - timedelta(days=2 * number, hours=3)
    registered = arrived.astimezone(_ROUND.closes_at.tzinfo) + timedelta(days=PAPER_DAYS)
    return replace(application, arrived_on=arrived.date(), submitted_at=registered)


def _late(_random: Random, application: Application, _number: int) -> Application:
    """It comes as the closing minute, which is still in time, ends."""
    assert _ROUND.closes_at is not None
    sent = _ROUND.closes_at + timedelta(minutes=1)
    reason = "Hakemus saapui hakuajan päätyttyä. Hakemus jätetään tutkimatta."
    return replace(application, submitted_at=sent, arrived_on=sent.astimezone(HELSINKI).date(), reason=reason)


def _withdrawn(_random: Random, application: Application, _number: int) -> Application:
    return replace(application, reason="Toiminta siirtyy seuraavaan vuoteen.")


def _supplemented(_random: Random, application: Application, number: int) -> Application:
    return replace(application, supplement=SUPPLEMENTS[number % len(SUPPLEMENTS)])


def _granted(random: Random, application: Application, _number: int) -> Application:
    return replace(application, points=random.choice(_MIDDLING))


def _claim_changes(random: Random, application: Application, _number: int) -> Application:
    return replace(application, points=random.choice(_MIDDLING), claim_grounds=CLAIM_GROUNDS[True])


def _claim_upheld(_random: Random, application: Application, _number: int) -> Application:
    rejected = application.marked(Mark.REJECTED)
    return replace(rejected, points=35, claim_grounds=CLAIM_GROUNDS[False], reason=REJECTION_REASONS[0])


_CHANGES: dict[Mark, _Change] = {
    Mark.PAPER: _on_paper,
    Mark.LATE: _late,
    Mark.WITHDRAWN: _withdrawn,
    Mark.SUPPLEMENT: _supplemented,
    Mark.DOUBLE_SUBMISSION: _granted,
    Mark.DISQUALIFIED_OFFICER: _granted,
    Mark.CLAIM_CHANGES: _claim_changes,
    Mark.CLAIM_UPHELD: _claim_upheld,
    Mark.BANK_REJECTS: _granted,
    Mark.BANK_RETURNS: _granted,
    Mark.RECOVERY: _granted,
}
