-- A voucher is the ledger's rows of one series and number; its keys are the same on each of its rows.
create table voucher as
select
    series, number, sum(debit)::bigint as amount, min(nullif(bank_reference, '')) as bank_reference,
    min(nullif(end_to_end_id, '')) as end_to_end_id, min(application_id) as application_id,
    min(bank_amount) as bank_amount
from ledger
group by series, number;
