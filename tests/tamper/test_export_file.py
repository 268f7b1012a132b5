"""P5 without us: the program that knows only files finds every change of an exported ledger, and says where and why."""

from __future__ import annotations

import asyncio
import io
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.ledger import Checkpoint, Signer
from services.ledger import verify as program
from services.ledger.export import export_lines, export_tiles
from services.ledger.proofs import Proofs, TableSource
from services.ledger.tree import leaf_hash, root_of
from services.ledger.verify import NOT_CHECKED, NOT_SOUND, SOUND, verify_export
from tests.tamper.attacker import another, cheaper, renumbered
from tests.tamper.sealed import LEDGER, SIGNED_EARLIER, SIZE, Sealed

Lines = list[bytes]
P = 100


@dataclass(frozen=True)
class Files:
    """What an auditor has saved: the export, the newest checkpoint, the key and the tiles, in one folder."""

    folder: Path

    def lines(self) -> Lines:
        return (self.folder / "export.jsonl").read_bytes().splitlines(keepends=True)

    def write(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)

    def run(self, *, tiles: bool = True) -> Outcome:
        """The program's own entry, in this process."""
        said, complained = io.StringIO(), io.StringIO()
        with redirect_stdout(said), redirect_stderr(complained):
            code = program.main(self._arguments(str(self.folder) + os.sep, tiles=tiles))
        return Outcome(code, said.getvalue(), complained.getvalue())

    def run_alone(self, *, tiles: bool = True) -> Outcome:
        """The program as somebody runs it who has this one file of ours."""
        # -I: neither the current folder nor this project can be imported.
        command = [sys.executable, "-I", program.__file__, *self._arguments("", tiles=tiles)]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=60)
        return Outcome(done.returncode, done.stdout, done.stderr)

    def _arguments(self, at: str, *, tiles: bool) -> list[str]:
        given = [at + "export.jsonl", "--checkpoint", at + "checkpoint", "--key", at + "key"]
        return [*given, "--tiles", at or "."] if tiles else given


@dataclass(frozen=True)
class Outcome:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(scope="session")
def exported(sealed: Sealed) -> dict[str, bytes]:
    """By name of the file."""
    return asyncio.run(_export(sealed))


async def _export(sealed: Sealed) -> dict[str, bytes]:
    auditor = await asyncpg.connect(sealed.database.auditor_dsn)
    try:
        saved = {"export.jsonl": b"".join([line async for line in export_lines(auditor)])}
        saved |= {path: content async for path, content in export_tiles(Proofs(TableSource(auditor)), SIZE)}
    finally:
        await auditor.close()
    return saved | {"checkpoint": sealed.notes[SIZE].encode(), "key": sealed.signer.verifier.vkey().encode()}


@pytest.fixture
def files(exported: dict[str, bytes], tmp_path: Path) -> Files:
    for name, content in exported.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return Files(tmp_path)


def test_what_was_exported_is_sound(files: Files) -> None:
    for tiles in (True, False):
        done = files.run_alone(tiles=tiles)
        assert (done.returncode, done.stderr) == (SOUND, "")
        assert done.stdout.startswith(f"SOUND      grant-ledger/{LEDGER}: {SIZE} events, root ")


def assert_found(done: Outcome, position: int | None, said: str = "") -> None:
    """The first line of what is printed names the position, and all of it says why."""
    assert (done.returncode, done.stderr) == (NOT_SOUND, ""), done.stdout + done.stderr
    begins = "NOT SOUND  " if position is None else f"NOT SOUND  position {position}: "
    assert done.stdout.startswith(begins), done.stdout
    assert said in done.stdout, done.stdout
    assert "\nSOUND" not in done.stdout


def changed_minimally(value: Any) -> Any:
    """One bit of the last character of a text, one more for a number."""
    if isinstance(value, str):
        return value[:-1] + chr(ord(value[-1]) ^ 1)
    return {**value, "amount": "1234.51 EUR"} if isinstance(value, dict) else value + 1


FIELDS = {
    "position": "the body says position 101",
    "recorded_at": "recorded_at is",
    "id": "the body is not the one that the checkpoint covers",
    "stream": "goes from version 0 to",
    "version": "goes from version",
    "type": "the body is not the one that the checkpoint covers",
    "schema": "the body is not the one that the checkpoint covers",
    "actor": "the body is not the one that the checkpoint covers",
    "correlation": "the body is not the one that the checkpoint covers",
    "causation": "the body is not the one that the checkpoint covers",
    "data": "the body is not the one that the checkpoint covers",
}


