-- Files from and to the bank and the back office, byte for byte under their SHA-256; and the look-ups of payments.

CREATE TABLE stored_file (
    sha256    text        PRIMARY KEY CHECK (sha256 = encode(sha256(content), 'hex')),
    kind      text        NOT NULL,
    content   bytea       NOT NULL,
    stored_at timestamptz NOT NULL
);
ALTER TABLE stored_file ALTER COLUMN content SET STORAGE EXTENDED;
CREATE TRIGGER stored_file_is_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON stored_file
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE stored_file ENABLE ALWAYS TRIGGER stored_file_is_insert_only;

CREATE INDEX payment_by_end_to_end_id ON register_version ((document ->> 'end_to_end_id'))
    WHERE register = 'payments' AND to_position IS NULL;
CREATE INDEX event_that_moves_money ON event (position) WHERE type IN
    ('grant.awarded', 'grant.changed', 'payment.booked', 'payment.returned', 'recovery.claimed', 'recovery.received');

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT ON stored_file TO %I', replace(current_user, '_owner', '_service'));
    EXECUTE format('GRANT SELECT ON stored_file TO %I', replace(current_user, '_owner', '_auditor'));
END $$;
