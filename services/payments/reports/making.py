"""Makes the reports: reads what each needs as of a position, and leaves the rest to pure functions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from schemas.county import County
from schemas.payments import PostingsImported, VouchersAcknowledged, VouchersExported
from schemas.refusals import not_found
from services.ledger import Ledger
from services.payments.closing import Books
from services.payments.domain.closing import open_items as domain_open_items
from services.payments.domain.postings import number_vouchers, settle_periods, trial_balance
from services.payments.domain.reconciliation import LineClass
from services.web.commands import AsOf

from . import accounts, audit_trail, differences, grants, open_items, payments, reconciliation
from .accounts import Stretch
from .audit_trail import Posted
from .dossiers import Dossier, RememberedTable, RunEvent
from .model import KeyedRow, Report, Standing, listed
from .open_items import Side, accounts_of
from .reading import Reader
from .vouchers import VoucherNumbers


@dataclass(frozen=True, slots=True)
class VoucherAsked:
    """A voucher by its series and number; without a year that of each year."""

    series: str
    number: int
    year: int | None


class Reports:
    """Reads one ledger of payments."""

    def __init__(self, ledger: Ledger, county: County, books: Books) -> None:
        self._reader: Final = Reader(ledger)
        self._county = county
        self._books = books
        self._accounts: Final = accounts.names_of(county.accounts)
        ordered = sorted(county.baskets, key=lambda basket: basket.valid_from)
        self.baskets: Final = {basket.id: basket.name.fi for basket in ordered}
        self.municipalities: Final = {each.id: each.name.fi for each in county.municipalities}

    async def standing(self, when: AsOf, on: date | None) -> Standing:
        """As of when reports are told."""
        return await self._reader.standing(when, on)

    async def payments(self, standing: Standing, wanted: payments.Wanted) -> Report:
        """The payment list."""
        numbers = await self._reader.numbers(standing.position)
        totals, table = payments.Totals(wanted), RememberedTable(self._county)

        async def batches(after: str) -> AsyncIterator[Sequence[KeyedRow]]:
            runs: dict[str, list[RunEvent]] = {}
            async for dossiers in self._reader.dossiers(standing.position, after.split("/", maxsplit=1)[0]):
                chosen = [each for each in dossiers if wanted.takes(each)]
                missing = audit_trail.runs_of(chosen) - runs.keys()
                runs |= await self._reader.runs(missing, standing.position)
                for dossier in chosen:
                    made = list(payments.rows(dossier, wanted, runs, numbers))
                    totals.add(dossier, made, table)
                    yield [(key, row) for key, row in made if key > after]

        columns = payments.columns(self.baskets)
        return Report("payments", payments.TITLE, columns, standing, batches, totals.closing)

    async def grants(self, standing: Standing, wanted: grants.Wanted, by: grants.By) -> Report:
        """Grants by basket, by association or one by one."""
        ibans = await self._reader.accounts(standing.position)
        figures, table = grants.Figures(by), RememberedTable(self._county)
        async for dossiers in self._reader.dossiers(standing.position):
            for dossier in dossiers:
                if wanted.takes(dossier):
                    iban = ibans.get(dossier.awarded.association_id, dossier.awarded.iban)
                    figures.add(dossier, iban, standing.on, table)
        columns = grants.columns(by, self.baskets, self.municipalities)
        return Report("grants", grants.TITLE, columns, standing, listed(figures.rows()), figures.closing)

    async def differences(self, standing: Standing, wanted: differences.Wanted) -> Report:
        """Open differences by age."""
        events = await self._reader.of_types(differences.TYPES, standing.position)
        made = differences.rows(events, standing.on, wanted)
        return Report(
            "open-differences", differences.TITLE, differences.COLUMNS, standing, listed(made),
            lambda: differences.closing(made),
        )  # fmt: skip

    async def reconciliation(self, standing: Standing, period: str, line_class: LineClass | None) -> Report:
        """The reconciliation report of a month. Refused as the comparison is: before vouchers were exported, or the
        back office's postings imported.
        """
        position = standing.position
        lines, files, _ = await self._books.lines(period, position)
        exports = await self._reader.of_types([VouchersExported.event_type], position)
        facts = [each.fact for each in exports if isinstance(each.fact, VouchersExported)]
        numbered = number_vouchers(await self._books.postings(position), [f for f in facts if f.period == period])
        dossiers = await self._reader.dossiers_of(
            {str(each.posting.grant.application_id) for each in numbered}, position
        )
        runs = await self._reader.runs(audit_trail.runs_of(dossiers), position)
        compared = reconciliation.Compared(lines, numbered, files, dossiers, runs)
        made = reconciliation.rows(compared, line_class)
        return Report(
            "reconciliation", reconciliation.TITLE, reconciliation.columns(self.baskets), standing, listed(made),
            lambda: reconciliation.closing(made, period, files, self._books.tolerance(period)),
        )  # fmt: skip

    async def open_items(self, standing: Standing, side: Side, last_period: str) -> Report:
        """What is granted and unpaid, or claimed and open, at the end of a month."""
        postings = await self._books.postings(standing.position)
        own = accounts_of(side, postings)
        within = [each for each in postings if each.period <= last_period]
        items = domain_open_items(within, own, last_period)
        held = sum(amount for number, amount in trial_balance(within).items() if number in own)
        moved = {str(each.grant.application_id): each.period for each in sorted(within, key=lambda each: each.period)}
        return Report(
            side.name, side.title, open_items.columns(self.baskets), standing,
            listed(open_items.rows(side, items, moved)), lambda: open_items.closing(side, items, held, last_period),
        )  # fmt: skip

    async def trial_balance(self, standing: Standing, stretch: Stretch) -> Report:
        """Each account's opening balance, turnover and closing balance."""
        found = accounts.cut(await self._books.postings(standing.position), stretch)
        made = accounts.balance_rows(found, self._accounts)
        return Report(
            "trial-balance", accounts.BALANCE_TITLE, accounts.BALANCE_COLUMNS, standing, listed(made),
            lambda: accounts.balance_closing(made, found.balances, stretch),
        )  # fmt: skip

    async def account_statement(self, standing: Standing, number: str, stretch: Stretch) -> Report:
        """What moved an account. Raises Refused (not found) for one that neither the county nor a posting has."""
        postings = await self._books.postings(standing.position)
        known = self._accounts.keys() | trial_balance(postings).keys()
        if number not in known:
            raise not_found(f"account with this number: the accounts are {', '.join(sorted(known))}")
        found = accounts.cut(postings, stretch)
        numbers = await self._reader.numbers(standing.position)
        vouchers = [(each.position, numbers.of(each.position, each.posted_on)) for each in found.within]
        named = {position: str(voucher) for position, voucher in vouchers if voucher is not None}
        made = accounts.statement_rows(found, number, named)
        account, held = self._accounts.get(number, number), found.balances.get(number, 0)
        return Report(
            "account-statement", accounts.STATEMENT_TITLE, accounts.STATEMENT_COLUMNS, standing, listed(made),
            lambda: accounts.statement_closing(made, account, held, stretch),
        )  # fmt: skip

    async def trail_of_voucher(self, standing: Standing, asked: VoucherAsked) -> Report:
        """The audit trail of a voucher. Raises Refused (not found)."""
        numbers = await self._reader.numbers(standing.position)
        positions = numbers.positions_of(asked.series, asked.number, asked.year)
        if not positions:
            raise not_found("voucher with this series and number as of then")
        found = {event.stream.split("/")[1] for event in await self._reader.at(positions)}
        return await self._trail(standing, sorted(found), numbers, frozenset(positions))

    async def trail_of_application(self, standing: Standing, application_id: str) -> Report:
        """The audit trails of all vouchers of an application. Raises Refused (not found)."""
        return await self._trail(standing, [application_id], await self._reader.numbers(standing.position))

    async def trail_of_diary_number(self, standing: Standing, diary_number: str) -> Report:
        """The audit trails of all vouchers of a case, by its diary number. Raises Refused (not found)."""
        found = await self._reader.applications(diary_number, standing.position)
        return await self._trail(standing, found, await self._reader.numbers(standing.position))

    async def _trail(
        self, standing: Standing, ids: Sequence[str], numbers: VoucherNumbers, chosen: frozenset[int] | None = None
    ) -> Report:
        dossiers = await self._reader.dossiers_of(ids, standing.position)
        if not dossiers:
            raise not_found("grant of this application as of then")
        context = await self._context(dossiers, standing.position)
        posted = [(each, self._posted(each, numbers, chosen)) for each in dossiers]
        made = [row for dossier, its in posted for row in audit_trail.rows(dossier, its, context)]
        every = [each for _, its in posted for each in its]
        return Report(
            "audit-trail", audit_trail.TITLE, audit_trail.COLUMNS, standing, listed(made),
            lambda: audit_trail.closing(every),
        )  # fmt: skip

    def _posted(self, dossier: Dossier, numbers: VoucherNumbers, chosen: frozenset[int] | None) -> list[Posted]:
        return [
            Posted(each, numbers.of(each.position, each.posted_on))
            for each in settle_periods(dossier.postings(self._county), numbers.closed)
            if chosen is None or each.position in chosen
        ]

    async def _context(self, dossiers: Sequence[Dossier], position: int) -> audit_trail.Context:
        runs = await self._reader.runs(audit_trail.runs_of(dossiers), position)
        names = [f"file/{each}" for each in sorted(audit_trail.files_of(dossiers))]
        files = await self._reader.streams(names, position)
        imports = await self._reader.of_types([PostingsImported.event_type], position)
        answers = await self._reader.of_types([VouchersAcknowledged.event_type], position)
        return audit_trail.Context(
            runs, audit_trail.imports_by_hash(files), audit_trail.newest_imports(imports), answers
        )  # fmt: skip
