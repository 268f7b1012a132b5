"""Checks an exported ledger against a signed checkpoint: no database, no network, no other file of this
project.

    python verify.py EXPORT --checkpoint FILE --key FILE [--tiles FOLDER]

EXPORT holds the exact body of each event, one a line (or `{"body":"<base64>"}`), from position 1. The
checkpoint is a C2SP signed note, the key its verifier key (`name+keyid+base64`). What is checked:

- the signature of the checkpoint;
- that positions are 1, 2, 3 …, versions 1, 2, 3 … in each stream, ids unique, and recorded time never goes
  back;
- that the Merkle root (RFC 9162, 2.1.1) over as many bodies as the checkpoint counts is the checkpoint's.

A root tells that something differs, not where. With `--tiles` (C2SP tlog-tiles, `tile/0/…`, from a place you
trust) the first position whose hash differs is named too. Memory does not grow with the export: what must be
remembered of all events stands in a temporary file. Exit code 0: sound; 1: not sound; 2: could not be
checked.

Needs Python 3.11 and the package `cryptography`.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import re
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SOUND, NOT_SOUND, NOT_CHECKED = 0, 1, 2
_TILE_WIDTH = 256
_WRAPPED = b'{"body":'
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_SIZE = re.compile(r"0|[1-9]\d{0,18}", re.ASCII)
_STREAMS_REMEMBERED_MAX = 100_000
_PROGRESS_EVERY = 100_000


class CannotCheck(Exception):
    """What is needed for the check is missing or unreadable: says what, and what would be right."""


class _Unsound(Exception):
    """One event or the checkpoint is not what it must be."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong; `position` is None where it cannot be told."""

    position: int | None
    what: str

    def __str__(self) -> str:
        return self.what if self.position is None else f"position {self.position}: {self.what}"


@dataclass(slots=True)
class Report:
    """The result. `events` counts the lines, `size` what the checkpoint covers; events after it are not
    proved.
    """

    events: int = 0
    origin: str = ""
    size: int = 0
    root: bytes = b""
    problems: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not self.problems

    @property
    def first_position(self) -> int | None:
        """The first position that is known to be wrong."""
        return min((each.position for each in self.problems if each.position is not None), default=None)


def verify_export(
    lines: Iterable[bytes],
    note_text: str,
    vkey_text: str,
    tiles: Path | None = None,
    progress: Callable[[int], None] = lambda done: None,  # noqa: ARG005 - a callback that listens to nothing
) -> Report:
    """Checks all, and reports the first problem of each kind, by position. Raises CannotCheck for a key or
    tiles that are unusable.
    """
    report = Report()
    name, key_id, key = _parse_key(vkey_text)
    signed = True
    try:
        report.origin, report.size, report.root = _open_note(note_text, name, key_id, key)
    except _Unsound as problem:
        report.problems.append(Problem(None, f"checkpoint: {problem}"))
        signed = False
    leaves = _Leaves(None if tiles is None or not signed else _tile_leaves(tiles, report.size))
    chain = _Chain()
    tree, root_there = _Tree(), None
    broken = False
    for line in lines:
        report.events += 1
        position = report.events
        try:
            body = _body_of(line)
            if not broken:
                chain.take(position, body)
        except _Unsound as problem:
            if not broken:
                report.problems.append(Problem(position, str(problem)))
            broken, body = True, line.removesuffix(b"\n")
        if signed and position <= report.size:
            leaf = sha256(b"\x00" + body).digest()
            tree.add(leaf)
            leaves.compare(position, leaf)
            if position == report.size:
                root_there = tree.root()
        if position % _PROGRESS_EVERY == 0:
            progress(position)
    if signed:
        _judge_tree(report, tree.root() if report.size == 0 else root_there, leaves)
    report.problems.sort(key=_by_position)
    return report


def _by_position(problem: Problem) -> tuple[bool, int]:
    return problem.position is None, problem.position or 0


def _judge_tree(report: Report, root: bytes | None, leaves: _Leaves) -> None:
    if root is None:
        missing = f"missing: the export ends here, the checkpoint covers {report.size} events"
        report.problems.append(Problem(report.events + 1, missing))
        _judge_leaves(report, leaves)
        return
    if report.events > report.size:
        report.remarks.append(
            f"positions {report.size + 1} to {report.events} came later: the checkpoint does not prove them"
        )
    if root == report.root:
        return
    report.problems.append(
        Problem(
            None,
            f"the root over {report.size} events is {root.hex()}, the checkpoint says {report.root.hex()}",
        )
    )
    _judge_leaves(report, leaves)


def _judge_leaves(report: Report, leaves: _Leaves) -> None:
    """Names the first position that differs, where the tiles prove themselves by giving the checkpoint's
    root.
    """
    if leaves.source is None:
        report.remarks.append("a root cannot tell which position differs: tiles (--tiles) from a trusted place can")
    elif leaves.finish() != report.root:
        report.remarks.append("the tiles do not give the checkpoint's root either: they cannot tell the position")
    elif leaves.first_differing is not None:
        what = "the body is not the one that the checkpoint covers"
        report.problems.append(Problem(leaves.first_differing, what))


