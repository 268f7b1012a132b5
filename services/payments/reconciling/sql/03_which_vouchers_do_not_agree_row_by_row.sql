-- Vouchers whose rows in the ledger and in the back office are not the same rows, as often each. All others agree, and
-- nothing below looks at them again.
create table differing as
select distinct series, number
from (
    select series, number
    from (
        select series, number, posted_on, period, account, cost_centre, debit, credit, 1 as side from ledger
        union all
        select series, number, posted_on, period, account, cost_centre, debit, credit, -1 from book
    )
    group by series, number, posted_on, period, account, cost_centre, debit, credit
    having sum(side) <> 0
);
