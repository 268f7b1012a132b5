"""The folder of a local system: what must outlive its processes, and how a command finds a system that runs.

secrets.json             the passwords of the database roles, made once; readable by its owner alone
keys/<service>.pem       signing keys (Ed25519, PKCS 8), made once; readable by their owner alone
keys/<service>.vkey      their public part (C2SP verifier key), for `grants verify`
issuer/                  the key of the development issuer
clock.json               the simulated time, if there is one
postgres, postgres-audit the two database clusters
keys/persons.key         the key that persons' keys are wrapped with; readable by its owner alone
attachments/             files that came with applications, under their SHA-256
bank-outbox/             payment files on their way to the bank
logs/                    a log of each process
system.json              where the running system answers, without secrets; there while it runs
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from base64 import b64encode
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deploy.local.errors import AlreadyRunning, LocalServerError
from deploy.local.issuer import load_key, mint
from deploy.local.service_database import RolePasswords
from services.ledger import Signer
from services.web.identity import Role

LEDGER_SERVICES: Final = ("intake", "decisions", "payments")
SERVICES: Final = (*LEDGER_SERVICES, "audit")
_PASSWORD_BYTES: Final = 24
_KEY_BYTES: Final = 32
_PROCESS_ID_MAX: Final = 2**31 - 1


class NoSystem(LocalServerError):
    """No system runs in the folder; the message says how one is started."""


class DatabaseAddress(BaseModel):
    """Where a service's tables are; the password of its role is in the folder's secrets."""

    model_config = ConfigDict(frozen=True)

    port: int
    database: str
    schema_name: str
    user: str


class SystemRecord(BaseModel):
    """Where a running system answers. Holds no secret."""

    model_config = ConfigDict(frozen=True)

    process_id: int = Field(ge=1, le=_PROCESS_ID_MAX)
    addresses: dict[str, str]
    databases: dict[str, DatabaseAddress]
    broker: str
    issuer: str
    audience: str
    issuer_address: str | None
    bank_address: str | None


class SystemFolder:
    """The folder's files by name. Nothing is made before it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"
        self.issuer = self.path / "issuer"
        self.clock = self.path / "clock.json"
        self.attachments = self.path / "attachments"
        self.bank_outbox = self.path / "bank-outbox"
        self.bank_messages = self.path / "bank-messages"
        self.postgres = self.path / "postgres"
        self.audit_postgres = self.path / "postgres-audit"
        self._record = self.path / "system.json"
        self._claim: int | None = None
        self._secrets = self.path / "secrets.json"

    def passwords(self) -> Mapping[str, RolePasswords]:
        """By service; made at the first call and the same ever after."""
        if not self._secrets.exists():
            made = {
                service: {role: secrets.token_urlsafe(_PASSWORD_BYTES) for role in ("owner", "service", "auditor")}
                for service in SERVICES
            }
            _write_private(self._secrets, json.dumps(made).encode())
        kept = json.loads(self._secrets.read_text(encoding="utf-8"))
        return {service: RolePasswords(**roles) for service, roles in kept.items()}

    def signing_key(self, service: str) -> Path:
        """The file of the service's private key, made with its public part at the first call."""
        path = self.path / "keys" / f"{service}.pem"
        if not path.exists():
            _write_private(path, new_signing_key())
        public = Signer.load(f"grant-ledger/{service}", path).verifier.vkey()
        self.verifier_key(service).write_text(public + "\n", encoding="utf-8")
        return path

    def key_encryption_key(self) -> Path:
        """The file of the key that persons' keys are wrapped with, made at the first call."""
        path = self.path / "keys" / "persons.key"
        if not path.exists():
            _write_private(path, b64encode(secrets.token_bytes(_KEY_BYTES)))
        return path

    def verifier_key(self, service: str) -> Path:
        """The file of the service's public key: name+id+key."""
        return self.path / "keys" / f"{service}.vkey"

    def token(
        self,
        record: SystemRecord,
        person: str,
        roles: Collection[Role],
        *,
        association: str | None = None,
        name: str | None = None,
    ) -> str:
        """A token that this system's services accept for an hour of real time."""
        return mint(
            load_key(self.issuer),
            person=person,
            roles=roles,
            association=association,
            name=name,
            issuer=record.issuer,
            audience=record.audience,
        )

    def address(self, record: SystemRecord, service: str) -> str:
        """The base URL of a running system's service. Raises NoSystem when the system runs without it."""
        address = record.addresses.get(service)
        if address is None:
            raise self._runs_without(service)
        return address

    def dsn(self, record: SystemRecord, service: str) -> str:
        """`postgresql://…` of a running system's service, with the rights of the service's own role. Raises
        NoSystem when the system runs without it.
        """
        address = record.databases.get(service)
        if address is None:
            raise self._runs_without(service)
        password = quote(self.passwords()[service].service, safe="")
        return f"postgresql://{address.user}:{password}@127.0.0.1:{address.port}/{address.database}"

    def claim(self) -> None:
        """Makes the folder ours until `release` or the end of this process. Raises AlreadyRunning when another system
        has it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise AlreadyRunning(
                f"a system runs in {self.path} already: stop it first, or choose another folder"
            ) from None
        self._claim = descriptor

    @property
    def is_claimed(self) -> bool:
        """Whether the folder is ours."""
        return self._claim is not None

    def release(self) -> None:
        """The system runs no longer, and another may take the folder. Does nothing when it is not ours."""
        if self._claim is not None:
            self._record.unlink(missing_ok=True)
            os.close(self._claim)
            self._claim = None

    def announce(self, record: SystemRecord) -> None:
        """Lets commands find the running system."""
        self._record.write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")

    def running(self) -> SystemRecord:
        """Where the system answers that runs in this folder. Raises NoSystem."""
        with suppress(OSError, ValidationError):
            record = SystemRecord.model_validate_json(self._record.read_bytes())
            if _is_alive(record.process_id):
                return record
        raise NoSystem(f"no system runs in {self.path}: start one with `grants up --folder {self.path}`")

    def _runs_without(self, service: str) -> NoSystem:
        return NoSystem(f"the system in {self.path} runs without {service}")


def new_signing_key() -> bytes:
    """A new Ed25519 private key in PEM."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_private(path: Path, content: bytes) -> None:
    """Writes a new file, whole or not at all, that its owner alone can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    draft.replace(path)


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except PermissionError:
        return True
    except ProcessLookupError:
        return False
    return True
