"""Commands of recovery (*takaisinperintä*): hearing the applicant, and the decision with its interest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from schemas.county import County, PaymentRules
from schemas.decisions import HearingAnswered, HearingClosed, HearingOpened, InterestPeriod, RecoveryDecided
from schemas.facts import Contract, Date, Fact
from schemas.identifiers import Text
from schemas.interest import terms_of, told
from schemas.money import PositiveAmount, euros
from services.decisions.domain import cases, recovery
from services.decisions.domain.cases import Case
from services.ledger import Ledger
from services.web.commands import Command, carry_out
from services.web.handling import Answer, Plan

from .authority import Act, Authority
from .cases import Decisions


class OpenHearing(Contract):
    """What is planned to be recovered and why, and by which Helsinki date the applicant may answer. `learned_on` is the
    day on which the county learned of the grounds: that of the hearing it replaces, else today, where it is not told.
    """

    grounds: Text
    amount: PositiveAmount
    answer_by: Date
    learned_on: Date | None = None


class Recover(Contract):
    """A decision to recover. `waive_interest` is the reason for asking no interest (moderation; model: Act on
    Discretionary Government Transfers 688/2001, section 26).
    """

    amount: PositiveAmount
    grounds: Text
    due_on: Date
    waive_interest: Text | None = None


class Recoveries:
    """The commands. Each returns once its events are durable."""

    def __init__(self, ledger: Ledger, county: County, decisions: Decisions, authority: Authority) -> None:
        self._ledger = ledger
        self._county = county
        self._decisions = decisions
        self._authority = authority

    async def open_hearing(self, command: Command, application_id: UUID, given: OpenHearing) -> Answer:
        """Hears the applicant on a planned recovery."""
        today = self._decisions.today()
        limit = self._county.payment_rules(today).small_recovery_limit
        hearing_id = uuid7()

        def run(case: Case) -> tuple[list[Fact], dict[str, object]]:
            opened = HearingOpened(
                application_id=application_id, hearing_id=hearing_id, grounds=given.grounds, amount=given.amount,
                answer_by=given.answer_by, person=command.identity.person,
                learned_on=recovery.learned_on(case, given.learned_on, today),
            )  # fmt: skip
            return recovery.open_hearing(case, opened, today, limit), {"hearing_id": str(hearing_id)}

        return await self._decisions.on_case(command, application_id, "open_hearing", run)

    async def close_hearing(self, command: Command, application_id: UUID, hearing_id: UUID, reasons: str) -> Answer:
        """Ends a hearing without a recovery."""
        closed = HearingClosed(
            application_id=application_id, hearing_id=hearing_id, reasons=reasons, person=command.identity.person
        )
        return await self._decisions.on_case(
            command, application_id, "close_hearing", lambda case: (recovery.close_hearing(case, closed), {})
        )

    async def answer_hearing(self, command: Command, application_id: UUID, hearing_id: UUID, answer: str) -> Answer:
        """Takes the applicant's answer."""
        answered = HearingAnswered(
            application_id=application_id, hearing_id=hearing_id, answer=answer, answered_on=self._decisions.today()
        )
        return await self._decisions.on_case(
            command, application_id, None, lambda case: (recovery.answer_hearing(case, answered), {})
        )

    async def preview(self, application_id: UUID, amount: int, due_on: date) -> dict[str, Any]:
        """The interest that a recovery of `amount` (cents) would have if it was decided today; `total` has both, and
        `decide_by` is the last Helsinki date on which it can be decided (None: no day is the last).
        """
        _, case = await self._decisions.existing(application_id)
        today = self._decisions.today()
        periods = recovery.interest_on(case, amount, today, due_on, terms_of(self._county, today))
        last = recovery.decide_by(case, _limits(self._county.payment_rules(today)))
        return {
            "application_id": str(application_id), "due_on": due_on.isoformat(), **_sums(amount, periods),
            "decide_by": None if last is None else last.isoformat(),
            "interest_periods": [told(period) for period in periods],
        }  # fmt: skip

    async def recover(self, command: Command, application_id: UUID, given: Recover) -> Answer:
        """Decides to recover what was paid, with interest from the days of payment to the due date. Who opened the
        hearing prepared it, and so leaves it to another person (P8).
        """
        recovery_id = uuid7()

        async def decide() -> Plan:
            loaded, case = await self._decisions.existing(application_id)
            tied, guard = await self._decisions.tied(case)
            heard_by = frozenset() if case.hearing is None else frozenset({case.hearing.person})
            wanted = Act("recover", given.amount, heard_by)
            mandate = await self._authority.mandate(command, case, wanted, tied)
            guards = (guard, *mandate.guards)
            if mandate.refused is not None:
                return Plan((loaded.write([mandate.refused]), *guards), {}, cases.refusal_of(mandate.refused))
            today = self._decisions.today()
            rules = self._county.payment_rules(today)
            if rules.hearing_before_recovery:
                recovery.check_heard(case, given.amount, today)
            periods = self._interest(case, given, today)
            fact = RecoveryDecided(
                application_id=application_id, recovery_id=recovery_id, amount=given.amount, grounds=given.grounds,
                decided_on=today, due_on=given.due_on, person=command.identity.person, interest=_sum(periods),
                interest_periods=periods, interest_waived=given.waive_interest, on_behalf_of=mandate.on_behalf_of,
            )  # fmt: skip
            facts = recovery.recover(case, fact, rules.small_recovery_limit, _limits(rules))
            answer = {
                "application_id": str(application_id), "recovery_id": str(recovery_id), **_sums(given.amount, periods)
            }  # fmt: skip
            return Plan((loaded.write(facts), *guards), answer)

        return await carry_out(self._ledger, command, decide)

    def _interest(self, case: Case, given: Recover, today: date) -> tuple[InterestPeriod, ...]:
        terms = None if given.waive_interest is not None else terms_of(self._county, today)
        return recovery.interest_on(case, given.amount, today, given.due_on, terms)


def _limits(rules: PaymentRules) -> recovery.Limits:
    return recovery.Limits(rules.recovery_years_max, rules.recovery_decided_within_years)


def _sum(periods: Sequence[InterestPeriod]) -> int:
    return sum(period.amount for period in periods)


def _sums(amount: int, periods: Sequence[InterestPeriod]) -> dict[str, Any]:
    interest = _sum(periods)
    return {"amount": euros(amount), "interest": euros(interest), "total": euros(amount + interest)}
