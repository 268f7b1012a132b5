-- Archive ids under which ledger and bank do not hold the same payments (EndToEndId and sum), as often each.
create table open_reference as
select distinct reference
from (
    select reference
    from (
        select bank_reference as reference, end_to_end_id, amount, 1 as side
        from voucher
        where bank_reference is not null
        union all
        select reference, end_to_end_id, abs(amount), -1 from entry
    )
    group by reference, end_to_end_id, amount
    having sum(side) <> 0
);

create table claim as
select series, number, bank_reference as reference, end_to_end_id, amount
from voucher
where bank_reference in (select reference from open_reference);

create table offer as
select id, reference, end_to_end_id, abs(amount) as amount, amount as signed_amount, booked_on
from entry
where reference in (select reference from open_reference);

-- `off` is what the bank's sum is more or less than the ledger's.
create table borne_out (series varchar, number bigint, entry_id bigint, off bigint, said varchar);

-- The same archive id, EndToEndId and sum.
insert into borne_out
with c as (
    select *, row_number() over (partition by reference, end_to_end_id, amount order by series, number) as place
    from claim
), o as (
    select *, row_number() over (
        partition by reference, end_to_end_id, amount order by booked_on, signed_amount, id
    ) as place
    from offer
)
select series, number, id, 0, null
from c join o on c.reference = o.reference and c.amount = o.amount and c.place = o.place
    and c.end_to_end_id is not distinct from o.end_to_end_id;

-- The same archive id and sum, and only one of the two has an EndToEndId.
insert into borne_out
with c as (
    select *, row_number() over (partition by reference, amount, end_to_end_id is null order by series, number) as place
    from claim anti join borne_out using (series, number)
), o as (
    select *, row_number() over (
        partition by reference, amount, end_to_end_id is null order by booked_on, signed_amount, end_to_end_id, id
    ) as place
    from offer
    where id not in (select entry_id from borne_out where entry_id is not null)
)
select series, number, id, 0, null
from c join o on c.reference = o.reference and c.amount = o.amount and c.place = o.place
    and (c.end_to_end_id is null) <> (o.end_to_end_id is null);

-- The same archive id and EndToEndId, and another sum.
insert into borne_out
with c as (
    select *, row_number() over (partition by reference, end_to_end_id order by amount, series, number) as place
    from claim anti join borne_out using (series, number)
    where end_to_end_id is not null
), o as (
    select *, row_number() over (partition by reference, end_to_end_id order by amount, booked_on, id) as place
    from offer
    where end_to_end_id is not null and id not in (select entry_id from borne_out where entry_id is not null)
)
select
    series, number, id, o.amount - c.amount,
    'bank ' || o.reference || ' ' || day(booked_on) || ' ' || euros(signed_amount)
from c join o using (reference, end_to_end_id, place);

-- One entry for several vouchers, or several for one: what is left under one archive id is compared as a whole. An
-- EndToEndId that only one side knows speaks against it.
create table left_claim as select * from claim anti join borne_out using (series, number);
create table left_offer as
select * from offer where id not in (select entry_id from borne_out where entry_id is not null);
create table as_a_whole as
select reference, bool_or(end_to_end_id is null) as unnamed from left_offer group by reference;
create table whole_claim as
select left_claim.*
from left_claim join as_a_whole using (reference)
where unnamed or end_to_end_id is null;
create table whole_offer as
select left_offer.*
from left_offer join as_a_whole using (reference)
where (not unnamed or end_to_end_id is null) and reference in (select reference from whole_claim);
create table whole as
select reference, offered - claimed as off, said
from (select reference, sum(amount)::bigint as claimed from whole_claim group by reference)
join (
    select
        reference, abs(sum(signed_amount))::bigint as offered,
        'bank ' || reference || ' ' || day(min(booked_on)) || ' ' || euros(sum(signed_amount)::bigint) as said
    from whole_offer
    group by reference
) using (reference);
insert into borne_out
select series, number, null, off, case when off <> 0 then said end from whole_claim join whole using (reference);
create table stray_entry as
select reference, booked_on, amount
from entry
where reference in (select reference from open_reference)
    and id not in (select entry_id from borne_out where entry_id is not null)
    and id not in (select id from whole_offer);

-- Only what the bank does not bear out to the cent has a row here.
create table bank_state as
select
    claim.series, claim.number, coalesce(off, 0) as off, said,
    case
        when borne_out.series is null then 'missing_at_bank'
        when abs(off) > getvariable('tolerance') then 'amount_differs'
        else 'matched'
    end as class
from claim left join borne_out using (series, number)
where borne_out.series is null or off <> 0;
