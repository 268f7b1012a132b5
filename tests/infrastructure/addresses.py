"""Where the servers of a test session are. Plain values: they travel from the process that started the
servers to the workers of pytest-xdist, and nobody can stop a shared server through them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from deploy.local.broker import Flavour, create_topics


@dataclass(frozen=True)
class PostgresAddress:
    """A running PostgreSQL server; offers what `deploy.local.postgres.PostgresServer` asks for."""

    host: str
    port: int
    superuser: str
    password: str
    origin: str

    def dsn(self, database: str, user: str, password: str) -> str:
        """`postgresql://…` for a role."""
        credentials = f"{quote(user)}:{quote(password, safe='')}"
        return f"postgresql://{credentials}@{self.host}:{self.port}/{quote(database)}"

    def superuser_dsn(self, database: str = "postgres") -> str:
        """`postgresql://…` for the superuser."""
        return self.dsn(database, self.superuser, self.password)


@dataclass(frozen=True)
class BrokerAddress:
    """A running broker."""

    bootstrap: str
    flavour: Flavour
    origin: str

    @property
    def idempotent_producer(self) -> bool:
        """What to give to a producer as `enable_idempotence`."""
        return self.flavour == "apache"

    async def create_topics(self, names: Iterable[str], partitions: int = 1) -> None:
        """Returns when every topic exists and has leaders; leaves alone those that exist already."""
        await create_topics(self.bootstrap, names, partitions)
