"""Databases of a test's own in the shared server."""

import secrets
from dataclasses import dataclass, field

from deploy.local.postgres import PostgresServer
from deploy.local.service_database import (
    RolePasswords,
    ServiceDatabase,
    create_service_database,
    drop_service_databases,
)


@dataclass
class FreshDatabase:
    """A database with roles of its own (they carry a random suffix). Made on the first `service`, dropped
    with everything in it by `drop`.
    """

    server: PostgresServer
    suffix: str = field(default_factory=lambda: secrets.token_hex(4))
    _services: dict[str, ServiceDatabase] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"grants_{self.suffix}"

    @property
    def superuser_dsn(self) -> str:
        """The superuser in this database; the database must have been made by `service`."""
        return self.server.superuser_dsn(self.name)

    async def service(self, name: str) -> ServiceDatabase:
        """The schema and roles of a service, e.g. `intake`; made at the first call, the same from then on."""
        if name not in self._services:
            passwords = RolePasswords(*(secrets.token_urlsafe(12) for _ in range(3)))
            self._services[name] = await create_service_database(
                self.server, name, passwords, database=self.name, suffix=self.suffix
            )
        return self._services[name]

    async def drop(self) -> None:
        """Ends all sessions in the database and removes it and its roles."""
        roles = [role for made in self._services.values() for role in (made.owner, made.service, made.auditor)]
        await drop_service_databases(self.server, self.name, roles)