class _Tree:
    """The right edge of a growing Merkle tree: one complete subtree's root for every bit set in its size."""

    def __init__(self) -> None:
        self.size = 0
        self.edge: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        self.size += 1
        bits = self.size
        while not bits & 1:
            leaf = sha256(b"\x01" + self.edge.pop() + leaf).digest()
            bits >>= 1
        self.edge.append(leaf)

    def root(self) -> bytes:
        if not self.edge:
            return sha256(b"").digest()
        root = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            root = sha256(b"\x01" + left + root).digest()
        return root


class _Leaves:
    """Leaf hashes from elsewhere, compared one by one; `source` is None when there are none."""

    def __init__(self, source: Iterator[bytes] | None) -> None:
        self.source = source
        self.first_differing: int | None = None
        self._tree = _Tree()

    def compare(self, position: int, leaf: bytes) -> None:
        if self.source is None:
            return
        trusted = next(self.source)
        self._tree.add(trusted)
        if trusted != leaf and self.first_differing is None:
            self.first_differing = position

    def finish(self) -> bytes:
        """The root over all of them; those after the export's end are read now."""
        for trusted in self.source or ():
            self._tree.add(trusted)
        return self._tree.root()


class _Chain:
    """What must hold between events."""

    def __init__(self) -> None:
        self._recorded_at = ""
        self._memory = _Memory()

    def take(self, position: int, body: bytes) -> None:
        """Raises _Unsound."""
        event = _decode(body)
        if event["position"] != position:
            raise _Unsound(f"missing, inserted or out of order: the body says position {event['position']}")
        if event["recorded_at"] < self._recorded_at:
            raise _Unsound(f"recorded at {event['recorded_at']}, before its predecessor ({self._recorded_at})")
        self._recorded_at = event["recorded_at"]
        before = self._memory.version(event["stream"])
        if event["version"] != before + 1:
            raise _Unsound(f"stream {event['stream']!r} goes from version {before} to {event['version']}")
        self._memory.remember(event["stream"], event["version"])
        if not self._memory.is_new(UUID(event["id"]).bytes):
            raise _Unsound(f"the id {event['id']} was used before")


