"""The payments service as a process of its own that a test can let die between two steps of a command.

What runs is the service's own composition behind its own HTTP server; the points are put in from here. A request names
in a header the point at which the process ends by SIGKILL, so that a point is reached by that command and no other.

Importing the service takes seconds, so the processes are forked from one that has imported it (`multiprocessing`'s
fork server). Forked or not, such a process starts with nothing but its settings.
"""

from __future__ import annotations

import ctypes
import io
import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.local.launch import PR_SET_PDEATHSIG
from services.ledger import Appended, Ledger, Record, Unit
from services.ledger.consumer import Consumer
from services.ledger.partitions import Flavour
from services.ledger.registers import Registers
from services.ledger.relay import Relay
from services.payments.app import application
from services.payments.channel import Folder
from services.payments.files import FileOrigin, Files
from services.payments.settings import PaymentsSettings
from services.web import composition
from services.web.server import run
from tests.faults.points import Points

HEADER: Final = "Die-At"

DECIDED = "decided, not recorded"
WRITTEN = "written, not committed"
COMMITTED = "committed, not answered"
MADE = "bytes made, not stored"
STORED = "bytes stored, not recorded"
NOT_HANDED_OVER = "not handed over"
BEGUN = "temporary file begun"
HALF_WRITTEN = "temporary file half written"
UNSYNCED = "temporary file written, not synced"
NOT_RENAMED = "temporary file synced, not renamed"
RENAMED = "renamed, folder not synced"
HANDED_OVER = "handed over, not recorded"

_FORKING: Final = multiprocessing.get_context("forkserver")


def started(settings: PaymentsSettings, prefix: str, log: Path) -> BaseProcess:
    """Starts a process that serves until it is killed; `prefix` begins the names of its topics."""
    # Each process imports the main module of whoever started it, which is pytest's: that too is imported once.
    _FORKING.set_forkserver_preload([__name__, "pytest"])
    process = _FORKING.Process(target=_serve, args=(settings, prefix, log), daemon=True)
    process.start()
    return process


def _serve(settings: PaymentsSettings, prefix: str, log: Path) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    with log.open("ab") as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    points = Points()
    with ExitStack() as stack:
        _stand_apart(prefix, stack)
        _install_in_commands(points, stack)
        _install_in_hand_over(points, stack)
        app, chosen = application(settings)
        run(_arming(app, points), chosen)


def _arming(app: ASGIApp, points: Points) -> ASGIApp:
    """The application, with the point armed that a request's header names."""

    async def armed(scope: Scope, receive: Receive, send: Send) -> None:
        told = dict(scope["headers"]).get(HEADER.lower().encode()) if scope["type"] == "http" else None
        if told is not None:
            points.arm(told.decode(), 1)
        await app(scope, receive, send)

    return armed


def _stand_apart(prefix: str, stack: ExitStack) -> None:
    """Gives the relay topics of its own, and the consumer none: joining a group takes seconds, and no step of the chain
    waits for an event of another service.
    """

    class OwnRelay(Relay):
        def __init__(self, ledger: Ledger, bootstrap: str, flavour: Flavour, topic: str, checkpoint_topic: str) -> None:
            own = (f"{prefix}{topic}", f"{prefix}{checkpoint_topic}")
            super().__init__(ledger, bootstrap, flavour, *own, service=topic)

    class DeafConsumer(Consumer):
        def __init__(self, bootstrap: str, flavour: Flavour, group_id: str, _handlers: object) -> None:
            super().__init__(bootstrap, flavour, group_id, {})

    stack.enter_context(patch.object(composition, "Relay", OwnRelay))
    stack.enter_context(patch.object(composition, "Consumer", DeafConsumer))


def _install_in_commands(points: Points, stack: ExitStack) -> None:
    """Points around the append of a unit, within its transaction, and around the storing of a file."""
    append, apply, put = Ledger.append, Registers.apply, Files.put

    async def fragile_append(ledger: Ledger, unit: Unit) -> Appended:
        points.reach(DECIDED)
        appended = await append(ledger, unit)
        points.reach(COMMITTED)
        return appended

    async def fragile_apply(registers: Registers, connection: Any, records: Sequence[Record]) -> None:
        await apply(registers, connection, records)
        points.reach(WRITTEN)

    async def fragile_put(files: Files, origin: FileOrigin, content: bytes) -> str:
        points.reach(MADE)
        digest = await put(files, origin, content)
        points.reach(STORED)
        return digest

    stack.enter_context(patch.object(Ledger, "append", fragile_append))
    stack.enter_context(patch.object(Registers, "apply", fragile_apply))
    stack.enter_context(patch.object(Files, "put", fragile_put))


def _install_in_hand_over(points: Points, stack: ExitStack) -> None:
    """Points around the hand-over to the folder, and between the channel's own steps."""
    hand_over, opened, renamed, synced = Folder.hand_over, Path.open, Path.rename, os.fsync

    class TornWriter(io.BufferedWriter):
        def write(self, content: Any) -> int:
            half = len(content) // 2
            super().write(content[:half])
            self.flush()
            points.reach(HALF_WRITTEN)
            return half + super().write(content[half:])

    def fragile_hand_over(folder: Folder, name: str, content: bytes) -> None:
        points.reach(NOT_HANDED_OVER)
        hand_over(folder, name, content)
        points.reach(HANDED_OVER)

    def fragile_open(path: Path, *arguments: Any, **named: Any) -> Any:
        if path.suffix != ".part":
            return opened(path, *arguments, **named)
        file = TornWriter(io.FileIO(path, "w"))
        points.reach(BEGUN)
        return file

    def fragile_rename(path: Path, target: Path) -> Path:
        points.reach(NOT_RENAMED)
        there = renamed(path, target)
        points.reach(RENAMED)
        return there

    def fragile_fsync(descriptor: int) -> None:
        points.reach(UNSYNCED)
        synced(descriptor)

    stack.enter_context(patch.object(Folder, "hand_over", fragile_hand_over))
    stack.enter_context(patch.object(Path, "open", fragile_open))
    stack.enter_context(patch.object(Path, "rename", fragile_rename))
    stack.enter_context(patch.object(os, "fsync", fragile_fsync))
