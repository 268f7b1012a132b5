"""Sends many different requests, each once or twice, over kept connections: a process of its own.

    python -m tests.bench.rush_load < order.json

The order: {"port", "path", "connections", "headers", "bodies", "twice_each"}; every `twice_each`-th request is sent
twice under its idempotency key, as a client does whose answer got lost. The answer on standard output: a list of
[number, sent, answered, status, body], the times in seconds since 1970. On standard error a line now and then: how many
were answered so far.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any, cast

import uvloop

Told = tuple[int, float, float, int, str]
EVERY = 20


class Sender(asyncio.Protocol):
    """Takes the next request from the common queue as soon as its last one was answered."""

    def __init__(self, requests: Iterator[tuple[int, bytes]], told: list[Told], done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._told = told
        self._done = done
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None
        self._at = (0, 0.0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(error or ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found or len(body) < _content_length(head):
            return
        self._buffer = b""
        number, sent = self._at
        self._told.append((number, sent, time.time(), int(head[9:12]), body.decode()))
        if len(self._told) % EVERY == 0:
            print(len(self._told), file=sys.stderr, flush=True)
        self._next()

    def _next(self) -> None:
        assert self._transport is not None
        request = next(self._requests, None)
        if request is None:
            if not self._done.done():
                self._done.set_result(None)
            self._transport.close()
            return
        self._at = (request[0], time.time())
        self._transport.write(request[1])


def _content_length(head: bytes) -> int:
    at = head.lower().index(b"content-length:") + len(b"content-length:")
    return int(head[at:].split(b"\r\n", 1)[0])


def requests(order: Mapping[str, Any]) -> Iterator[tuple[int, bytes]]:
    """The requests as they go over the wire, with their numbers."""
    for number, content in enumerate(order["bodies"]):
        body = json.dumps(content).encode()
        headers = {
            "Host": f"127.0.0.1:{order['port']}",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Idempotency-Key": f"rush-{number}",
            **order["headers"],
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = f"POST {order['path']} HTTP/1.1\r\n{head}\r\n".encode() + body
        yield number, request
        if number % order["twice_each"] == 0:
            yield number, request


async def load(order: Mapping[str, Any]) -> list[Told]:
    """Runs the order."""
    loop = asyncio.get_running_loop()
    queue = requests(order)
    told: list[Told] = []
    ends: list[asyncio.Future[None]] = [loop.create_future() for _ in range(order["connections"])]
    for end in ends:
        await loop.create_connection(lambda end=end: Sender(queue, told, end), "127.0.0.1", order["port"])  # type: ignore[misc]
    await asyncio.gather(*ends)
    return told


if __name__ == "__main__":
    print(json.dumps(uvloop.run(load(json.load(sys.stdin)))))
