-- How sums, rows and vouchers are told to a person. An amount reads as `schemas.money.euros` writes it.
create macro euros(amount) as
    case when amount < 0 then '-' else '' end
    || (abs(amount) // 100) || '.' || lpad((abs(amount) % 100)::varchar, 2, '0') || ' EUR';
create macro day(on_day) as strftime(on_day, '%-d.%-m.%Y');
create macro say_row(posted_on, account, cost_centre, debit, credit) as
    day(posted_on) || ' ' || account || '/' || cost_centre || ' ' || euros(debit - credit);
create macro name_of(series, number) as series || '-' || number;
-- A text of a difference holds at most 4,000 characters: after the first 25 the rest is counted.
create macro told_together(texts, mark) as
    array_to_string(list_slice(texts, 1, 25), mark)
    || case when len(texts) > 25 then mark || 'and ' || (len(texts) - 25) || ' more' else '' end;
