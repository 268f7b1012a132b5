"""A receipt (*kuittaus*): proof for whoever handed something in that it is in the ledger, checkable without a network.

{"receipt": "grant-ledger/1", "ledger": "intake", "stream": "…", "position": 12, "event": "<the
event's body>", "size": 40, "path": ["<base64>", …], "checkpoint": "<signed note>", "vkey": "<public key>"}
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, Final

from .errors import Corrupt, NoteInvalid, ReceiptInvalid
from .notes import Verifier
from .proofs import verify_inclusion
from .records import Record, decode_body
from .tree import Hash, leaf_hash

FORMAT: Final = "grant-ledger/1"


def build_receipt(ledger: str, body: bytes, size: int, path: Sequence[Hash], note: str, vkey: str) -> dict[str, Any]:
    """The receipt of an event whose audit path leads to the root of the checkpoint in `note`."""
    record = decode_body(body)
    return {
        "receipt": FORMAT,
        "ledger": ledger,
        "stream": record.stream,
        "position": record.position,
        "event": body.decode(),
        "size": size,
        "path": [base64.b64encode(part).decode() for part in path],
        "checkpoint": note,
        "vkey": vkey,
    }


def check_receipt(receipt: Mapping[str, Any], vkey: str) -> Record:
    """The event that a receipt proves; raises ReceiptInvalid. `vkey` comes from a trusted place, not the
    receipt.
    """
    try:
        body = str(receipt["event"]).encode()
        record = decode_body(body)
        checkpoint = Verifier.parse(vkey).open(str(receipt["checkpoint"]))
        path = [base64.b64decode(part, validate=True) for part in receipt["path"]]
    except NoteInvalid as error:
        raise ReceiptInvalid(f"the checkpoint is not signed by the ledger: {error}") from error
    except (KeyError, TypeError, binascii.Error, Corrupt, UnicodeEncodeError) as error:
        raise ReceiptInvalid("the receipt is incomplete or not in the form that it says") from error
    if not verify_inclusion(leaf_hash(body), record.position, checkpoint.size, path, checkpoint.root):
        raise ReceiptInvalid("the event is not in the tree that the checkpoint signs")
    if record.stream != receipt.get("stream"):
        raise ReceiptInvalid("the event is of another stream")
    return record
