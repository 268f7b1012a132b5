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
select series, number, bank_reference as reference, end_to_end_id, amount, bank_amount
from voucher
where bank_reference in (select reference from open_reference);

create table offer as
select id, reference, end_to_end_id, abs(amount) as amount, amount as signed_amount, booked_on
from entry
where reference in (select reference from open_reference);

-- `off` is what the bank's sum is more or less than the ledger's; `said` tells the entry where it is not the very same.
create table borne_out (series varchar, number bigint, entry_id bigint, off bigint, said varchar);
create table spent_entry (id bigint);

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

-- The same archive id and EndToEndId, and more entries than vouchers or fewer: as a whole, when they add up.
create table several as
select reference, end_to_end_id, offered - claimed as off, said
from (
    select reference, end_to_end_id, count(*) as vouchers, sum(amount)::bigint as claimed
    from claim anti join borne_out using (series, number)
    where end_to_end_id is not null
    group by reference, end_to_end_id
)
join (
    select
        reference, end_to_end_id, count(*) as entries, abs(sum(signed_amount))::bigint as offered,
        'bank ' || reference || ' ' || day(min(booked_on)) || ' ' || euros(sum(signed_amount)::bigint) as said
    from offer
    where end_to_end_id is not null and id not in (select entry_id from borne_out where entry_id is not null)
    group by reference, end_to_end_id
) using (reference, end_to_end_id)
where entries <> vouchers and abs(offered - claimed) <= getvariable('tolerance');
insert into spent_entry
select id
from offer semi join several using (reference, end_to_end_id)
where id not in (select entry_id from borne_out where entry_id is not null);
insert into borne_out
select series, number, null, off, case when off <> 0 then said end
from claim join several using (reference, end_to_end_id)
where (series, number) not in (select (series, number) from borne_out);

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
        and id not in (select id from spent_entry)
)
select
    series, number, id, o.amount - c.amount,
    'bank ' || o.reference || ' ' || day(booked_on) || ' ' || euros(signed_amount)
from c join o using (reference, end_to_end_id, place);

-- One entry for several vouchers, or several for one: what is left under one archive id is compared as a whole. An
-- EndToEndId that only one side knows speaks against it.
create table left_claim as select * from claim anti join borne_out using (series, number);
create table left_offer as
select *
from offer
where id not in (select entry_id from borne_out where entry_id is not null) and id not in (select id from spent_entry);
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
insert into spent_entry select id from whole_offer;

-- The bank's statement may name a payment by another archive id than its notification did. Its EndToEndId names it as
-- well, in the same direction and with the same sum; the line tells the entry. Where the ledger does not tell what the
-- bank's entry would be, a return could be taken for the payment: then nothing is found so.
insert into borne_out
with c as (
    select *, row_number() over (partition by end_to_end_id, bank_amount order by series, number) as place
    from claim anti join borne_out using (series, number)
    where end_to_end_id is not null and bank_amount is not null
), o as (
    select *, row_number() over (
        partition by end_to_end_id, signed_amount order by booked_on, reference, id
    ) as place
    from offer
    where end_to_end_id is not null and id not in (select entry_id from borne_out where entry_id is not null)
        and id not in (select id from spent_entry)
)
select
    series, number, id, 0,
    'bank ' || o.reference || ' ' || day(booked_on) || ' ' || euros(signed_amount)
    || ', by its EndToEndId: the ledger has archive id ' || c.reference
from c join o on c.end_to_end_id = o.end_to_end_id and bank_amount = signed_amount and c.place = o.place;
create table stray_entry as
select reference, booked_on, amount
from entry
where reference in (select reference from open_reference)
    and id not in (select entry_id from borne_out where entry_id is not null)
    and id not in (select id from spent_entry);

-- Only what the bank does not bear out to the cent, or by another archive id, has a row here.
create table bank_state as
select
    claim.series, claim.number, coalesce(off, 0) as off, said,
    case
        when borne_out.series is null then 'missing_at_bank'
        when abs(off) > getvariable('tolerance') then 'amount_differs'
        else 'matched'
    end as class
from claim left join borne_out using (series, number)
where borne_out.series is null or said is not null;
