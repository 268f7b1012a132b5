"""Logging in as cheaply as a throw-away server allows."""

import asyncio
import hashlib
import hmac
import secrets
from base64 import b64encode

import asyncpg

from tests.infrastructure.addresses import PostgresAddress


async def ease_login(connection: "asyncpg.Connection[asyncpg.Record]", role: str, password: str) -> None:
    """Sets the role's password so that server and client hash it once at each login instead of 4096 times.

    The many rounds guard the password of a stolen verifier; these passwords end with the session.
    """
    quoted = "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)"
    await connection.execute(await connection.fetchval(quoted, role, scram_verifier(password)))


def ease_superuser(server: PostgresAddress) -> None:
    """As `ease_login` for the superuser of a server that has just been started."""

    async def ease() -> None:
        connection = await asyncpg.connect(server.superuser_dsn())
        try:
            await ease_login(connection, server.superuser, server.password)
        finally:
            await connection.close()

    asyncio.run(ease())


def scram_verifier(password: str, iterations: int = 1) -> str:
    """What PostgreSQL keeps of a password (ASCII): RFC 5802, with SHA-256 as in RFC 7677."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${iterations}:{_text(salt)}${_text(stored)}:{_text(server)}"


def _text(key: bytes) -> str:
    return b64encode(key).decode("ascii")
