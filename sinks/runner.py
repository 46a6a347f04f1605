"""`python -m sinks.runner --store search|analytics|cache ...`: one sink process, in the foreground, until SIGTERM."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from mainstem import collector, observe
from mainstem.settings import Settings
from sinks.contract import Store
from sinks.errors import StoreUnavailableError
from sinks.settings import SinkSettings
from sinks.sink import Sink

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Where:
    """What stores are made from."""

    home: Path
    redis: str


class Name(StrEnum):
    SEARCH = "search"
    ANALYTICS = "analytics"
    CACHE = "cache"


Serving = AbstractContextManager[object]
"""What runs beside the sink while it works."""


def _search(where: Where) -> tuple[Store, Serving]:
    settings = SinkSettings()
    if settings.search_url is not None:
        from sinks.search.cluster import ClusterStore

        return ClusterStore(settings), nullcontext()
    from sinks.search import SearchStore

    return SearchStore(where.home), nullcontext()


def _analytics(where: Where) -> tuple[Store, Serving]:
    from sinks.analytics import AnalyticsStore, serving

    settings, of_sinks = Settings(), SinkSettings()
    url = of_sinks.analytics_url.get_secret_value() if of_sinks.analytics_url else None
    store = AnalyticsStore(where.home, settings.person_key.get_secret_value().encode(), url,
                           checked_only=of_sinks.opt_out_checked_only)
    return store, serving(store, where.home, settings.query_port, of_sinks)


def _cache(where: Where) -> tuple[Store, Serving]:
    from sinks.cache import cache_store

    return cache_store(where.redis), nullcontext()


STORES: dict[Name, Callable[[Where], tuple[Store, Serving]]] = {Name.SEARCH: _search, Name.ANALYTICS: _analytics, Name.CACHE: _cache}
"""The registry of stores: a new one is a module and a line here, and one in `sinks.contents`."""


def main(
    store: Annotated[Name, typer.Option(help="Which store to write to")],
    kafka: Annotated[str, typer.Option(help="Kafka, HOST:PORT")],
    registry: Annotated[str, typer.Option(help="Schema registry, URL of its Confluent API")],
    home: Annotated[Path, typer.Option(help="Where stores are kept")],
    redis: Annotated[str, typer.Option(envvar="MAINSTEM_REDIS_URL", help="Live cache: redis://HOST:PORT/0, or "
                                       "redis+cluster://HOST:PORT,HOST:PORT (some nodes of a Redis Cluster)")] = "redis://127.0.0.1:6379/0",
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Empty the store and build it anew from the topics")] = False,
) -> None:
    """Write what is published to one store, and say so once a second.

    Instead of what lies in the home, the search store is the OpenSearch cluster that MAINSTEM_SEARCH_URL names, and the analytics store
    the ClickHouse server that MAINSTEM_ANALYTICS_URL names.
    """
    observe.begin(f"sink-{store.value}")
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    try:
        made, beside = STORES[store](Where(home, redis))
    except StoreUnavailableError as fault:  # what is away is waited for by the sink: this is an address that is none
        log.error("%s", fault)
        raise typer.Exit(os.EX_CONFIG) from None
    with beside:
        collector.settle()
        Sink(made, kafka, registry, f"{socket.gethostname()}-{os.getpid()}").run(stop, rebuild=rebuild)


if __name__ == "__main__":
    typer.run(main)
