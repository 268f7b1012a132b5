"""Books and closing: vouchers out, postings in, reconciliation, differences, periods. Load, decide, append."""

from __future__ import annotations

import asyncio
from calendar import monthrange
from collections.abc import AsyncIterator, Callable, Collection
from datetime import date, datetime
from typing import Any, TypeVar

from schemas.backoffice import Profile
from schemas.county import County, NothingHolds, PaymentRules
from schemas.facts import Fact
from schemas.helsinki import HELSINKI
from schemas.money import euros
from schemas.payments import (
    FailedVoucher,
    GrantAwarded,
    PeriodClosed,
    PostingsImported,
    ReconciliationCompleted,
    VouchersAcknowledged,
    VouchersExported,
    YearClosed,
)
from schemas.refusals import conflict, not_found
from services.ledger import Ledger, StreamWrite
from services.ledger.ledger import LAST_POSITION
from services.web.commands import Command, carry_out
from services.web.handling import Answer, Loaded, Plan, fact_of, fold, load, load_many

from .backoffice import Take, VoucherRow, read_postings, write_vouchers
from .backoffice.acknowledgement import FailedVoucher as Failed
from .backoffice.acknowledgement import VoucherKey, read_acknowledgement
from .bank_side import Month, bank_side
from .beancount import beancount
from .domain import differences
from .domain.differences import Difference
from .domain.postings import (
    CLOSING_TYPES,
    MONEY_TYPES,
    GrantIdentity,
    Posting,
    Voucher,
    closed_months,
    number_vouchers,
    of_export,
    posting_of,
    settle_periods,
)
from .domain.postings import trial_balance as balance_of
from .domain.reconciliation import BankEntry, BookRow, Line, reconcile, rows_of
from .files import Files
from .queries import all_entries, unbooked_after

Clock = Callable[[], datetime]
AnyFact = TypeVar("AnyFact", bound=Fact)


def last_day_of(period: str) -> date:
    """The last day of a month such as 2026-04."""
    year, month = (int(part) for part in period.split("-"))
    return date(year, month, monthrange(year, month)[1])


def _evolve_exports(state: tuple[VouchersExported, ...], fact: Fact) -> tuple[VouchersExported, ...]:
    return (*state, fact) if isinstance(fact, VouchersExported) else state


def _evolve_imports(state: tuple[PostingsImported, ...], fact: Fact) -> tuple[PostingsImported, ...]:
    return (*state, fact) if isinstance(fact, PostingsImported) else state


def evolve_runs(state: int, fact: Fact) -> int:
    return fact.run if isinstance(fact, ReconciliationCompleted) else state


def evolve_closed(state: bool, fact: Fact) -> bool:  # noqa: FBT001 - the caller says what it means by name
    return state or isinstance(fact, PeriodClosed | YearClosed)


