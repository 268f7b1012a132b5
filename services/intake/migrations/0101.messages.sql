-- What applicants are told by e-mail, and how far the ledger was looked at for it.
-- No personal data: whom a message is for is a reference (application/<id>, association/<id>), whose address is looked up
-- when the message is sent.

CREATE TABLE message (
    id             uuid        PRIMARY KEY,
    event_position bigint      NOT NULL CHECK (event_position > 0),
    application_id text        COLLATE "C",
    occasion       text        NOT NULL COLLATE "C",
    language       text        COLLATE "C" CHECK (language IN ('fi', 'sv', 'en')),
    subject        text        NOT NULL COLLATE "C",
    parameters     jsonb       NOT NULL CHECK (jsonb_typeof(parameters) = 'object'),
    state          text        NOT NULL DEFAULT 'queued' COLLATE "C"
                               CHECK (state IN ('queued', 'sent', 'failed', 'unaddressed')),
    attempts       integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    due_at         timestamptz NOT NULL,
    created_at     timestamptz NOT NULL,
    sent_at        timestamptz,
    last_error     text,
    CHECK ((state = 'sent') = (sent_at IS NOT NULL))
);
CREATE INDEX message_due ON message (due_at, event_position, id) WHERE state = 'queued';
CREATE INDEX message_by_state ON message (state, event_position, id);
CREATE INDEX message_in_order ON message (event_position, id);
CREATE INDEX message_of_application ON message (application_id, event_position, id) WHERE application_id IS NOT NULL;

CREATE TABLE messenger (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    position bigint  NOT NULL CHECK (position >= 0)
);
-- Nobody is told now of what happened before there were messages.
INSERT INTO messenger (position) SELECT size FROM head;

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON message TO %I', replace(current_user, '_owner', '_service'));
    EXECUTE format('GRANT SELECT, UPDATE ON messenger TO %I', replace(current_user, '_owner', '_service'));
    EXECUTE format('GRANT SELECT ON message, messenger TO %I', replace(current_user, '_owner', '_auditor'));
END $$;
