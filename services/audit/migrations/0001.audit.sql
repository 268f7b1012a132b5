-- The mirror of the watched ledgers, what was witnessed of them, and who looked at what.
-- Runs as the owner; roles are named alike (<service>_owner, <service>_service, <service>_auditor).

CREATE TABLE mirrored_event (
    source         text        NOT NULL COLLATE "C",
    position       bigint      NOT NULL CHECK (position > 0),
    event_id       uuid        NOT NULL,
    stream         text        NOT NULL COLLATE "C",
    version        integer     NOT NULL,
    type           text        NOT NULL COLLATE "C",
    schema_version smallint    NOT NULL,
    recorded_at    timestamptz NOT NULL,
    actor          text        NOT NULL COLLATE "C",
    correlation    text        NOT NULL,
    causation      text,
    body           bytea       NOT NULL,
    application_id text        COLLATE "C",
    association_id text        COLLATE "C",
    diary_number   text        COLLATE "C",
    municipalities text[]      NOT NULL,
    amount_cents   bigint,
    PRIMARY KEY (source, position)
);
ALTER TABLE mirrored_event ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX mirrored_event_time ON mirrored_event (recorded_at, source, position);
CREATE INDEX mirrored_event_stream ON mirrored_event (stream, source, position);
CREATE INDEX mirrored_event_type ON mirrored_event (type, recorded_at);
CREATE INDEX mirrored_event_actor ON mirrored_event (actor, recorded_at);
CREATE INDEX mirrored_event_application ON mirrored_event (application_id) WHERE application_id IS NOT NULL;
CREATE INDEX mirrored_event_association ON mirrored_event (association_id) WHERE association_id IS NOT NULL;
CREATE INDEX mirrored_event_diary ON mirrored_event (diary_number) WHERE diary_number IS NOT NULL;
CREATE INDEX mirrored_event_amount ON mirrored_event (amount_cents) WHERE amount_cents IS NOT NULL;

-- What an application was named together with: events that carry its id alone are found by this.
CREATE TABLE application_facet (
    facet          text NOT NULL COLLATE "C" CHECK (facet IN ('association_id', 'diary_number', 'municipality')),
    value          text NOT NULL COLLATE "C",
    application_id text NOT NULL COLLATE "C",
    PRIMARY KEY (facet, value, application_id)
);

-- The dense prefix of each mirrored ledger. Its row's lock orders all that is received of one source.
CREATE TABLE mirror_head (
    source      text        PRIMARY KEY COLLATE "C",
    size        bigint      NOT NULL DEFAULT 0,
    edge        bytea[]     NOT NULL DEFAULT '{}',
    recorded_at timestamptz
);

CREATE TABLE mirror_tile (
    source text     NOT NULL COLLATE "C",
    level  smallint NOT NULL,
    number bigint   NOT NULL,
    root   bytea    NOT NULL CHECK (length(root) = 32),
    hashes bytea    NOT NULL CHECK (length(hashes) = 8192),
    PRIMARY KEY (source, level, number)
);

CREATE TABLE witnessed_checkpoint (
    source       text        NOT NULL COLLATE "C",
    size         bigint      NOT NULL CHECK (size >= 0),
    root         bytea       NOT NULL CHECK (length(root) = 32),
    note         text        NOT NULL,
    witnessed_at timestamptz NOT NULL,
    PRIMARY KEY (source, size, root)
);

CREATE TABLE verification (
    number      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person      text        NOT NULL,
    started_at  timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    verified    boolean     NOT NULL,
    findings    jsonb       NOT NULL,
    checked     jsonb       NOT NULL
);

-- Found while mirroring (verification is null; found once, however often the message comes), or by a verification.
CREATE TABLE divergence (
    number       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source       text        NOT NULL COLLATE "C",
    position     bigint,
    kind         text        NOT NULL,
    what         text        NOT NULL,
    found_at     timestamptz NOT NULL,
    verification bigint      REFERENCES verification,
    UNIQUE NULLS NOT DISTINCT (source, position, kind, what, verification)
);

CREATE TABLE disclosure (
    number      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    disclosed_at timestamptz NOT NULL,
    person      text        NOT NULL,
    roles       text[]      NOT NULL,
    action      text        NOT NULL,
    path        text        NOT NULL,
    filters     jsonb       NOT NULL,
    correlation text
);

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % only takes new rows: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

DO $$
DECLARE
    service text := replace(current_user, '_owner', '_service');
    auditor text := replace(current_user, '_owner', '_auditor');
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['mirrored_event', 'application_facet', 'mirror_tile', 'witnessed_checkpoint',
                                'verification', 'divergence', 'disclosure'] LOOP
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON %I '
                       'FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()', name || '_is_insert_only', name);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', name, name || '_is_insert_only');
        EXECUTE format('GRANT SELECT, INSERT ON %I TO %I', name, service);
        EXECUTE format('GRANT SELECT ON %I TO %I', name, auditor);
    END LOOP;
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON mirror_head TO %I', service);
    EXECUTE format('GRANT SELECT ON mirror_head TO %I', auditor);
END $$;
