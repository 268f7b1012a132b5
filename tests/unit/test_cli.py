"""The `grants` command tells in a sentence what was wrong, with the documented exit code, and never by a traceback."""

from __future__ import annotations

import base64
import http.server
import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.local.system_folder import SystemRecord
from services.cli.console import console, errors
from services.cli.main import app, main
from services.ledger import Checkpoint, Context, NewEvent, Signer
from services.ledger.export import line_of
from services.ledger.receipts import build_receipt
from services.ledger.records import encode_body
from services.ledger.tree import leaf_hash, root_of

FINE, FAILED, WRONG_USE = 0, 1, 2
COMMANDS = (
    ("up",), ("demo",), ("verify",), ("replay",), ("rebuild",), ("parked", "list"), ("parked", "retry"), ("token",),
    ("migrate",), ("contracts",), ("reconcile",), ("intake", "sweep-attachments"), ("profile", "check"),
    ("receipt",),
)  # fmt: skip
SIGNER = Signer("grant-ledger/intake", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
EVENTS = 20
NOWHERE = "postgresql://grants@127.0.0.1:1/grants"


@dataclass(frozen=True)
class Ended:
    """What a command left: its exit code and both streams."""

    code: int
    out: str
    err: str


Grants = Callable[..., Ended]


@pytest.fixture
def grants(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Grants:
    """Runs `grants` with these arguments in an empty folder. Any other exception than an exit fails the test."""
    for name in [name for name in os.environ if name.startswith("GRANTS_")]:
        monkeypatch.delenv(name)
    for each in (console, errors):
        monkeypatch.setattr(each, "width", 200)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["grants", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        assert isinstance(code, int)
        written = capsys.readouterr()
        assert "Traceback" not in written.out + written.err
        return Ended(code, written.out, written.err)

    return run


# --- help and wrong use --------------------------------------------------------------------------------------


def test_every_command_is_tried_here() -> None:
    top = {command.name for command in app.registered_commands}
    groups = {group.name for group in app.registered_groups}
    assert top | groups == {command[0] for command in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_says_what_it_does_and_what_each_option_is_for(grants: Grants, command: tuple[str, ...]) -> None:
    told = grants(*command, "--help")
    assert (told.code, told.err) == (FINE, "")
    usage, says, *_ = re.split(r"\n\s*\n", told.out.strip())
    assert usage.startswith(f"Usage: grants {' '.join(command)} ")
    assert re.search(r"[a-z]\.$", says)
    for option in re.findall(r"^  (--[a-z-]+)(.*(?:\n {10,}\S.*)*)", told.out, re.MULTILINE):
        assert re.search(r"[A-Za-z]{4}", re.sub(r"<[^>]+>|\[[^]]+\]", "", option[1])), f"{option[0]} has no help"


def test_without_a_command_all_commands_are_listed(grants: Grants) -> None:
    told = grants()
    assert told.code == WRONG_USE
    for command in COMMANDS:
        assert re.search(rf"^  {command[0]} +\w", told.out + told.err, re.MULTILINE)


@pytest.mark.parametrize("command", [(), *COMMANDS], ids=" ".join)
def test_an_option_that_there_is_not_is_wrong_use(grants: Grants, command: tuple[str, ...]) -> None:
    told = grants(*command, "--colour")
    assert (told.code, told.out) == (WRONG_USE, "")
    assert "No such option: --colour" in told.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pay"], "No such command 'pay'"),
        (["parked", "drop"], "No such command 'drop'"),
        (["demo", "more"], "unexpected extra argument"),
        (["demo", "--seed", "many"], "--seed"),
        (["up", "--county", "atlantis"], "'atlantis' does not exist"),
        (["verify"], "export"),
        (["receipt", "file"], "--key"),
        (["verify", "log"], "--checkpoint"),
        (["replay", "intake"], "--from"),
        (["replay", "audit", "--from", "1"], "'audit' is not one of 'intake', 'decisions', 'payments'"),
        (["replay", "intake", "--from", "0"], "--from"),
        (["replay", "intake", "--from", str(2**63)], "--from"),
        (["rebuild"], "service"),
        (["rebuild", "bank"], "'bank' is not one of"),
        (["parked", "list"], "service"),
        (["parked", "retry", "intake", "0"], "number"),
        (["parked", "retry", "intake", "first"], "number"),
        (["parked", "list", "intake", "--url", "http://127.0.0.1:1"], "GRANTS_TOKEN"),
        (["parked", "list", "intake", "--url", "ftp://127.0.0.1", "--token", "t"], "http://"),
        (["parked", "list", "intake", "--url", "http://[::1", "--token", "t"], "no address"),
        (["parked", "list", "intake", "--url", "http://127.0.0.1:1", "--token", "ä"], "printable ASCII"),
        (["parked", "list", "intake", "--url", "http://127.0.0.1:1", "--token", "a\nb"], "printable ASCII"),
        (["intake", "sweep-attachments", "--older-than", "5m"], "12h, 1d"),
        (["intake", "sweep-attachments", "--older-than", "0d"], "12h, 1d"),
        (["intake", "sweep-attachments", "--attachments-url", "file:///tmp/x"], "--database-url and"),
        (["intake", "sweep-attachments", "--database-url", NOWHERE], "--attachments-url"),
        (["token", "--person", "anna"], "--role"),
        (["token", "--role", "officer"], "--person"),
        (["token", "--role", "officer", "--person", ""], "1 to 128 characters"),
        (["token", "--role", "officer", "--person", "a" * 129], "1 to 128 characters"),
        (["token", "--role", "king", "--person", "anna"], "'king' is not one of 'association', 'officer'"),
        (["token", "--role", "association", "--person", "anna"], "business id"),
        (["migrate", "bank"], "'bank' is not one of"),
        (["migrate", "intake"], "GRANTS_OWNER_URL"),
        (["migrate", "intake", "--owner-url", NOWHERE, "--password-file", "none"], "'none' does not exist"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)
def test_wrong_use_is_said_with_exit_code_2(grants: Grants, arguments: list[str], said: str) -> None:
    told = grants(*arguments)
    assert (told.code, told.out) == (WRONG_USE, "")
    assert said in told.err


@pytest.mark.parametrize("command", ["up", "demo", "contracts", "token --person a --role officer", "rebuild intake"])
def test_a_file_in_the_place_of_the_folder_is_wrong_use(grants: Grants, tmp_path: Path, command: str) -> None:
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    told = grants(*command.split(), "--folder", tmp_path / "taken")
    assert told.code == WRONG_USE
    assert "is a file" in told.err
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("command", ["up", "demo", "contracts"])
def test_a_folder_that_cannot_be_made_is_said(grants: Grants, command: str) -> None:
    told = grants(command, "--folder", "/proc/nowhere/grants")
    assert told.code == FAILED
    assert "/proc/nowhere" in told.err


def test_the_demo_empties_no_folder_that_is_not_its_own(grants: Grants, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "to-anna.txt").write_text("dear", encoding="utf-8")
    told = grants("demo", "--folder", tmp_path / "letters")
    assert told.code == FAILED
    assert "choose another folder" in told.err
    assert (tmp_path / "letters" / "to-anna.txt").read_text(encoding="utf-8") == "dear"


# --- a local system that does not run ------------------------------------------------------------------------

ON_A_SYSTEM = ("token --role officer --person anna", "replay intake --from 1", "rebuild intake",
               "parked list intake", "parked retry intake 1", "intake sweep-attachments")  # fmt: skip


def record(**changed: object) -> str:
    """The record of a system that runs in this process, with no services."""
    made = SystemRecord(
        process_id=os.getpid(), addresses={}, databases={}, broker="127.0.0.1:1", issuer="issuer",
        audience="grants", issuer_address=None, bank_address=None,
    )  # fmt: skip
    return json.dumps(made.model_dump() | changed)


@pytest.mark.parametrize("command", ON_A_SYSTEM)
@pytest.mark.parametrize(
    "content",
    [None, "", "{}", "\0", record(process_id=0), record(process_id=-1), record(process_id=2**40)],
    ids=["no record", "empty", "of nothing", "damaged", "process 0", "process -1", "process 2^40"],
)
def test_a_folder_in_which_no_system_runs_is_named_with_what_to_do(
    grants: Grants, tmp_path: Path, command: str, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "system.json").write_text(content, encoding="utf-8")
    told = grants(*command.split(), "--folder", tmp_path)
    assert (told.code, told.out) == (FAILED, "")
    assert f"no system runs in {tmp_path}: start one with `grants up --folder" in told.err


@pytest.mark.parametrize("command", ON_A_SYSTEM[1:])
def test_a_service_that_the_system_runs_without_is_named(grants: Grants, tmp_path: Path, command: str) -> None:
    (tmp_path / "system.json").write_text(record(), encoding="utf-8")
    told = grants(*command.split(), "--folder", tmp_path)
    assert (told.code, told.out) == (FAILED, "")
    assert "runs without intake" in told.err


# --- databases and services that do not answer ---------------------------------------------------------------


@pytest.mark.parametrize("command", ["replay intake --from 1 --database-url", "rebuild intake --database-url",
                                     "migrate intake --owner-url"])  # fmt: skip
@pytest.mark.parametrize(
    ("address", "said"),
    [
        (NOWHERE, "refused"),
        ("postgresql://grants:Winter-1917@127.0.0.1:1/grants", "refused"),
        ("mysql://grants:Winter-1917@127.0.0.1/grants", "should start with postgresql://"),
        ("postgresql://grants:Winter-1917@127.0.0.1:99999/grants", "should look like"),
        ("postgresql://grants:Winter-1917@127.0.0.1:five/grants", "should look like"),
        ("postgresql://grants:Winter-1917@[::1/grants", "should look like"),
    ],
)
def test_a_database_that_is_away_or_no_address_is_said_without_its_password(
    grants: Grants, command: str, address: str, said: str
) -> None:
    told = grants(*command.split(), address)
    assert (told.code, told.out) == (FAILED, "")
    assert said in told.err.lower()
    assert "Winter-1917" not in told.err


def test_a_password_file_that_is_no_text_is_named(grants: Grants, tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes(b"\xff\xfe")
    told = grants("rebuild", "intake", "--database-url", NOWHERE, "--password-file", tmp_path / "password")
    assert told.code == FAILED
    assert f"cannot be read from {tmp_path / 'password'}" in told.err


@pytest.fixture
def answering() -> Iterator[Callable[[int, str], str]]:
    """A server that answers everything so; its address."""
    status, content = [200], [b""]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status[0])
            self.end_headers()
            self.wfile.write(content[0])

        do_POST = do_GET  # noqa: N815 - the name is the library's

        def log_message(self, *_arguments: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def answers(code: int, body: str) -> str:
            status[0], content[0] = code, body.encode()
            return f"http://127.0.0.1:{server.server_port}"

        yield answers
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, "<html>a shop</html>", "not answer as a service of ours"),
        (200, "[]", "not answer as a service of ours"),
        (200, '{"hello": "world"}', "not answer as a service of ours"),
        (302, "", "not answer as a service of ours"),
        (403, '{"title": "Not allowed"}', "403"),
        (500, "<html>", "500"),
    ],
)
@pytest.mark.parametrize("command", ["list", "retry"])
def test_an_address_that_is_no_service_of_ours_is_said(
    grants: Grants, answering: Callable[[int, str], str], status: int, body: str, said: str, command: str
) -> None:
    told = grants("parked", command, "intake", "--url", answering(status, body), "--token", "secret-token")
    assert (told.code, told.out) == (FAILED, "")
    assert said in told.err
    assert "secret-token" not in told.err


def test_a_service_that_is_away_is_said(grants: Grants) -> None:
    told = grants("parked", "list", "intake", "--url", "http://127.0.0.1:1", "--token", "t")
    assert (told.code, told.out) == (FAILED, "")
    assert "http://127.0.0.1:1 does not answer" in told.err


def test_a_parked_message_is_shown_as_it_is_whatever_its_reason_looks_like(
    grants: Grants, answering: Callable[[int, str], str]
) -> None:
    item = {"number": 7, "parked_at": "2026-01-15T06:00:00Z", "source": "intake", "type": "application.submitted",
            "stream": "application/1", "waiting_for": None, "first": True, "attempts": 3,
            "reason": "KeyError: '[/red]' [bold]"}  # fmt: skip
    url = answering(200, json.dumps({"items": [item], "next": None}))
    told = grants("parked", "list", "decisions", "--url", url, "--token", "t")
    assert told.code == FINE
    row = " ".join(told.out.splitlines()[-1].split())
    assert row == f"7 {item['parked_at']} intake application.submitted application/1 a person 3 {item['reason']}"


def test_a_retry_says_what_took_effect_and_what_failed_again(
    grants: Grants, answering: Callable[[int, str], str]
) -> None:
    def retry(released: list[int], failed: dict[str, str]) -> Ended:
        url = answering(200, json.dumps({"released": released, "failed": failed}))
        return grants("parked", "retry", "decisions", "--url", url, "--token", "t")

    assert retry([], {}) == Ended(FINE, "nothing is parked in decisions\n", "")
    assert retry([7, 8], {}) == Ended(FINE, "2 took effect\n", "")
    assert retry([7], {"8": "NotYet: [x]"}) == Ended(FAILED, "1 took effect\nFAILED  8: NotYet: [x]\n", "")


# --- receipt -------------------------------------------------------------------------------------------------


def test_a_receipt_is_checked_and_shown_offline_and_a_forged_one_does_not_hold(grants: Grants, tmp_path: Path) -> None:
    sent = NewEvent("application.submitted", b'{"purpose":"Vertaistuki"}', id=UUID(int=1))
    body = encode_body(1, "2026-01-15T06:00:00.000000Z", sent, "application/1", 1, Context("anna", "affair"))
    note = SIGNER.sign(Checkpoint(SIGNER.name, 1, root_of([leaf_hash(body)])))
    receipt = build_receipt("intake", body, 1, [], note, SIGNER.verifier.vkey())
    file, key = tmp_path / "receipt.json", tmp_path / "key"
    file.write_text(json.dumps(receipt), encoding="utf-8")
    key.write_text(f"{SIGNER.verifier.vkey()}\n", encoding="utf-8")
    told = grants("receipt", file, "--key", key)
    assert (told.code, told.err) == (FINE, "")
    assert told.out.startswith("SOUND      application.submitted of application/1, position 1, 2026-01-15T06:00:00")
    assert "Vertaistuki" in told.out

    other = Signer(SIGNER.name, Ed25519PrivateKey.from_private_bytes(bytes(32))).verifier.vkey()
    key.write_text(other, encoding="utf-8")
    assert grants("receipt", file, "--key", key).code == FAILED
    key.write_text(SIGNER.verifier.vkey(), encoding="utf-8")
    for forged in (receipt | {"event": receipt["event"].replace("Vertais", "Kahvi")}, {}, receipt | {"path": ["AA=="]}):
        file.write_text(json.dumps(forged), encoding="utf-8")
        told = grants("receipt", file, "--key", key)
        assert (told.code, told.out.startswith("NOT SOUND")) == (FAILED, True)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 100_000])
