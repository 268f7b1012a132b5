"""Signed notes (C2SP signed-note) that carry checkpoints (C2SP tlog-checkpoint), with Ed25519.

<origin>
<size>
<root, base64>

— <key name> <base64 of key id (4 bytes) and signature (64 bytes)>
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from .errors import NoteInvalid

_ED25519 = b"\x01"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: `origin` names the ledger, `size` counts its events, `root` is the Merkle root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """What is signed, with its final newline."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with its name. As a text (`vkey`): `name+keyid+base64(0x01 ‖ key)`."""

    name: str
    key: bytes

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:4]

    def vkey(self) -> str:
        """The key as one line, as C2SP signed-note writes it."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self.key).decode()}"

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """From a `vkey` line; raises NoteInvalid."""
        try:
            name, key_id, encoded = vkey.strip().split("+", 2)
            raw = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error) as error:
            raise NoteInvalid("a verifier key reads name+keyid+base64") from error
        verifier = cls(name, raw[1:])
        if raw[:1] != _ED25519 or len(raw) != 33 or verifier.key_id.hex() != key_id:
            raise NoteInvalid(f"the verifier key of {name} is no Ed25519 key with the id {key_id}")
        return verifier

    def open(self, note: str) -> Checkpoint:
        """The checkpoint in a note that this key has signed; raises NoteInvalid."""
        text, separator, signatures = note.partition("\n\n")
        if not separator:
            raise NoteInvalid("a note has an empty line between its text and its signatures")
        text += "\n"
        self._check(text, signatures)
        try:
            origin, size, root = text.split("\n")[:3]
            return Checkpoint(origin, int(size), base64.b64decode(root, validate=True))
        except (ValueError, binascii.Error) as error:
            raise NoteInvalid("a checkpoint has three lines: origin, size, root") from error

    def _check(self, text: str, signatures: str) -> None:
        for line in signatures.splitlines():
            mark, _, rest = line.partition(" ")
            name, _, encoded = rest.partition(" ")
            if mark != "—" or name != self.name:
                continue
            try:
                raw = base64.b64decode(encoded, validate=True)
                if raw[:4] == self.key_id:
                    Ed25519PublicKey.from_public_bytes(self.key).verify(raw[4:], text.encode())
                    return
            except (InvalidSignature, binascii.Error) as error:
                raise NoteInvalid(f"the signature of {self.name} does not hold") from error
        raise NoteInvalid(f"the note is not signed by {self.name} with key {self.key_id.hex()}")


class Signer:
    """An Ed25519 private key with its name (the ledger's origin)."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self.name = name
        self._key = key
        self.verifier = Verifier(name, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    @classmethod
    def load(cls, name: str, path: Path) -> Signer:
        """From a PEM file (PKCS 8, unencrypted)."""
        key = load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise NoteInvalid(f"{path.name} holds no Ed25519 private key")
        return cls(name, key)

    def sign(self, checkpoint: Checkpoint) -> str:
        """The signed note of a checkpoint."""
        text = checkpoint.text()
        signature = base64.b64encode(self.verifier.key_id + self._key.sign(text.encode())).decode()
        return f"{text}\n— {self.name} {signature}\n"
