"""`grants receipt`: an applicant's receipt against the public key of the ledger, without network or service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from services.cli.console import console, errors
from services.ledger.errors import ReceiptInvalid
from services.ledger.receipts import check_receipt
from services.ledger.verify import NOT_CHECKED, NOT_SOUND


def receipt(
    file: Annotated[Path, typer.Argument(help="Receipt, as the service answered it.")],
    key: Annotated[Path, typer.Option("--key", help="Public key of the ledger, from a place that you trust.")],
) -> None:
    """Check a receipt and show what it proves. Exit code 0: it holds; 1: it does not; 2: it could not be checked."""
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
        public = key.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        errors.print(f"cannot be checked: {error}", markup=False)
        raise typer.Exit(NOT_CHECKED) from error
    if not isinstance(read, dict):
        errors.print("cannot be checked: a receipt is a JSON object", markup=False)
        raise typer.Exit(NOT_CHECKED)
    try:
        record = check_receipt(read, public)
    except ReceiptInvalid as error:
        console.print(f"NOT SOUND  {error}", markup=False)
        raise typer.Exit(NOT_SOUND) from error
    moment = record.recorded_at.isoformat()
    console.print(f"SOUND      {record.type} of {record.stream}, position {record.position}, {moment}", markup=False)
    console.print(json.dumps(dict(record.data), indent=1, ensure_ascii=False), markup=False)