class _Memory:
    """Ids seen and versions of streams, in a temporary file that goes with the process."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("CREATE TABLE seen (id BLOB PRIMARY KEY) WITHOUT ROWID")
        self._database.execute("CREATE TABLE stream (name TEXT PRIMARY KEY, version INTEGER) WITHOUT ROWID")
        self._database.execute("BEGIN")
        self._recent: dict[str, int] = {}

    def is_new(self, identity: bytes) -> bool:
        return self._database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (identity,)).rowcount == 1

    def version(self, stream: str) -> int:
        known = self._recent.get(stream)
        if known is None:
            row = self._database.execute("SELECT version FROM stream WHERE name = ?", (stream,)).fetchone()
            known = 0 if row is None else int(row[0])
        return known

    def remember(self, stream: str, version: int) -> None:
        self._recent[stream] = version
        if len(self._recent) >= _STREAMS_REMEMBERED_MAX:
            self._database.executemany("INSERT OR REPLACE INTO stream VALUES (?, ?)", self._recent.items())
            self._recent.clear()


def _body_of(line: bytes) -> bytes:
    text = line.removesuffix(b"\n")
    if not text.startswith(_WRAPPED):
        return text
    try:
        return base64.b64decode(json.loads(text)["body"], validate=True)
    except (ValueError, KeyError, TypeError) as error:
        raise _Unsound(f"the line holds no body in base64: {error}") from error


_FIELDS: dict[str, type | tuple[type, ...]] = {
    "position": int, "recorded_at": str, "id": str, "stream": str, "version": int, "type": str, "schema": int,
    "actor": str, "correlation": str, "causation": (str, type(None)), "data": dict,
}  # fmt: skip


def _decode(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _Unsound(f"the body is no JSON: {error}") from error
    if not isinstance(event, dict) or event.keys() != _FIELDS.keys():
        raise _Unsound(f"the body is no event: it has exactly the fields {', '.join(_FIELDS)}")
    for name, kind in _FIELDS.items():
        if not isinstance(event[name], kind) or isinstance(event[name], bool):
            raise _Unsound(f"the body is no event: {name} is {event[name]!r}")
    if _MOMENT.fullmatch(event["recorded_at"]) is None:
        raise _Unsound(f"recorded_at is {event['recorded_at']!r}, not like 2026-01-15T06:00:00.000000Z")
    try:
        UUID(event["id"])
    except ValueError as error:
        raise _Unsound(f"the id {event['id']!r} is no UUID") from error
    try:
        event["stream"].encode()
    except UnicodeEncodeError as error:
        raise _Unsound(f"the stream {event['stream']!r} is no text") from error
    return event


def _parse_key(vkey_text: str) -> tuple[str, bytes, bytes]:
    try:
        name, key_id, encoded = vkey_text.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error) as error:
        raise CannotCheck("the key file holds no verifier key: name+keyid+base64 is expected") from error
    if len(raw) != 33 or raw[:1] != b"\x01":
        raise CannotCheck(f"the key of {name} is no Ed25519 key")
    computed = sha256(name.encode() + b"\n" + raw).digest()[:4]
    if computed.hex() != key_id:
        raise CannotCheck(f"the key of {name} has the id {computed.hex()}, but {key_id} is written beside it")
    return name, computed, raw[1:]


def _open_note(note: str, name: str, key_id: bytes, key: bytes) -> tuple[str, int, bytes]:
    """Origin, size and root of a note that the key has signed; raises _Unsound."""
    text, separator, signatures = note.rpartition("\n\n")
    if not separator:
        raise _Unsound("there is no empty line between text and signatures")
    text += "\n"
    _check_signature(text, signatures, name, key_id, key)
    try:
        origin, size, encoded = text.split("\n")[:3]
        root = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error) as error:
        raise _Unsound("its text is not origin, size, root on three lines") from error
    if _SIZE.fullmatch(size) is None or len(root) != 32:
        raise _Unsound("its size is no number or its root no hash of 32 bytes")
    return origin, int(size), root


def _check_signature(text: str, signatures: str, name: str, key_id: bytes, key: bytes) -> None:
    for line in signatures.splitlines():
        mark, _, rest = line.partition(" ")
        signer, _, encoded = rest.partition(" ")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            continue
        if mark != "—" or signer != name or raw[:4] != key_id or base64.b64encode(raw).decode() != encoded:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(raw[4:], text.encode())
        except InvalidSignature:
            raise _Unsound(f"the signature of {name} does not hold") from None
        return
    raise _Unsound(f"it is not signed by {name} with the key {key_id.hex()}")


def _tile_leaves(folder: Path, size: int) -> Iterator[bytes]:
    """The leaf hashes 1 to `size` out of tile/0/…; raises CannotCheck."""
    for number in range((size + _TILE_WIDTH - 1) // _TILE_WIDTH):
        width = min(_TILE_WIDTH, size - number * _TILE_WIDTH)
        content = _read_tile(folder, number, width)
        for at in range(0, width * 32, 32):
            yield content[at : at + 32]


def _read_tile(folder: Path, number: int, width: int) -> bytes:
    groups = [f"{number % 1000:03d}"]
    rest = number
    while rest >= 1000:
        rest //= 1000
        groups.append(f"x{rest % 1000:03d}")
    complete = folder / "tile" / "0" / "/".join(reversed(groups))
    partial = complete.with_name(complete.name + ".p") / str(width)
    for path in (complete, partial):
        if path.is_file():
            content = path.read_bytes()
            if len(content) < width * 32:
                raise CannotCheck(f"{path} holds {len(content)} bytes, not at least {width * 32}")
            return content
    raise CannotCheck(f"the tile {partial if width < _TILE_WIDTH else complete} is not there")


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Checks an exported ledger against a signed checkpoint.")
    parser.add_argument("export", type=Path, help="bodies of events, one a line, from position 1")
    parser.add_argument("--checkpoint", type=Path, required=True, help="signed note")
    parser.add_argument("--key", type=Path, required=True, help="verifier key: name+keyid+base64")
    parser.add_argument("--tiles", type=Path, help="folder that holds tile/0/…, from a place you trust")
    return parser.parse_args(arguments)


def _show(report: Report) -> None:
    for problem in report.problems:
        print(f"NOT SOUND  {problem}")
    for remark in report.remarks:
        print(f"note       {remark}")
    if report.sound:
        print(f"SOUND      {report.origin}: {report.size} events, root {report.root.hex()}")


def main(arguments: list[str] | None = None) -> int:
    """Runs the check from the command line; returns the exit code."""
    given = _arguments(arguments)
    began = time.monotonic()

    def progress(done: int) -> None:
        print(f"{done} events, {done / (time.monotonic() - began):.0f} a second", file=sys.stderr)

    try:
        note = given.checkpoint.read_text(encoding="utf-8")
        key = given.key.read_text(encoding="utf-8")
        with given.export.open("rb") as lines:
            report = verify_export(lines, note, key, given.tiles, progress)
    except (OSError, UnicodeDecodeError, CannotCheck) as error:
        print(f"cannot be checked: {error}", file=sys.stderr)
        return NOT_CHECKED
    _show(report)
    return SOUND if report.sound else NOT_SOUND


if __name__ == "__main__":
    sys.exit(main())
