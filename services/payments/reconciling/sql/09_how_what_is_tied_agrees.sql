-- Each tie is compared as a whole: sums first, then dates and periods, then accounts and cost centres. Sums agree
-- within the tolerance, on each account and cost centre; dates, periods and accounts agree exactly. `off` is by how much
-- the sums differ, all together or on one account.
create table moved as
select
    tie, account, cost_centre, sum(wanted_debit)::bigint as wanted_debit, sum(wanted_credit)::bigint as wanted_credit,
    sum(found_debit)::bigint as found_debit, sum(found_credit)::bigint as found_credit,
    count(*) filter (is_wanted) as wanted_rows, count(*) filter (not is_wanted) as found_rows
from (
    select tie, account, cost_centre, debit as wanted_debit, credit as wanted_credit, 0 as found_debit,
        0 as found_credit, true as is_wanted
    from wanted join tied_voucher using (series, number)
    union all
    select tie, account, cost_centre, 0, 0, debit, credit, false
    from remaining join tied_book using (series, number)
)
group by tie, account, cost_centre;

create table agreement as
with gross as (
    select tie from tied_voucher semi join both_ways using (series, number)
    union
    select tie from moved group by tie having sum(found_rows) <= sum(wanted_rows)
), netted as (
    select
        tie, wanted_rows, found_rows,
        case
            when gross.tie is null then greatest(wanted_debit - wanted_credit, 0) else wanted_debit
        end as wanted_debit,
        case
            when gross.tie is null then greatest(wanted_credit - wanted_debit, 0) else wanted_credit
        end as wanted_credit,
        case
            when gross.tie is null then greatest(found_debit - found_credit, 0) else found_debit
        end as found_debit,
        case
            when gross.tie is null then greatest(found_credit - found_debit, 0) else found_credit
        end as found_credit
    from moved left join gross using (tie)
), sums as (
    select
        tie, sum(wanted_debit) as wanted_debit, sum(wanted_credit) as wanted_credit, sum(found_debit) as found_debit,
        sum(found_credit) as found_credit, sum(wanted_rows) as wanted_rows, sum(found_rows) as found_rows,
        max(abs(wanted_debit - found_debit) + abs(wanted_credit - found_credit)) as off_on_an_account
    from netted
    group by tie
), wanted_dates as (
    select tie, list_sort(list_distinct(list((posted_on, period)))) as dates
    from wanted join tied_voucher using (series, number)
    group by tie
), found_dates as (
    select tie, list_sort(list_distinct(list((posted_on, period)))) as dates
    from remaining join tied_book using (series, number)
    group by tie
)
select
    tie,
    case
        when found_debit = 2 * wanted_debit and found_credit = 2 * wanted_credit and found_rows >= 2 * wanted_rows
            then 'duplicate'
        when greatest(abs(wanted_debit - found_debit), abs(wanted_credit - found_credit)) > getvariable('tolerance')
            then 'amount_differs'
        when wanted_dates.dates <> found_dates.dates then 'date_or_period_differs'
        when off_on_an_account > getvariable('tolerance') then 'account_or_cost_centre_differs'
        else 'matched'
    end as class,
    greatest(
        abs(wanted_debit - found_debit), abs(wanted_credit - found_credit), off_on_an_account
    )::bigint as off
from sums join wanted_dates using (tie) join found_dates using (tie);
