import asyncio
from collections.abc import Iterator

import pytest

from tests.infrastructure.addresses import PostgresAddress
from tests.infrastructure.databases import FreshDatabase
from tests.tamper.sealed import Sealed, seal


@pytest.fixture(scope="session")
def sealed(postgres_cluster: PostgresAddress) -> Iterator[Sealed]:
    """One ledger for all tests: each undoes what it does to it."""
    database = FreshDatabase(postgres_cluster)
    yield asyncio.run(seal(database))
    asyncio.run(database.drop())
