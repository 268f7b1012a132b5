"""Books and closing: vouchers out, postings in, reconciliation, differences, periods. Load, decide, append."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from schemas.backoffice import Profile
from schemas.county import County, NothingHolds, PaymentRules
from schemas.facts import Fact
from schemas.money import euros
from schemas.payments import (
    GrantAwarded,
    PeriodClosed,
    PostingsImported,
    ReconciliationCompleted,
    VouchersExported,
)
from schemas.refusals import conflict, not_found
from services.ledger import Ledger, StreamWrite
from services.web.commands import Command, carry_out
from services.web.handling import Answer, Loaded, Plan, fact_of, load, load_many

from .backoffice import VoucherRow, read_postings, write_vouchers
from .bank.statement import read_statement_file
from .domain import differences
from .domain.differences import Difference
from .domain.postings import (
    MONEY_TYPES,
    GrantIdentity,
    Posting,
    Voucher,
    number_vouchers,
    of_export,
    posting_of,
)
from .domain.postings import trial_balance as balance_of
from .domain.reconciliation import BankEntry, BookRow, Line, reconcile, rows_of
from .files import Files
from .queries import all_entries, unbooked_after
from .reading import bank_entries

Clock = Callable[[], datetime]


def last_day_of(period: str) -> date:
    """The last day of a month such as 2026-04."""
    year, month = (int(part) for part in period.split("-"))
    return date(year, month, monthrange(year, month)[1])


def _evolve_exports(state: tuple[VouchersExported, ...], fact: Fact) -> tuple[VouchersExported, ...]:
    return (*state, fact) if isinstance(fact, VouchersExported) else state


def _evolve_imports(state: tuple[PostingsImported, ...], fact: Fact) -> tuple[PostingsImported, ...]:
    return (*state, fact) if isinstance(fact, PostingsImported) else state


def _evolve_runs(state: int, fact: Fact) -> int:
    return fact.run if isinstance(fact, ReconciliationCompleted) else state


def _evolve_closed(state: bool, fact: Fact) -> bool:  # noqa: FBT001 - the caller says what it means by name
    return state or isinstance(fact, PeriodClosed)


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
        for record in await self._ledger.of_types(sorted(MONEY_TYPES), up_to):
            fact = fact_of(record)
            if isinstance(fact, GrantAwarded):
                identities[record.key] = GrantIdentity(
                    fact.application_id, fact.diary_number, fact.association_name, fact.basket
                )
            posting = posting_of(record.position, fact, identities[record.key], self._county)
            if posting is not None:
                found.append(posting)
        return found

    async def trial_balance(self, period: str | None, position: int) -> dict[str, Any]:
        """Each account's balance as of a position, up to the end of a period when one is named."""
        postings = [
            each for each in await self.postings(position) if period is None or each.posted_on <= last_day_of(period)
        ]
        balances = balance_of(postings)
        return {
            "accounts": {account: euros(amount) for account, amount in sorted(balances.items())},
            "total": euros(sum(balances.values())),
            "debits": euros(sum(each.amount for each in postings)),
            "credits": euros(sum(each.amount for each in postings)),
            "position": position,
        }

    async def export_vouchers(self, command: Command, period: str, profile_id: str) -> Answer:
        """Writes the period's postings that no export holds yet; numbers go on without gaps in series and year."""

        async def decide() -> Plan:
            last_day = last_day_of(period)
            series = self._rules(last_day).voucher_series
            loaded = await self._exports(series, last_day.year)
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

    async def import_postings(self, command: Command, period: str, profile_id: str, content: bytes) -> Answer:
        """Takes the back office's postings of a period whole, or refuses the file with every bad line."""
        file = read_postings(self._profile(profile_id, last_day_of(period)), content)
        digest = await self._files.put("postings", content)

        async def decide() -> Plan:
            loaded = await self._imports(period)
            answer = {"sha256": digest, "rows": len(file.rows)}
            if any(each.sha256 == digest for each in loaded.state):
                return Plan((), {**answer, "already_imported": True})
            await self._refuse_closed(period)
            imported = PostingsImported(
                sha256=digest, period=period, profile=profile_id, rows=len(file.rows),
                debits=sum(row.debit_cents for row in file.rows), credits=sum(row.credit_cents for row in file.rows),
            )  # fmt: skip
            return Plan((loaded.write([imported]),), {**answer, "already_imported": False})

        return await carry_out(self._ledger, command, decide)

    async def lines(self, period: str) -> tuple[list[Line], list[str], int]:
        """The lines of a period's comparison, the hashes of the files compared, and the position of the ledger."""
        last_day = last_day_of(period)
        position = (await self._ledger.head()).size
        series = self._rules(last_day).voucher_series
        exports = (await self._exports(series, last_day.year)).state
        postings = await self.postings(position)
        vouchers = [v for v in number_vouchers(postings, exports) if v.posting.period == period]
        numbered = {voucher.posting.position for voucher in vouchers}
        left = [each for each in postings if each.period == period and each.position not in numbered]
        if left:
            raise conflict("not-exported", f"{len(left)} postings of {period} have no voucher yet: export them first")
        book, book_hash = await self._book(period)
        bank, bank_hashes = await self._bank(period)
        unbooked = await unbooked_after(self._ledger, last_day)
        return reconcile(vouchers, bank, book, unbooked), [book_hash, *bank_hashes], position

    async def reconcile(self, command: Command, period: str) -> Answer:
        """Compares the three sides and raises each difference once."""

        async def decide() -> Plan:
            await self._refuse_closed(period)
            lines, inputs, position = await self.lines(period)
            run = await load(self._ledger, f"reconciliation/{period}", _evolve_runs, 0)
            wrong = [line for line in lines if line.line_class != "matched"]
            completed = ReconciliationCompleted(
                period=period, run=run.state + 1, matched=len(lines) - len(wrong), differences=len(wrong),
                up_to_position=position, inputs=tuple(inputs),
            )  # fmt: skip
            answer = {
                "period": period, "run": completed.run, "matched": completed.matched, "differences": len(wrong),
            }  # fmt: skip
            return Plan((run.write([completed]), *await self._raise(period, wrong)), answer)

        return await carry_out(self._ledger, command, decide)

    async def _raise(self, period: str, wrong: list[Line]) -> list[StreamWrite]:
        raised = {f"difference/{fact.difference_id}": fact for fact in
                  (differences.raise_difference(period, line) for line in wrong)}  # fmt: skip
        known = await load_many(self._ledger, list(raised), differences.evolve, None)
        return [known[stream].write([fact]) for stream, fact in raised.items() if known[stream].state is None]

    async def explain(self, command: Command, difference_id: str, explanation: str) -> Answer:
        person = command.identity.person
        return await self._settle(command, difference_id, lambda state: differences.explain(state, person, explanation))

    async def accept(self, command: Command, difference_id: str, reason: str) -> Answer:
        person = command.identity.person
        return await self._settle(command, difference_id, lambda state: differences.accept(state, person, reason))

    async def close(self, command: Command, period: str) -> Answer:
        """Closes a period: no difference open, debits equal credits, every file named by its hash."""

        async def decide() -> Plan:
            loaded = await load(self._ledger, f"period/{period}", _evolve_closed, False)
            run = await load(self._ledger, f"reconciliation/{period}", _evolve_runs, 0)
            raised = await all_entries(self._ledger, "differences", {"period": period})
            streams = [f"difference/{entry.key}" for entry in raised]
            states = await load_many(self._ledger, streams, differences.evolve, None)
            position = (await self._ledger.head()).size
            _, inputs, _ = await self.lines(period) if run.state else ([], [], position)
            closed = differences.close(
                period, command.identity.person, loaded.state, run.state > 0,
                [each.state for each in states.values() if each.state], await self.postings(position), inputs,
            )  # fmt: skip
            answer = {"period": period, "debits": euros(closed.debits), "credits": euros(closed.credits)}
            return Plan((loaded.write([closed]),), answer)

        return await carry_out(self._ledger, command, decide)

    async def _settle(self, command: Command, difference_id: str, act: Callable[[Difference], list[Fact]]) -> Answer:
        async def decide() -> Plan:
            loaded = await load(self._ledger, f"difference/{difference_id}", differences.evolve, None)
            if loaded.state is None:
                raise not_found("such difference")
            return Plan((loaded.write(act(loaded.state)),), {"difference_id": difference_id})

        return await carry_out(self._ledger, command, decide)

    async def _exports(self, series: str, year: int) -> Loaded[tuple[VouchersExported, ...]]:
        return await load(self._ledger, f"vouchers/{series}-{year}", _evolve_exports, ())

    async def _imports(self, period: str) -> Loaded[tuple[PostingsImported, ...]]:
        return await load(self._ledger, f"postings/{period}", _evolve_imports, ())

    async def _refuse_closed(self, period: str) -> None:
        loaded = await load(self._ledger, f"period/{period}", _evolve_closed, False)
        if loaded.state:
            raise conflict("period-closed", f"{period} is closed and takes nothing more")

    async def _book(self, period: str) -> tuple[list[BookRow], str]:
        """The newest file of postings of the period: a later file is the whole period again."""
        imports = (await self._imports(period)).state
        if not imports:
            raise conflict("no-postings", f"import the back office's postings of {period} first")
        content = await self._files.get(imports[-1].sha256)
        assert content is not None, "a file is stored before its hash is recorded"
        file = read_postings(self._profile(imports[-1].profile, last_day_of(period)), content)
        return [_book_row(row) for row in file.rows], imports[-1].sha256

    async def _bank(self, period: str) -> tuple[list[BankEntry], list[str]]:
        """The entries of the period in the bank's statements; the same entry in two statements counts once."""
        imported = await all_entries(self._ledger, "files", {"kind": "camt.053"})
        contents = await self._files.get_many([entry.key for entry in imported])
        found: dict[tuple[str, str | None, int], BankEntry] = {}
        used: list[str] = []
        for digest, content in sorted(contents.items()):
            entries = [e for e in bank_entries(read_statement_file(content)) if f"{e.booked_on:%Y-%m}" == period]
            used += [digest] if entries else []
            found |= {(each.bank_reference, each.end_to_end_id, each.amount): each for each in entries}
        return list(found.values()), used

    def _rules(self, on: date) -> PaymentRules:
        try:
            return self._county.payment_rules(on)
        except NothingHolds as error:
            raise not_found(f"rules for payments that hold in {on:%Y-%m}") from error

    def _profile(self, profile_id: str, on: date) -> Profile:
        profile = self._county.profile(profile_id, on)
        if profile is None:
            raise not_found(f"profile {profile_id} of the back office")
        return profile


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
