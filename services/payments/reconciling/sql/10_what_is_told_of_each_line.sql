-- The lines that need words: every line that is no plain match. Rows are told by their vouchers, each in one order.
create table wanted_said as
select
    series, number,
    told_together(
        list(
            say_row(posted_on, account, cost_centre, debit, credit)
            order by credit, account, cost_centre, posted_on, debit
        ),
        '; '
    ) as said
from (
    select ledger.*
    from ledger semi join (
        select series, number from differing
        union
        select series, number from bank_state
        union
        select series, number from voucher where getvariable('every_line')
    ) using (series, number)
)
group by series, number;

create table tie_said as
select
    tie,
    told_together(
        list(
            say_row(posted_on, account, cost_centre, debit, credit)
            order by credit, account, cost_centre, posted_on, debit
        ),
        '; '
    ) as said
from remaining join tied_book using (series, number)
group by tie;
create table stray_said as
select
    series, number,
    told_together(
        list(
            say_row(posted_on, account, cost_centre, debit, credit)
            order by credit, account, cost_centre, posted_on, debit
        ),
        '; '
    ) as said
from remaining semi join stray using (series, number)
group by series, number;

create table told (
    class varchar, subject varchar, expected varchar, found varchar, amount bigint, application_id uuid, off bigint
);
create macro within_the_tolerance(book_off, bank_off) as
    ' (' || concat_ws(
        ', ',
        case when book_off > 0 then 'the back office differs by ' || euros(book_off) end,
        case when bank_off > 0 then 'the bank differs by ' || euros(bank_off) end
    ) || ', within the tolerance of ' || euros(getvariable('tolerance')) || ')';

-- Vouchers with a posting: as the back office agrees, and if it does, as the bank does.
create table judged as
select
    series, number,
    case when coalesce(agreement.class, 'matched') <> 'matched' then agreement.class
        else coalesce(bank_state.class, 'matched') end as class,
    coalesce(agreement.class, 'matched') = 'matched' and coalesce(bank_state.class, 'matched') <> 'missing_at_bank'
        and bank_state.said is not null as tells_bank,
    coalesce(agreement.off, 0) as book_off, abs(coalesce(bank_state.off, 0)) as bank_off, tie
from (select series, number, tie from tied_voucher
    union all
    select series, number, null from bank_state anti join differing using (series, number))
left join agreement using (tie)
left join bank_state using (series, number);
insert into told
select
    class, name_of(series, number), wanted_said.said,
    case when tells_bank then bank_state.said else coalesce(tie_said.said, wanted_said.said) end
    || case when class = 'matched' and greatest(book_off, bank_off) > 0
        then within_the_tolerance(book_off, bank_off) else '' end,
    amount, application_id, case when class = 'matched' then greatest(book_off, bank_off) else 0 end
from judged join voucher using (series, number) join wanted_said using (series, number)
left join tie_said using (tie)
left join (select series, number, said from bank_state) as bank_state using (series, number);

-- Vouchers without a posting, those that are proposed excepted: their line is the proposal's.
insert into told
select
    'missing_in_back_office', name_of(series, number), wanted_said.said,
    case
        when (series, number) in (select (series, number) from found) then 'nothing: posted and reversed'
        else 'nothing'
    end,
    amount, application_id, 0
from without_posting anti join proposal using (series, number)
join voucher using (series, number) join wanted_said using (series, number);

-- The back office's numbers that no voucher has.
insert into told
select
    case
        when waiting_for is not null then 'missing_at_bank'
        when duplicate.said is not null then 'duplicate'
        when proposed.said is not null then 'ambiguous'
        else 'missing_in_ledger'
    end,
    name_of(series, number),
    case
        when waiting_for is not null then 'no entry at the bank yet'
        else coalesce(duplicate.said, proposed.said, 'nothing')
    end,
    stray_said.said, amount, coalesce(stray.application_id, duplicate.application_id), 0
from stray join stray_said using (series, number)
left join duplicate using (series, number)
left join (
    select
        stray_series as series, stray_number as number,
        'perhaps ' || told_together(
            list(name_of(proposal.series, proposal.number) order by proposal.series, proposal.number), ', '
        ) as said
    from proposal
    group by stray_series, stray_number
) as proposed using (series, number)
anti join tied_book using (series, number);
insert into told
select 'matched', name_of(series, number), 'nothing', 'nothing: posted and reversed', 0, null, 0
from (select distinct series, number from found anti join remaining using (series, number))
anti join wanted using (series, number);

-- Entries of the bank that no voucher names, and batches that are not their parts.
insert into told
select 'missing_in_ledger', 'bank ' || reference, 'nothing', day(booked_on) || ' ' || euros(amount), abs(amount), null, 0
from stray_entry;
insert into told
select
    'amount_differs', 'bank ' || reference, parts || ' parts, together ' || euros(parts_amount),
    day(booked_on) || ' ' || euros(amount), abs(amount), null, 0
from batch_off
where off > getvariable('tolerance');
insert into told
select
    'matched', 'bank ' || reference, parts || ' parts, together ' || euros(parts_amount),
    day(booked_on) || ' ' || euros(amount) || within_the_tolerance(0, off), abs(amount), null, off
from batch_off
where off <= getvariable('tolerance');

-- Every line, in its order; a plain match needs no words unless they are asked for.
create view plain_match as
select series, number, amount, application_id
from voucher
anti join differing using (series, number)
anti join bank_state using (series, number);
create view line as
select
    'matched' as class, name_of(series, number) as subject, coalesce(said, '') as expected,
    coalesce(said, '') as found, amount, application_id, 0 as off
from plain_match left join wanted_said using (series, number)
union all
select * from told;
create table class_count as
select class, sum(lines)::bigint as lines
from (
    select 'matched' as class, count(*) as lines from plain_match
    union all
    select class, count(*) from told group by class
)
where lines > 0
group by class;
