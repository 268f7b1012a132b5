-- The ledger: an insert-only event table, the head that orders appends, Merkle tiles, checkpoints,
-- the inbox and the parking place of messages, idempotency rows and registers.
-- Roles are named alike (<service>_owner, <service>_service, <service>_auditor); this runs as the owner.

CREATE TABLE event (
    position       bigint      PRIMARY KEY CHECK (position > 0),
    event_id       uuid        NOT NULL UNIQUE,
    stream         text        NOT NULL COLLATE "C",
    version        integer     NOT NULL CHECK (version > 0),
    type           text        NOT NULL COLLATE "C",
    schema_version smallint    NOT NULL CHECK (schema_version > 0),
    recorded_at    timestamptz NOT NULL,
    actor          text        NOT NULL,
    correlation    text        NOT NULL,
    causation      text,
    body           bytea       NOT NULL,
    UNIQUE (stream, version)
);
-- Bodies are small and hashed as they are: compressing them costs time and saves little.
ALTER TABLE event ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE head (
    only_row    boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    size        bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    edge        bytea[]     NOT NULL
);
INSERT INTO head (size, recorded_at, edge) VALUES (0, '-infinity', '{}');

-- Complete 256-wide tiles (C2SP tlog-tiles): level 0 holds leaf hashes, level n roots of tiles of level n - 1.
CREATE TABLE tile (
    level  smallint NOT NULL,
    number bigint   NOT NULL,
    root   bytea    NOT NULL CHECK (length(root) = 32),
    hashes bytea    NOT NULL CHECK (length(hashes) = 8192),
    PRIMARY KEY (level, number)
);

CREATE TABLE checkpoint (
    size      bigint      PRIMARY KEY,
    root      bytea       NOT NULL CHECK (length(root) = 32),
    note      text        NOT NULL,
    signed_at timestamptz NOT NULL
);

-- What the relay has handed to the broker: the last position, and per partition the last offset with its position.
CREATE TABLE relay (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    published  bigint  NOT NULL DEFAULT 0,
    partitions jsonb   NOT NULL DEFAULT '{}',
    checkpoint bigint  NOT NULL DEFAULT 0
);
INSERT INTO relay DEFAULT VALUES;

CREATE TABLE idempotency (
    actor       text        NOT NULL,
    key         text        NOT NULL,
    fingerprint bytea       NOT NULL,
    response    bytea       NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (actor, key)
);

CREATE TABLE inbox (
    source      text        NOT NULL,
    event_id    text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (source, event_id)
);

CREATE TABLE parked (
    number      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text        NOT NULL,
    event_id    text        NOT NULL,
    key         text        NOT NULL,
    headers     jsonb       NOT NULL,
    value       bytea       NOT NULL,
    reason      text        NOT NULL,
    waiting_for text,
    ready       boolean     NOT NULL DEFAULT false,
    attempts    integer     NOT NULL DEFAULT 1,
    parked_at   timestamptz NOT NULL,
    released_at timestamptz,
    UNIQUE (source, event_id)
);
CREATE INDEX parked_queue ON parked (source, key, number) WHERE released_at IS NULL;
CREATE INDEX parked_waiting ON parked (waiting_for) WHERE released_at IS NULL AND NOT ready;

-- A register is a list that can be read as of any position: each version of a document says from where it held
-- (inclusive) and up to where (exclusive; null while it is the current one).
CREATE TABLE register_version (
    register      text   NOT NULL COLLATE "C",
    key           text   NOT NULL COLLATE "C",
    from_position bigint NOT NULL,
    to_position   bigint,
    document      jsonb  NOT NULL,
    PRIMARY KEY (register, key, from_position)
);
CREATE INDEX register_current ON register_version (register, key) WHERE to_position IS NULL;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: what is recorded is never changed or removed; append a correcting event',
        TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER event_is_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE event ENABLE ALWAYS TRIGGER event_is_insert_only;
CREATE TRIGGER checkpoint_is_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE checkpoint ENABLE ALWAYS TRIGGER checkpoint_is_insert_only;
CREATE TRIGGER tile_is_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tile
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE tile ENABLE ALWAYS TRIGGER tile_is_insert_only;

-- Locks the head and answers with it and with the current version of each stream asked for. The version look-up is a
-- statement of its own after the lock, so that it sees what the previous holder of the lock committed.
CREATE FUNCTION lock_head(streams text[],
        OUT size bigint, OUT recorded_at timestamptz, OUT edge bytea[], OUT versions integer[])
LANGUAGE plpgsql AS $$
BEGIN
    SELECT h.size, h.recorded_at, h.edge INTO size, recorded_at, edge FROM head h FOR UPDATE;
    SELECT array_agg(coalesce(
               (SELECT e.version FROM event e WHERE e.stream = s.name ORDER BY e.version DESC LIMIT 1), 0)
               ORDER BY s.ordinal)
        INTO versions FROM unnest(streams) WITH ORDINALITY s (name, ordinal);
END $$;

-- Inserts one batch at the head and moves the head; wakes messages that were parked for one of its streams.
CREATE FUNCTION insert_batch(positions bigint[], ids uuid[], streams text[], versions integer[], types text[],
        schemas smallint[], moment timestamptz, actors text[], correlations text[], causations text[],
        bodies bytea[], new_size bigint, new_edge bytea[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO event (position, event_id, stream, version, type, schema_version, recorded_at, actor, correlation,
                       causation, body)
        SELECT b.position, b.id, b.stream, b.version, b.type, b.schema, moment, b.actor, b.correlation, b.causation,
               b.body
        FROM unnest(positions, ids, streams, versions, types, schemas, actors, correlations, causations, bodies)
            b (position, id, stream, version, type, schema, actor, correlation, causation, body);
    UPDATE head SET size = new_size, recorded_at = moment, edge = new_edge;
    UPDATE parked SET ready = true WHERE waiting_for = ANY (streams) AND released_at IS NULL AND NOT ready;
END $$;

-- The last position recorded at or before a moment; 0 where there is none. Recorded time never goes back as positions
-- go on, so a binary search over the dense positions finds it.
CREATE FUNCTION position_at(moment timestamptz) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    low bigint := 0; high bigint; middle bigint; found timestamptz;
BEGIN
    SELECT h.size INTO high FROM head h;
    WHILE low < high LOOP
        middle := (low + high + 1) / 2;
        SELECT e.recorded_at INTO found FROM event e WHERE e.position = middle;
        IF found <= moment THEN low := middle; ELSE high := middle - 1; END IF;
    END LOOP;
    RETURN low;
END $$;

DO $$
DECLARE
    service text := replace(current_user, '_owner', '_service');
    auditor text := replace(current_user, '_owner', '_auditor');
BEGIN
    EXECUTE format('GRANT SELECT, INSERT ON event, tile, checkpoint, idempotency, inbox TO %I', service);
    EXECUTE format('GRANT SELECT, UPDATE ON head, relay TO %I', service);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON parked, register_version TO %I', service);
    EXECUTE format('GRANT SELECT ON event, head, tile, checkpoint, parked, register_version, relay TO %I', auditor);
END $$;