def test_the_fields_are_those_of_a_line(sealed: Sealed) -> None:
    assert set(json.loads(sealed.bodies[P - 1])) == set(FIELDS)


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_of_a_line(files: Files, field: str) -> None:
    lines = files.lines()
    event = json.loads(lines[P - 1])
    if field == "stream":
        event[field] = event[field][:-1] + "9"
    else:
        event[field] = changed_minimally(event[field])
    lines[P - 1] = json.dumps(event, separators=(",", ":")).encode() + b"\n"
    files.write("export.jsonl", b"".join(lines))
    assert_found(files.run(), P, FIELDS[field])
    without = files.run(tiles=False)
    assert without.returncode == NOT_SOUND
    assert "the checkpoint says" in without.stdout


def test_the_forger_changes_nothing_else(files: Files) -> None:
    """Writing a line again gives the same bytes: else every change above would be found for that alone."""
    line = files.lines()[P - 1]
    assert json.dumps(json.loads(line), separators=(",", ":")).encode() + b"\n" == line


def test_any_bit_of_the_file(files: Files) -> None:
    seed = int.from_bytes(os.urandom(4))
    print(f"seed {seed}")
    chance = random.Random(seed)
    whole = b"".join(files.lines())
    note, key = (files.folder / "checkpoint").read_text(), (files.folder / "key").read_text()
    for _ in range(40):
        bit = chance.randrange(8 * (len(whole) - 1))
        at, mask = bit // 8, 1 << bit % 8
        changed = whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :]
        report = verify_export(_split(changed), note, key, files.folder)
        assert report.first_position == whole[:at].count(b"\n") + 1, f"bit {bit}: {report.problems}"


def _split(content: bytes) -> Lines:
    """Lines as a file opened as binary gives them."""
    return [line + b"\n" for line in content.removesuffix(b"\n").split(b"\n")]


def _replaced(at: int, line: bytes) -> Callable[[Lines], Lines]:
    return lambda lines: [*lines[: at - 1], line, *lines[at:]]


def _swapped(lines: Lines) -> Lines:
    lines[P - 1], lines[P + 99] = lines[P + 99], lines[P - 1]
    return lines


def _forged(change: Callable[[Lines], Lines]) -> Callable[[Lines], Lines]:
    """Positions and versions made right again."""
    return lambda lines: [body + b"\n" for body in renumbered(change([line.removesuffix(b"\n") for line in lines]))]


def _with_another(lines: Lines) -> Lines:
    return [*lines[: P - 1], another(lines[P - 1]), *lines[P - 1 :]]


def _with_a_change_before_the_cut(lines: Lines) -> Lines:
    return [*lines[: P - 1], cheaper(lines[P - 1]), *lines[P : SIZE - 1]]


def _of_stream(name: bytes) -> Callable[[Lines], Lines]:
    """A line that stands alone in a stream and says that it is the second of it."""
    return lambda lines: _replaced(P, lines[P - 1].replace(b'"letter/0"', b'"' + name + b'"').replace(
        b'"letter/1"', b'"' + name + b'"').replace(b'"letter/2"', b'"' + name + b'"'))(lines)  # fmt: skip


