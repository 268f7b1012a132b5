"""Databases that are copies of one template are as much a test's own as those that are migrated one by one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.ledger import migrate
from tests.infrastructure.addresses import PostgresAddress
from tests.infrastructure.databases import FreshDatabase
from tests.infrastructure.logins import scram_verifier
from tests.infrastructure.templates import Templates, digest, roles_of

SERVICE = "copied"
COUNTED = "CREATE TABLE counted (id bigint GENERATED ALWAYS AS IDENTITY, note text);"
GRANTED = """
DO $$ BEGIN
    EXECUTE format('GRANT SELECT, INSERT ON counted TO %I', replace(current_user, '_owner', '_service'));
END $$;
"""
# The rights and owners of all objects of the schema, and what each role may do with the database.
RIGHTS = """
SELECT string_agg(concat_ws(' ', relname, relkind, relowner::regrole, relacl), ';' ORDER BY relname)
    || (SELECT concat_ws(' ', nspowner::regrole, nspacl) FROM pg_namespace WHERE oid = to_regnamespace($1))
    || (SELECT datacl::text FROM pg_database WHERE datname = current_database())
    || (SELECT string_agg(concat_ws(' ', setrole::regrole, setconfig), ';' ORDER BY setrole::regrole::text)
        FROM pg_db_role_setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()))
FROM pg_class WHERE relnamespace = to_regnamespace($1)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0100.counted.sql").write_text(COUNTED + GRANTED)
    return tmp_path


@pytest.fixture
async def second(postgres_cluster: PostgresAddress) -> AsyncIterator[FreshDatabase]:
    made = FreshDatabase(postgres_cluster)
    yield made
    await made.drop()


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def rights_in(database: FreshDatabase) -> str:
    """What `RIGHTS` tells, with the roles' names as they are without a suffix."""
    made = await database.service(SERVICE)
    async with connected(database.superuser_dsn) as superuser:
        told = str(await superuser.fetchval(RIGHTS, SERVICE))
    for role, name in ((made.owner, "owner"), (made.service, "service"), (made.auditor, "auditor")):
        told = told.replace(role, name)
    return told


async def test_two_databases_of_one_template_share_neither_rows_nor_sequences(
    database: FreshDatabase, second: FreshDatabase, folder: Path
) -> None:
    one, two = await database.migrated(SERVICE, folder), await second.migrated(SERVICE, folder)
    async with connected(one.service_dsn) as first, connected(two.service_dsn) as other:
        for _ in range(3):
            await first.execute("INSERT INTO counted (note) VALUES ('of the first')")
        assert await other.fetch("SELECT * FROM counted") == []
        assert await other.fetchval("INSERT INTO counted (note) VALUES ('of the other') RETURNING id") == 1


async def test_two_databases_that_exist_at_once_share_no_role_and_neither_lets_the_others_roles_in(
    database: FreshDatabase, second: FreshDatabase, folder: Path
) -> None:
    one, two = await database.migrated(SERVICE, folder), await second.migrated(SERVICE, folder)
    assert not {one.owner, one.service, one.auditor} & {two.owner, two.service, two.auditor}
    for dsn in (one.owner_dsn, one.service_dsn, one.auditor_dsn):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(dsn.replace(database.name, second.name))


async def test_a_copy_has_the_rights_of_a_database_that_was_migrated_itself(
    database: FreshDatabase, second: FreshDatabase, folder: Path
) -> None:
    await database.migrated(SERVICE, folder)
    made = await second.service(SERVICE)
    migrate(made.owner_dsn, made.schema, [folder])
    assert await rights_in(database) == await rights_in(second)


async def test_what_one_test_did_in_a_copy_the_next_does_not_find(
    postgres_cluster: PostgresAddress, folder: Path
) -> None:
    roles = []
    for _ in range(2):
        database = FreshDatabase(postgres_cluster)
        made = await database.migrated(SERVICE, folder)
        roles.append(made.service)
        async with connected(made.owner_dsn) as owner:
            assert await owner.fetchval("SELECT count(*) FROM counted") == 0
            await owner.execute("INSERT INTO counted (note) VALUES ('mine')")
            await owner.execute(f'GRANT DELETE ON counted TO "{made.service}"')
        async with connected(made.service_dsn) as service:
            assert await service.fetchval("SELECT has_table_privilege('counted', 'DELETE')")
            await database.drop()
    assert roles[0] == roles[1], "the template is used again"


async def test_a_template_whose_roles_a_test_altered_is_not_used_again(
    postgres_cluster: PostgresAddress, folder: Path
) -> None:
    altered = FreshDatabase(postgres_cluster)
    made = await altered.migrated(SERVICE, folder)
    async with connected(altered.superuser_dsn) as superuser:
        await superuser.execute(f'ALTER ROLE "{made.service}" CREATEDB')
    await altered.drop()
    following = FreshDatabase(postgres_cluster)
    try:
        assert (await following.migrated(SERVICE, folder)).service != made.service
        async with connected(following.superuser_dsn) as superuser:
            assert not await superuser.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", made.service)
    finally:
        await following.drop()


async def test_a_changed_migration_makes_another_template(
    database: FreshDatabase, second: FreshDatabase, folder: Path
) -> None:
    before = digest({SERVICE: [folder]})
    await database.migrated(SERVICE, folder)
    (folder / "0101.more.sql").write_text("CREATE TABLE more (id int);")
    assert digest({SERVICE: [folder]}) != before
    async with connected((await second.migrated(SERVICE, folder)).owner_dsn) as owner:
        assert await owner.fetchval("SELECT count(*) FROM more") == 0


async def test_a_later_migration_is_applied_to_a_copy_too(database: FreshDatabase, folder: Path) -> None:
    await database.migrated(SERVICE)
    made = await database.migrated(SERVICE, folder)
    async with connected(made.service_dsn) as service:
        assert await service.fetchval("SELECT count(*) FROM counted") == 0


async def test_nothing_is_left_of_templates_that_were_cleared(postgres_cluster: PostgresAddress) -> None:
    templates = Templates(postgres_cluster)
    template, _ = await templates.lend({SERVICE: []}, "cleared")
    await templates.take_back(template, "cleared")
    await templates.clear()
    async with connected(postgres_cluster.superuser_dsn()) as superuser:
        databases = await superuser.fetch("SELECT datname FROM pg_database")
        roles = await superuser.fetch("SELECT rolname FROM pg_roles")
    assert not {"cleared", template.name} & {row["datname"] for row in databases}
    assert not set(roles_of(template.services)) & {row["rolname"] for row in roles}


async def test_an_eased_login_still_asks_for_the_password(database: FreshDatabase) -> None:
    made = await database.migrated(SERVICE)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(made.service_dsn.replace("@", "x@", 1))
    assert scram_verifier("secret") != scram_verifier("secret"), "each has a salt of its own"


async def test_two_who_ask_in_the_same_instant_get_the_same_database(
    postgres_cluster: PostgresAddress, folder: Path
) -> None:
    database = FreshDatabase(postgres_cluster)
    try:
        asked = (database.migrated(SERVICE, folder), database.migrated(SERVICE, folder), database.service("other"))
        one, another, other = await asyncio.gather(*asked)
        assert (one, other.database) == (another, one.database)
    finally:
        await database.drop()
