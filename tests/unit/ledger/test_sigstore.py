"""Our checkpoints and inclusion proofs, checked by an implementation that is not ours."""

import base64
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.ledger import Checkpoint, Signer
from services.ledger.proofs import Proofs
from tests.unit.ledger.trees import MemorySource, bodies

VERSIONS = {
    "@sigstore/verify": "3.1.1",
    "@sigstore/core": "3.2.1",
    "@sigstore/bundle": "4.0.0",
    "@sigstore/protobuf-specs": "0.5.2",
}
SCRIPT = Path(__file__).parent / "sigstore.mjs"
KEY = Ed25519PrivateKey.generate()
SIGNER = Signer("ledger.example/intake", KEY)
pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def packages() -> Path:
    """A folder with the pinned packages; kept between runs, made as a whole or not at all."""
    kept = Path(tempfile.gettempdir()) / f"grant-ledger-sigstore-{VERSIONS['@sigstore/verify']}"
    if (kept / "package.json").is_file():
        return kept
    made = Path(tempfile.mkdtemp(prefix=f"{kept.name}-"))
    (made / "package.json").write_text(json.dumps({"private": True, "dependencies": VERSIONS}))
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    installed = subprocess.run(command, cwd=made, capture_output=True, text=True, check=False, timeout=200)
    if installed.returncode:
        shutil.rmtree(made)
        pytest.skip(f"npm cannot install @sigstore/verify: {installed.stderr.strip()[:200]}")
    if not kept.exists():
        try:
            made.rename(kept)
        except OSError:
            return made  # Another process was first; this run uses its own.
        return kept
    return made


def _ask(packages: Path, cases: list[dict[str, Any]]) -> list[str]:
    der = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    asked = {
        "name": SIGNER.name,
        "keyId": SIGNER.verifier.key_id.hex(),
        "publicKey": base64.b64encode(der).decode(),
        "cases": cases,
    }
    answer = subprocess.run(
        ["node", str(SCRIPT), str(packages)], input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    answers: list[str] = json.loads(answer.stdout)
    return answers


async def _case(size: int, position: int) -> dict[str, Any]:
    stored = bodies(size)
    proofs = Proofs(MemorySource(stored))
    path = await proofs.inclusion(position, size)
    return {
        "body": base64.b64encode(stored[position - 1]).decode(),
        "position": position,
        "path": [node.hex() for node in path],
        "note": SIGNER.sign(Checkpoint(SIGNER.name, size, await proofs.root(size))),
    }


async def test_sigstore_accepts_our_checkpoints_and_inclusion_proofs(packages: Path) -> None:
    places = [(size, position) for size in range(1, 18) for position in range(1, size + 1)]
    places += [(size, position) for size in (255, 256, 257, 1000) for position in (1, 200, size)]
    cases = [await _case(size, position) for size, position in places]
    answers = _ask(packages, cases)
    assert {place: answer for place, answer in zip(places, answers, strict=True) if answer != "holds"} == {}


async def test_sigstore_refuses_what_was_changed(packages: Path) -> None:
    case = await _case(300, 77)
    other = base64.b64encode(b"another body").decode()
    note = case["note"].replace("\n300\n", "\n301\n")
    changed = [
        case | {"body": other},
        case | {"position": 78},
        case | {"path": case["path"][:-1]},
        case | {"note": note},
    ]
    assert "holds" not in _ask(packages, changed)
