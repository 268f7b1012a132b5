"""Registers: lists of documents that are written in the append's transaction and can be read as of any position.

A register is a pure fold. For each event it names the keys of the documents concerned, and makes the next version of
each from the one before. Every event that changes a document makes one version, so that the result does not depend
on how
events were batched (P7), and old versions stay readable (P6).
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import msgspec

from .records import Record

Document = dict[str, Any]
Fold = Callable[[Document | None, Record, Mapping[str, Any]], Document | None]
Keys = Callable[[Record, Mapping[str, Any]], Iterable[str]]
_NAME: Final = re.compile(r"[a-z][a-z_]{0,62}", re.ASCII)
_ALPHABET: Final = str.maketrans(string.ascii_uppercase + "ÅÄÖåäö", string.ascii_lowercase + "{|}{|}")
"""Small letters, and after z what comes there in the Finnish alphabet; the same as in the SQL of a name's order."""


@dataclass(frozen=True, slots=True)
class Sort:
    """A field by which a register's pages may be ordered: text by its characters, or as `name` by the Finnish alphabet
    whatever the case, where what lacks it comes last; or whole numbers, where what lacks it counts as -1. The service's
    migrations have its index, `ON register_version ((<expression>), key, from_position, (coalesce(to_position,
    9223372036854775807))) WHERE register = '<name>'`: by its last part old versions are passed over without being read.
    """

    field: str
    number: bool = False
    name: bool = False

    @property
    def expression(self) -> str:
        """What is ordered by, in SQL, as the index has it."""
        if self.number:
            return f"coalesce((document ->> '{self.field}')::bigint, -1)"
        if self.name:
            lower = f"lower((document ->> '{self.field}') COLLATE \"C\")"
            return f"(coalesce(translate({lower}, 'ÅÄÖåäö', '{{|}}{{|}}'), '~') COLLATE \"C\")"
        return f"(coalesce(document ->> '{self.field}', '~') COLLATE \"C\")"

    def of(self, document: Document) -> str | int:
        """A document's place in the order."""
        value = document.get(self.field)
        if self.number:
            return -1 if value is None else int(value)
        if value is None:
            return "~"
        return str(value).translate(_ALPHABET) if self.name else str(value)


@dataclass(frozen=True, slots=True)
class Order:
    """An order that is asked for. `until` leaves out what is beyond a value of the field, and what lacks it."""

    sort: Sort
    descending: bool = False
    until: str | int | None = None


@dataclass(frozen=True, slots=True)
class Register:
    """A named fold. `types` are the event types that it looks at; `keys` names the documents that an event concerns;
    `fold(document, record, data)` gives the next version, the same object when nothing changes, None to leave it out.

    `look_ups` are text fields by which few documents are found among many: the service's migrations have an index for
    each, `ON register_version ((document ->> '<field>'), key, from_position) WHERE register = '<name>'`, and pages that
    ask for one go by it. `sorts` are fields by which pages may be ordered, with an index each. Raises ValueError for
    names that are no plain words.
    """

    name: str
    types: frozenset[str]
    keys: Keys
    fold: Fold
    look_ups: tuple[str, ...] = ()
    sorts: tuple[Sort, ...] = ()

    def __post_init__(self) -> None:
        for word in (self.name, *self.look_ups, *(sort.field for sort in self.sorts)):
            if not _NAME.fullmatch(word):
                raise ValueError(f"{word!r} is no name for a register or a field: use a-z and _")


@dataclass(slots=True)
class _Version:
    register: str
    key: str
    from_position: int
    to_position: int | None
    document: Document


_CURRENT = """
SELECT r.register, r.key, r.from_position, r.document
FROM unnest($1::text[], $2::text[]) w (register, key)
JOIN {table} r ON r.register = w.register AND r.key = w.key AND r.to_position IS NULL
"""
_WRITE = """
WITH closed AS (
    UPDATE {table} r SET to_position = c.to_position
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) c (register, key, from_position, to_position)
    WHERE r.register = c.register AND r.key = c.key AND r.from_position = c.from_position
)
INSERT INTO {table} (register, key, from_position, to_position, document)
SELECT n.register, n.key, n.from_position, n.to_position, n.document::jsonb
FROM unnest($5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::text[])
    n (register, key, from_position, to_position, document)
"""
Touched = list[tuple[Register, str, Record, Mapping[str, Any]]]


