-- Strays without any strong key, whose dates, accounts and sums are those of vouchers that have no posting: proposed to
-- all of these, and never taken for matched. The first of several such strays holds the proposal.
create table without_posting as select * from missing_number anti join tied_voucher using (series, number);
create table proposal as
with weak_stray as (
    select
        series, number,
        list((posted_on, account, debit, credit) order by posted_on, account, debit, credit) as looks
    from stray_row
    group by series, number
    having bool_and(
        coalesce(end_to_end_id, '') = '' and coalesce(diary_number, '') = '' and coalesce(bank_reference, '') = ''
    )
), weak_voucher as (
    select
        series, number,
        list((posted_on, account, debit, credit) order by posted_on, account, debit, credit) as looks
    from wanted semi join without_posting using (series, number)
    group by series, number
), first_stray as (
    select looks, min((series, number)) as stray from weak_stray group by looks
)
select stray[1] as stray_series, stray[2] as stray_number, series, number
from first_stray join weak_voucher using (looks);
