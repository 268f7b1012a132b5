"""The channel to the bank: a folder that the bank's connection empties."""

from __future__ import annotations

import os
from pathlib import Path


def hand_over(folder: Path, name: str, content: bytes) -> None:
    """Puts a file in the folder, whole or not at all, and durably. A file of that name that is there already, or that
    the connection has taken and filed (`processed/`, `failed/`), is not handed over again.
    """
    for place in (folder, folder / "processed", folder / "failed"):
        if (place / name).exists():
            return
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{name}.part"
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(folder / name)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
