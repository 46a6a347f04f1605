"""What each store of a home holds, for verify: read from outside the sink processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from mainstem.settings import Settings
from sinks.analytics import QueryClient
from sinks.cache import CacheReader
from sinks.contract import Held
from sinks.search import SearchReader

Contents = Callable[[], Iterator[Held]]


def contents_of(home: Path, redis: str) -> Mapping[str, Contents]:
    """Store -> its current entries. Each raises NotBuiltError, StoreUnavailableError or NotServedError when called where the store
    cannot be read (analytics is read through its sink, which holds the directory)."""
    key = Settings().person_key.get_secret_value().encode()
    return {
        "search": lambda: SearchReader.at(home).contents(),
        "analytics": lambda: QueryClient(home).contents(key),
        "cache": lambda: CacheReader(redis).contents(),
    }
