"""Search stores to test on, in a directory or in a cluster, each empty."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from sinks.contract import Store
from sinks.search import SearchReader, SearchStore
from sinks.search.cluster import ClusterStore, client, index
from sinks.settings import SinkSettings

SEARCH = ["search", pytest.param("cluster", marks=pytest.mark.stack)]


@contextmanager
def cluster(url: str) -> Iterator[SinkSettings]:
    """Settings of a store of one's own in a cluster; it is removed afterwards."""
    settings = SinkSettings(search_url=SecretStr(url), search_index=f"mainstem-test-{uuid.uuid4().hex[:8]}", search_shards=2,
                            search_replicas=0)
    yield settings
    admin = client.connect(settings)
    for name in admin.indices.get_alias(index=f"{index.alias(settings)}.*"):
        admin.indices.delete(index=name)
    admin.close()


@dataclass(frozen=True)
class Searching:
    """A search store, for who writes to it and who reads it."""

    home: Path
    settings: SinkSettings

    def store(self) -> Store:
        return SearchStore(self.home) if self.settings.search_url is None else ClusterStore(self.settings)

    def reader(self) -> SearchReader:
        return SearchReader.at(self.home, self.settings)


@contextmanager
def searching(request: pytest.FixtureRequest, home: Path) -> Iterator[Searching]:
    if request.param == "cluster":
        with cluster(request.getfixturevalue("opensearch")) as settings:
            yield Searching(home, settings)
    else:
        yield Searching(home, SinkSettings(search_url=None))
