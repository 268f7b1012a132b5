"""Approving runs: who may, up to how much, as a whole or line by line. Load, decide, append."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final
from uuid import UUID

from pydantic import Field
from uuid_utils.compat import uuid7

from schemas.county import County
from schemas.facts import Contract, Date, Fact
from schemas.identifiers import EndToEndId, Person, Text
from schemas.money import NonNegativeAmount, PositiveAmount, euros
from schemas.payments import ApproverLimitSet, ApproverStandInEnded, ApproverStandInNamed
from schemas.refusals import forbidden
from services.ledger import Ledger
from services.web.commands import Command, carry_out
from services.web.handling import Answer, Loaded, Plan, load

from .domain import approvers, grants, runs
from .domain.approvers import Approvers
from .domain.runs import Approval, Rules
from .handlers import Payments

APPROVERS: Final = "authority/approvers"
"""One stream for all of them: they are few, and an approval rests on all limits and stand-ins."""


class Approve(Contract):
    """Which lines are approved, by their EndToEndIds; None for the run as a whole."""

    lines: tuple[EndToEndId, ...] | None = Field(default=None, min_length=1, max_length=20000)


class TakeOut(Contract):
    """Which lines are taken out of a run, and why."""

    lines: tuple[EndToEndId, ...] = Field(min_length=1, max_length=20000)
    reason: Text


class SetLimit(Contract):
    """Up to which sum of a run a person approves, on which Helsinki dates (both inclusive)."""

    approver: Person
    limit: NonNegativeAmount
    valid_from: Date
    valid_until: Date | None = None


class NameApproverStandIn(Contract):
    """Who approves in the sender's place, on which Helsinki dates (both inclusive), up to which sum."""

    stand_in: Person
    valid_from: Date
    valid_until: Date
    limit: PositiveAmount
    reason: Text


class EndApproverStandIn(Contract):
    """The last Helsinki date of a standing in that ends early."""

    valid_until: Date


class Approving:
    """The commands. Each returns once its events are durable."""

    def __init__(self, ledger: Ledger, county: County, payments: Payments) -> None:
        self._ledger = ledger
        self._county = county
        self._payments = payments

    async def approvers(self) -> Loaded[Approvers]:
        """Who may approve how much."""
        return await load(self._ledger, APPROVERS, approvers.evolve, Approvers())

    async def approve(self, command: Command, run_id: UUID, given: Approve) -> Answer:
        """One person's approval. Who may not give it is refused, and the attempt is recorded (P8)."""
        person = command.identity.person

        async def decide() -> Plan:
            loaded, run = await self._payments.run(run_id)
            known = await self.approvers()
            today = self._payments.today()
            rules = self._county.payment_rules(today)
            wanted = None if given.lines is None else frozenset(given.lines)
            payees, unchanged = await self._payments.payees_of(
                [line for line in run.lines if wanted is None or line.end_to_end_id in wanted], today
            )
            facts, refused = runs.approve(
                run, Approval(person, given.lines, today),
                Rules(rules.approvals_required, known.state, rules.approver_limit, payees),
            )  # fmt: skip
            guards = (known.unchanged(), *unchanged)
            if refused is not None:
                return Plan((loaded.write([refused]), *guards), {}, forbidden("may-not-approve", refused.reason))
            answer = {"run_id": str(run_id), "approvals": len(run.approvals) + 1}
            return Plan((loaded.write(facts), *guards), answer)

        return await carry_out(self._ledger, command, decide)

    async def take_out(self, command: Command, run_id: UUID, given: TakeOut) -> Answer:
        """Takes lines out of a run: their instalments are payable again, and approvals given before are void."""

        async def decide() -> Plan:
            loaded, run = await self._payments.run(run_id)
            changed = runs.take_out(run, given.lines, given.reason, command.identity.person)
            taken = [line for line in run.lines if line.end_to_end_id in given.lines]
            ids = sorted({str(line.application_id) for line in taken})
            owed = await self._payments.grants(ids)
            guards = await self._payments.untied(command.identity.person, taken, "another person takes it out")
            writes = []
            for key in ids:
                grant = owed[key].state
                assert grant is not None, "a run pays grants"
                numbers = [line.instalment for line in taken if str(line.application_id) == key]
                writes.append(
                    owed[key].write([f for each in numbers for f in grants.drop_payment(grant, each, given.reason)])
                )
            answer = {"run_id": str(run_id), "count": len(changed.lines), "total": euros(changed.total)}
            return Plan((loaded.write([changed]), *writes, *guards), answer)

        return await carry_out(self._ledger, command, decide)

    async def set_limit(self, command: Command, given: SetLimit) -> Answer:
        """Sets a person's limit; nobody sets their own."""
        fact = ApproverLimitSet(person=command.identity.person, **dict(given))
        return await self._on_approvers(command, lambda state, _: approvers.set_limit(state, fact), {})

    async def name_stand_in(self, command: Command, given: NameApproverStandIn) -> Answer:
        """An approver names who approves in their place while they are away."""
        person = command.identity.person
        named = ApproverStandInNamed(stand_in_id=uuid7(), principal=person, person=person, **dict(given))

        def act(state: Approvers, today: date) -> list[Fact]:
            own = state.limit_of(person, today, self._county.payment_rules(today).approver_limit)
            return approvers.name_stand_in(state, named, today, own)

        return await self._on_approvers(command, act, {"stand_in_id": str(named.stand_in_id)})

    async def end_stand_in(self, command: Command, stand_in_id: UUID, given: EndApproverStandIn) -> Answer:
        """An approver is back early."""
        ended = ApproverStandInEnded(
            stand_in_id=stand_in_id, valid_until=given.valid_until, person=command.identity.person
        )
        told = {"stand_in_id": str(stand_in_id)}
        return await self._on_approvers(command, lambda state, today: approvers.end_stand_in(state, ended, today), told)

    async def _on_approvers(
        self, command: Command, act: Callable[[Approvers, date], list[Fact]], answer: dict[str, Any]
    ) -> Answer:
        async def decide() -> Plan:
            loaded = await self.approvers()
            return Plan((loaded.write(act(loaded.state, self._payments.today())),), answer)

        return await carry_out(self._ledger, command, decide)
