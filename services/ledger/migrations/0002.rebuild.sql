-- Where registers are made anew from the events, to be compared with the live ones or to replace them. Its content can be
-- made again at any time, so it is not logged.
CREATE UNLOGGED TABLE register_rebuild (LIKE register_version INCLUDING ALL);

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON register_rebuild TO %I',
                   replace(current_user, '_owner', '_service'));
END $$;
