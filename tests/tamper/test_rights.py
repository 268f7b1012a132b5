"""P4: the database refuses to change or remove what is recorded, to the service's role and to the owner of the tables.

What an owner or a superuser can take away by DDL is found: the guards' own state is inspected too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from tests.tamper.attacker import COLUMNS, GUARDED, attacking, first, told
from tests.tamper.sealed import Sealed

REFUSED_BY_TRIGGER = asyncpg.IntegrityConstraintViolationError
REFUSED_BY_RIGHTS = asyncpg.InsufficientPrivilegeError
KEYS = {"event": "position", "tile": "level, number", "checkpoint": "size"}


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection whose transaction is rolled back, so that what is not refused does not last either."""
    connection = await asyncpg.connect(dsn)
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield connection
    finally:
        await transaction.rollback()
        await connection.close()


def dsn_of(sealed: Sealed, role: str) -> str:
    made = sealed.database
    return {"owner": made.owner_dsn, "service": made.service_dsn, "auditor": made.auditor_dsn}[role]


def changes_of(table: str) -> dict[str, str]:
    """Every way to change or remove rows."""
    key = KEYS[table]
    merge = f"MERGE INTO {table} USING (SELECT 1) one ON true WHEN MATCHED THEN"
    same = f"{key.split(', ')[0]} = {table}.{key.split(', ')[0]}"
    return {
        "UPDATE": f"UPDATE {table} SET {same}",
        "UPDATE of no row": f"UPDATE {table} SET {same} WHERE false",
        "DELETE": f"DELETE FROM {table}",
        "DELETE of no row": f"DELETE FROM {table} WHERE false",
        "TRUNCATE": f"TRUNCATE {table}",
        "TRUNCATE of all": "TRUNCATE event, tile, checkpoint CASCADE",
        "DELETE in a CTE": f"WITH gone AS (DELETE FROM {table} RETURNING *) SELECT count(*) FROM gone",
        "UPDATE in a CTE": f"WITH changed AS (UPDATE {table} SET {same} RETURNING *) SELECT count(*) FROM changed",
        "UPDATE on conflict": f"INSERT INTO {table} TABLE {table} ON CONFLICT ({key}) DO UPDATE SET {same}",
        "MERGE that updates": f"{merge} UPDATE SET {same}",
        "MERGE that deletes": f"{merge} DELETE",
    }


CHANGES = [(table, name) for table in GUARDED for name in changes_of(table)]


@pytest.mark.parametrize(("table", "change"), CHANGES)
async def test_the_owner_is_refused_and_told_what_to_do(sealed: Sealed, table: str, change: str) -> None:
    async with connected(dsn_of(sealed, "owner")) as owner:
        with pytest.raises(
            REFUSED_BY_TRIGGER, match=r"is refused: what is recorded is never changed or removed; append"
        ):
            await owner.execute(changes_of(table)[change])


@pytest.mark.parametrize("role", ["service", "auditor"])
@pytest.mark.parametrize(("table", "change"), CHANGES)
async def test_service_and_auditor_have_no_right_to(sealed: Sealed, role: str, table: str, change: str) -> None:
    async with connected(dsn_of(sealed, role)) as connection:
        with pytest.raises(REFUSED_BY_RIGHTS, match=r"permission denied for table (event|tile|checkpoint)"):
            await connection.execute(changes_of(table)[change])


@pytest.mark.parametrize("role", ["owner", "service", "auditor"])
async def test_not_one_column_can_be_updated(sealed: Sealed, role: str) -> None:
    refused = REFUSED_BY_TRIGGER if role == "owner" else REFUSED_BY_RIGHTS
    async with connected(dsn_of(sealed, role)) as connection:
        for table in GUARDED:
            columns = [row["name"] for row in await connection.fetch(COLUMNS, table)]
            assert len(columns) >= 4
            for column in columns:
                with pytest.raises(refused):
                    async with connection.transaction():
                        await connection.execute(f"UPDATE {table} SET {column} = {column}")


async def test_a_superuser_whose_session_ignores_triggers_is_refused_too(sealed: Sealed) -> None:
    """Restoring and replication do so. ALTER TABLE … ENABLE ALWAYS is what holds."""
    async with attacking(sealed, covered=False) as attack:
        await attack.execute("SET LOCAL session_replication_role = replica")
        for table in GUARDED:
            for statement in changes_of(table).values():
                with pytest.raises(REFUSED_BY_TRIGGER):
                    async with attack.undone():
                        await attack.execute(statement)


