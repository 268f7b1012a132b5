"""Serves an application by uvicorn until the process is told to stop."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from services.web.settings import ServiceSettings
from services.web.telemetry import configure_logging

GRACE_S: Final = 10
"""How long running requests may take to end after SIGTERM."""


def run(app: ASGIApp, settings: ServiceSettings) -> None:
    """Logs, listens on the settings' host and port, and serves. On SIGTERM or SIGINT no new request is
    taken, the running ones end (within 10 s), the application's lifespan is closed, and this returns.
    """
    configure_logging(settings.schema_name, settings.log_level)
    serve(app, settings.host, settings.port)


def serve(app: ASGIApp, host: str, port: int) -> None:
    """Serves `app` at this address, as `run` does; the process logs as it was configured before. Exits with status 3
    when the application cannot start or the address cannot be listened on: the log says why.
    """
    config = uvicorn.Config(
        app,
        host,
        port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = uvicorn.Server(config)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        # uvicorn raises the signal again after its graceful stop: by then it has been served.
        if not server.should_exit:
            raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    server.run()
    # While the interpreter ends it takes its handlers away: a second signal must not make a death of a clean exit.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
