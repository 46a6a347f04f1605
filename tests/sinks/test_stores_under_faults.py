"""The two stores at scale while their nodes are killed, stopped, emptied and started again, as a seed draws it, and the sink is killed as
well: at the end they hold what was published, no more and no less."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from opensearchpy.exceptions import OpenSearchException

from mainstem.model import Entry
from sinks.runner import STORES, Name, Where
from sinks.search.cluster import client
from sinks.sink import Sink
from tests.sinks.made import entry
from tests.sinks.opensearch import OpenSearch, pair
from tests.sinks.redises import Cluster
from tests.sinks.searching import cluster
from tests.sinks.sinking import Log, process, until

SEED, FAULTS = 11, 12
_PATIENCE = 240.0
Faults = dict[str, Callable[[random.Random], object]]
"""What is done, by name; each returns once what it hit is there again."""


@pytest.fixture
def log(kafka: str, registry: str) -> Log:
    return Log(kafka, registry)


@contextmanager
def redis_nodes(_: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Faults]]:
    """Three masters, each with a replica; all of it in memory, so that who is killed comes back empty."""
    with tempfile.TemporaryDirectory(prefix="mainstem-redis-") as directory:
        made = Cluster(Path(directory), 3, 3)

        def kill(chance: random.Random) -> None:
            port = chance.choice(made.ports)
            made.kill(port)
            time.sleep(chance.uniform(0, 8))  # a replica takes over after five seconds
            made.restart(port)

        def pause(chance: random.Random) -> None:
            made.pause(chance.choice(made.ports), chance.uniform(1, 9))
            made.until_whole()

        def empty(chance: random.Random) -> None:
            made.node(chance.choice(made.masters())).flushall()

        try:
            yield made.url, {"kill": kill, "pause": pause, "empty": empty}
        finally:
            made.close()


@contextmanager
def opensearch_nodes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Faults]]:
    """Two nodes, with two shards and a replica of each."""
    parts: Path = request.getfixturevalue("opensearch_parts")
    with pair(parts) as (leading, other), cluster(leading.url) as settings:
        for name, value in (("URL", leading.url), ("INDEX", settings.search_index), ("SHARDS", "2"), ("REPLICAS", "1")):
            monkeypatch.setenv(f"MAINSTEM_SEARCH_{name}", value)
        yield "", opensearch_faults(leading, other, client.connect(settings), f"{settings.search_index}*")


def opensearch_faults(leading: OpenSearch, other: OpenSearch, admin: client.OpenSearch, indices: str) -> Faults:
    # A shard whose node is away is else waited for a minute.
    admin.indices.put_index_template(name="soon", body={"index_patterns": [indices], "template": {"settings": {
        "index.unassigned.node_left.delayed_timeout": "1s"}}})

    def whole() -> bool:
        """Whether the index is there, and each shard of it twice."""
        try:
            return bool(admin.indices.get_alias(index=indices)) and admin.cluster.health()["status"] == "green"
        except OpenSearchException:
            return False

    def kill(chance: random.Random) -> None:
        node = chance.choice((leading, other))
        node.kill()
        node.start()

    def lose(_: random.Random) -> None:
        """Only where each shard has a copy elsewhere."""
        until(whole, _PATIENCE)
        other.lose()
        other.start()

    def pause(chance: random.Random) -> None:
        chance.choice((leading, other)).pause(chance.uniform(1, 9))

    def closed(chance: random.Random) -> None:
        """As where a disk is full."""
        until(whole, _PATIENCE)
        admin.indices.put_settings(index=indices, body={"index.blocks.read_only_allow_delete": True})
        time.sleep(chance.uniform(1, 4))
        admin.indices.put_settings(index=indices, body={"index.blocks.read_only_allow_delete": None})

    def gone(_: random.Random) -> None:
        until(whole, _PATIENCE)
        admin.indices.delete(index=indices)

    return {"kill": kill, "lose": lose, "pause": pause, "closed": closed, "gone": gone}


class Publishing:
    """Entries in versions that rise, some withdrawn, until it is ended; and as long entries of others that are said once: what is lost of
    these no later version makes good."""

    def __init__(self, log: Log) -> None:
        self._log, self._ended = log, threading.Event()
        self.latest: dict[tuple[str, str], Entry] = {}
        self.count = 0
        self._thread = threading.Thread(target=self._publish)
        self._thread.start()

    def end(self) -> dict[tuple[str, str], int]:
        """(Person, fact) -> version of all that is current."""
        self._ended.set()
        self._thread.join(30)
        return {key: one.version for key, one in self.latest.items() if one.status == "current"}

    def _publish(self) -> None:
        for turn in count(1):
            made = [entry(f"{n % 50:032x}", f"f{n}", turn, status="withdrawn" if (n + turn) % 7 == 0 else "current")
                    for n in range(turn % 10, 400, 10)]
            made += [entry(f"{n:032x}", f"once {turn}", 1) for n in range(50, 60)]
            self._log.write(*made)
            self.latest |= {(one.person, one.fact): one for one in made}
            self.count += len(made)
            if self._ended.wait(0.2):
                return


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("name", "nodes"), [("cache", redis_nodes), ("search", opensearch_nodes)])
def test_whatever_its_nodes_and_its_sink_suffer_it_holds_what_was_published(
        log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, name: str,
        nodes: Callable[..., contextmanager[tuple[str, Faults]]]) -> None:
    chance = random.Random(SEED)
    with nodes(request, monkeypatch) as (redis, faults):
        working = [process(name, log, tmp_path, redis)]

        def killed(_: random.Random) -> None:
            working[0].kill()
            working[0].wait()
            working[0] = process(name, log, tmp_path, redis)

        faults["sink"] = killed
        publishing = Publishing(log)
        try:
            drawn = [kind for _ in range(FAULTS // len(faults) + 1) for kind in chance.sample(sorted(faults), len(faults))]
            for kind in drawn[:FAULTS]:
                time.sleep(chance.uniform(0, 4))
                began = time.monotonic()
                faults[kind](chance)
                print(f"{kind}: {time.monotonic() - began:.1f} s")
        finally:
            wanted = publishing.end()
            working[0].kill()
            working[0].wait()
        store, _ = STORES[Name(name)](Where(tmp_path, redis))
        sink, stop = Sink(store, log.kafka, log.registry, "after", log.inputs), threading.Event()
        thread = threading.Thread(target=sink.run, args=(stop,))
        thread.start()
        try:
            until(lambda: sum(sink.pulse.beat(0).positions.values()) == publishing.count, _PATIENCE)
            assert {(one.person, one.fact): one.version for one in store.contents()} == wanted
        finally:
            stop.set()
            thread.join(30)
