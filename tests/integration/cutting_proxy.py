"""A way to the database that can be cut at the worst moment: after COMMIT has gone in, before its answer comes out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit


@dataclass
class CuttingProxy:
    """Passes bytes on. Armed, it withholds the answer to the next COMMIT and cuts the connection instead."""

    host: str
    port: int
    armed: bool = False
    cuts: int = 0
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        server, ask = await asyncio.open_connection(self.host, self.port)
        self._writers += [answer, ask]
        doomed = asyncio.Event()
        up = asyncio.create_task(self._upwards(client, ask, doomed))
        try:
            while data := await server.read(65536):
                if doomed.is_set():
                    self.cuts += 1
                    break
                answer.write(data)
                await answer.drain()
        except ConnectionError:
            pass
        finally:
            up.cancel()
            ask.close()
            answer.close()

    async def _upwards(self, client: asyncio.StreamReader, ask: asyncio.StreamWriter, doomed: asyncio.Event) -> None:
        while data := await client.read(65536):
            if self.armed and b"COMMIT" in data:
                self.armed = False
                doomed.set()
            ask.write(data)
            await ask.drain()
        ask.close()

    def close(self) -> None:
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def cutting_proxy(dsn: str) -> AsyncIterator[tuple[CuttingProxy, str]]:
    """The proxy, and the address to use instead of `dsn`."""
    parts = urlsplit(dsn)
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = CuttingProxy(parts.hostname, parts.port)
    listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    credentials = parts.netloc.rpartition("@")[0]
    try:
        yield proxy, urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{port}"))
    finally:
        listener.close()
        proxy.close()