CHANGES: dict[str, tuple[Callable[[Lines], Lines], int, str]] = {
    "deleted": (lambda lines: [*lines[: P - 1], *lines[P:]], P, "the body says position 101"),
    "the first deleted": (lambda lines: lines[1:], 1, "the body says position 2"),
    "deleted and renumbered": (_forged(lambda lines: [*lines[: P - 1], *lines[P:]]), P, "not the one that the checkpo"),
    "swapped": (_swapped, P, "the body says position 200"),
    "swapped and renumbered": (_forged(_swapped), P, "not the one that the checkpoint covers"),
    "cut": (lambda lines: lines[:550], 551, "the export ends here, the checkpoint covers 600 events"),
    "cut in a line": (lambda lines: [*lines[:549], lines[549][:200]], 550, "the body is no JSON"),
    "cut in the last line": (lambda lines: [*lines[:-1], lines[-1][:-2]], SIZE, "the body is no JSON"),
    "cut after a change": (_with_a_change_before_the_cut, P, "position 600: missing"),
    "empty": (lambda _: [], 1, "the export ends here"),
    "inserted": (_with_another, P, "not the one that the checkpoint covers"),
    "inserted and renumbered": (_forged(_with_another), P, "not the one that the checkpoint covers"),
    "duplicated": (lambda lines: [*lines[:P], *lines[P - 1 :]], P + 1, "the body says position 100"),
    "the last duplicated": (lambda lines: [*lines, lines[-1]], SIZE + 1, "the body says position 600"),
    "an empty line": (lambda lines: [*lines[:P], b"\n", *lines[P:]], P + 1, "the body is no JSON"),
    "an empty line at the end": (lambda lines: [*lines, b"\n"], SIZE + 1, "the body is no JSON"),
    "two lines joined": (lambda lines: [*lines[: P - 1], lines[P - 1].rstrip(), *lines[P:]], P, "the body is no JSON"),
    "line ends of another system": (lambda lines: [line[:-1] + b"\r\n" for line in lines], 1, "not the one that the"),
    "a mark at the beginning": (lambda lines: [b"\xef\xbb\xbf", *lines], 1, "the body is no"),
    "another encoding": (_replaced(P, "{}".encode("utf-16") + b"\n"), P, "the body is no event"),
    "not one event": (lambda _: [b"\x00\xff" * 100], 1, "the body is no JSON"),
    "a body in no base64": (_replaced(P, b'{"body":"!"}\n'), P, "the line holds no body in base64"),
    "many bodies in no base64": (lambda lines: [*lines[: P - 1], *[b'{"body":"!"}\n'] * 501], P, "no body in base64"),
    "a number without end": (_replaced(P, b'{"position":' + b"9" * 5000 + b"}\n"), P, "the body is no JSON"),
    "a stream that no text holds": (_of_stream(rb"\ud800"), P, "is no text"),
    "a stream that hides what is printed": (_of_stream(rb"\r\u001b[2KSOUND"), P, r"'\r\x1b[2KSOUND' goes from"),
}


ALONE = {
    "the body says position 101",
    "the body says position 200",
    "the export ends here, the checkpoint covers 600 events",
    "the body is no JSON",
    "not the one that the checkpoint covers",
    "the body says position 100",
}
"""What the program is seen to say also when it runs alone."""


@pytest.mark.parametrize(("change", "position", "said"), CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_file(
    files: Files, change: Callable[[Lines], Lines], position: int, said: str
) -> None:  # fmt: skip
    files.write("export.jsonl", b"".join(change(files.lines())))
    done = files.run()
    assert_found(done, position, said)
    if said in ALONE:
        assert files.run_alone() == done
    assert done.stdout.count("NOT SOUND") <= 4


def test_a_file_that_lacks_only_its_last_line_end_is_whole(files: Files) -> None:
    """No byte of an event is missing."""
    files.write("export.jsonl", b"".join(files.lines()).removesuffix(b"\n"))
    assert files.run().returncode == SOUND


def _signed(sealed: Sealed, size: int, bodies: Sequence[bytes]) -> str:
    signer = sealed.signer
    return signer.sign(Checkpoint(signer.name, size, root_of([leaf_hash(body) for body in bodies])))


def _with_other_base64(text: str, at: int) -> str:
    """Another character of its alphabet at a place."""
    return text[:at] + ("B" if text[at] == "A" else "A") + text[at + 1 :]


def _flipped(text: str, at: int) -> str:
    return text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]


