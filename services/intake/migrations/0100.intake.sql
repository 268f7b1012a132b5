-- Drafts are the applicant's own until they are sent: no part of the ledger, changed in place at a version, and removable.
CREATE TABLE draft (
    draft_id       uuid        PRIMARY KEY,
    association_id text        NOT NULL,
    call_id        text        NOT NULL,
    version        integer     NOT NULL CHECK (version > 0),
    content        jsonb       NOT NULL,
    saved_by       text        NOT NULL,
    saved_at       timestamptz NOT NULL,
    sent_at        timestamptz
);
CREATE INDEX draft_of_association ON draft (association_id, draft_id);
CREATE INDEX draft_of_call ON draft (call_id) WHERE sent_at IS NULL;

-- Keys of persons, wrapped. A destroyed key leaves its row, so that no new key is ever made for an erased person.
CREATE TABLE person_key (
    person_id    uuid        PRIMARY KEY,
    wrapped      bytea,
    made_at      timestamptz NOT NULL,
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);

-- What few of many are looked up by in registers.
CREATE INDEX application_of_association ON register_version ((document ->> 'association_id'), key, from_position)
    WHERE register = 'applications';
CREATE INDEX application_of_call ON register_version ((document ->> 'call_id'), key, from_position)
    WHERE register = 'applications';
CREATE INDEX person_of_association ON register_version ((document ->> 'association_id'), key, from_position)
    WHERE register = 'persons';
CREATE INDEX attachment_of_association ON register_version ((document ->> 'association_id'), key, from_position)
    WHERE register = 'attachments';

DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON draft TO %I', replace(current_user, '_owner', '_service'));
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON person_key TO %I', replace(current_user, '_owner', '_service'));
END $$;
