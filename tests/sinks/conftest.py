"""Stores to test on: each empty, in a directory or server of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from redis import Redis
from redis.exceptions import RedisError

from deploy.stack import artefacts
from deploy.stack.errors import FetchError, MissingProgramError
from deploy.stack.layout import StackSettings
from sinks.analytics import AnalyticsStore
from sinks.cache import CacheReader, CacheStore, ClusterStore, cache_store
from sinks.contract import Store
from tests.sinks.opensearch import OpenSearch
from tests.sinks.redises import Cluster, One, emptied
from tests.sinks.searching import SEARCH, cluster, searching

Opened = TypeVar("Opened", bound=Store)


@pytest.fixture(scope="session")
def own_redis() -> Iterator[str]:
    """A Redis that tests may empty and restart: not the stack's."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    with tempfile.TemporaryDirectory(prefix="mainstem-redis-") as directory:
        socket = f"{directory}/redis.sock"
        command = ["redis-server", "--port", "0", "--unixsocket", socket, "--dir", directory, "--save", ""]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        url = f"unix://{socket}"
        try:
            _until_up(url)
            yield url
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="session")
def own_cluster() -> Iterator[Cluster]:
    """Three masters that tests may empty, kill and start again."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    with tempfile.TemporaryDirectory(prefix="mainstem-redis-") as directory:
        cluster = Cluster(Path(directory), 3)
        try:
            yield cluster
        finally:
            cluster.close()


@pytest.fixture(params=["one", "cluster"])
def place(request: pytest.FixtureRequest) -> One | Cluster:
    """Where the live cache may lie: empty."""
    found = request.getfixturevalue("own_cluster") if request.param == "cluster" else One(request.getfixturevalue("own_redis"))
    emptied(found)
    return found


@pytest.fixture
def cache(place: One | Cluster) -> Iterator[CacheStore | ClusterStore]:
    yield from _opened(cache_store(place.url))


@pytest.fixture
def reader(place: One | Cluster) -> CacheReader:
    return CacheReader(place.url)


def _until_up(url: str) -> None:
    deadline = time.monotonic() + 15
    while True:
        try:
            Redis.from_url(url).ping()
        except RedisError:
            assert time.monotonic() < deadline, "redis-server did not come up"
            time.sleep(0.02)
        else:
            return


@pytest.fixture(scope="session")
def opensearch_parts() -> Path:
    try:
        return artefacts.fetch(StackSettings().cache.absolute(), print, artefacts.OPENSEARCH)
    except (FetchError, MissingProgramError) as fault:
        pytest.skip(f"not run on OpenSearch: {fault}")


@pytest.fixture(scope="session")
def own_opensearch(opensearch_parts: Path) -> Iterator[OpenSearch]:
    """An OpenSearch that tests may kill and start again."""
    with tempfile.TemporaryDirectory(prefix="mainstem-opensearch-") as directory:
        server = OpenSearch(Path(directory), opensearch_parts)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def opensearch(request: pytest.FixtureRequest) -> str:
    """URL of an OpenSearch: of `MAINSTEM_TEST_SEARCH_URL`, else of our own. Each test has an index of its own there."""
    return os.environ.get("MAINSTEM_TEST_SEARCH_URL") or request.getfixturevalue("own_opensearch").url


@pytest.fixture
def cluster_named(opensearch: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment names a search store of the test's own in OpenSearch."""
    with cluster(opensearch) as settings:
        monkeypatch.setenv("MAINSTEM_SEARCH_URL", opensearch)
        monkeypatch.setenv("MAINSTEM_SEARCH_INDEX", settings.search_index)
        monkeypatch.setenv("MAINSTEM_SEARCH_SHARDS", str(settings.search_shards))
        monkeypatch.setenv("MAINSTEM_SEARCH_REPLICAS", str(settings.search_replicas))
        yield


@pytest.fixture(params=[*SEARCH, "analytics", "cache", "cache in a cluster"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Each is empty and open."""
    if request.param in ("search", "cluster"):
        with searching(request, tmp_path) as place:
            yield from _opened(place.store())
    elif request.param == "analytics":
        yield from _opened(AnalyticsStore(tmp_path, b"test"))
    elif request.param == "cache":
        yield from _opened(cache_store(emptied(One(request.getfixturevalue("own_redis")))))
    else:
        yield from _opened(cache_store(emptied(request.getfixturevalue("own_cluster"))))


def _opened(made: Opened) -> Iterator[Opened]:
    made.open()
    yield made
    made.close()
