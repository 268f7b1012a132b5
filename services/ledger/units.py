"""What the writer commits as one: a unit of events, with the inbox row, idempotency row or parking that belong to
it.
"""

from __future__ import annotations

from dataclasses import dataclass

from .records import Context, StreamWrite


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A command's key: the same `fingerprint` gets the stored `response` again, another one is refused (KeyReused)."""

    actor: str
    key: str
    fingerprint: bytes
    response: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """A received message takes effect. `parked` is the number of its parked row when it is tried again."""

    source: str
    event_id: str
    key: str
    parked: int | None = None


@dataclass(frozen=True, slots=True)
class Parking:
    """A received message is parked. `waiting_for` names the own stream whose next event it needs, `seen` its version at
    the time of the look; None waits for a person. `behind`: it only queues behind an earlier message of its key, and is
    ready when it becomes the first.
    """

    source: str
    event_id: str
    key: str
    headers: dict[str, str]
    value: bytes
    reason: str
    waiting_for: str | None = None
    seen: int = 0
    parked: int | None = None
    behind: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """All or nothing: events for some streams, and what else is written with them."""

    context: Context
    writes: tuple[StreamWrite, ...] = ()
    idempotency: Idempotency | None = None
    receipt: Receipt | None = None
    parking: Parking | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a unit: its last position (0 when it held no event), the new version of each stream, and, when
    the command had been answered before, the stored response (then nothing was recorded now).
    """

    position: int
    versions: dict[str, int]
    replayed: bytes | None = None
