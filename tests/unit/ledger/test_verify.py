import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.ledger import Checkpoint, Context, NewEvent, Signer
from services.ledger import verify as verifier_program
from services.ledger.export import export_tiles, line_of
from services.ledger.proofs import Proofs
from services.ledger.records import encode_body, encode_moment
from services.ledger.tree import leaf_hash, root_of
from services.ledger.verify import CannotCheck, Report, main, verify_export
from tests.unit.ledger.trees import MemorySource

SIGNER = Signer("ledger.example/intake", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
VKEY = SIGNER.verifier.vkey()
START = datetime(2026, 1, 15, 6, tzinfo=UTC)
EVENT_IDS = [uuid4() for _ in range(700)]


def _body(place: int, **other: object) -> bytes:
    """The event at `place` of a ledger with streams of three events each."""
    told = {"id": EVENT_IDS[place - 1], "stream": f"case/{(place - 1) // 3}", "version": (place - 1) % 3 + 1}
    told |= {"position": place, "moment": START + timedelta(seconds=place), "data": b'{"amount":"12.00 EUR"}'}
    told |= other
    return encode_body(
        told["position"],  # type: ignore[arg-type]
        encode_moment(told["moment"]),  # type: ignore[arg-type]
        NewEvent("case.opened", told["data"], id=told["id"]),  # type: ignore[arg-type]
        told["stream"],  # type: ignore[arg-type]
        told["version"],  # type: ignore[arg-type]
        Context("person:anna", "affair"),
    )


BODIES = [_body(position) for position in range(1, 601)]


def _note(stored: Sequence[bytes]) -> str:
    return SIGNER.sign(Checkpoint(SIGNER.name, len(stored), root_of([leaf_hash(body) for body in stored])))


def _check(exported: Sequence[bytes], covered: Sequence[bytes] = BODIES, tiles: Path | None = None) -> Report:
    return verify_export((line_of(body) for body in exported), _note(covered), VKEY, tiles)


@pytest.fixture
async def tiles(tmp_path: Path) -> Path:
    """The tiles of the whole ledger, as exported."""
    async for path, content in export_tiles(Proofs(MemorySource(BODIES)), len(BODIES)):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 600])
def test_an_honest_export_is_sound(size: int) -> None:
    report = _check(BODIES[:size], BODIES[:size])
    assert (report.sound, report.events, report.size) == (True, size, size)


def test_events_after_the_checkpoint_are_said_to_be_unproved() -> None:
    report = _check(BODIES, BODIES[:590])
    assert report.sound
    assert "positions 591 to 600" in report.remarks[0]


def test_a_deleted_event_is_found_at_its_position() -> None:
    assert _check([*BODIES[:99], *BODIES[100:]]).first_position == 100


def test_an_inserted_event_is_found_at_its_position() -> None:
    assert _check([*BODIES[:99], _body(100, id=uuid4()), *BODIES[99:]]).first_position == 101


def test_two_swapped_events_are_found_at_the_first() -> None:
    swapped = list(BODIES)
    swapped[99], swapped[199] = swapped[199], swapped[99]
    assert _check(swapped).first_position == 100


def test_a_cut_tail_is_found_where_it_was_cut() -> None:
    report = _check(BODIES[:550])
    assert report.first_position == 551
    assert "covers 600" in str(report.problems[0])


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"version": 2}, "goes from version 0 to 2"),
        ({"id": EVENT_IDS[3]}, "was used before"),
        ({"moment": START}, "before its predecessor"),
        ({"position": 7}, "the body says position 7"),
    ],
)
def test_what_must_hold_between_events_is_told_with_position_and_reason(other: dict[str, object], told: str) -> None:
    changed = [*BODIES[:99], _body(100, **other), *BODIES[100:]]
    report = _check(changed, changed)
    assert [problem.position for problem in report.problems] == [100]
    assert told in report.problems[0].what


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"body":"!"}'])
def test_a_line_that_is_no_event_is_told_with_its_position(body: bytes) -> None:
    report = verify_export([*map(line_of, BODIES[:4]), body + b"\n"], _note(BODIES[:4]), VKEY)
    assert report.first_position == 5


