"""Stores to test on: each empty, in a directory or server of its own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from sinks.analytics import AnalyticsStore
from sinks.cache import CacheStore
from sinks.contract import Store
from sinks.search import SearchStore


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


@pytest.fixture(params=["search", "analytics", "cache"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store
    if request.param == "search":
        made = SearchStore(tmp_path)
    elif request.param == "analytics":
        made = AnalyticsStore(tmp_path, b"test")
    else:
        url = request.getfixturevalue("own_redis")
        Redis.from_url(url).flushall()
        made = CacheStore(url)
    made.open()
    yield made
    made.close()
