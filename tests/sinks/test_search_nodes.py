"""The search store in a cluster of two nodes, one of which dies: nothing is lost with it, or what is lost is noticed and read again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from opensearchpy import OpenSearch as Client

from sinks.contract import Batch, Place
from sinks.errors import StoreMovedError, StoreUnavailableError
from sinks.search import SearchReader
from sinks.search.cluster import ClusterEngine, ClusterStore, client, index
from sinks.search.cluster.index import Generation
from sinks.settings import SinkSettings
from tests.sinks.made import entry
from tests.sinks.opensearch import OpenSearch, pair
from tests.sinks.searching import cluster
from tests.sinks.sinking import until

AT = Place("records.entries.v1", 0)
_PATIENCE = 150.0
"""Seconds for the nodes to find each other again, on a busy machine."""
PERSONS = tuple(f"{n:032x}" for n in range(40))
"""So many that every shard has some."""


def all_at(version: int) -> Batch:
    return Batch(tuple(entry(person, "f1", version, {"agent": {"text": "Penicillin"}}) for person in PERSONS))


@pytest.fixture(scope="module")
def nodes(opensearch_parts: Path) -> Iterator[tuple[OpenSearch, OpenSearch]]:
    """The first leads the cluster; both hold data."""
    with pair(opensearch_parts) as both:
        yield both


def placed(nodes: tuple[OpenSearch, OpenSearch], replicas: int) -> Iterator[tuple[ClusterStore, SinkSettings, Client]]:
    """Forty entries in two shards, one on each node, with as many replicas."""
    with cluster(nodes[0].url) as given:
        settings = given.model_copy(update={"search_replicas": replicas})
        store, admin = ClusterStore(settings), client.connect(settings)
        store.open()
        admin.indices.put_settings(index=index.alias(settings), body={"index.unassigned.node_left.delayed_timeout": 0})  # else a minute
        store.apply(all_at(1), {AT: 1})
        until(lambda: served(admin, settings) == 2 * (1 + replicas), _PATIENCE)
        yield store, settings, admin
        store.close()
        admin.close()


@pytest.fixture
def alone(nodes: tuple[OpenSearch, OpenSearch]) -> Iterator[tuple[ClusterStore, SinkSettings, Client]]:
    yield from placed(nodes, 0)


@pytest.fixture
def copied(nodes: tuple[OpenSearch, OpenSearch]) -> Iterator[tuple[ClusterStore, SinkSettings, Client]]:
    yield from placed(nodes, 1)


def served(admin: Client, settings: SinkSettings) -> int:
    """Copies of shards that are there."""
    return int(admin.cluster.health(index=index.alias(settings))["active_shards"])


def keep_the_positions(nodes: tuple[OpenSearch, OpenSearch], settings: SinkSettings, admin: Client) -> None:
    """On the first node; the other shard on the second: so that where it is lost nothing else tells of it."""
    def shard(routing: str) -> tuple[int, str]:
        (found,) = admin.search_shards(index=index.alias(settings), params={"routing": routing})["shards"]
        names = {node: each["name"] for node, each in admin.nodes.info()["nodes"].items()}
        return found[0]["shard"], names[found[0]["node"]]

    positions, other = shard("positions"), next(found for found in map(shard, PERSONS) if found[0] != shard("positions")[0])
    wanted = [(*positions, nodes[0].name), (*other, nodes[1].name)]
    admin.cluster.reroute(body={"commands": [
        {"move": {"index": f"{index.alias(settings)}.1", "shard": number, "from_node": here, "to_node": there}}
        for number, here, there in wanted if here != there]})
    until(lambda: admin.cluster.health(index=index.alias(settings))["relocating_shards"] == 0 and shard("positions")[1] == nodes[0].name,
          _PATIENCE)


def persons(store: ClusterStore) -> list[str]:
    return sorted(held.person for held in store.contents())


def settled(asked: Callable[[], object]) -> None:
    """Once it is answered."""
    def answered() -> bool:
        try:
            asked()
        except StoreUnavailableError:
            return False
        return True

    until(answered, _PATIENCE)


def test_with_a_node_and_its_disk_nothing_is_lost_that_has_a_copy(nodes: tuple[OpenSearch, OpenSearch],
                                                                  copied: tuple[ClusterStore, SinkSettings, Client]) -> None:
    store, settings, admin = copied
    nodes[1].lose()
    settled(lambda: store.apply(all_at(2), {AT: 2}))
    assert persons(store) == list(PERSONS)
    assert {held.version for held in store.contents()} == {2}
    assert store.open() == {AT: 2}
    nodes[1].start()
    until(lambda: served(admin, settings) == 4, _PATIENCE)
    assert (persons(store), store.open()) == (list(PERSONS), {AT: 2}), "a copy that is made anew is no loss"


def test_a_part_that_no_node_has_is_told_and_when_it_comes_back_empty_it_is_read_again(
        nodes: tuple[OpenSearch, OpenSearch], alone: tuple[ClusterStore, SinkSettings, Client], caplog: pytest.LogCaptureFixture) -> None:
    store, settings, admin = alone
    reader = SearchReader(ClusterEngine.of(settings))
    assert len(reader.entries("penicillin", limit=100)) == len(PERSONS)
    keep_the_positions(nodes, settings, admin)
    assert store.open() == {AT: 1}, "a shard that was moved is the same"
    nodes[1].lose()
    until(lambda: served(admin, settings) == 1, _PATIENCE)
    for ask in (lambda: reader.entries("penicillin"), lambda: reader.people("penicillin"), lambda: list(reader.contents()),
                lambda: store.apply(Batch(), {AT: 2}), ClusterStore(settings).open):
        with pytest.raises(StoreUnavailableError):
            ask()
    (gone,) = {"0", "1"} - index.histories(admin, Generation(index.alias(settings), 1)).keys()
    admin.cluster.reroute(body={"commands": [{"allocate_empty_primary": {
        "index": f"{index.alias(settings)}.1", "shard": int(gone), "node": nodes[0].name, "accept_data_loss": True}}]})
    until(lambda: served(admin, settings) == 2, _PATIENCE)
    assert 0 < len(persons(store)) < len(PERSONS)
    with pytest.raises(StoreMovedError):
        store.apply(Batch(), {AT: 2})
    assert "lost what a shard" not in caplog.text
    assert ClusterStore(settings).open() == {}
    assert "lost what a shard" in caplog.text
    assert store.open() == {}
    store.apply(all_at(1), {AT: 1})
    assert persons(store) == list(PERSONS)
    assert store.open() == {AT: 1}
    nodes[1].start()