def test_a_changed_amount_is_found_but_not_its_position_without_tiles() -> None:
    changed = [*BODIES[:299], _body(300, data=b'{"amount":"99.00 EUR"}'), *BODIES[300:]]
    report = _check(changed)
    assert not report.sound
    assert report.first_position is None
    assert "--tiles" in report.remarks[0]


@pytest.mark.parametrize("position", [1, 256, 257, 512, 513, 600])
def test_a_changed_amount_is_found_at_its_position_with_tiles(position: int, tiles: Path) -> None:
    changed = [*BODIES[: position - 1], _body(position, data=b'{"amount":"99.00 EUR"}'), *BODIES[position:]]
    assert _check(changed, tiles=tiles).first_position == position


def test_tiles_that_do_not_give_the_checkpoints_root_name_no_position(tiles: Path) -> None:
    tile = tiles / "tile" / "0" / "000"
    tile.write_bytes(bytes(32) + tile.read_bytes()[32:])
    changed = [*BODIES[:299], _body(300, data=b"{}"), *BODIES[300:]]
    report = _check(changed, tiles=tiles)
    assert not report.sound
    assert report.first_position is None
    assert "cannot tell the position" in report.remarks[0]


def test_missing_tiles_are_told_as_missing(tmp_path: Path) -> None:
    with pytest.raises(CannotCheck, match="is not there"):
        _check(BODIES, tiles=tmp_path)


def test_a_checkpoint_signed_by_somebody_else_is_not_believed() -> None:
    other = Signer(SIGNER.name, Ed25519PrivateKey.generate())
    report = verify_export(map(line_of, BODIES), _note(BODIES), other.verifier.vkey())
    assert "not signed by" in report.problems[0].what


def test_a_checkpoint_with_another_size_is_not_believed() -> None:
    note = _note(BODIES).replace("\n600\n", "\n599\n")
    report = verify_export(map(line_of, BODIES), note, VKEY)
    assert "signature" in report.problems[0].what


def test_memory_of_streams_that_went_to_the_file_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier_program, "_STREAMS_REMEMBERED_MAX", 2)
    assert _check(BODIES).sound
    wrong = [*BODIES[:99], _body(100, version=2), *BODIES[100:]]
    assert _check(wrong, wrong).first_position == 100


def test_lines_are_read_one_by_one_and_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier_program, "_PROGRESS_EVERY", 200)
    read, told = 0, []

    def lines() -> Iterator[bytes]:
        nonlocal read
        for body in BODIES:
            read += 1
            yield line_of(body)

    assert verify_export(lines(), _note(BODIES), VKEY, progress=lambda done: told.append((done, read))).sound
    assert told == [(200, 200), (400, 400), (600, 600)]


def _write(folder: Path, exported: Sequence[bytes]) -> list[str]:
    (folder / "export").write_bytes(b"".join(map(line_of, exported)))
    (folder / "note").write_text(_note(BODIES), encoding="utf-8")
    (folder / "key").write_text(VKEY, encoding="utf-8")
    return [str(folder / "export"), "--checkpoint", str(folder / "note"), "--key", str(folder / "key")]


@pytest.mark.parametrize(("kept", "code", "said"), [(600, 0, "SOUND "), (599, 1, "NOT SOUND  position 600")])
def test_the_program_runs_alone_and_answers_by_its_exit_code(tmp_path: Path, kept: int, code: int, said: str) -> None:
    arguments = _write(tmp_path, BODIES[:kept])
    # -I: neither the current folder nor this project can be imported.
    command = [sys.executable, "-I", verifier_program.__file__, *arguments]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == code, ran.stderr
    assert ran.stdout.startswith(said)


@pytest.mark.parametrize("broken", ["export", "note", "key"])
def test_what_cannot_be_read_is_no_verdict(tmp_path: Path, broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = _write(tmp_path, BODIES)
    (tmp_path / broken).unlink()
    assert main(arguments) == 2
    assert "cannot be checked" in capsys.readouterr().err


def test_a_key_that_is_none_is_no_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = _write(tmp_path, BODIES)
    (tmp_path / "key").write_text("nonsense")
    assert main(arguments) == 2
    assert "name+keyid+base64" in capsys.readouterr().err
