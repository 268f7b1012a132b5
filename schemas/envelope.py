"""The envelope of every event on Kafka: CloudEvents 1.0 in Kafka's binary mode.

Attributes are headers (`ce_` and the attribute's name, UTF-8), the value is the event's body as it stands in
its ledger, byte for byte, and the key is what orders the event among others. Source: CloudEvents 1.0.2 and
its Kafka protocol binding, with the extension "distributed tracing" for `traceparent`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

import msgspec

Header = tuple[str, bytes]
CONTENT_TYPE: Final = "content-type"
JSON: Final = b"application/json"


class EnvelopeInvalid(ValueError):
    """A message is no event of ours: says which header is missing or wrong, or where they differ."""


class _Body(msgspec.Struct):
    """What the body says of itself; the event's own data is left undecoded."""

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


_body_decoder = msgspec.json.Decoder(_Body)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event as it travels. `time` is UTC in ISO 8601 with a Z; `body` holds the exact bytes of the
    ledger.
    """

    id: str
    source: str
    type: str
    schema: int
    stream: str
    version: int
    position: int
    time: str
    actor: str
    correlation: str
    causation: str | None
    traceparent: str | None
    body: bytes


def message_key(stream: str) -> str:
    """The second segment of `category/key[/rest]`: the Kafka message key of the stream's events."""
    return stream.split("/", 2)[1]


def source_of(service: str) -> str:
    """The CloudEvents source of a service's events."""
    return f"urn:grant-ledger:{service}"


def dataschema_of(event_type: str, schema: int) -> str:
    """The CloudEvents dataschema of a version of an event type."""
    return f"urn:grant-ledger:schema:{event_type}:v{schema}"


@lru_cache(maxsize=64)
def _source_bytes(service: str) -> bytes:
    return source_of(service).encode()


@lru_cache(maxsize=1024)
def _dataschema_bytes(event_type: str, schema: int) -> bytes:
    return dataschema_of(event_type, schema).encode()


def to_message(  # noqa: PLR0913 - the attributes of an event, each named once
    *,
    service: str,
    id: str,
    type: str,
    schema: int,
    stream: str,
    version: int,
    position: int,
    time: str,
    actor: str,
    correlation: str,
    causation: str | None,
    body: bytes,
    traceparent: str | None = None,
) -> tuple[bytes, bytes, list[Header]]:
    """Key, value and headers of the Kafka message. The value is `body` itself; `time` as it stands in the
    body.
    """
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", id.encode()),
        ("ce_source", _source_bytes(service)),
        ("ce_type", type.encode()),
        ("ce_subject", stream.encode()),
        ("ce_time", time.encode()),
        ("ce_dataschema", _dataschema_bytes(type, schema)),
        ("ce_position", b"%d" % position),
        ("ce_streamversion", b"%d" % version),
        ("ce_actor", actor.encode()),
        ("ce_correlation", correlation.encode()),
        (CONTENT_TYPE, JSON),
    ]
    if causation is not None:
        headers.append(("ce_causation", causation.encode()))
    if traceparent is not None:
        headers.append(("ce_traceparent", traceparent.encode()))
    return message_key(stream).encode(), body, headers


def from_message(headers: Iterable[Header], key: bytes | None, value: bytes | None) -> Envelope:
    """The event in a Kafka message. Raises EnvelopeInvalid, also when headers, key and body contradict each
    other.
    """
    texts = _texts(headers)
    _expect("ce_specversion", _required(texts, "ce_specversion"), "1.0")
    _expect(CONTENT_TYPE, _required(texts, CONTENT_TYPE).partition(";")[0].strip().lower(), JSON.decode())
    body = _body(value)
    _expect("ce_id", _required(texts, "ce_id"), body.id)
    _expect("ce_type", _required(texts, "ce_type"), body.type)
    _expect("ce_subject", _required(texts, "ce_subject"), body.stream)
    _check_time(_required(texts, "ce_time"), body.recorded_at)
    _expect("ce_dataschema", _required(texts, "ce_dataschema"), dataschema_of(body.type, body.schema))
    _expect("ce_position", _required(texts, "ce_position"), str(body.position))
    _expect("ce_streamversion", _required(texts, "ce_streamversion"), str(body.version))
    _expect("ce_actor", _required(texts, "ce_actor"), body.actor)
    _expect("ce_correlation", _required(texts, "ce_correlation"), body.correlation)
    if texts.get("ce_causation") != body.causation:
        raise EnvelopeInvalid(f"ce_causation is {texts.get('ce_causation')!r}, but the body says {body.causation!r}")
    _check_key(key, body.stream)
    return Envelope(
        id=body.id,
        source=_required(texts, "ce_source"),
        type=body.type,
        schema=body.schema,
        stream=body.stream,
        version=body.version,
        position=body.position,
        time=body.recorded_at,
        actor=body.actor,
        correlation=body.correlation,
        causation=body.causation,
        traceparent=texts.get("ce_traceparent"),
        body=value or b"",
    )


def _texts(headers: Iterable[Header]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name, raw in headers:
        try:
            texts[name.lower()] = raw.decode()
        except UnicodeDecodeError as error:
            raise EnvelopeInvalid(f"header {name} is not UTF-8") from error
    return texts


def _required(texts: dict[str, str], name: str) -> str:
    text = texts.get(name)
    if not text:
        raise EnvelopeInvalid(f"header {name} is missing")
    return text


def _expect(name: str, actual: str, expected: str) -> None:
    if actual != expected:
        raise EnvelopeInvalid(f"header {name} is {actual!r}, not {expected!r}")


def _body(value: bytes | None) -> _Body:
    try:
        body = _body_decoder.decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EnvelopeInvalid(f"the value is no event body: {error}") from error
    category, _, rest = body.stream.partition("/")
    if not category or not rest:
        raise EnvelopeInvalid(f"the stream {body.stream!r} does not read category/key")
    return body


def _check_time(actual: str, expected: str) -> None:
    """The same moment, however many digits of its seconds are written."""
    try:
        same = actual == expected or datetime.fromisoformat(actual) == datetime.fromisoformat(expected)
    except (ValueError, TypeError):
        same = False
    if not same:
        raise EnvelopeInvalid(f"header ce_time is {actual!r}, not {expected!r}")


def _check_key(key: bytes | None, stream: str) -> None:
    expected = message_key(stream).encode()
    if key != expected:
        raise EnvelopeInvalid(f"the message key is {key!r}, not {expected!r}")
