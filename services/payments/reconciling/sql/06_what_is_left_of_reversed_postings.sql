-- The back office's rows of the vouchers that differ, with reversals netted: a reversal takes back the oldest row of
-- the same voucher, account, cost centre and sum. Nothing is netted where the ledger itself moves both ways on one
-- account, nor where there are no more rows than one posting has: they are then on a wrong account, and no reversal.
create table wanted as select ledger.* from ledger semi join differing using (series, number);
create table both_ways as
select distinct series, number
from (
    select series, number
    from wanted
    group by series, number, account, cost_centre
    having max(debit - credit) > 0 and min(debit - credit) < 0
);
create table found as
select book.* from book semi join differing using (series, number);
create table as_posted as
select series, number from both_ways
union
select series, number
from (select series, number, count(*) as rows from found group by series, number) as all_found
left join (select series, number, count(*) as rows from wanted group by series, number) as one using (series, number)
where all_found.rows <= coalesce(one.rows, 2);
create table remaining as
with signed as (
    select
        *, debit - credit as moved,
        row_number() over (
            partition by series, number, account, cost_centre, debit - credit order by posted_on, period, debit, credit
        ) as place
    from found
), counted as (
    select series, number, account, cost_centre, -(debit - credit) as moved, count(*) as reversals
    from found
    where debit <> credit
    group by all
)
select signed.* exclude (moved, place)
from signed left join counted using (series, number, account, cost_centre, moved)
where place > coalesce(reversals, 0) or (series, number) in (select (series, number) from as_posted);

-- Vouchers that the back office does not have under their own number, and its vouchers that the ledger does not have.
create table missing_number as
select distinct series, number from wanted anti join remaining using (series, number);
create table stray as
select
    series, number, sum(debit)::bigint as amount, min(waiting.application_id) as application_id,
    min(nullif(remaining.end_to_end_id, '')) filter (waiting.end_to_end_id is not null) as waiting_for
from remaining left join unbooked as waiting on remaining.end_to_end_id = waiting.end_to_end_id
where (series, number) not in (select (series, number) from wanted)
group by series, number;
update stray
set application_id = unbooked.application_id
from unbooked
where unbooked.end_to_end_id = stray.waiting_for;
create table stray_row as
select remaining.*
from remaining join (select series, number from stray where waiting_for is null) using (series, number);
