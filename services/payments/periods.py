"""Closing months and years: the checklist of each, and the closing itself. Load, decide, append."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from schemas.facts import Fact
from schemas.helsinki import HELSINKI
from schemas.money import euros
from schemas.payments import PeriodClosed, VouchersExported, YearClosed
from services.ledger import Ledger, StreamWrite
from services.ledger.ledger import LAST_POSITION
from services.web.commands import AsOf, Command, carry_out
from services.web.handling import Answer, Loaded, Plan, fact_of, load, load_many

from .closing import Books, evolve_closed, evolve_runs, last_day_of
from .domain import differences, statements
from .domain.closing import MONTHS, Check, Document, Month, Year, close_month, close_year, month_checks, year_checks
from .domain.postings import Posting, number_vouchers
from .domain.statements import Account
from .files import Files
from .queries import all_entries, stated_accounts
from .reports import Reports
from .reports.formats import csv_file
from .reports.open_items import ACCRUALS, RECEIVABLES, Side, accounts_of

Clock = Callable[[], datetime]


def _evolve_year(state: YearClosed | None, fact: Fact) -> YearClosed | None:
    return fact if isinstance(fact, YearClosed) else state


class Periods:
    """The commands that close, and what is left to do before. Each returns once its events are durable."""

    def __init__(self, ledger: Ledger, clock: Clock, books: Books, reports: Reports) -> None:
        self._ledger = ledger
        self._clock = clock
        self._books = books
        self._reports = reports
        self._files = Files(ledger)

    def _today(self) -> date:
        return self._clock().astimezone(HELSINKI).date()

    async def close(self, command: Command, period: str) -> Answer:
        """Closes a period: every check of its list done, debits equal credits, every file named by its hash."""

        async def decide() -> Plan:
            loaded = await load(self._ledger, f"period/{period}", evolve_closed, False)
            year = await load(self._ledger, f"year/{period[:4]}", evolve_closed, False)
            position = (await self._ledger.head()).size
            month, guards = await self._month(period, position)
            beyond = loaded.state or year.state or await self._closed_by_a_later(period, position)
            closed = close_month(month, command.identity.person, closed=beyond)
            answer = {
                "period": period, "debits": euros(closed.debits), "credits": euros(closed.credits),
                "late": closed.late, "up_to_position": closed.up_to_position,
            }  # fmt: skip
            # What is found in balance is closed only as it was found: a difference that is reopened, another run of the
            # comparison, a file in or out or the year's closing at the same moment lets this one be decided again.
            return Plan((loaded.write([closed]), year.unchanged(), *guards), answer)

        return await carry_out(self._ledger, command, decide)

    async def checklist(self, period: str) -> dict[str, Any]:
        """What is done and what is left before a period can be closed, now."""
        streams = [f"period/{period}", f"year/{period[:4]}"]
        closings = await load_many(self._ledger, streams, evolve_closed, False)
        position = (await self._ledger.head()).size
        month, _ = await self._month(period, position)
        later = await self._closed_by_a_later(period, position)
        closed = later or any(each.state for each in closings.values())
        return {"period": period, "closed": closed, "position": position, **shown_checks(month_checks(month))}

    async def _month(self, period: str, position: int) -> tuple[Month, list[StreamWrite]]:
        """A month as of a position, and the guards of what it was read from."""
        last_day = last_day_of(period)
        run = await load(self._ledger, f"reconciliation/{period}", evolve_runs, 0)
        raised = await all_entries(self._ledger, "differences", {"period": period})
        streams = [f"difference/{entry.key}" for entry in raised]
        states = await load_many(self._ledger, streams, differences.evolve, None)
        postings = await self._books.postings(position)
        series = self._books.rules(last_day).voucher_series
        exports = await self._books.exports(series, last_day.year, position)
        numbered = {each.posting.position for each in number_vouchers(postings, exports.state)}
        left = sum(each.period == period and each.position not in numbered for each in postings)
        imports = await self._books.imports(period, position)
        has_file = bool(imports.state)
        lines, inputs, _ = await self._books.lines(period, position) if has_file and not left else ([], [], position)
        found = {differences.difference_id(period, line) for line in lines if line.line_class != "matched"}
        answered = await self._books.vouchers_of(last_day.year, position, None, 1, LAST_POSITION)
        missing, unfollowed = await self._statement_gaps(period)
        month = Month(
            period=period, position=position, over=self._today() > last_day,
            earlier_open=await self._open_before(period, postings, position), postings=postings, not_exported=left,
            failed=sum(each["period"] == period and each["state"] == "failed" for each in answered),
            unanswered=sum(each["period"] == period and each["state"] == "sent" for each in answered),
            has_postings_file=has_file, missing=missing, unfollowed=unfollowed, runs=run.state,
            not_raised=len(found - {entry.key for entry in raised}),
            differences=[each.state for each in states.values() if each.state], files=inputs,
        )  # fmt: skip
        guards = [run.unchanged(), exports.unchanged(), imports.unchanged()]
        return month, [*guards, *(each.unchanged() for each in states.values())]

    async def close_year(self, command: Command, year: int) -> Answer:
        """Closes a calendar year whose months are closed: what is granted and unpaid, and what is claimed and open, is
        listed in two documents, whose hashes and sums the closing states.
        """

        async def decide() -> Plan:
            loaded = await load(self._ledger, f"year/{year}", _evolve_year, None)
            months = [f"period/{year}-{number:02d}" for number in range(1, MONTHS + 1)]
            closings = await load_many(self._ledger, months, evolve_closed, False)
            position = (await self._ledger.head()).size
            exports = await self._exports(year, position)
            standing, documents = await self._year(year, position)
            closed = close_year(standing, command.identity.person, closed=loaded.state is not None)
            for side, content in documents.items():
                await self._files.put(side.kind, content)
            # A month that is closed, or vouchers that go out, at the same moment let this be decided again.
            guards = [*(each.unchanged() for each in closings.values()), exports.unchanged()]
            return Plan((loaded.write([closed]), *guards), closed.model_dump(mode="json", exclude={"person"}))

        return await carry_out(self._ledger, command, decide)

    async def year_checklist(self, year: int) -> dict[str, Any]:
        """What is done and what is left before a year can be closed, now; the closing where it is closed."""
        loaded = await load(self._ledger, f"year/{year}", _evolve_year, None)
        position = (await self._ledger.head()).size
        standing, _ = await self._year(year, position)
        closing = None if loaded.state is None else loaded.state.model_dump(mode="json")
        return {
            "year": year, "closed": loaded.state is not None, "position": position, "months": standing.months,
            "closing": closing, **shown_checks(year_checks(standing)),
        }  # fmt: skip

    async def _exports(self, year: int, position: int) -> Loaded[tuple[VouchersExported, ...]]:
        series = self._books.rules(date(year, MONTHS, 31)).voucher_series
        return await self._books.exports(series, year, position)

    async def _year(self, year: int, position: int) -> tuple[Year, dict[Side, bytes]]:
        """A year as of a position, and the documents that it is closed on."""
        postings = await self._books.postings(position)
        accruals, listed = await self._document(ACCRUALS, year, position)
        receivables, claimed = await self._document(RECEIVABLES, year, position)
        standing = Year(
            year=year, position=position, today=self._today(), postings=postings,
            closings=await self._closings(position), owed=accounts_of(ACCRUALS, postings),
            claimed=accounts_of(RECEIVABLES, postings), accruals=accruals, receivables=receivables,
        )  # fmt: skip
        return standing, {ACCRUALS: listed, RECEIVABLES: claimed}

    async def _document(self, side: Side, year: int, position: int) -> tuple[Document, bytes]:
        """One of the lists as it is kept: the report of December as CSV. The same position gives the same bytes."""
        standing = await self._reports.standing(AsOf(position, None), date(year, 12, 31))
        report = await self._reports.open_items(standing, side, f"{year}-12")
        content = b"".join([piece async for piece in csv_file(report)])
        total = side.sign * sum(check.told for check in report.closing().checks)
        return Document(sha256(content).hexdigest(), total), content

    async def _closings(self, position: int) -> list[PeriodClosed]:
        """The months that were closed up to a position, in their order."""
        records = await self._ledger.of_types([PeriodClosed.event_type], position)
        facts = [fact_of(record) for record in records]
        return sorted((each for each in facts if isinstance(each, PeriodClosed)), key=lambda each: each.period)

    async def _closed_by_a_later(self, period: str, position: int) -> bool:
        """Whether a later month is closed: it closed this one, which had no postings, with itself."""
        return any(each.period > period for each in await self._closings(position))

    async def _open_before(self, period: str, postings: Collection[Posting], position: int) -> list[str]:
        """Earlier months with postings that are not closed."""
        closed = {each.period for each in await self._closings(position)}
        return sorted({each.period for each in postings if each.period < period} - closed)

    async def _statement_gaps(self, period: str) -> tuple[list[str], list[str]]:
        """Sentences on statements that are missing, and on those that do not follow the one before, in a month."""
        first, last = last_day_of(period).replace(day=1), last_day_of(period)
        names = [f"statement/{iban}" for iban in await stated_accounts(self._ledger, LAST_POSITION)]
        accounts = await load_many(self._ledger, names, statements.evolve, Account())
        touching = [
            gap
            for account in accounts.values()
            for gap in account.state.gaps()
            if gap.before.last_day <= last and gap.after.first_day >= first
        ]
        missing = [gap.sentence for gap in touching if gap.missing]
        return missing, [gap.sentence for gap in touching if not gap.missing]


def shown_checks(checks: Collection[Check]) -> dict[str, Any]:
    """A checklist as an answer shows it; `ready` when nothing that blocks is left."""
    items = [{"check": each.name, "done": each.done, "blocks": each.blocks, "left": each.left} for each in checks]
    return {"ready": all(each.done or not each.blocks for each in checks), "items": items}
