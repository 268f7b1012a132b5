-- More events move money than the first release knew: interest, what was overpaid, set off or written off.
DROP INDEX event_that_moves_money;
CREATE INDEX event_that_moves_money ON event (position) WHERE type IN (
    'grant.awarded', 'grant.changed', 'payment.booked', 'payment.returned',
    'payment.return_charged', 'recovery.claimed',
    'recovery.interest_claimed', 'recovery.late_interest_claimed', 'recovery.received', 'recovery.overpaid',
    'recovery.set_off', 'recovery.written_off'
);