NOTES: dict[str, tuple[Callable[[Sealed], str], str]] = {
    "over another tree": (lambda sealed: _signed(sealed, SIZE, [b"other"] * SIZE), "the checkpoint says"),
    "over an earlier tree as if it were all": (
        lambda sealed: _signed(sealed, SIZE, sealed.bodies[:-1]),
        "the checkpoint says",
    ),
    "of more than there is": (lambda sealed: _signed(sealed, SIZE + 1, sealed.bodies), "the export ends here"),
    "of another ledger": (
        lambda _: Signer("grant-ledger/other", Ed25519PrivateKey.generate()).sign(
            Checkpoint("grant-ledger/other", SIZE, bytes(32))
        ),
        "it is not signed by",
    ),
    "with another origin": (lambda sealed: _flipped(sealed.notes[SIZE], 0), "signature of grant-ledger/letters does"),
    "with another size": (lambda sealed: sealed.notes[SIZE].replace("\n600\n", "\n601\n"), "does not hold"),
    "with another root": (lambda sealed: _flipped(sealed.notes[SIZE], 30), "does not hold"),
    "with another signature": (
        lambda sealed: _with_other_base64(sealed.notes[SIZE], len(sealed.notes[SIZE]) - 40),
        "not hold",
    ),
    "with other spare bits": (lambda sealed: _flipped(sealed.notes[SIZE], len(sealed.notes[SIZE]) - 3), "not signed"),
    "with an older signature": (
        lambda sealed: sealed.notes[SIZE].split("\n\n")[0] + "\n\n" + sealed.notes[SIGNED_EARLIER].split("\n\n")[1],
        "does not hold",
    ),
    "without a signature": (lambda sealed: sealed.notes[SIZE].split("—")[0], "it is not signed by"),
    "without an empty line": (lambda sealed: sealed.notes[SIZE].replace("\n\n", "\n"), "no empty line"),
    "empty": (lambda _: "", "no empty line"),
}


@pytest.mark.parametrize(("note", "said"), NOTES.values(), ids=NOTES.keys())
def test_a_wrong_checkpoint(sealed: Sealed, files: Files, note: Callable[[Sealed], str], said: str) -> None:
    files.write("checkpoint", note(sealed).encode())
    position = SIZE + 1 if "ends here" in said else None
    assert_found(files.run(tiles=False), position, said)


def test_an_earlier_checkpoint_says_what_it_does_not_prove(sealed: Sealed, files: Files) -> None:
    files.write("checkpoint", sealed.notes[SIGNED_EARLIER].encode())
    done = files.run()
    assert done.returncode == SOUND
    assert "positions 301 to 600 came later: the checkpoint does not prove them" in done.stdout


def test_an_earlier_checkpoint_finds_what_it_covers(sealed: Sealed, files: Files) -> None:
    files.write("checkpoint", sealed.notes[SIGNED_EARLIER].encode())
    lines = files.lines()
    files.write("export.jsonl", b"".join([*lines[: P - 1], cheaper(lines[P - 1]), *lines[P:]]))
    assert_found(files.run(), P, "not the one that the checkpoint covers")


def test_a_key_of_somebody_else(sealed: Sealed, files: Files) -> None:
    for name in (sealed.signer.name, "grant-ledger/other"):
        files.write("key", Signer(name, Ed25519PrivateKey.generate()).verifier.vkey().encode())
        assert_found(files.run(), None, f"it is not signed by {name} with the key")


@pytest.mark.parametrize("place", [0, -50, -40, -1])
def test_a_bit_of_the_key(files: Files, place: int) -> None:
    """The id that stands beside the key tells that it is no key: nothing is checked with it."""
    key = (files.folder / "key").read_text()
    files.write("key", _flipped(key, place % len(key)).encode())
    done = files.run()
    assert (done.returncode, done.stdout) == (NOT_CHECKED, "")
    assert done.stderr.startswith("cannot be checked: the key")


@pytest.mark.parametrize("name", ["checkpoint", "key"])
def test_a_file_that_is_no_text_is_no_verdict(files: Files, name: str) -> None:
    files.write(name, b"\xff\xfe\x00")
    done = files.run()
    assert (done.returncode, done.stdout) == (NOT_CHECKED, "")
    assert done.stderr.startswith("cannot be checked: ")


@pytest.mark.parametrize("tile", ["tile/0/001", "tile/0/002.p/88"])
def test_tiles_that_are_short_or_missing_are_no_verdict(files: Files, tile: str) -> None:
    content = (files.folder / tile).read_bytes()
    files.write(tile, content[:-1])
    assert files.run().returncode == NOT_CHECKED
    (files.folder / tile).unlink()
    done = files.run()
    assert done.returncode == NOT_CHECKED
    assert "is not there" in done.stderr


def test_a_tile_that_is_wrong_cannot_point_to_a_wrong_position(files: Files) -> None:
    content = (files.folder / "tile/0/000").read_bytes()
    files.write("tile/0/000", bytes(32) + content[32:])
    assert files.run().returncode == SOUND
    lines = files.lines()
    files.write("export.jsonl", b"".join([*lines[: P - 1], cheaper(lines[P - 1]), *lines[P:]]))
    assert_found(files.run(), None, "they cannot tell the position")
