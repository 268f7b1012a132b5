"""Three files of a country's payments, with differences planted whose class and subject are known, and with as much
that only looks like one: reversals, amounts in parts, other numbers, batches, and equals.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

SEED: Final = 20260402
DIFFERENCES: Final = (
    "amount_differs", "date_or_period_differs", "account_or_cost_centre_differs", "missing_in_back_office",
    "missing_in_ledger", "missing_at_bank", "duplicate", "ambiguous",
)  # fmt: skip
HARMLESS: Final = ("reversed", "in_parts", "renumbered", "batch_told", "batch_whole", "equal")
SIDES: Final = ("ledger", "bank", "book")
BATCH: Final = 20

_PAYMENT: Final = """
create table payment as
with shuffled as (
    select i, row_number() over (order by hash(i + {seed}), i) - 1 as place from range(1, {count} + 1) as range(i)
), kinds as (
    select i, place, list_extract({kinds}, (place // {each} + 1)::int) as kind from shuffled
)
select
    i, place, coalesce(kind, 'plain') as kind, place % 2 = 0 as even,
    case
        when kind = 'equal' then 77700
        when kind is not null then 20000000 + place
        else 10000 + (hash(i + {seed} + 1) % 5000000)::bigint
    end as amount,
    case when kind = 'equal' then date '2026-04-15' else date '2026-04-01' + (i % 28)::int end as posted_on,
    'E' || left(md5((i + {seed})::varchar), 24) || '-1-1' as end_to_end_id,
    case
        when kind in ('batch_told', 'batch_whole') then kind || (place // {batch})
        else '2604' || lpad(i::varchar, 14, '0')
    end as bank_reference,
    case when kind = 'equal' then '1' else i::varchar end || '/02.05.01.00/2026' as diary_number,
    md5(i::varchar)::uuid::varchar as application_id
from shuffled join kinds using (i, place)
"""
_LEDGER: Final = """
create table ledger as
select
    'av' as series, i as number, posted_on, strftime(posted_on, '%Y-%m') as period, unnest(['2590', '1700']) as account,
    '131010' as cost_centre, diary_number, 1 as instalment, end_to_end_id, unnest([amount, 0]) as debit,
    unnest([0, amount]) as credit, bank_reference, application_id
from payment
"""
_BANK: Final = """
create table bank as
select
    case when kind = 'batch_told' then bank_reference || '/' || i else bank_reference end as bank_reference,
    posted_on as booked_on, -(amount + (kind = 'amount_differs' and even)::int) as amount, end_to_end_id,
    case when kind = 'batch_told' then bank_reference end as entry_of
from payment
where kind not in ('missing_at_bank', 'batch_whole')
union all
select bank_reference, min(posted_on), -sum(amount)::bigint, null, null
from payment
where kind in ('batch_told', 'batch_whole')
group by bank_reference
union all
select 'STRAY' || i, posted_on, -amount, null, null from payment where kind = 'missing_in_ledger' and even
"""
_BOOK: Final = """
create table book as
with posted as (
    select ledger.* exclude (bank_reference, application_id), kind, even from ledger join payment on i = number
)
select
    case kind when 'ambiguous' then 'x' when 'renumbered' then 'y' else series end as series, number,
    posted_on + (kind = 'date_or_period_differs' and even)::int as posted_on,
    case when kind = 'date_or_period_differs' and not even then '2026-05' else period end as period,
    case when kind = 'account_or_cost_centre_differs' and even and debit > 0 then '4740' else account end as account,
    case when kind = 'account_or_cost_centre_differs' and not even then '131099' else cost_centre end as cost_centre,
    case when kind <> 'ambiguous' then diary_number end as diary_number,
    case when kind <> 'ambiguous' then instalment end as instalment,
    case when kind <> 'ambiguous' then end_to_end_id end as end_to_end_id,
    debit + (kind = 'amount_differs' and not even and debit > 0)::int as debit,
    credit + (kind = 'amount_differs' and not even and credit > 0)::int as credit
from posted
where kind not in ('missing_in_back_office', 'in_parts')
union all
select case when even then 'av' else 'x' end, * exclude (series, kind, even) from posted where kind = 'duplicate'
union all
select * exclude (kind, even) replace (credit as debit, debit as credit) from posted where kind = 'reversed'
union all
select * exclude (kind, even) from posted where kind = 'reversed'
union all
select * exclude (kind, even) replace (debit // 3 as debit, credit // 3 as credit) from posted where kind = 'in_parts'
union all
select * exclude (kind, even) replace (debit - debit // 3 as debit, credit - credit // 3 as credit)
from posted where kind = 'in_parts'
union all
select * exclude (kind, even)
    replace ('x' as series, 'S' || number as diary_number, null as instalment, 'S' || number as end_to_end_id)
from posted where kind = 'missing_in_ledger' and not even
"""
_PLANTED: Final = """
select
    kind,
    case
        when kind = 'ambiguous' or (kind in ('duplicate', 'missing_in_ledger') and not even) then 'x-' || i
        when kind = 'missing_in_ledger' then 'bank STRAY' || i
        else 'av-' || i
    end
from payment
where kind in {differences}
"""


def generate(folder: Path, count: int, suffix: str, seed: int = SEED) -> set[tuple[str, str]]:
    """Writes ledger, bank and book of `count` payments in an order by chance, and returns class and subject of each
    difference planted: a thousandth of the payments, as many of each class, and one of each at least.
    """
    each = max(count // 1000 // len(DIFFERENCES), 1)
    planned = {"count": count, "seed": seed, "each": each, "batch": BATCH, "kinds": [*DIFFERENCES, *HARMLESS]}
    with duckdb.connect() as database:
        for statement in (_PAYMENT, _LEDGER, _BANK, _BOOK):
            database.execute(statement.format(**planned) if statement is _PAYMENT else statement)
        for side in SIDES:
            options = "header" if suffix == ".csv" else "format parquet"
            rows = f"select * from {side} order by hash(rowid + {seed})"
            database.execute(f"copy ({rows}) to '{folder / (side + suffix)}' ({options})")
        return set(database.execute(_PLANTED.format(differences=DIFFERENCES)).fetchall())
