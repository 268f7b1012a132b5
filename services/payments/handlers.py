"""Paying: payables, runs, approvals, bank files out and in. Load, decide, append."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from uuid_utils.compat import uuid7

from schemas.county import County
from schemas.facts import Fact
from schemas.money import euros
from schemas.payments import (
    AccountNoted,
    BankFileBuilt,
    PaymentLine,
    PaymentProposed,
    PaymentSent,
    RunProposed,
    RunSent,
)
from schemas.refusals import conflict, forbidden, invalid, not_found
from services.ledger import Ledger, StreamWrite
from services.web.commands import Command, carry_out
from services.web.handling import Answer, Loaded, Plan, load, load_many

from .bank.identifiers import end_to_end_id, message_id
from .bank.reason_codes import explained
from .channel import Channel
from .domain import grants, payees, runs
from .domain.grants import Grant
from .domain.payees import Payees
from .files import Files
from .payment_files import ShortName, payment_file, profile_of, refuse_long_names, short_names, told
from .queries import all_entries, alone, associations_of

HELSINKI = ZoneInfo("Europe/Helsinki")
_HAND_OVER_TRIES, _HAND_OVER_WAIT_S = 100, 0.05
_LEAVE_OUT = "name the `application_ids` of the others, or let another person propose the run"
Clock = Callable[[], datetime]


def evolve_account(state: str | None, fact: Fact) -> str | None:
    """The account that an association is paid to now; None when nothing was heard of it yet."""
    return fact.iban if isinstance(fact, AccountNoted) else state


class Payments:
    """The commands of paying. Each returns once its events are durable."""

    def __init__(self, ledger: Ledger, county: County, clock: Clock, channel: Channel) -> None:
        self._ledger = ledger
        self._county = county
        self._clock = clock
        self._channel = channel
        self.files = Files(ledger)

    def today(self) -> date:
        """The Helsinki date now."""
        return self._clock().astimezone(HELSINKI).date()

    async def grants(self, ids: Sequence[str]) -> dict[str, Loaded[Grant | None]]:
        """Grants by application id."""
        loaded = await load_many(self._ledger, [f"grant/{each}" for each in ids], grants.evolve, None)
        return {stream.split("/")[1]: each for stream, each in loaded.items()}

    async def accounts(self, states: Sequence[Grant]) -> dict[str, str]:
        """The account of each association as known now; the one of the award where nothing else was heard."""
        own = {each.awarded.association_id: each.awarded.iban for each in states}
        noted = await load_many(self._ledger, [f"account/{each}" for each in own], evolve_account, None)
        return {each: noted[f"account/{each}"].state or iban for each, iban in own.items()}

    async def payees_of(self, lines: Sequence[PaymentLine], on: date) -> tuple[Payees, list[StreamWrite]]:
        """Who acts or signs for the payees of these lines on a Helsinki date, and guards, one for each association,
        that this stays so.
        """
        associations = await associations_of(self._ledger, {line.application_id for line in lines})
        streams = {each: f"payee/{each}" for each in associations.values()}
        known = await load_many(self._ledger, list(streams.values()), payees.evolve, payees.NOBODY)
        acting = {each: payees.in_force(known[stream].state, on) for each, stream in streams.items()}
        found = Payees({application: acting[each] for application, each in associations.items()})
        return found, [each.unchanged() for each in known.values()]

    async def untied(self, person: str, lines: Sequence[PaymentLine], way_out: str) -> list[StreamWrite]:
        """Guards that a person, who prepares the payment of these lines, acts and signs for none of their payees today.
        Raises Refused where they do, with the way out.
        """
        found, guards = await self.payees_of(lines, self.today())
        if tied := found.of(person, lines):
            told = f"{person} acts or signs for the payee of {payees.told(tied)} and so does not prepare its payment"
            raise forbidden("may-not-take-part", f"{told}: {way_out}")
        return guards

    async def run(self, run_id: UUID) -> tuple[Loaded[runs.Run | None], runs.Run]:
        loaded = await load(self._ledger, f"run/{run_id}", runs.evolve, None)
        if loaded.state is None:
            raise not_found("such run")
        return loaded, loaded.state

    async def payables(self) -> list[dict[str, Any]]:
        """Every instalment that is neither paid nor on its way, with what holds it."""
        entries = await all_entries(self._ledger, "grants")
        states = [each.state for each in (await self.grants([e.key for e in entries])).values() if each.state]
        accounts = await self.accounts(states)
        return [
            {
                "application_id": str(grant.awarded.application_id),
                "diary_number": grant.awarded.diary_number,
                "association_name": grant.awarded.association_name,
                "instalment": payable.instalment.number,
                "attempt": payable.attempt,
                "amount": euros(payable.instalment.amount),
                "payable_from": payable.instalment.payable_from.isoformat(),
                "held": None if payable.held is None else payable.held.reason,
                "lifted_by": None if payable.held is None else payable.held.lifted_by,
                **explained({"reason_code": grants.failure_code(grant, payable.instalment.number)}),
            }
            for grant in states
            for payable in grants.payables(grant, accounts[grant.awarded.association_id], self.today())
        ]

    async def propose(self, command: Command, execution_date: date, chosen: Sequence[UUID] | None) -> Answer:
        """Proposes a run of all that is payable now, or of the chosen applications' instalments."""
        run_id = uuid7()
        if execution_date < self.today():
            raise invalid("execution-date-past", "the execution date is today or later", "/execution_date")

        async def decide() -> Plan:
            ids = [str(each) for each in chosen] if chosen is not None else [
                each.key for each in await all_entries(self._ledger, "grants")
            ]  # fmt: skip
            loaded = await self.grants(ids)
            if chosen is not None and any(each.state is None for each in loaded.values()):
                raise not_found("grant of one of these applications")
            accounts = await self.accounts([each.state for each in loaded.values() if each.state])
            proposals = {
                key: self._proposals(each.state, accounts, run_id) for key, each in loaded.items() if each.state
            }
            lines = [line for made in proposals.values() for _, line in made]
            if not lines:
                raise conflict("nothing-payable", "no instalment is payable now: see the payables for what holds them")
            self._refuse_too_many(len(lines), execution_date)
            guards = await self.untied(command.identity.person, lines, _LEAVE_OUT)
            proposed = RunProposed(
                run_id=run_id, execution_date=execution_date, lines=tuple(lines),
                total=sum(line.amount for line in lines), person=command.identity.person,
            )  # fmt: skip
            run: Loaded[None] = Loaded(f"run/{run_id}", 0, None)
            writes = [loaded[key].write([fact for fact, _ in made]) for key, made in proposals.items() if made]
            answer = {"run_id": str(run_id), "count": len(lines), "total": euros(proposed.total)}
            return Plan((run.write([proposed]), *writes, *guards), answer)

        return await carry_out(self._ledger, command, decide)

    def _proposals(
        self, grant: Grant, accounts: dict[str, str], run_id: UUID
    ) -> list[tuple[PaymentProposed, PaymentLine]]:
        iban = accounts[grant.awarded.association_id]
        today = self.today()
        made: list[tuple[PaymentProposed, PaymentLine]] = []
        for payable in grants.payables(grant, iban, today):
            if payable.held is not None:
                continue
            number = payable.instalment.number
            end_to_end = end_to_end_id(grant.awarded.application_id, number, payable.attempt)
            fact = grants.propose_payment(grant, number, run_id, end_to_end, iban, today)
            line = PaymentLine(
                application_id=fact.application_id, instalment=number, attempt=fact.attempt, end_to_end_id=end_to_end,
                amount=fact.amount, creditor_name=grant.awarded.association_name, iban=iban,
                diary_number=fact.diary_number,
            )  # fmt: skip
            grant_after = grants.evolve(grant, fact)
            assert grant_after is not None, "a grant stays a grant"
            grant = grant_after
            made.append((fact, line))
        return made

    async def build_file(self, command: Command, run_id: UUID) -> Answer:
        """Builds and stores the bank file; its hash is in the ledger before anything can be sent (P9). The same run has
        the same file, whenever it is built. The answer names the payees whose name was cut (`shortened_names`).
        """

        async def decide() -> Plan:
            loaded, run = await self.run(run_id)
            profile = profile_of(self._county, run)
            if run.file is not None:
                return Plan((), _file_answer(run.file, short_names(run.lines, profile)))
            runs.check_ready(run, self._approvals())
            await self._check_lines(run)
            refuse_long_names(run, profile)
            proposed_at = (await self._ledger.stream(loaded.stream))[0].recorded_at
            content = await asyncio.to_thread(payment_file, self._county, run, proposed_at)
            digest = await self.files.put("payment_file", content)
            built = BankFileBuilt(
                run_id=run_id, sha256=digest, message_id=message_id(run_id), count=len(run.lines),
                total=run.total,
            )  # fmt: skip
            return Plan((loaded.write([built]),), _file_answer(built, short_names(run.lines, profile)))

        return await carry_out(self._ledger, command, decide)

    async def send(self, command: Command, run_id: UUID) -> Answer:
        """Hands the stored bytes to the channel under a name that is the run's own, then records it. After a crash in
        between the same name is handed over again, which changes nothing; the bank refuses a MsgId that it has seen.
        A run is handed over by one at a time: of two who write the same file one would show the bank a half of it.
        """

        async def decide() -> Plan:
            loaded, run = await self.run(run_id)
            if run.file is None:
                raise conflict("no-file", "build the bank file first")
            name = f"{run.file.message_id}.xml"
            answer = {"sha256": run.file.sha256, "name": name}
            if run.sent:
                return Plan((), answer)
            await self._hand_over(name, run.file.sha256)
            sent: dict[str, list[Fact]] = {}
            for line in run.lines:
                sent.setdefault(str(line.application_id), []).append(self._sent(line))
            owed = await self.grants(sorted(sent))
            writes = [owed[each].write(facts) for each, facts in sorted(sent.items())]
            return Plan((loaded.write([RunSent(run_id=run_id, sha256=run.file.sha256)]), *writes), answer)

        return await carry_out(self._ledger, command, decide)

    async def _hand_over(self, name: str, digest: str) -> None:
        content = await self.files.get(digest)
        assert content is not None, "a file is stored before its hash is recorded"
        for _ in range(_HAND_OVER_TRIES):
            async with alone(self._ledger, name) as mine:
                if mine:
                    await asyncio.to_thread(self._channel.hand_over, name, content)
                    return
            await asyncio.sleep(_HAND_OVER_WAIT_S)
        raise conflict("being-sent", "another request is sending this run: ask again in a moment")

    async def send_again(self, command: Command, run_id: UUID, reason: str) -> Answer:
        """Hands the same file over under the same name once more, where the bank says that it never came and has told
        of none of its payments. Recorded first: after a crash in between the same command hands it over.
        """

        async def decide() -> Plan:
            loaded, run = await self.run(run_id)
            answered, guards = await self._answered(run)
            again = runs.send_again(run, answered, reason, command.identity.person)
            return Plan((loaded.write([again]), *guards), {"sha256": again.sha256, "name": f"{message_id(run_id)}.xml"})

        answer = await carry_out(self._ledger, command, decide)
        _, run = await self.run(run_id)
        assert run.file is not None, "a run that was sent has its file"
        # The command may be a repetition of one to which the bank has answered by now.
        if not (await self._answered(run))[0]:
            await self._hand_over(f"{run.file.message_id}.xml", run.file.sha256)
        return answer

    async def _answered(self, run: runs.Run) -> tuple[list[str], list[StreamWrite]]:
        """The EndToEndIds of a run's payments of which the bank told anything, and guards that it tells nothing."""
        owed = await self.grants(sorted({str(line.application_id) for line in run.lines}))
        untold = {
            payment.end_to_end_id
            for each in owed.values()
            if each.state is not None
            for payment in each.state.payments.values()
            if payment.state == "sent" and payment.told is None
        }
        answered = [line.end_to_end_id for line in run.lines if line.end_to_end_id not in untold]
        return answered, [each.unchanged() for each in owed.values()]

    def _refuse_too_many(self, count: int, execution_date: date) -> None:
        payments_max = self._county.payment_rules(execution_date).bank_profile.payments_per_file_max
        if count > payments_max:
            raise conflict("too-many-payments", f"{count} payments are payable and a bank file holds {payments_max}: "
                           "name the applications of a smaller run")  # fmt: skip

    async def _check_lines(self, run: runs.Run) -> None:
        """An account that was changed after the run was proposed stops the payment, and so does what holds its grant
        since then: an overdue report, an appeal.
        """
        owed = await self.grants(sorted({str(line.application_id) for line in run.lines}))
        accounts = await self.accounts([each.state for each in owed.values() if each.state])
        for line in run.lines:
            grant = owed[str(line.application_id)].state
            assert grant is not None, "a run pays grants"
            if accounts[grant.awarded.association_id] != line.iban:
                raise conflict("account-changed", f"the account of {line.creditor_name} changed after the proposal")
            if grant.holds and line.instalment not in grant.refunds:
                raise conflict("held", f"{line.diary_number} of {line.creditor_name} is held since the proposal: take "
                               f"{line.end_to_end_id} out of the run")  # fmt: skip

    def _sent(self, line: PaymentLine) -> PaymentSent:
        return PaymentSent(
            application_id=line.application_id, instalment=line.instalment, attempt=line.attempt, amount=line.amount,
            sent_on=self.today(),
        )  # fmt: skip

    def _approvals(self) -> int:
        return self._county.payment_rules(self.today()).approvals_required


def _file_answer(built: BankFileBuilt, cut: Sequence[ShortName]) -> dict[str, Any]:
    return {
        "sha256": built.sha256,
        "message_id": built.message_id,
        "count": built.count,
        "total": euros(built.total),
        "shortened_names": told(cut),
    }