class Registers:
    """All registers of one ledger."""

    def __init__(self, registers: Sequence[Register] = ()) -> None:
        self.names = frozenset(register.name for register in registers)
        self._look_ups = {register.name: register.look_ups for register in registers}
        self._sorts = {register.name: {sort.field: sort for sort in register.sorts} for register in registers}
        self._by_type: dict[str, list[Register]] = {}
        for register in registers:
            for event_type in sorted(register.types):
                self._by_type.setdefault(event_type, []).append(register)

    def look_up(self, register: str, where: Mapping[str, Any]) -> str | None:
        """The field that a question is best answered by: the first of the register's look-ups that it names by text."""
        return next((name for name in self._look_ups.get(register, ()) if isinstance(where.get(name), str)), None)

    def sort(self, register: str, field: str) -> Sort:
        """The register's order by a field. Raises KeyError."""
        return self._sorts[register][field]

    def touched(self, records: Iterable[Record]) -> Touched:
        """Which documents these records concern, in the order of the records."""
        found: Touched = []
        for record in records:
            registers = self._by_type.get(record.type)
            if registers:
                data = record.data
                found += [(each, key, record, data) for each in registers for key in each.keys(record, data)]
        return found

    async def apply(
        self, connection: asyncpg.Connection[Any], records: Sequence[Record], table: str = "register_version"
    ) -> None:
        """Writes the new versions that `records` make to `table`; two statements for the whole batch."""
        touched = self.touched(records)
        if not touched:
            return
        wanted = sorted({(register.name, key) for register, key, _, _ in touched})
        rows = await connection.fetch(
            _CURRENT.format(table=table), [name for name, _ in wanted], [key for _, key in wanted]
        )
        current: dict[tuple[str, str], _Version] = {
            (row["register"], row["key"]): _Version(
                row["register"], row["key"], row["from_position"], None, msgspec.json.decode(row["document"])
            )
            for row in rows
        }
        closed, made = _fold(touched, current)
        if made:
            await connection.execute(
                _WRITE.format(table=table),
                [each.register for each in closed],
                [each.key for each in closed],
                [each.from_position for each in closed],
                [each.to_position for each in closed],
                [each.register for each in made],
                [each.key for each in made],
                [each.from_position for each in made],
                [each.to_position for each in made],
                [msgspec.json.encode(each.document).decode() for each in made],
            )


def _fold(touched: Touched, current: dict[tuple[str, str], _Version]) -> tuple[list[_Version], list[_Version]]:
    closed: list[_Version] = []
    made: list[_Version] = []
    stored = {id(version) for version in current.values()}
    for register, key, record, data in touched:
        before = current.get((register.name, key))
        if before is not None and before.from_position == record.position:
            document = register.fold(before.document, record, data)
            before.document = before.document if document is None else document
            continue
        document = register.fold(None if before is None else before.document, record, data)
        if document is None or (before is not None and document is before.document):
            continue
        if before is not None:
            before.to_position = record.position
            if id(before) in stored:
                closed.append(before)
        after = _Version(register.name, key, record.position, None, document)
        current[register.name, key] = after
        made.append(after)
    return closed, made


_AS_OF = """
SELECT key, from_position, document FROM register_version
WHERE register = $1 AND key > $2 AND from_position <= $3 AND (to_position IS NULL OR to_position > $3)
  AND document @> $4::jsonb
ORDER BY key LIMIT $5
"""
_AS_OF_LOOKED_UP = """
SELECT key, from_position, document FROM register_version
WHERE register = $1 AND register = '{register}' AND document ->> '{field}' = $6
  AND key > $2 AND from_position <= $3 AND (to_position IS NULL OR to_position > $3) AND document @> $4::jsonb
ORDER BY document ->> '{field}', key LIMIT $5
"""
"""Register and field are literals, so that a plan for any parameters may use the partial index of the look-up."""
_ONE_AS_OF = """
SELECT key, from_position, document FROM register_version
WHERE register = $1 AND key = $2 AND from_position <= $3 AND (to_position IS NULL OR to_position > $3)
"""


