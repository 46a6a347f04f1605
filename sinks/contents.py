"""What each store of a home holds, for verify: read from outside the sink processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from sinks.cache import CacheReader
from sinks.contract import Held
from sinks.search import SearchReader

Contents = Callable[[], Iterator[Held]]


def contents_of(home: Path, redis: str) -> Mapping[str, Contents]:
    """Store -> its current entries. Each raises NotBuiltError or StoreUnavailableError when called where the store cannot be read."""
    return {
        "search": lambda: SearchReader.at(home).contents(),
        "cache": lambda: CacheReader(redis).contents(),
    }
