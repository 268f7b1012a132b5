"""The rules of a month in plain Python, voucher by voucher: what the engine over sets must say as well, where nothing
is netted and no posting stands for several others.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from schemas.money import euros
from services.payments.domain.postings import Voucher
from services.payments.domain.reconciliation import BankEntry, BookRow, Line, LineClass, rows_of

VoucherKey = tuple[str, int]


def reconcile(
    vouchers: Sequence[Voucher],
    bank: Sequence[BankEntry],
    book: Sequence[BookRow],
    unbooked: Mapping[str, UUID],
) -> list[Line]:
    """All lines of a period. `unbooked` maps the EndToEndIds of payments that the bank has not booked to their
    applications. Pure and repeatable: the result depends on nothing but the arguments, not on their order.
    """
    groups: dict[VoucherKey, list[BookRow]] = defaultdict(list)
    for row in book:
        groups[row.series, row.number].append(row)
    by_key = {(voucher.series, voucher.number): voucher for voucher in vouchers}
    bank_references = Counter(entry.bank_reference for entry in bank)
    lines: list[Line] = []
    open_vouchers: dict[VoucherKey, Voucher] = {}
    for key, voucher in sorted(by_key.items()):
        if key in groups:
            lines.append(_compare(voucher, groups.pop(key), bank_references))
        else:
            open_vouchers[key] = voucher
    lines += _strays(groups, by_key, open_vouchers, unbooked, bank_references)
    lines += [_line("missing_in_back_office", v, _say(rows_of(v)), "nothing") for v in open_vouchers.values()]
    lines += _unknown_entries(vouchers, bank)
    return lines


def _say(rows: Iterable[BookRow]) -> str:
    return "; ".join(
        f"{row.posted_on:%-d.%-m.%Y} {row.account}/{row.cost_centre} {euros(row.debit - row.credit)}"
        for row in sorted(rows, key=lambda row: (row.credit, row.account))
    )


def _subject(series: str, number: int) -> str:
    return f"{series}-{number}"


def _line(line_class: LineClass, voucher: Voucher, expected: str, found: str) -> Line:
    posting = voucher.posting
    subject = _subject(voucher.series, voucher.number)
    return Line(line_class, subject, expected, found, posting.amount, posting.grant.application_id)


def _compare(voucher: Voucher, found: Sequence[BookRow], bank_references: Mapping[str, int]) -> Line:
    wanted = rows_of(voucher)
    return _line(_class_of(voucher, wanted, found, bank_references), voucher, _say(wanted), _say(found))


def _class_of(
    voucher: Voucher, wanted: Sequence[BookRow], found: Sequence[BookRow], bank_references: Mapping[str, int]
) -> LineClass:
    sums = Counter((row.debit, row.credit) for row in wanted)
    found_sums = Counter((row.debit, row.credit) for row in found)
    if found_sums != sums:
        twice = Counter({key: 2 * count for key, count in sums.items()})
        return "duplicate" if found_sums == twice else "amount_differs"
    if {(row.posted_on, row.period) for row in wanted} != {(row.posted_on, row.period) for row in found}:
        return "date_or_period_differs"
    places = Counter((row.account, row.cost_centre, row.debit) for row in wanted)
    if places != Counter((row.account, row.cost_centre, row.debit) for row in found):
        return "account_or_cost_centre_differs"
    reference = voucher.posting.bank_reference
    if reference is not None and not bank_references.get(reference):
        return "missing_at_bank"
    return "matched"


def _strays(
    groups: Mapping[VoucherKey, Sequence[BookRow]],
    by_key: Mapping[VoucherKey, Voucher],
    open_vouchers: dict[VoucherKey, Voucher],
    unbooked: Mapping[str, UUID],
    bank_references: Mapping[str, int],
) -> Iterator[Line]:
    """Vouchers of the back office whose number the ledger does not know."""
    strong = _strong_keys(by_key.values())
    for (series, number), rows in sorted(groups.items()):
        subject = _subject(series, number)
        amount = sum(row.debit for row in rows)
        ids = {row.end_to_end_id for row in rows if row.end_to_end_id}
        waiting = next((unbooked[each] for each in sorted(ids) if each in unbooked), None)
        known = _known(rows, strong)
        candidates = [] if known else _candidates(rows, open_vouchers.values())
        if waiting is not None:
            yield Line("missing_at_bank", subject, "no entry at the bank yet", _say(rows), amount, waiting)
        elif known is not None and (known.series, known.number) in open_vouchers:
            del open_vouchers[known.series, known.number]
            wanted = rows_of(known)
            yield _line(_class_of(known, wanted, rows, bank_references), known, _say(wanted), _say(rows))
        elif known is not None:
            posting = known.posting
            said = f"posted already as {_subject(known.series, known.number)}"
            yield Line("duplicate", subject, said, _say(rows), amount, posting.grant.application_id)
        elif candidates:
            for voucher in candidates:
                del open_vouchers[voucher.series, voucher.number]
            names = ", ".join(_subject(voucher.series, voucher.number) for voucher in candidates)
            yield Line("ambiguous", subject, f"perhaps {names}", _say(rows), amount)
        else:
            yield Line("missing_in_ledger", subject, "nothing", _say(rows), amount)


StrongKey = tuple[str, str, str, int]


def _strong_keys(vouchers: Iterable[Voucher]) -> dict[StrongKey, Voucher]:
    return {key: voucher for voucher in vouchers for key in _keys(rows_of(voucher))}


def _keys(rows: Iterable[BookRow]) -> Iterator[StrongKey]:
    """EndToEndId, or diary number with instalment, together with the account moved and its side: one instalment is
    booked and returned under the same id.
    """
    for row in rows:
        side = row.debit - row.credit
        if row.end_to_end_id:
            yield ("end_to_end", row.end_to_end_id, row.account, side)
        elif row.diary_number and row.instalment is not None:
            yield ("instalment", f"{row.diary_number}#{row.instalment}", row.account, side)


def _known(rows: Sequence[BookRow], strong: Mapping[StrongKey, Voucher]) -> Voucher | None:
    return next((strong[key] for key in _keys(rows) if key in strong), None)


def _candidates(rows: Sequence[BookRow], open_vouchers: Collection[Voucher]) -> list[Voucher]:
    """Open vouchers of the same sum, accounts and date, when the rows carry no strong key at all."""
    if any(row.end_to_end_id or row.diary_number for row in rows):
        return []
    weak = Counter((row.posted_on, row.account, row.debit, row.credit) for row in rows)
    return [
        voucher
        for voucher in open_vouchers
        if Counter((row.posted_on, row.account, row.debit, row.credit) for row in rows_of(voucher)) == weak
    ]


def _unknown_entries(vouchers: Sequence[Voucher], bank: Sequence[BankEntry]) -> Iterator[Line]:
    """Entries of the bank that no voucher names."""
    named = Counter(v.posting.bank_reference for v in vouchers if v.posting.bank_reference is not None)
    for entry in bank:
        if named[entry.bank_reference] > 0:
            named[entry.bank_reference] -= 1
            continue
        assert entry.amount is not None, "no batch is told part by part here"
        said = f"{entry.booked_on:%-d.%-m.%Y} {euros(entry.amount)}"
        yield Line("missing_in_ledger", f"bank {entry.bank_reference}", "nothing", said, abs(entry.amount))
