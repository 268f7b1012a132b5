"""Makes the folder of secrets that compose.yaml reads: passwords, signing keys, the key of persons' keys, and
what audit is told.

    python -m deploy.county_secrets FOLDER

What exists is kept, so it can be run again: remove a file to have it made anew. Passwords are 32 random
bytes; keys are Ed25519. `*_vkey` are the public keys: hand them to whoever checks checkpoints. The folder
is open to its owner alone. The files in it are readable, because compose binds each into containers whose users
have other numbers than the owner here.
"""

import json
import secrets
import sys
from base64 import b64encode
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.ledger import Signer

SERVICES = ("intake", "decisions", "payments", "audit")
SIGNING = ("intake", "decisions", "payments")
ROLES = ("owner", "service", "auditor")
# Checkpoints are signed in the name that services/web/composition.py gives each ledger.
ORIGIN = "grant-ledger"
# Persons' keys are wrapped with it: without it nobody that the ledger tells of can be read any more.
PERSONS_KEY = "persons_key"
SUPERUSERS = ("postgres_password", "audit_postgres_password")


def make_secrets(folder: Path) -> None:
    """Makes what is missing in `folder`. What follows from others (`*_vkey`, `audit_sources`) is written anew."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    roles = [f"{service}_{role}_password" for service in SERVICES for role in ROLES]
    for name in (*SUPERUSERS, *roles):
        _keep_or_write(folder / name, secrets.token_urlsafe(32))
    for service in SIGNING:
        key = folder / f"{service}_signing_key"
        _keep_or_write(key, _new_signing_key())
        verifier = Signer.load(f"{ORIGIN}/{service}", key).verifier
        _write(folder / f"{service}_vkey", verifier.vkey() + "\n")
    _keep_or_write(folder / PERSONS_KEY, b64encode(secrets.token_bytes(32)).decode("ascii"))
    sources = {service: _source(folder, service) for service in SIGNING}
    _write(folder / "audit_sources", json.dumps(sources))


def _source(folder: Path, service: str) -> dict[str, str]:
    password = (folder / f"{service}_auditor_password").read_text(encoding="utf-8")
    return {
        "dsn": f"postgresql://{service}_auditor:{password}@postgres:5432/grants",
        "schema": service,
        "vkey": f"/run/secrets/{service}_vkey",
    }


def _new_signing_key() -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def _keep_or_write(path: Path, content: str) -> None:
    if not path.exists():
        _write(path, content)


def _write(path: Path, content: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(content, encoding="utf-8")
    path.chmod(0o444)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m deploy.county_secrets FOLDER")
    make_secrets(Path(sys.argv[1]))
