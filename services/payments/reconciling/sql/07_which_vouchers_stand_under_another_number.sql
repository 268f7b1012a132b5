-- Strays are tied to vouchers by strong keys: EndToEndId, the bank's archive id, diary number with instalment. The last
-- speaks only for rows without an EndToEndId. What is tied is compared afterwards; a `tie` names the vouchers and
-- the back office's numbers that are compared as one.
create table tied_voucher (tie varchar, series varchar, number bigint);
create table tied_book (tie varchar, series varchar, number bigint);
create table duplicate (series varchar, number bigint, said varchar, application_id uuid);

-- What stands under its own number.
insert into tied_voucher
select 'v ' || name_of(series, number), series, number
from (select distinct series, number from wanted semi join remaining using (series, number));
insert into tied_book select * from tied_voucher;

create table link as
select distinct s.series as stray_series, s.number as stray_number, ledger.series, ledger.number
from stray_row as s join ledger on s.end_to_end_id = ledger.end_to_end_id
where s.end_to_end_id <> ''
union
select s.series, s.number, voucher.series, voucher.number
from stray_row as s join voucher on s.bank_reference = voucher.bank_reference
where s.bank_reference <> ''
union
select s.series, s.number, ledger.series, ledger.number
from stray_row as s
join ledger on s.diary_number = ledger.diary_number and s.instalment = ledger.instalment
where coalesce(s.end_to_end_id, '') = '' and s.diary_number <> '';

-- What each side moves on each account, by which one is compared with several.
create table linked_row as
select ledger.series, ledger.number, account, sum(debit - credit)::bigint as moved
from ledger semi join link using (series, number)
group by ledger.series, ledger.number, account;
create table stray_sum as
select series, number, account, sum(debit - credit)::bigint as moved from stray_row group by series, number, account;

-- One posting for all vouchers that it is linked to: those that have no posting yet, or else all, and then it is a
-- second one.
create table in_one_posting as
with reached as (
    select
        link.*, missing_number.series is not null as open
    from link left join missing_number using (series, number)
), reached_sum as (
    select
        stray_series, stray_number, account, sum(moved) as every,
        sum(moved) filter (open) as every_open
    from reached join linked_row using (series, number)
    group by all
), compared as (
    select
        coalesce(stray_series, series) as stray_series, coalesce(stray_number, number) as stray_number,
        bool_and(abs(coalesce(moved, 0) - coalesce(every, 0)) <= getvariable('tolerance')) as is_every,
        bool_and(abs(coalesce(moved, 0) - coalesce(every_open, 0)) <= getvariable('tolerance')) as is_every_open
    from stray_sum full join reached_sum
        on stray_series = series and stray_number = number and reached_sum.account = stray_sum.account
    group by all
)
select reached.*, is_every, is_every_open from reached join compared using (stray_series, stray_number);

insert into tied_voucher
with first_come as (
    select series, number, min((stray_series, stray_number)) as first_stray
    from in_one_posting
    where is_every_open and open
    group by series, number
), whole as (
    select stray_series, stray_number
    from in_one_posting join first_come using (series, number)
    where is_every_open and open
    group by stray_series, stray_number
    having bool_and(first_stray = (stray_series, stray_number))
)
select 's ' || name_of(stray_series, stray_number), series, number
from in_one_posting semi join whole using (stray_series, stray_number)
where open;
insert into tied_book
select distinct tie, stray_series, stray_number
from in_one_posting join tied_voucher on tie = 's ' || name_of(stray_series, stray_number);

insert into duplicate
select
    stray_series, stray_number,
    'posted already as ' || told_together(list(name_of(series, number) order by series, number), ', '),
    min(application_id)
from in_one_posting join voucher using (series, number)
left join (select distinct series as tied_series, number as tied_number from tied_voucher)
    on tied_series = series and tied_number = number
where (stray_series, stray_number) not in (select (series, number) from tied_book)
group by stray_series, stray_number
having bool_and(is_every or is_every_open) and bool_and(not open or tied_series is not null);

-- Several postings for one voucher, its own number among them or not: only when they add up to it.
create table in_parts as
with part as (
    select stray_series, stray_number, any_value(series) as series, any_value(number) as number
    from link
    where (stray_series, stray_number) not in (select (series, number) from tied_book)
        and (stray_series, stray_number) not in (select (series, number) from duplicate)
        and (series, number) in (select (series, number) from wanted)
        and (series, number) not in (select (series, number) from tied_voucher where tie like 's %')
    group by stray_series, stray_number
    having count(*) = 1
), moved as (
    select part.series, part.number, account, moved from part join stray_sum
        on stray_series = stray_sum.series and stray_number = stray_sum.number
    union all
    select series, number, account, debit - credit from remaining semi join part using (series, number)
    union all
    select series, number, account, -moved from linked_row semi join part using (series, number)
), off as (
    select series, number from moved group by series, number, account having abs(sum(moved)) > getvariable('tolerance')
)
select part.* from part anti join off using (series, number);
insert into tied_voucher
select distinct 'v ' || name_of(series, number), series, number
from in_parts anti join tied_voucher using (series, number);
insert into tied_book select 'v ' || name_of(series, number), stray_series, stray_number from in_parts;

-- One posting for one voucher by a row that is the same: key, account and sum. Genuine equals are paired in their
-- order; what is left when every voucher of the key has a posting was posted twice.
create table same_row as
with s as (
    select
        series, number, account, debit - credit as moved,
        case
            when end_to_end_id <> '' then 'e ' || end_to_end_id
            else 'd ' || diary_number || '#' || instalment
        end as key
    from stray_row anti join tied_book using (series, number) anti join duplicate using (series, number)
), v as (
    select ledger.series, ledger.number, account, debit - credit as moved, 'e ' || end_to_end_id as key
    from ledger semi join link using (series, number)
    where end_to_end_id <> ''
    union all
    select ledger.series, ledger.number, account, debit - credit, 'd ' || diary_number || '#' || instalment
    from ledger semi join link using (series, number)
    where diary_number <> ''
)
select distinct
    s.series as stray_series, s.number as stray_number, v.series, v.number, key, account, moved,
    (v.series, v.number) in (
        select (series, number) from missing_number anti join tied_voucher using (series, number)
    ) as open
from s join v using (key, account, moved);

create table pair as
with places as (
    select
        *, dense_rank() over (partition by key, account, moved order by stray_series, stray_number) as stray_place,
        dense_rank() over (partition by key, account, moved order by series, number) as place
    from same_row
    where open
), met as (
    select stray_series, stray_number, min((series, number)) as voucher
    from places
    where stray_place = place
    group by stray_series, stray_number
)
select voucher, min((stray_series, stray_number)) as stray from met group by voucher;
insert into tied_voucher select 'v ' || name_of(voucher[1], voucher[2]), voucher[1], voucher[2] from pair;
insert into tied_book select 'v ' || name_of(voucher[1], voucher[2]), stray[1], stray[2] from pair;

insert into duplicate
with first_voucher as (
    select stray_series, stray_number, min((series, number)) as voucher
    from same_row
    group by stray_series, stray_number
)
select stray_series, stray_number, 'posted already as ' || name_of(voucher[1], voucher[2]), application_id
from first_voucher
join voucher on voucher.series = first_voucher.voucher[1] and voucher.number = first_voucher.voucher[2]
where (stray_series, stray_number) not in (select (series, number) from tied_book);
