"""Decides, under the head's lock, which units of a batch go in, and lays out the rows that they make. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .errors import AlreadyReceived, Blocked, KeyReused, LedgerError, VersionConflict
from .records import Record, encode_body, encode_moment
from .units import Appended, Idempotency, Parking, Receipt, Unit


@dataclass(slots=True)
class Known:
    """What the database says of all that the batch touches, read under the head's lock."""

    size: int
    versions: dict[str, int]
    answered: dict[tuple[str, str], tuple[bytes, bytes]] = field(default_factory=dict)
    received: set[tuple[str, str]] = field(default_factory=set)
    queues: dict[tuple[str, str], int] = field(default_factory=dict)
    parked: set[tuple[str, str]] = field(default_factory=set)


@dataclass(slots=True)
class Batch:
    """The rows to write, and the outcome of every unit in the order of the units."""

    moment: datetime
    records: list[Record] = field(default_factory=list)
    answers: list[Idempotency] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    parkings: list[tuple[Parking, bool]] = field(default_factory=list)
    outcomes: list[Appended | LedgerError] = field(default_factory=list)

    @property
    def writes_anything(self) -> bool:
        return bool(self.records or self.answers or self.receipts or self.parkings)


def admit(units: Sequence[Unit], known: Known, moment: datetime) -> Batch:
    """One unit's refusal is that unit's outcome alone; `known` is carried on from unit to unit."""
    batch = Batch(moment)
    text = encode_moment(moment)
    for unit in units:
        try:
            replayed = _check(unit, known)
        except LedgerError as refusal:
            batch.outcomes.append(refusal)
            continue
        if replayed is not None:
            batch.outcomes.append(Appended(0, {}, replayed))
        else:
            batch.outcomes.append(_admit_one(unit, known, batch, text))
    # Only now: a later unit of the batch may have moved a stream on that an earlier one parks for.
    batch.parkings = [(parking, _is_ready(parking, known)) for parking, _ in batch.parkings]
    return batch


def _check(unit: Unit, known: Known) -> bytes | None:
    if unit.idempotency is not None:
        stored = known.answered.get((unit.idempotency.actor, unit.idempotency.key))
        if stored is not None:
            if stored[0] != unit.idempotency.fingerprint:
                raise KeyReused(f"the key {unit.idempotency.key} was used with another request")
            return stored[1]
    if unit.receipt is not None:
        _check_message(unit.receipt, known)
    if unit.parking is not None:
        _check_parking(unit.parking, known)
    for write in unit.writes:
        actual = known.versions[write.stream]
        if actual != write.expected:
            raise VersionConflict(write.stream, write.expected, actual)
    return None


def _check_message(receipt: Receipt, known: Known) -> None:
    if (receipt.source, receipt.event_id) in known.received:
        raise AlreadyReceived(f"{receipt.event_id} of {receipt.source} took effect before")
    first = known.queues.get((receipt.source, receipt.key))
    if receipt.parked is None and (receipt.source, receipt.event_id) in known.parked:
        raise AlreadyReceived(f"{receipt.event_id} of {receipt.source} is parked already")
    if first is not None and first != receipt.parked:
        raise Blocked(f"an earlier message of {receipt.key} from {receipt.source} is parked")


def _check_parking(parking: Parking, known: Known) -> None:
    identity = (parking.source, parking.event_id)
    if identity in known.received or (parking.parked is None and identity in known.parked):
        raise AlreadyReceived(f"{parking.event_id} of {parking.source} took effect or is parked already")


def _admit_one(unit: Unit, known: Known, batch: Batch, text: str) -> Appended:
    versions: dict[str, int] = {}
    for write in unit.writes:
        for event in write.events:
            version = known.versions[write.stream] + 1
            known.versions[write.stream] = versions[write.stream] = version
            known.size += 1
            context = unit.context
            body = encode_body(known.size, text, event, write.stream, version, context)
            batch.records.append(
                Record(
                    known.size, event.id, write.stream, version, event.type, event.schema, batch.moment,
                    context.actor, context.correlation, context.causation, body,
                )
            )  # fmt: skip
    if unit.idempotency is not None:
        answer = unit.idempotency
        known.answered[answer.actor, answer.key] = (answer.fingerprint, answer.response)
        batch.answers.append(answer)
    if unit.receipt is not None:
        known.received.add((unit.receipt.source, unit.receipt.event_id))
        batch.receipts.append(unit.receipt)
    if unit.parking is not None:
        _admit_parking(unit.parking, known, batch)
    return Appended(known.size if versions else 0, versions)


def _admit_parking(parking: Parking, known: Known, batch: Batch) -> None:
    known.parked.add((parking.source, parking.event_id))
    known.queues.setdefault((parking.source, parking.key), 0)
    batch.parkings.append((parking, False))


def _is_ready(parking: Parking, known: Known) -> bool:
    return parking.behind or (parking.waiting_for is not None and known.versions[parking.waiting_for] > parking.seen)


def streams_of(units: Sequence[Unit]) -> list[str]:
    """Every stream whose version the batch needs to know, each once."""
    names = {write.stream for unit in units for write in unit.writes}
    names.update(u.parking.waiting_for for u in units if u.parking is not None and u.parking.waiting_for is not None)
    return sorted(names)


def columns(records: Sequence[Record]) -> Mapping[str, list[object]]:
    """The records as one list a column, in the order of `insert_batch`."""
    return {
        "positions": [record.position for record in records],
        "ids": [record.id for record in records],
        "streams": [record.stream for record in records],
        "versions": [record.version for record in records],
        "types": [record.type for record in records],
        "schemas": [record.schema for record in records],
        "actors": [record.actor for record in records],
        "correlations": [record.correlation for record in records],
        "causations": [record.causation for record in records],
        "bodies": [record.body for record in records],
    }
