"""Databases whose migrations ran once: each further one is a copy of a template.

Roles belong to the whole cluster, their rights on a database and on what is in it to that database alone. So a copy
is used with the roles of its template, and a template is lent to one database at a time: no two databases that exist
at once share a role. A template belongs to the process that made it, so that workers of pytest-xdist share none.
"""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from deploy.local.postgres import PostgresServer
from deploy.local.service_database import (
    RolePasswords,
    ServiceDatabase,
    create_service_database,
    database_rights,
    drop_service_databases,
)
from services.ledger import migrate
from services.ledger.migrate import LEDGER_MIGRATIONS
from tests.infrastructure.logins import ease_login

# The services of a database, each with the folders of the migrations that it adds to the ledger's.
Plan = Mapping[str, Sequence[Path]]

# All that the cluster, and not a database, knows of these roles.
ROLES_STATE: Final = """
SELECT string_agg(concat_ws(' ', r, m, s), ' ' ORDER BY r.oid, m, s)
FROM pg_authid r
LEFT JOIN pg_auth_members m ON r.oid IN (m.roleid, m.member)
LEFT JOIN pg_db_role_setting s ON s.setrole = r.oid
WHERE r.rolname = ANY ($1)
"""
END_SESSIONS: Final = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1"


def digest(plan: Plan) -> str:
    """Tells two plans apart, and one plan before and after a change of a migration."""
    made = hashlib.sha256()
    for service, folders in plan.items():
        made.update(f"service {service}\n".encode())
        for folder in (LEDGER_MIGRATIONS, *folders):
            for file in sorted(each for each in folder.iterdir() if each.is_file()):
                made.update(f"file {file.name} {file.stat().st_size}\n".encode() + file.read_bytes())
    return made.hexdigest()


def roles_of(services: Mapping[str, ServiceDatabase]) -> list[str]:
    """The names of their roles."""
    return [role for made in services.values() for role in (made.owner, made.service, made.auditor)]


@dataclass(frozen=True)
class Template:
    """A migrated database that nobody can connect to; `services` are in it, `state` is its roles' at its making."""

    key: str
    name: str
    services: Mapping[str, ServiceDatabase]
    state: str


class Templates:
    """The templates that this process made in a server."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._free: dict[str, list[Template]] = {}

    async def lend(self, plan: Plan, database: str) -> tuple[Template, dict[str, ServiceDatabase]]:
        """Makes the database, with all that the plan names in it. Makes a template when none is free."""
        key = digest(plan)
        free = self._free.setdefault(key, [])
        template = free.pop() if free else await self._make(plan, key)
        async with _superuser(self._server) as connection:
            # Copying files takes 20 ms; writing them to the log, the other strategy, 30 to 40.
            await connection.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template.name}" STRATEGY FILE_COPY')
            for made in template.services.values():
                roles = (made.owner, made.service, made.auditor)
                await connection.execute(database_rights(database, made.schema, roles))
        return template, {name: _moved(made, database) for name, made in template.services.items()}

    async def take_back(self, template: Template, database: str) -> None:
        """Removes the database, ending every session in it. Removes the template too if its roles were altered."""
        async with _superuser(self._server) as connection:
            await connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            state = await connection.fetchval(ROLES_STATE, roles_of(template.services))
        if state == template.state:
            self._free[template.key].append(template)
        else:
            await self._remove(template)

    async def clear(self) -> None:
        """Removes the templates that are not lent."""
        while self._free:
            for template in self._free.popitem()[1]:
                await self._remove(template)

    async def _make(self, plan: Plan, key: str) -> Template:
        suffix = secrets.token_hex(4)
        name = f"template_{key[:8]}_{suffix}"
        services: dict[str, ServiceDatabase] = {}
        for service, folders in plan.items():
            passwords = RolePasswords(*(secrets.token_urlsafe(12) for _ in range(3)))
            made = await create_service_database(self._server, service, passwords, database=name, suffix=suffix)
            await asyncio.to_thread(migrate, made.owner_dsn, made.schema, folders)
            services[service] = made
        return Template(key, name, services, await self._close(name, services))

    async def _close(self, name: str, services: Mapping[str, ServiceDatabase]) -> str:
        """Lets nobody in any more: a database that somebody is in cannot be copied. Gives the state of the roles."""
        async with _superuser(self._server) as connection:
            for made in services.values():
                for dsn in (made.owner_dsn, made.service_dsn, made.auditor_dsn):
                    parts = urlsplit(dsn)
                    await ease_login(connection, str(parts.username), str(parts.password))
            await connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            await connection.execute(END_SESSIONS, name)
            return str(await connection.fetchval(ROLES_STATE, roles_of(services)))

    async def _remove(self, template: Template) -> None:
        await drop_service_databases(self._server, template.name, roles_of(template.services))


_TEMPLATES: Final[dict[str, Templates]] = {}


def templates_of(server: PostgresServer) -> Templates:
    """The templates that this process has in a server: the same ones at every call."""
    return _TEMPLATES.setdefault(server.superuser_dsn(), Templates(server))


@asynccontextmanager
async def _superuser(server: PostgresServer) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(server.superuser_dsn())
    try:
        yield connection
    finally:
        await connection.close()


def _moved(made: ServiceDatabase, database: str) -> ServiceDatabase:
    """The same service in another database."""
    owner, service, auditor = (
        urlsplit(dsn)._replace(path=f"/{database}").geturl()
        for dsn in (made.owner_dsn, made.service_dsn, made.auditor_dsn)
    )
    return replace(made, database=database, owner_dsn=owner, service_dsn=service, auditor_dsn=auditor)