UNDERMINING = {
    "switch the trigger off": "ALTER TABLE {0} DISABLE TRIGGER {0}_is_insert_only",
    "switch all triggers off": "ALTER TABLE {0} DISABLE TRIGGER USER",
    "enable it for some sessions": "ALTER TABLE {0} ENABLE TRIGGER {0}_is_insert_only",
    "drop the trigger": "DROP TRIGGER {0}_is_insert_only ON {0}",
    "rename it": "ALTER TRIGGER {0}_is_insert_only ON {0} RENAME TO harmless",
    "make a trigger": "CREATE TRIGGER earlier BEFORE INSERT ON {0} EXECUTE FUNCTION refuse_change()",
    "make a rule": "CREATE RULE instead AS ON INSERT TO {0} DO INSTEAD NOTHING",
    "make a policy": "CREATE POLICY hidden ON {0} USING (false)",
    "drop the table": "DROP TABLE {0} CASCADE",
    "rename the table": "ALTER TABLE {0} RENAME TO elsewhere",
    "own the table": "ALTER TABLE {0} OWNER TO CURRENT_USER",
    "give itself rights": "GRANT ALL ON {0} TO CURRENT_USER",
    "rewrite a column": "ALTER TABLE {0} ALTER COLUMN note TYPE text USING ''",
    "replace the function": "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RETURN NULL; END'",
    "drop the function": "DROP FUNCTION refuse_change() CASCADE",
    "make a table in front": "CREATE TABLE {0} ()",
    "make a temporary table in front": "CREATE TEMP TABLE {0} ()",
    "ignore triggers": "SET session_replication_role = replica",
    "become the owner": "SET ROLE {owner}",
    "become the superuser": "SET SESSION AUTHORIZATION {superuser}",
}


@pytest.mark.parametrize("role", ["service", "auditor"])
@pytest.mark.parametrize("deed", UNDERMINING)
async def test_service_and_auditor_cannot_undermine_the_guards(sealed: Sealed, role: str, deed: str) -> None:
    async with connected(dsn_of(sealed, role)) as connection:
        for table in GUARDED:
            statement = UNDERMINING[deed].format(table, owner=sealed.database.owner, superuser="postgres")
            await connection.execute("SAVEPOINT before")
            if deed == "give itself rights":
                await grants_nothing(connection, table, statement)
            else:
                with pytest.raises(REFUSED_BY_RIGHTS):
                    await connection.execute(statement)
            await connection.execute("ROLLBACK TO before")


async def grants_nothing(connection: asyncpg.Connection[Any], table: str, statement: str) -> None:
    """PostgreSQL only warns where somebody grants rights that he cannot give on."""
    before = await rights_of(connection, table)
    try:
        await connection.execute(statement)
    except REFUSED_BY_RIGHTS:
        return
    assert await rights_of(connection, table) == before


async def rights_of(connection: asyncpg.Connection[Any], table: str) -> Any:
    return await connection.fetchval("SELECT relacl::text FROM pg_class WHERE oid = to_regclass($1)", table)


@pytest.mark.parametrize("role", ["owner", "service", "auditor"])
async def test_no_role_of_the_service_may_ignore_triggers(sealed: Sealed, role: str) -> None:
    async with connected(dsn_of(sealed, role)) as connection:
        with pytest.raises(REFUSED_BY_RIGHTS):
            await connection.execute("SET session_replication_role = replica")


GRANTED = """
SELECT c.relname AS name, a.privilege_type AS right
FROM pg_class c, aclexplode(c.relacl) a
WHERE c.relnamespace = to_regnamespace($1) AND a.grantee = CASE WHEN $2 = 'public' THEN 0 ELSE to_regrole($2) END
"""


async def granted(sealed: Sealed, grantee: str) -> dict[str, set[str]]:
    """Rights by table, view and sequence."""
    connection = await sealed.superuser()
    try:
        rows = await connection.fetch(GRANTED, sealed.database.schema, grantee)
    finally:
        await connection.close()
    rights: dict[str, set[str]] = {}
    for row in rows:
        rights.setdefault(row["name"], set()).add(row["right"])
    return rights


async def test_the_service_may_read_and_add_what_is_recorded(sealed: Sealed) -> None:
    rights = await granted(sealed, sealed.database.service)
    assert {table: rights[table] for table in GUARDED} == {table: {"SELECT", "INSERT"} for table in GUARDED}
    assert rights["head"] == {"SELECT", "UPDATE"}


async def test_the_auditor_may_only_read(sealed: Sealed) -> None:
    rights = await granted(sealed, sealed.database.auditor)
    assert set(rights) >= {*GUARDED, "head"}
    assert set().union(*rights.values()) == {"SELECT"}
    async with connected(dsn_of(sealed, "auditor")) as auditor:
        for table in (*GUARDED, "head"):
            with pytest.raises(REFUSED_BY_RIGHTS):
                async with auditor.transaction():
                    await auditor.execute(f"INSERT INTO {table} TABLE {table}")


async def test_nobody_else_has_any_right(sealed: Sealed) -> None:
    assert await granted(sealed, "public") == {}
    async with attacking(sealed, covered=False) as attack:
        await attack.execute("CREATE ROLE somebody_else")
        schema, database = sealed.database.schema, sealed.database.database
        for question in (
            f"has_schema_privilege('somebody_else', '{schema}', 'USAGE, CREATE')",
            f"has_database_privilege('somebody_else', '{database}', 'CONNECT, TEMPORARY, CREATE')",
            "has_table_privilege('somebody_else', 'event', 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')",
        ):
            assert await attack.connection.fetchval(f"SELECT {question}") is False, question


