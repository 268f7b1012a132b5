import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.ledger import Checkpoint, NoteInvalid, Signer, Verifier
from services.ledger.tree import root_of

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = Signer("ledger.example/intake", KEY)
CHECKPOINT = Checkpoint("ledger.example/intake", 42, root_of([bytes(32)] * 42))


def test_a_note_reads_as_c2sp_writes_it() -> None:
    text, signature = SIGNER.sign(CHECKPOINT).split("\n\n")
    assert text.split("\n") == [CHECKPOINT.origin, "42", base64.b64encode(CHECKPOINT.root).decode()]
    assert signature.startswith("— ledger.example/intake ")
    assert signature.endswith("\n")
    assert base64.b64decode(signature.split(" ")[2])[:4] == SIGNER.verifier.key_id


def test_what_is_signed_is_opened_with_the_key_as_text() -> None:
    assert Verifier.parse(SIGNER.verifier.vkey()).open(SIGNER.sign(CHECKPOINT)) == CHECKPOINT


def test_the_signature_of_a_witness_beside_ours_does_not_disturb() -> None:
    witness = Signer("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    note = SIGNER.sign(CHECKPOINT) + witness.sign(CHECKPOINT).split("\n\n")[1]
    assert SIGNER.verifier.open(note) == witness.verifier.open(note) == CHECKPOINT


@pytest.mark.parametrize("at", range(0, 70, 3))
def test_any_changed_character_of_the_text_is_noticed(at: int) -> None:
    note = SIGNER.sign(CHECKPOINT)
    changed = note[:at] + chr(ord(note[at]) ^ 1) + note[at + 1 :]
    with pytest.raises(NoteInvalid):
        SIGNER.verifier.open(changed)


def test_another_key_of_the_same_name_does_not_open_it() -> None:
    other = Signer(SIGNER.name, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    with pytest.raises(NoteInvalid, match="not signed by"):
        other.verifier.open(SIGNER.sign(CHECKPOINT))


@pytest.mark.parametrize("vkey", ["", "a+b", "a+00000000+AQ==", SIGNER.verifier.vkey().replace("+", "+0", 1)])
def test_what_is_no_key_is_refused(vkey: str) -> None:
    with pytest.raises(NoteInvalid):
        Verifier.parse(vkey)