_SORTED = """
SELECT key, from_position, document FROM register_version
WHERE register = $1 AND register = '{register}' AND from_position <= $2
  AND coalesce(to_position, 9223372036854775807) > $2 {conditions}
ORDER BY {value} {direction}, key {direction} LIMIT $3
"""
"""Register and value are literals, so that the partial index of the sort is used, or of a look-up among the conditions
where few documents fulfil it.
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One document of a register: `since` is the position of the event that made this version."""

    key: str
    since: int
    document: Document


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(row["key"], row["from_position"], msgspec.json.decode(row["document"]))


async def read_page(
    connection: asyncpg.Connection[Any] | asyncpg.Pool[Any],
    register: str,
    position: int,
    *,
    after: str = "",
    where: Document | None = None,
    limit: int = 100,
    look_up: str | None = None,
) -> list[Entry]:
    """Documents as of `position` in the order of their keys, those after key `after`, that contain `where`; by the
    index of `look_up`, one of the fields of `where`, when it is given.
    """
    contained = msgspec.json.encode(where or {}).decode()
    if look_up is None or where is None:
        rows = await connection.fetch(_AS_OF, register, after, position, contained, limit)
    else:
        # Both words were checked when the register was made.
        sql = _AS_OF_LOOKED_UP.format(register=register, field=look_up)
        rows = await connection.fetch(sql, register, after, position, contained, limit, where[look_up])
    return [_entry(row) for row in rows]


async def read_sorted_page(
    pool: asyncpg.Pool[Any],
    register: str,
    position: int,
    order: Order,
    *,
    after: tuple[str | int, str] | None = None,
    where: Document | None = None,
    limit: int = 100,
) -> list[Entry]:
    """Documents as of `position` in an order, those after the one with this place and key, that contain `where`; where
    None is wanted, those that lack the field. Raises ValueError for fields that are no plain words.
    """
    parameters: list[Any] = [register, position, limit]
    value, kind = order.sort.expression, "bigint" if order.sort.number else "text"
    conditions = ""
    for field, wanted in (where or {}).items():
        conditions += f" AND {_condition(field, wanted, parameters)}"
    if after is not None:
        sign = "<" if order.descending else ">"
        conditions += f" AND ({value}, key) {sign} (${len(parameters) + 1}::{kind}, ${len(parameters) + 2}::text)"
        parameters += after
    if order.until is not None:
        lacking = "> -1" if order.sort.number else "< '~'"
        conditions += f" AND {value} <= ${len(parameters) + 1}::{kind} AND {value} {lacking}"
        parameters.append(order.until)
    # The words were checked when the register was made.
    direction = "DESC" if order.descending else "ASC"
    sql = _SORTED.format(register=register, value=value, conditions=conditions, direction=direction)
    async with pool.acquire() as connection:
        # Planned anew each time: how rare the wanted values are says which index is best.
        statement = await connection.prepare(sql)
        return [_entry(row) for row in await statement.fetch(*parameters)]


def _condition(field: str, wanted: Any, parameters: list[Any]) -> str:
    """A condition in SQL, with its value among the parameters: texts as such, so that the database knows how many
    documents have them.
    """
    if not _NAME.fullmatch(field):
        raise ValueError(f"{field!r} is no name for a field: use a-z and _")
    if wanted is None:
        return f"document ->> '{field}' IS NULL"
    parameters.append(wanted if isinstance(wanted, str) else msgspec.json.encode({field: wanted}).decode())
    number = len(parameters)
    return f"document ->> '{field}' = ${number}" if isinstance(wanted, str) else f"document @> ${number}::jsonb"


async def read_one(
    connection: asyncpg.Connection[Any] | asyncpg.Pool[Any], register: str, key: str, position: int
) -> Entry | None:
    """One document as of `position`, or None."""
    row = await connection.fetchrow(_ONE_AS_OF, register, key, position)
    return None if row is None else _entry(row)
