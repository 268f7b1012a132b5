"""Gives a service its schema and its three roles in a PostgreSQL server, as the superuser.

| role | may |
| --- | --- |
| `<service>_owner` | own the schema; migrations run as it |
| `<service>_service` | use the schema; what more, the migrations grant |
| `<service>_auditor` | use the schema; the migrations let it read |

Nobody else has any right: not to connect to the database, not to see the schema.
"""

import re
from dataclasses import dataclass
from typing import Any

import asyncpg

from deploy.local.postgres import PostgresServer

# Roles belong to the whole cluster: two makers must not race for one. The number is arbitrary but fixed.
LOCK_KEY = 7_202_601
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class RolePasswords:
    """The passwords of a service's three roles."""

    owner: str
    service: str
    auditor: str


@dataclass(frozen=True)
class ServiceDatabase:
    """Where a service keeps its data, and how each role gets at it (`postgresql://…`)."""

    database: str
    schema: str
    owner: str
    service: str
    auditor: str
    owner_dsn: str
    service_dsn: str
    auditor_dsn: str


async def create_service_database(
    server: PostgresServer,
    service: str,
    passwords: RolePasswords,
    *,
    database: str = "grants",
    suffix: str = "",
) -> ServiceDatabase:
    """Makes the database, the roles and the schema where they are missing, and sets the passwords and rights.

    Idempotent, and safe to call at the same time for several services. With a `suffix` the roles are named
    `<service>_service_<suffix>` and so on, so that several databases in one cluster do not share them. Each
    role's search path in this database is the service's schema. Raises ValueError for a name that is no plain
    lower-case identifier, and asyncpg's errors when the server is away.
    """
    ending = f"_{suffix}" if suffix else ""
    roles = {
        f"{service}_owner{ending}": passwords.owner,
        f"{service}_service{ending}": passwords.service,
        f"{service}_auditor{ending}": passwords.auditor,
    }
    for name in (database, service, *roles):
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for a database, schema or role: use a-z, 0-9 and _, at most 63")
    await _make_database_and_roles(server, database, roles)
    owner, user, auditor = roles
    await _make_schema(server, database, service, (owner, user, auditor))
    return ServiceDatabase(
        database=database,
        schema=service,
        owner=owner,
        service=user,
        auditor=auditor,
        owner_dsn=server.dsn(database, owner, passwords.owner),
        service_dsn=server.dsn(database, user, passwords.service),
        auditor_dsn=server.dsn(database, auditor, passwords.auditor),
    )


async def drop_service_databases(server: PostgresServer, database: str, roles: list[str]) -> None:
    """Removes the database, ending every session in it, and the roles; does nothing for what is not there."""
    connection = await asyncpg.connect(server.superuser_dsn())
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        for role in roles:
            await connection.execute(f'DROP ROLE IF EXISTS "{role}"')
    finally:
        await connection.close()


async def _make_database_and_roles(server: PostgresServer, database: str, roles: dict[str, str]) -> None:
    connection = await asyncpg.connect(server.superuser_dsn())
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK_KEY)
        for role, password in roles.items():
            await _make_role(connection, role, password)
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
            await connection.execute(f'CREATE DATABASE "{database}"')
    finally:
        await connection.close()


async def _make_role(connection: "asyncpg.Connection[Any]", role: str, password: str) -> None:
    if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
        await connection.execute(f'CREATE ROLE "{role}" NOSUPERUSER NOCREATEDB NOCREATEROLE')
    # A password cannot be a parameter of ALTER ROLE, so the server quotes it.
    quoted = "SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)"
    statement = await connection.fetchval(quoted, role, password)
    await connection.execute(statement)


async def _make_schema(server: PostgresServer, database: str, schema: str, roles: tuple[str, str, str]) -> None:
    owner, service, auditor = roles
    connection = await asyncpg.connect(server.superuser_dsn(database))
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK_KEY)
            await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}" AUTHORIZATION "{owner}"')
            await connection.execute(database_rights(database, schema, roles))
            await connection.execute(_schema_rights(schema, owner, service, auditor))
    finally:
        await connection.close()


def database_rights(database: str, schema: str, roles: tuple[str, str, str]) -> str:
    """The SQL of what the cluster keeps of a database's rights, and a copy of the database has not: who may connect,
    and the roles' search path in it. `roles` are the service's owner, service and auditor.
    """
    paths = "".join(
        f'ALTER ROLE "{role}" IN DATABASE "{database}" SET search_path = "{schema}";\n' for role in roles
    )  # fmt: skip
    allowed = ", ".join(f'"{role}"' for role in roles)
    return f"""
        REVOKE ALL ON DATABASE "{database}" FROM PUBLIC;
        GRANT CONNECT ON DATABASE "{database}" TO {allowed};
        {paths}
    """


def _schema_rights(schema: str, owner: str, service: str, auditor: str) -> str:
    return f"""
        REVOKE ALL ON SCHEMA public FROM PUBLIC;
        REVOKE ALL ON SCHEMA "{schema}" FROM PUBLIC;
        ALTER SCHEMA "{schema}" OWNER TO "{owner}";
        GRANT USAGE ON SCHEMA "{schema}" TO "{service}", "{auditor}";
    """
