from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event, to_binary_event
from cloudevents.core.v1.event import CloudEvent

from schemas.envelope import EnvelopeInvalid, Header, from_message, to_message

MOMENT = "2026-01-15T06:00:00.000000Z"
EVENT: dict[str, Any] = {
    "position": 17,
    "recorded_at": MOMENT,
    "id": "0199c1de-0000-7000-8000-000000000001",
    "stream": "letter/person-1/first",
    "version": 3,
    "type": "letter.sent",
    "schema": 2,
    "actor": "person:Päivi",
    "correlation": "affair-1",
    "causation": "0199c1de-0000-7000-8000-000000000000",
    "data": {"text": "hyvää päivää"},
}


def message(*, traceparent: str | None = None, **changes: Any) -> tuple[bytes, bytes, list[Header]]:
    event = {**EVENT, **changes}
    return to_message(
        service="letters",
        id=event["id"],
        type=event["type"],
        schema=event["schema"],
        stream=event["stream"],
        version=event["version"],
        position=event["position"],
        time=event["recorded_at"],
        actor=event["actor"],
        correlation=event["correlation"],
        causation=event["causation"],
        body=msgspec.json.encode(event),
        traceparent=traceparent,
    )


def test_the_cloudevents_library_reads_our_messages() -> None:
    key, value, headers = message(traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")

    event = from_binary_event(KafkaMessage(headers=dict(headers), key=key, value=value))

    assert event.get_attributes() == {
        "specversion": "1.0",
        "id": EVENT["id"],
        "source": "urn:grant-ledger:letters",
        "type": "letter.sent",
        "subject": "letter/person-1/first",
        "time": datetime(2026, 1, 15, 6, tzinfo=UTC),
        "dataschema": "urn:grant-ledger:schema:letter.sent:v2",
        "datacontenttype": "application/json",
        "position": "17",
        "streamversion": "3",
        "actor": "person:Päivi",
        "correlation": "affair-1",
        "causation": EVENT["causation"],
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "partitionkey": "person-1",
    }
    assert event.get_data() == EVENT


def test_we_read_messages_of_the_cloudevents_library() -> None:
    attributes = {
        "id": EVENT["id"],
        "source": "urn:grant-ledger:letters",
        "type": "letter.sent",
        "subject": EVENT["stream"],
        "time": datetime(2026, 1, 15, 6, tzinfo=UTC),
        "dataschema": "urn:grant-ledger:schema:letter.sent:v2",
        "datacontenttype": "application/json",
        "position": "17",
        "streamversion": "3",
        "actor": EVENT["actor"],
        "correlation": EVENT["correlation"],
        "causation": EVENT["causation"],
        "partitionkey": "person-1",
    }
    theirs = to_binary_event(CloudEvent(attributes, EVENT))
    key = theirs.key.encode() if isinstance(theirs.key, str) else theirs.key

    envelope = from_message(theirs.headers.items(), key, theirs.value)

    assert (envelope.id, envelope.stream, envelope.position) == (EVENT["id"], EVENT["stream"], 17)
    assert (envelope.type, envelope.schema, envelope.version) == ("letter.sent", 2, 3)
    assert envelope.body == theirs.value


def test_what_was_sent_is_read_back_with_its_bytes_untouched() -> None:
    key, value, headers = message(causation=None)

    envelope = from_message(headers, key, value)

    assert envelope.body is value
    assert envelope.source == "urn:grant-ledger:letters"
    assert envelope.causation is None
    assert envelope.traceparent is None
    assert "ce_causation" not in dict(headers)
    assert (envelope.actor, envelope.correlation, envelope.time) == ("person:Päivi", "affair-1", MOMENT)


REQUIRED = [
    "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_dataschema",
    "ce_position",
    "ce_streamversion", "ce_actor", "ce_correlation", "content-type",
]  # fmt: skip


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_header_is_named(name: str) -> None:
    key, value, headers = message()

    with pytest.raises(EnvelopeInvalid, match=f"{name} is missing"):
        from_message([header for header in headers if header[0] != name], key, value)


@pytest.mark.parametrize("name", [name for name in REQUIRED if name != "ce_source"])
def test_a_header_that_contradicts_the_body_is_named(name: str) -> None:
    key, value, headers = message()

    with pytest.raises(EnvelopeInvalid, match=name):
        from_message([*headers, (name, b"18")], key, value)


@pytest.mark.parametrize("raw", [b"another", b""])
def test_a_causation_that_contradicts_the_body_is_refused(raw: bytes) -> None:
    key, value, headers = message()

    with pytest.raises(EnvelopeInvalid, match="ce_causation"):
        from_message([*headers, ("ce_causation", raw)], key, value)


@pytest.mark.parametrize("key", [None, b"", b"person-2", b"\xff"])
def test_a_key_that_is_not_the_streams_is_refused(key: bytes | None) -> None:
    _, value, headers = message()

    with pytest.raises(EnvelopeInvalid, match="message key"):
        from_message(headers, key, value)


@pytest.mark.parametrize("value", [None, b"", b"[]", b"{}", b"\xff", b'{"position":"1"}', b'{"position":1}'])
def test_a_value_that_is_no_body_is_refused(value: bytes | None) -> None:
    key, _, headers = message()

    with pytest.raises(EnvelopeInvalid, match="no event body"):
        from_message(headers, key, value)


def test_a_header_that_is_not_utf_8_is_named() -> None:
    key, value, headers = message()

    with pytest.raises(EnvelopeInvalid, match="ce_actor is not UTF-8"):
        from_message([*headers, ("ce_actor", b"\xff")], key, value)


@pytest.mark.parametrize("stream", ["letter", "/person-1", "letter/", ""])
def test_a_stream_without_a_key_is_refused(stream: str) -> None:
    key, _, headers = message()
    value = msgspec.json.encode({**EVENT, "stream": stream})

    with pytest.raises(EnvelopeInvalid, match="category/key"):
        from_message([*headers, ("ce_subject", stream.encode())], key, value)
