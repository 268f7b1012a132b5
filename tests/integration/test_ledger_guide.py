"""The example in docs/ledger.md runs as it stands there."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import services.ledger
from services.ledger import Register
from tests.infrastructure.databases import FreshDatabase

GUIDE = Path(__file__).parents[2] / "docs" / "ledger.md"


async def test_the_example_of_the_guide_runs(database: FreshDatabase) -> None:
    service = await database.service("guide")
    [source] = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {name: getattr(services.ledger, name) for name in services.ledger.__all__}
    names |= {"datetime": datetime, "UTC": UTC}
    names["orders"] = Register(
        "orders",
        frozenset({"order.placed"}),
        lambda record, _data: [record.key],
        lambda _before, _record, data: dict(data),
    )
    exec(compile(source, str(GUIDE), "exec"), names)  # noqa: S102 - the guide's own example is what is tested
    example: Callable[[str, str, str], Awaitable[list[int]]] = names["example"]
    assert await example(service.owner_dsn, service.service_dsn, service.schema) == [1]
