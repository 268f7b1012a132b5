-- Decision documents, byte for byte under their SHA-256, as notice was given with them.
CREATE TABLE decision_document (
    sha256    text        PRIMARY KEY CHECK (sha256 = encode(sha256(content), 'hex')),
    content   bytea       NOT NULL,
    stored_at timestamptz NOT NULL
);
ALTER TABLE decision_document ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE TRIGGER decision_document_is_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision_document
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE decision_document ENABLE ALWAYS TRIGGER decision_document_is_insert_only;

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT ON decision_document TO %I', replace(current_user, '_owner', '_service'));
    EXECUTE format('GRANT SELECT ON decision_document TO %I', replace(current_user, '_owner', '_auditor'));
END $$;
