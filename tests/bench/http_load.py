"""Sends one request again and again over kept connections: a process of its own, so that it does not slow the server.

    python -m tests.bench.http_load < order.json

The order: {"port", "path", "connections", "seconds", "warm_up_seconds", "headers", "body"}; the answer on standard
output: {"answered", "seconds", "statuses", "total"}, of which `total` counts the warm-up too.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, cast

import uvloop


def request_bytes(order: Mapping[str, Any]) -> bytes:
    """The request as it goes over the wire."""
    body = json.dumps(order["body"]).encode()
    headers = {
        "Host": f"127.0.0.1:{order['port']}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **order["headers"],
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {order['path']} HTTP/1.1\r\n{head}\r\n".encode() + body


class Caller(asyncio.Protocol):
    """Sends the next request when the last was answered, on one connection."""

    def __init__(self, request: bytes, tell: Callable[[int], bool]) -> None:
        """`tell(status)` says whether to go on."""
        self._request = request
        self._tell = tell
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's own is no subclass of asyncio's.
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found or len(body) < _content_length(head):
            return
        self._buffer = b""
        assert self._transport is not None
        if self._tell(int(head[9:12])):
            self._transport.write(self._request)
        else:
            self._transport.close()


def _content_length(head: bytes) -> int:
    at = head.lower().index(b"content-length:") + len(b"content-length:")
    return int(head[at:].split(b"\r\n", 1)[0])


async def load(order: Mapping[str, Any]) -> dict[str, Any]:
    """Runs the order."""
    statuses: Counter[int] = Counter()
    going, total = True, 0

    def tell(status: int) -> bool:
        statuses[status] += 1
        nonlocal total
        total += 1
        return going

    loop = asyncio.get_running_loop()
    request = request_bytes(order)
    for _ in range(order["connections"]):
        await loop.create_connection(lambda: Caller(request, tell), "127.0.0.1", order["port"])
    await asyncio.sleep(order["warm_up_seconds"])
    statuses.clear()
    began = time.perf_counter()
    await asyncio.sleep(order["seconds"])
    took, answered = time.perf_counter() - began, dict(statuses)
    going = False
    return {"answered": sum(answered.values()), "seconds": took, "statuses": answered, "total": total}


if __name__ == "__main__":
    print(json.dumps(uvloop.run(load(json.load(sys.stdin)))))
