"""Databases of a test's own in the shared server."""

import asyncio
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.postgres import PostgresServer
from deploy.local.service_database import (
    RolePasswords,
    ServiceDatabase,
    create_service_database,
    drop_service_databases,
)
from services.ledger import migrate
from tests.infrastructure.templates import Plan, Template, digest, roles_of, templates_of


@dataclass
class FreshDatabase:
    """A database with roles that no other database has. Made on the first `service`, `migrated` or
    `all_migrated`, dropped with everything in it by `drop`.
    """

    server: PostgresServer
    suffix: str = field(default_factory=lambda: secrets.token_hex(4))
    _services: dict[str, ServiceDatabase] = field(default_factory=dict)
    _applied: dict[str, str] = field(default_factory=dict)
    _template: Template | None = None
    _making: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Two replicas may ask for their database in the same instant: one of them makes it."""

    @property
    def name(self) -> str:
        return f"grants_{self.suffix}"

    @property
    def superuser_dsn(self) -> str:
        """The superuser in this database; the database must have been made."""
        return self.server.superuser_dsn(self.name)

    async def service(self, name: str) -> ServiceDatabase:
        """The schema and roles of a service, e.g. `intake`; made at the first call, the same from then on."""
        async with self._making:
            return await self._made(name)

    async def _made(self, name: str) -> ServiceDatabase:
        if name not in self._services:
            passwords = RolePasswords(*(secrets.token_urlsafe(12) for _ in range(3)))
            self._services[name] = await create_service_database(
                self.server, name, passwords, database=self.name, suffix=self.suffix
            )
        return self._services[name]

    async def migrated(self, name: str, *folders: Path) -> ServiceDatabase:
        """As `service`, with the ledger's migrations and then those of the folders applied."""
        return (await self.all_migrated({name: folders}))[name]

    async def all_migrated(self, plan: Plan) -> dict[str, ServiceDatabase]:
        """As `migrated` for several services. Quick when it makes the database, which is then the copy of one that
        was migrated before.
        """
        async with self._making:
            if not self._services:
                self._template, self._services = await templates_of(self.server).lend(plan, self.name)
                self._applied = {name: digest({name: folders}) for name, folders in plan.items()}
            for name, folders in plan.items():
                wanted = digest({name: folders})
                if self._applied.get(name) != wanted:
                    made = await self._made(name)
                    await asyncio.to_thread(migrate, made.owner_dsn, made.schema, folders)
                    self._applied[name] = wanted
            return {name: self._services[name] for name in plan}

    async def drop(self) -> None:
        """Ends all sessions in the database and removes it and its roles, those of a template excepted."""
        lent = [] if self._template is None else roles_of(self._template.services)
        own = [role for role in roles_of(self._services) if role not in lent]
        if own:
            await drop_service_databases(self.server, self.name, own)
        if self._template is not None:
            await templates_of(self.server).take_back(self._template, self.name)
            self._template = None
        self._services, self._applied = {}, {}