class Books:
    """The commands of the books. Each returns once its events are durable."""

    def __init__(self, ledger: Ledger, county: County, clock: Clock) -> None:
        self._ledger = ledger
        self._county = county
        self._clock = clock
        self._files = Files(ledger)

    async def postings(self, up_to: int) -> list[Posting]:
        """Every posting up to a position, in the order of the ledger; one statement, pure from there."""
        identities: dict[str, GrantIdentity] = {}
        found: list[Posting] = []
        closings: list[Fact] = []
        for record in await self._ledger.of_types(sorted(MONEY_TYPES | CLOSING_TYPES), up_to):
            fact = fact_of(record)
            if record.type in CLOSING_TYPES:
                closings.append(fact)
                continue
            if isinstance(fact, GrantAwarded):
                identities[record.key] = GrantIdentity(
                    fact.application_id, fact.diary_number, fact.association_name, fact.basket
                )
            posting = posting_of(record.position, fact, identities[record.key], self._county)
            if posting is not None:
                found.append(posting)
        return settle_periods(found, closed_months(closings))

    async def trial_balance(self, period: str | None, position: int) -> dict[str, Any]:
        """Each account's balance as of a position, up to the end of a period when one is named."""
        postings = [each for each in await self.postings(position) if period is None or each.period <= period]
        balances = balance_of(postings)
        return {
            "accounts": {account: euros(amount) for account, amount in sorted(balances.items())},
            "total": euros(sum(balances.values())),
            "debits": euros(sum(each.amount for each in postings)),
            "credits": euros(sum(each.amount for each in postings)),
            "position": position,
        }

    async def beancount(self, position: int) -> AsyncIterator[bytes]:
        """The whole ledger's postings as of a position as a Beancount file, piece by piece."""
        today = self._clock().astimezone(HELSINKI).date()
        title = self._county.identity(today).name.fi
        for piece in beancount(await self.postings(position), self._county, title):
            yield piece.encode()

    async def export_vouchers(self, command: Command, period: str, profile_id: str) -> Answer:
        """Writes the period's postings that no export holds yet; numbers go on without gaps in series and year."""

        async def decide() -> Plan:
            last_day = last_day_of(period)
            series = self.rules(last_day).voucher_series
            loaded = await self.exports(series, last_day.year)
            up_to = (await self._ledger.head()).size
            after = max((each.up_to_position for each in loaded.state if each.period == period), default=0)
            chosen = of_export(await self.postings(up_to), period, after, up_to)
            if not chosen:
                raise conflict("nothing-to-export", f"every posting of {period} was exported already")
            first = max((each.first_number + each.count for each in loaded.state), default=1)
            vouchers = [Voucher(series, first + index, posting) for index, posting in enumerate(chosen)]
            rows = [row for voucher in vouchers for row in voucher_rows(voucher)]
            digest = await self._files.put("vouchers", write_vouchers(self._profile(profile_id, last_day), rows))
            exported = VouchersExported(
                series=series, year=last_day.year, period=period, profile=profile_id, after_position=after,
                up_to_position=up_to, first_number=first, count=len(vouchers),
                total=sum(each.amount for each in chosen), sha256=digest,
            )  # fmt: skip
            answer = {
                "sha256": digest, "count": len(vouchers), "first_number": first, "total": euros(exported.total),
            }  # fmt: skip
            return Plan((loaded.write([exported]),), answer)

        return await carry_out(self._ledger, command, decide)

    async def import_acknowledgement(self, command: Command, profile_id: str, year: int, content: bytes) -> Answer:
        """Takes the back office's answer on the vouchers of a year: only those that it names move. The same file again
        changes nothing and says so; a later one may name a voucher anew.
        """
        last_day = date(year, 12, 31)
        shape = self._profile(profile_id, last_day).acknowledgement
        if shape is None:
            raise not_found(f"acknowledgement of profile {profile_id}")
        series = self.rules(last_day).voucher_series
        exports = (await self.exports(series, year)).state
        count = max((each.first_number + each.count - 1 for each in exports), default=0)
        known = [VoucherKey(series, number) for number in range(1, count + 1)]
        read = await asyncio.to_thread(read_acknowledgement, shape, content, known)
        await self._files.put("acknowledgement", content)

        async def decide() -> Plan:
            stream = f"acknowledgement/{series}-{year}"
            known_files: frozenset[str] = frozenset()
            loaded = await load(self._ledger, stream, _evolve_acknowledgements, known_files)
            answer = {
                "sha256": read.sha256, "accepted": len(read.accepted),
                "failed": [_failed(each) for each in read.failed],
                "problems": [str(each) for each in read.problems],
            }  # fmt: skip
            if read.sha256 in loaded.state:
                return Plan((), {**answer, "already_imported": True})
            fact = VouchersAcknowledged(
                series=series, year=year, profile=profile_id, sha256=read.sha256,
                accepted=tuple(each.number for each in read.accepted),
                failed=tuple(
                    FailedVoucher(number=each.voucher.number, reason=each.reason or "ei syytä") for each in read.failed
                ),
                problems=len(read.problems),
            )  # fmt: skip
            return Plan((loaded.write([fact]),), {**answer, "already_imported": False})

        return await carry_out(self._ledger, command, decide)

    async def vouchers_of(
        self, year: int, position: int, state: str | None, first: int, limit: int
    ) -> list[dict[str, Any]]:
        """The vouchers of a year from a number on, as of a position, with the back office's last answer on each."""
        series = self.rules(date(year, 12, 31)).voucher_series
        exports = await self._facts(f"vouchers/{series}-{year}", position, VouchersExported)
        answers: dict[int, tuple[str, str | None]] = {}
        for told in await self._facts(f"acknowledgement/{series}-{year}", position, VouchersAcknowledged):
            answers |= dict.fromkeys(told.accepted, ("accepted", None))
            answers |= {each.number: ("failed", each.reason) for each in told.failed}
        found: list[dict[str, Any]] = []
        for export in exports:
            for number in range(max(first, export.first_number), export.first_number + export.count):
                now, reason = answers.get(number, ("sent", None))
                if state in {None, now} and len(found) < limit:
                    found.append({
                        "series": series, "number": number, "period": export.period, "state": now, "reason": reason,
                        "file_sha256": export.sha256,
                    })  # fmt: skip
        return found

    async def _facts(self, stream: str, position: int, kind: type[AnyFact]) -> list[AnyFact]:
        facts = [fact_of(record) for record in await self._ledger.stream(stream, position)]
        return [fact for fact in facts if isinstance(fact, kind)]

    async def import_postings(
        self, command: Command, period: str, profile_id: str, content: bytes, take: Take = "all_or_nothing"
    ) -> Answer:
        """Takes the back office's postings of a period, whole or the good lines; bad lines are listed in both cases.

        Without a good line, or when the file as a whole cannot be read, it is refused whatever was asked.
        """
        profile = self._profile(profile_id, last_day_of(period))
        file = await asyncio.to_thread(read_postings, profile, content, take)
        digest = await self._files.put("postings", content)

        async def decide() -> Plan:
            loaded = await self.imports(period)
            answer = {
                "sha256": digest, "rows": len(file.rows), "encoding": file.encoding, "delimiter": file.delimiter,
                "sheet": file.sheet, "left_out": [str(each) for each in file.bad_lines],
            }  # fmt: skip
            # A file that a corrected one replaced is in force again when it comes again: that is another import.
            in_force = loaded.state[-1] if loaded.state else None
            if in_force is not None and (in_force.sha256, in_force.profile) == (digest, profile_id):
                return Plan((), {**answer, "already_imported": True})
            period_open = await self._refuse_closed(period)
            imported = PostingsImported(
                sha256=digest, period=period, profile=profile_id, rows=len(file.rows),
                debits=sum(row.debit_cents for row in file.rows), credits=sum(row.credit_cents for row in file.rows),
                take=take, left_out=len(file.bad_lines),
            )  # fmt: skip
            return Plan((loaded.write([imported]), period_open), {**answer, "already_imported": False})

        return await carry_out(self._ledger, command, decide)

    def tolerance(self, period: str) -> int:
        """The cents by which sums of a period may differ and still match, by the rules that hold on its last day."""
        return self.rules(last_day_of(period)).reconciliation_tolerance

    async def lines(self, period: str, up_to: int | None = None) -> tuple[list[Line], list[str], int]:
        """The lines of a period's comparison, the hashes of the files compared, and the position of the ledger: the
        newest, or the one as of which it is asked for. Whatever came since, the lines as of a position stay the same.
        """
        last_day = last_day_of(period)
        position = (await self._ledger.head()).size if up_to is None else up_to
        series = self.rules(last_day).voucher_series
        exports = (await self.exports(series, last_day.year, position)).state
        postings = await self.postings(position)
        vouchers = [v for v in number_vouchers(postings, exports) if v.posting.period == period]
        numbered = {voucher.posting.position for voucher in vouchers}
        left = [each for each in postings if each.period == period and each.position not in numbered]
        if left:
            raise conflict("not-exported", f"{len(left)} postings of {period} have no voucher yet: export them first")
        book, book_hash = await self._book(period, position)
        moved = {
            each.bank_reference for each in postings if each.bank_reference and each.late and each.concerns == period
        }
        came = {p.bank_reference for p in (each.posting for each in vouchers) if p.bank_reference and p.late}
        bank, bank_hashes = await self._bank(period, position, came, moved)
        unbooked = await unbooked_after(self._ledger, last_day, position)
        lines = await asyncio.to_thread(reconcile, vouchers, bank, book, unbooked, self.tolerance(period))
        return lines, [book_hash, *bank_hashes], position

    async def reconcile(self, command: Command, period: str) -> Answer:
        """Compares the three sides and raises each difference once."""

        async def decide() -> Plan:
            period_open = await self._refuse_closed(period)
            lines, inputs, position = await self.lines(period)
            run = await load(self._ledger, f"reconciliation/{period}", evolve_runs, 0)
            wrong = [line for line in lines if line.line_class != "matched"]
            completed = ReconciliationCompleted(
                period=period, run=run.state + 1, matched=len(lines) - len(wrong), differences=len(wrong),
                up_to_position=position, inputs=tuple(inputs), tolerance=self.tolerance(period),
                within_tolerance=sum(line.off > 0 for line in lines),
            )  # fmt: skip
            answer = {
                "period": period, "run": completed.run, "matched": completed.matched, "differences": len(wrong),
                "tolerance": euros(completed.tolerance), "within_tolerance": completed.within_tolerance,
            }  # fmt: skip
            writes = [*await self._raise(period, wrong), *await self._dissolve(period, wrong, completed.run)]
            return Plan((run.write([completed]), *writes, period_open), answer)

        return await carry_out(self._ledger, command, decide)

    async def _raise(self, period: str, wrong: list[Line]) -> list[StreamWrite]:
        raised = {f"difference/{fact.difference_id}": fact for fact in
                  (differences.raise_difference(period, line) for line in wrong)}  # fmt: skip
        known = await load_many(self._ledger, list(raised), differences.evolve, None)
        made = {stream: differences.find_again(known[stream].state, fact) for stream, fact in raised.items()}
        return [known[stream].write(facts) for stream, facts in made.items() if facts]

    async def _dissolve(self, period: str, wrong: list[Line], run: int) -> list[StreamWrite]:
        """Open differences of the period that this run does not find any more."""
        found = {differences.difference_id(period, line) for line in wrong}
        entries = await all_entries(self._ledger, "differences", {"period": period})
        gone = [f"difference/{entry.key}" for entry in entries if entry.key not in found]
        states = await load_many(self._ledger, gone, differences.evolve, None)
        made = {stream: differences.dissolve(each.state, run) for stream, each in states.items() if each.state}
        return [states[stream].write(facts) for stream, facts in made.items() if facts]

    async def explain(self, command: Command, difference_id: str, explanation: str) -> Answer:
        person = command.identity.person
        return await self._settle(command, difference_id, lambda state: differences.explain(state, person, explanation))

    async def assign(self, command: Command, difference_id: str, assignee: str) -> Answer:
        person = command.identity.person
        return await self._settle(command, difference_id, lambda state: differences.assign(state, assignee, person))

    async def comment(self, command: Command, difference_id: str, text: str) -> Answer:
        person = command.identity.person
        return await self._settle(command, difference_id, lambda state: differences.comment(state, text, person))

    async def reopen(self, command: Command, difference_id: str, reason: str) -> Answer:
        """Opens a settled difference again; not in a period that is closed."""
        person = command.identity.person

        async def decide() -> Plan:
            loaded, state = await self._difference(difference_id)
            period_open = await self._refuse_closed(state.raised.period)
            facts = differences.reopen(state, reason, person)
            return Plan((loaded.write(facts), period_open), {"difference_id": difference_id})

        return await carry_out(self._ledger, command, decide)

    async def accept(self, command: Command, difference_id: str, reason: str) -> Answer:
        person = command.identity.person
        return await self._settle(command, difference_id, lambda state: differences.accept(state, person, reason))

    async def _settle(self, command: Command, difference_id: str, act: Callable[[Difference], list[Fact]]) -> Answer:
        async def decide() -> Plan:
            loaded, state = await self._difference(difference_id)
            return Plan((loaded.write(act(state)),), {"difference_id": difference_id})

        return await carry_out(self._ledger, command, decide)

    async def _difference(self, difference_id: str) -> tuple[Loaded[Difference | None], Difference]:
        loaded = await load(self._ledger, f"difference/{difference_id}", differences.evolve, None)
        if loaded.state is None:
            raise not_found("such difference")
        return loaded, loaded.state

    async def exports(self, series: str, year: int, up_to: int = LAST_POSITION) -> Loaded[tuple[VouchersExported, ...]]:
        stream = f"vouchers/{series}-{year}"
        return fold(stream, await self._ledger.stream(stream, up_to), _evolve_exports, ())

    async def imports(self, period: str, up_to: int = LAST_POSITION) -> Loaded[tuple[PostingsImported, ...]]:
        stream = f"postings/{period}"
        return fold(stream, await self._ledger.stream(stream, up_to), _evolve_imports, ())

    async def _refuse_closed(self, period: str) -> StreamWrite:
        """Refuses what comes after a period was closed; gives the guard that it is not closed meanwhile."""
        loaded = await load(self._ledger, f"period/{period}", evolve_closed, False)
        year = await load(self._ledger, f"year/{period[:4]}", evolve_closed, False)
        if loaded.state or year.state:
            raise conflict("period-closed", f"{period} is closed and takes nothing more")
        return loaded.unchanged()

    async def _book(self, period: str, up_to: int) -> tuple[list[BookRow], str]:
        """The newest file of postings of the period: a later file is the whole period again."""
        imports = (await self.imports(period, up_to)).state
        if not imports:
            raise conflict("no-postings", f"import the back office's postings of {period} first")
        content = await self._files.get(imports[-1].sha256)
        assert content is not None, "a file is stored before its hash is recorded"
        profile = self._profile(imports[-1].profile, last_day_of(period))
        # A file that was taken whole has no bad lines, so that this reads what the import took in either case.
        file = await asyncio.to_thread(read_postings, profile, content, "good_lines")
        return [_book_row(row) for row in file.rows], imports[-1].sha256

    async def _bank(
        self, period: str, up_to: int, came: Collection[str], moved: Collection[str]
    ) -> tuple[list[BankEntry], list[str]]:
        """The entries of the period in the bank's statements as of a position, without what a corrected statement took
        back. What came late counts in the period that its posting belongs to: `came` and `moved` name those entries.
        """
        imported = await all_entries(self._ledger, "files", {"kind": "camt.053"}, up_to)
        noted = await all_entries(self._ledger, "statements", None, up_to)
        newest = {entry.key: str(entry.document["sha256"]) for entry in noted}
        contents = await self._files.get_many([entry.key for entry in imported])
        return await asyncio.to_thread(bank_side, contents, newest, Month(period, came, moved))

    def rules(self, on: date) -> PaymentRules:
        try:
            return self._county.payment_rules(on)
        except NothingHolds as error:
            raise not_found(f"rules for payments that hold in {on:%Y-%m}") from error

    def _profile(self, profile_id: str, on: date) -> Profile:
        profile = self._county.profile(profile_id, on)
        if profile is None:
            raise not_found(f"profile {profile_id} of the back office")
        return profile


