"""Events as they are handed in (`NewEvent`), and as they stand in the ledger (`Record`).

A record's `body` is the one source of truth: the exact bytes that are hashed, a JSON object that repeats every column.
Columns exist for look-ups only; whoever verifies compares them with the body.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from schemas.envelope import message_key

from .errors import Corrupt


class Body(msgspec.Struct, gc=False):
    """What a body says, not judged: moment and id as they are written."""

    position: int
    recorded_at: str
    id: str
    stream: str
    version: int
    type: str
    schema: int
    actor: str
    correlation: str
    causation: str | None
    data: msgspec.Raw


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Body)
read_body = _decoder.decode
"""A body's own words; raises msgspec.DecodeError (also for bytes that are no UTF-8) and RecursionError."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A fact to be recorded. `data` is encoded JSON (an object); `schema` is the version of its contract."""

    type: str
    data: bytes
    schema: int = 1
    id: UUID = field(default_factory=uuid7)


@dataclass(frozen=True, slots=True)
class Context:
    """Who acts, and what the act belongs to: `correlation` names the whole affair, `causation` the event behind it."""

    actor: str
    correlation: str
    causation: str | None = None


@dataclass(frozen=True, slots=True)
class StreamWrite:
    """Events for one stream. `expected` is its version when it was loaded: 0 for a stream that must not exist yet."""

    stream: str
    expected: int
    events: tuple[NewEvent, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One event of a ledger."""

    position: int
    id: UUID
    stream: str
    version: int
    type: str
    schema: int
    recorded_at: datetime
    actor: str
    correlation: str
    causation: str | None
    body: bytes

    @property
    def data(self) -> Any:
        """The event's own data, decoded from the body; decoded anew at each call."""
        return msgspec.json.decode(_decoder.decode(self.body).data)

    @property
    def data_bytes(self) -> bytes:
        """The event's own data as it stands in the body."""
        return bytes(_decoder.decode(self.body).data)

    @property
    def key(self) -> str:
        """What orders this event among others: the second segment of the stream's id."""
        return message_key(self.stream)


def encode_moment(moment: datetime) -> str:
    """UTC with microseconds and a Z, as it stands in every body."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def encode_body(position: int, moment: str, event: NewEvent, stream: str, version: int, context: Context) -> bytes:
    """The bytes that are hashed and stored."""
    return _encoder.encode(
        Body(
            position,
            moment,
            str(event.id),
            stream,
            version,
            event.type,
            event.schema,
            context.actor,
            context.correlation,
            context.causation,
            msgspec.Raw(event.data),
        )
    )


def decode_body(body: bytes) -> Record:
    """A record from its body alone; raises Corrupt when the bytes are no body."""
    try:
        parts = _decoder.decode(body)
        return Record(
            parts.position,
            UUID(parts.id),
            parts.stream,
            parts.version,
            parts.type,
            parts.schema,
            datetime.fromisoformat(parts.recorded_at),
            parts.actor,
            parts.correlation,
            parts.causation,
            body,
        )
    except (msgspec.DecodeError, ValueError) as error:
        raise Corrupt(f"not an event body: {error}") from error


def record_from_row(row: Mapping[str, Any] | Sequence[Any]) -> Record:
    """A record from a row of the columns in `RECORD_COLUMNS`, in that order."""
    return Record(*row)


RECORD_COLUMNS = (
    "position, event_id, stream, version, type, schema_version, recorded_at, actor, correlation, causation, body"
)
