-- The bank's entries, a batch as its parts where the bank tells them: parts stand under the batch's archive id, and the
-- batch's own row is checked against their sum. A part without a sum only tells the batch in which its archive id stands.
create table part_sum as
select entry_of as reference, sum(amount)::bigint as amount, count(*) as parts
from bank
where entry_of is not null and entry_of <> '' and amount is not null
group by entry_of;

create table entry as
select
    row_number() over () as id, coalesce(nullif(entry_of, ''), bank_reference) as reference, booked_on, amount,
    nullif(end_to_end_id, '') as end_to_end_id
from bank
where amount is not null and not (coalesce(entry_of, '') = '' and bank_reference in (select reference from part_sum));

create table batch_off as
select
    batch.reference, min(batch.booked_on) as booked_on, sum(batch.amount)::bigint as amount,
    any_value(part_sum.amount) as parts_amount, any_value(part_sum.parts) as parts,
    abs(sum(batch.amount) - any_value(part_sum.amount))::bigint as off
from (
    select bank_reference as reference, booked_on, amount
    from bank
    where coalesce(entry_of, '') = '' and bank_reference in (select reference from part_sum)
) as batch
join part_sum using (reference)
group by batch.reference
having sum(batch.amount) <> any_value(part_sum.amount);

-- A voucher may name a part by the part's own archive id: it stands under the batch's as well.
update voucher
set bank_reference = part.entry_of
from (
    select bank_reference, min(entry_of) as entry_of
    from bank
    where entry_of <> '' and entry_of <> bank_reference
    group by bank_reference
) as part
where voucher.bank_reference = part.bank_reference;
