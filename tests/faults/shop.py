"""Two services that know no grants and react to one another, written as real services are.

`counter` takes orders (stream `order/<key>`). `store` packs each (`parcel/<key>`), once the campaign that the
order names is known to it (`campaign/<name>`, from an event under another key: it may come later). `counter`
confirms each parcel (`confirmation/<key>`). So of every order there must be one parcel and one confirmation,
in the order of the orders.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

import msgspec

from schemas.refusals import invalid
from services.ledger import Context, Ledger, NewEvent, NotYet, Record, StreamWrite
from services.web.handling import Answer, Plan, handle
from services.web.idempotency import IdempotencyKey

COUNTER, STORE = "counter", "store"
SERVICES = (COUNTER, STORE)
PLACED, OPENED, RENAMED = "order.placed", "campaign.opened", "order.renamed"
PACKED, COPIED, PERMITTED = "parcel.packed", "campaign.noted", "damage.permitted"
CONFIRMED = "order.confirmed"

Reaction = Callable[[Record], Awaitable[Sequence[StreamWrite]]]


@dataclass(frozen=True, slots=True)
class Order:
    """What a client asks for; `id` is the idempotency key, and `quantity` must be positive."""

    id: str
    key: str
    campaign: str
    quantity: int = 1
    damaged: bool = False


class DamagedGoods(Exception):
    """The store cannot pack this until somebody permits it."""


def known(type_: str, schema: int) -> bool:
    """What this release can read: RENAMED is not among it."""
    return schema == 1 and type_ in {PLACED, OPENED, PACKED, COPIED, PERMITTED, CONFIRMED}


class Shop:
    """Commands and reactions of both services, on the ledger of one."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def place(self, order: Order) -> Answer:
        """Places an order once for its id; raises Refused for a quantity that is not positive."""

        async def decide() -> Plan:
            if order.quantity < 1:
                raise invalid(
                    "quantity-not-positive", f"a quantity of {order.quantity} cannot be ordered: use 1 or more"
                )
            write = await self._next(f"order/{order.key}", PLACED, {**asdict(order)})
            return Plan((write,), {"order": order.id, "number": write.expected + 1})

        key = IdempotencyKey(order.id, "client", sha256(msgspec.json.encode(order)).digest())
        return await handle(self._ledger, Context("client", order.id), decide, msgspec.json.encode, key)

    async def record(self, stream: str, type_: str) -> Answer:
        """Records a plain fact once: a campaign, a permit, or something that the other service cannot read."""

        async def decide() -> Plan:
            return Plan((await self._next(stream, type_, {}),))

        key = IdempotencyKey(f"{stream} {type_}", "client", b"")
        return await handle(self._ledger, Context("client", stream), decide, msgspec.json.encode, key)

    async def pack(self, record: Record) -> Sequence[StreamWrite]:
        data: dict[str, Any] = record.data
        campaign = f"campaign/{data['campaign']}"
        if not await self._ledger.stream(campaign):
            raise NotYet(campaign, 0, "the campaign of the order")
        if data["damaged"] and not await self._ledger.stream(f"permit/{record.key}"):
            raise DamagedGoods(f"order {data['id']} is damaged: permit it first")
        return (await self._next(f"parcel/{record.key}", PACKED, {"order": data["id"]}),)

    async def note_campaign(self, record: Record) -> Sequence[StreamWrite]:
        return (await self._next(f"campaign/{record.key}", COPIED, {}),)

    async def confirm(self, record: Record) -> Sequence[StreamWrite]:
        return (await self._next(f"confirmation/{record.key}", CONFIRMED, {"order": record.data["order"]}),)

    def reactions(self, service: str) -> Mapping[str, Mapping[str, Reaction]]:
        """Topic → event type → reaction, of one of the two services."""
        if service == COUNTER:
            return {STORE: {PACKED: self.confirm}}
        return {COUNTER: {PLACED: self.pack, OPENED: self.note_campaign}}

    async def _next(self, stream: str, type_: str, data: Mapping[str, Any]) -> StreamWrite:
        version = len(await self._ledger.stream(stream))
        return StreamWrite(stream, version, (NewEvent(type_, msgspec.json.encode(data)),))