def test_what_is_no_receipt_cannot_be_checked(grants: Grants, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    told = grants("receipt", tmp_path / "file", "--key", tmp_path / "file")
    assert (told.code, told.out) == (WRONG_USE, "")
    assert told.err.startswith("cannot be checked: ")
    assert grants("receipt", tmp_path / "nothing", "--key", tmp_path / "file").code == WRONG_USE


# --- verify --------------------------------------------------------------------------------------------------


@dataclass
class Exported:
    """An export with its checkpoint and key."""

    log: Path
    checkpoint: Path
    key: Path

    @property
    def arguments(self) -> list[str | Path]:
        return ["verify", self.log, "--checkpoint", self.checkpoint, "--key", self.key]


@pytest.fixture
def exported(tmp_path: Path) -> Exported:
    bodies = [
        encode_body(
            position, f"2026-01-15T06:00:{position:02d}.000000Z",
            NewEvent("case.opened", b'{"amount":"12.00 EUR"}', id=UUID(int=position)),
            f"case/{position}", 1, Context("person:anna", "affair"),
        )
        for position in range(1, EVENTS + 1)
    ]  # fmt: skip
    files = Exported(tmp_path / "log.jsonl", tmp_path / "checkpoint", tmp_path / "key")
    files.log.write_bytes(b"".join(line_of(body) for body in bodies))
    root = root_of([leaf_hash(body) for body in bodies])
    files.checkpoint.write_text(SIGNER.sign(Checkpoint(SIGNER.name, EVENTS, root)), encoding="utf-8")
    files.key.write_text(SIGNER.verifier.vkey(), encoding="utf-8")
    return files


def test_an_honest_export_is_sound_with_exit_code_0(grants: Grants, exported: Exported) -> None:
    told = grants(*exported.arguments)
    assert (told.code, told.err) == (FINE, "")
    assert told.out.startswith(f"SOUND      grant-ledger/intake: {EVENTS} events, root ")


@pytest.mark.parametrize(
    ("tampered", "said"),
    [
        (lambda log: log.replace(b"12.00 EUR", b"92.00 EUR", 1), "root"),
        (lambda log: log[: log.rindex(b"\n", 0, -1) + 1], f"position {EVENTS}: missing"),
        (lambda log: log[log.index(b"\n") + 1 :], "position 1:"),
        (lambda log: b"\xff\xfe\n" + log, "position 1: the body is no JSON"),
        (lambda log: b"[" * 100_000 + b"\n" + log, "position 1:"),
        (lambda _: b"", "position 1: missing"),
    ],
    ids=["an amount", "the last event", "the first event", "no text", "deep nesting", "everything"],
)
def test_a_tampered_export_is_not_sound_with_exit_code_1(
    grants: Grants, exported: Exported, tampered: Callable[[bytes], bytes], said: str
) -> None:
    exported.log.write_bytes(tampered(exported.log.read_bytes()))
    told = grants(*exported.arguments)
    assert told.code == FAILED
    assert said in told.out
    assert "SOUND      grant" not in told.out


def test_a_checkpoint_that_somebody_else_signed_is_not_sound(grants: Grants, exported: Exported) -> None:
    other = Signer(SIGNER.name, Ed25519PrivateKey.generate())
    exported.key.write_text(other.verifier.vkey(), encoding="utf-8")
    told = grants(*exported.arguments)
    assert told.code == FAILED
    assert "NOT SOUND  checkpoint: it is not signed by" in told.out


@pytest.mark.parametrize("which", ["log", "checkpoint", "key"])
def test_a_missing_or_unreadable_file_is_named_with_exit_code_2(
    grants: Grants, exported: Exported, tmp_path: Path, which: str
) -> None:
    setattr(exported, which, tmp_path / "nowhere")
    missing = grants(*exported.arguments)
    setattr(exported, which, tmp_path)
    folder = grants(*exported.arguments)
    assert [missing.code, folder.code] == [2, 2]
    assert missing.err.startswith("cannot be checked: ")
    assert str(tmp_path / "nowhere") in missing.err
    assert f"Is a directory: '{tmp_path}'" in folder.err


@pytest.mark.parametrize("which", ["checkpoint", "key"])
def test_a_file_that_is_no_text_is_named_with_exit_code_2(grants: Grants, exported: Exported, which: str) -> None:
    file: Path = getattr(exported, which)
    file.write_bytes(b"\xff\xfe\x00")
    told = grants(*exported.arguments)
    assert told.code == 2
    assert f"cannot be checked: {file} is no text" in told.err


@pytest.mark.parametrize("content", ["", "key", "a+b+c", f"a+00000000+{base64.b64encode(b'x').decode()}"])
def test_a_key_that_is_none_cannot_be_checked(grants: Grants, exported: Exported, content: str) -> None:
    exported.key.write_text(content, encoding="utf-8")
    told = grants(*exported.arguments)
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("cannot be checked: the key")


def test_tiles_that_are_not_there_cannot_be_checked(grants: Grants, exported: Exported, tmp_path: Path) -> None:
    told = grants(*exported.arguments, "--tiles", tmp_path / "none")
    assert (told.code, told.out) == (2, "")
    assert "the tile" in told.err