def _failed(failed: Failed) -> dict[str, Any]:
    return {"series": failed.voucher.series, "number": failed.voucher.number, "reason": failed.reason}


def _evolve_acknowledgements(state: frozenset[str], fact: Fact) -> frozenset[str]:
    return state | {fact.sha256} if isinstance(fact, VouchersAcknowledged) else state


def voucher_rows(voucher: Voucher) -> list[VoucherRow]:
    """A voucher as the rows that go out."""
    posting = voucher.posting
    return [
        VoucherRow(
            voucher_series=row.series, voucher_number=row.number, row=index, voucher_date=row.posted_on,
            posting_date=row.posted_on, period=row.period, account=row.account, cost_centre=row.cost_centre,
            service_class=posting.service_class, diary_number=row.diary_number, instalment=row.instalment,
            end_to_end_id=row.end_to_end_id, text=posting.text, debit_cents=row.debit, credit_cents=row.credit,
        )
        for index, row in enumerate(rows_of(voucher), start=1)
    ]  # fmt: skip


def _book_row(row: VoucherRow) -> BookRow:
    return BookRow(
        row.voucher_series, row.voucher_number, row.posting_date, row.period, row.account, row.cost_centre,
        row.diary_number, row.instalment, row.end_to_end_id, row.debit_cents, row.credit_cents,
    )  # fmt: skip
