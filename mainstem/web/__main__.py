"""The web process: `python -m mainstem.web --kafka ... --registry ... --redis ... --home ... --port ...`, on loopback."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from mainstem import observe
from mainstem.web.app import build
from mainstem.web.health import Watch
from mainstem.web.live import live
from mainstem.web.settings import WebSettings


def main(
    kafka: Annotated[str, typer.Option(help="Bootstrap server.")],
    registry: Annotated[str, typer.Option(help="Schema registry (Confluent API).")],
    redis: Annotated[str, typer.Option(envvar="MAINSTEM_REDIS_URL", help="Live cache: redis://HOST:PORT/0, or "
                                       "redis+cluster://HOST:PORT,HOST:PORT (some nodes of a Redis Cluster).")],
    home: Annotated[Path, typer.Option(help="Where the search store lies.")],
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 8460,
    connect: Annotated[str | None, typer.Option(help="Kafka Connect, whose connectors /healthz then tells of.")] = None,
) -> None:
    """Serve the pages until SIGTERM."""
    observe.begin("web")
    # The server gives the signal on once it has closed; by default that would end the process there, with its address left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    settings = WebSettings()
    with live(kafka, registry, redis, home, settings, connect) as sources, Watch(sources):
        uvicorn.run(
            build(sources, settings),
            host="127.0.0.1",
            port=port,
            log_config=None,
            access_log=False,  # it would hold addresses; the guard logs pages by name instead
            ws="none",  # nor may a refused WebSocket be logged with its address
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )


if __name__ == "__main__":
    typer.run(main)