REPLACED = "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS '{}'"
MADE_ANEW = """
DROP TRIGGER {0}_is_insert_only ON {0};
CREATE TRIGGER {0}_is_insert_only BEFORE {1};
ALTER TABLE {0} ENABLE ALWAYS TRIGGER {0}_is_insert_only
"""
BY_DDL = {
    "switched off": ("ALTER TABLE {0} DISABLE TRIGGER {0}_is_insert_only", "is not always enabled"),
    "all switched off": ("ALTER TABLE {0} DISABLE TRIGGER USER", "is not always enabled"),
    "not for replicas": ("ALTER TABLE {0} ENABLE TRIGGER {0}_is_insert_only", "is not always enabled"),
    "for replicas alone": ("ALTER TABLE {0} ENABLE REPLICA TRIGGER {0}_is_insert_only", "is not always enabled"),
    "dropped": ("DROP TRIGGER {0}_is_insert_only ON {0}", "is missing"),
    "renamed": ("ALTER TRIGGER {0}_is_insert_only ON {0} RENAME TO harmless", "is missing"),
    "without TRUNCATE": (
        MADE_ANEW.format("{0}", "UPDATE OR DELETE ON {0} EXECUTE FUNCTION refuse_change()"),
        "is not the one that was made",
    ),
    "for no row": (
        MADE_ANEW.format("{0}", "UPDATE OR DELETE OR TRUNCATE ON {0} WHEN (false) EXECUTE FUNCTION refuse_change()"),
        "is not the one that was made",
    ),
    "with a function that refuses nothing": (
        REPLACED.format("BEGIN RETURN NULL; END"),
        "is not the one that was made",
    ),
    "with a function that lets somebody through": (
        REPLACED.format("BEGIN IF current_user = ''me'' THEN RETURN NULL; END IF; RAISE EXCEPTION ''no''; END"),
        "is not the one that was made",
    ),
    "with a function that swallows its refusal": (
        REPLACED.format("BEGIN RAISE EXCEPTION ''no''; EXCEPTION WHEN OTHERS THEN RETURN NULL; END"),
        "is not the one that was made",
    ),
}


@pytest.mark.parametrize("table", GUARDED)
@pytest.mark.parametrize(("statement", "said"), BY_DDL.values(), ids=BY_DDL.keys())
async def test_what_the_owner_can_do_by_ddl_is_found(sealed: Sealed, table: str, statement: str, said: str) -> None:
    async with attacking(sealed, covered=False) as attack:
        await attack.execute(f'SET LOCAL ROLE "{sealed.database.owner}"')
        await attack.execute(statement.format(table))
        await attack.execute("RESET ROLE")
        for found in (await attack.found(), await attack.found_from_inside()):
            assert f"the trigger that refuses changes of {table} {said}" in told(found)


ONE_ROW = """
ALTER TABLE event ALTER COLUMN body TYPE bytea
    USING CASE position WHEN 590 THEN set_bit(body, 900, 1 - get_bit(body, 900)) ELSE body END
"""
MADE_WITHOUT_ONE = """
CREATE TABLE copied (LIKE event INCLUDING ALL);
INSERT INTO copied SELECT * FROM event WHERE position <> 100;
DROP TABLE event;
ALTER TABLE copied RENAME TO event;
GRANT SELECT ON event TO {auditor}
"""
CHILD = """
CREATE TABLE child () INHERITS (event);
INSERT INTO child SELECT * FROM event WHERE position = 100;
GRANT SELECT ON child TO {auditor}
"""
REWRITES = {
    "a column rewritten": ("ALTER TABLE event ALTER COLUMN actor TYPE text USING 'nobody'", 1, "actor"),
    "a column rewritten in one row": (ONE_ROW, 590, "body"),
    "the table made without a row": (MADE_WITHOUT_ONE, 100, None),
    "a child that adds a row": (CHILD, 100, "position"),
}


@pytest.mark.parametrize(("statements", "position", "column"), REWRITES.values(), ids=REWRITES.keys())
async def test_what_no_trigger_sees_is_found_with_its_position(
    sealed: Sealed, statements: str, position: int, column: str | None
) -> None:
    """DDL rewrites rows without firing a trigger of the table."""
    async with attacking(sealed, covered=False) as attack:
        await attack.execute(f'SET LOCAL ROLE "{sealed.database.owner}"')
        await attack.execute(statements.format(auditor=sealed.database.auditor))
        await attack.execute("RESET ROLE")
        found = await attack.found()
        assert (first(found), found[0].column) == (position, column), told(found)


STATES = """
SELECT tgrelid::regclass::text AS name, tgenabled::text AS enabled FROM pg_trigger WHERE tgname LIKE '%_is_insert_only'
"""


async def test_the_guards_stand_after_the_migrations(sealed: Sealed) -> None:
    connection = await sealed.superuser()
    states = {row["name"]: row["enabled"] for row in await connection.fetch(STATES)}
    await connection.close()
    assert states == dict.fromkeys(GUARDED, "A")
