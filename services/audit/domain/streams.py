"""The state of a stream, as far as it shows without a service's rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def merged(datas: Iterable[Any]) -> dict[str, Any]:
    """The data of a stream's events, merged at the top level in their order: of each field the latest
    value.
    """
    state: dict[str, Any] = {}
    for data in datas:
        if isinstance(data, Mapping):
            state.update(data)
    return state
