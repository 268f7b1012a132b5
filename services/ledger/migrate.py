"""Brings a service's schema up to date: the ledger's migrations first, then the service's own (plain SQL, by yoyo)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from yoyo import get_backend, read_migrations

LEDGER_MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(owner_dsn: str, schema: str, folders: Sequence[Path] = ()) -> list[str]:
    """Applies what is missing as the owner, and returns the names of what was applied.

    `owner_dsn` is `postgresql://owner:password@host:port/database`. Two runs at once wait for each other.
    """
    parts = urlsplit(owner_dsn)
    uri = urlunsplit(("postgresql+psycopg", parts.netloc, parts.path, f"schema={schema}", ""))
    backend = get_backend(uri)
    applied: list[str] = []
    with backend.lock():
        for folder in (LEDGER_MIGRATIONS, *folders):
            migrations = backend.to_apply(read_migrations(str(folder)))
            backend.apply_migrations(migrations)
            applied += [migration.id for migration in migrations]
    return applied
