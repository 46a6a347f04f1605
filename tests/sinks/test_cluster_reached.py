"""How a Redis is reached: its address, its password, its certificate; and that slots are where Redis looks for them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.chaos.proxy import Proxy
from deploy.stack.ports import free_port
from sinks.cache import CacheReader, CacheStore, ClusterStore, cache_store, layout, servers, slots
from sinks.contract import Batch
from sinks.errors import StoreMovedError, StoreUnavailableError
from tests.sinks.caching import ALL, AT, NUMBER, PERSONS, persons
from tests.sinks.certificates import Certificate
from tests.sinks.redises import Cluster, emptied


@pytest.fixture
def place(own_cluster: Cluster) -> Cluster:
    """Of `cache` and `reader`: always the cluster."""
    emptied(own_cluster)
    return own_cluster


def test_a_node_named_as_one_redis_is_refused(own_cluster: Cluster) -> None:
    with pytest.raises(StoreUnavailableError, match=r"redis\+cluster://"):
        CacheStore(f"redis://127.0.0.1:{own_cluster.ports[0]}/0").open()


def test_one_node_names_the_others(cache: ClusterStore, own_cluster: Cluster) -> None:
    cache.apply(ALL, {AT: 1})
    assert ClusterStore(f"redis+cluster://127.0.0.1:{own_cluster.ports[2]}/").open() == {AT: 1}


def test_a_cluster_with_a_password(own_cluster: Cluster) -> None:
    emptied(own_cluster)
    nodes = own_cluster.nodes()
    for node in nodes:
        node.config_set("requirepass", "s:cr@t/")
    try:
        with pytest.raises(StoreUnavailableError):
            ClusterStore(own_cluster.url).open()
        url = own_cluster.url.replace("://", "://default:s%3Acr%40t%2F@")
        assert ClusterStore(url).open() == {}
        CacheReader(url).check()
    finally:
        for node in nodes:
            node.config_set("requirepass", "")


def test_a_cluster_that_is_not_there_is_waited_for() -> None:
    url = "redis+cluster://127.0.0.1:1,127.0.0.1:2"
    for ask in (ClusterStore(url).open, CacheReader(url).check, lambda: list(CacheReader(url).contents())):
        with pytest.raises(StoreUnavailableError):
            ask()


def test_a_cluster_whose_nodes_all_have_other_addresses_is_found_by_its_url(tmp_path: Path) -> None:
    """As where all of its containers were started again: what the URL names leads to the new ones."""
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    before = Cluster(tmp_path / "before", 3)
    door = Proxy(free_port(), before.ports[0])
    door.start()
    url = f"redis+cluster://127.0.0.1:{door.listen}"
    store, reader = ClusterStore(url), CacheReader(url)
    try:
        store.open()
        store.apply(ALL, {AT: 1})
        assert persons(reader) == list(PERSONS)
        before.close()
        with pytest.raises(StoreUnavailableError):
            store.apply(ALL, {AT: 2})
        after = Cluster(tmp_path / "after", 3)
        try:
            door.target = after.ports[0]
            assert store.open() == {}
            store.apply(ALL, {AT: 1})
            with pytest.raises(StoreUnavailableError):
                reader.check()
            assert persons(reader) == list(PERSONS)
        finally:
            after.close()
    finally:
        before.close()
        door.stop()


@pytest.mark.parametrize(("url", "clustered"), [("redis://h:1/0", False), ("unix:///r.sock", False), ("redis+cluster://h", True),
                                                ("rediss+cluster://u:p@h:1", True)])
def test_urls(url: str, clustered: bool) -> None:
    assert servers.clustered(url) is clustered


def test_slots_are_those_of_redis(own_cluster: Cluster) -> None:
    node, marks = own_cluster.nodes()[0], slots.keys(layout.MARK)
    for key in (layout.record(PERSONS[1]), layout.number(NUMBER), layout.STANDING, layout.MARKS, "a{}b", "{a}{b}", "a{b", *marks[:9]):
        assert slots.of(key) == node.cluster("KEYSLOT", key)
    assert slots.of(layout.MARKS) == slots.of(layout.STANDING)
    assert [slots.of(key) for key in marks] == list(range(slots.SLOTS))


@pytest.mark.parametrize("url", ["localhost:6379", "redis://u:se#cret@host:6379/0", "redis://u:se/cret@host:6379/0",
                                 "redis://u:p@host/0?db=secret", "redis+cluster://u:p@host:secret", "redis-cluster://u:secret@host"])
def test_an_address_that_is_none_is_told_without_it(url: str) -> None:
    for ask in (lambda: cache_store(url).open(), CacheReader(url).check, lambda: CacheReader(url).record(NUMBER)):
        with pytest.raises(StoreUnavailableError, match="its address is neither") as raised:
            ask()
        assert "secret" not in str(raised.value) and "'se'" not in str(raised.value)
        assert raised.value.__suppress_context__, "nor in a trace"


@pytest.mark.parametrize(("store", "variable", "url"), [("cache", "MAINSTEM_REDIS_URL", "redis://u:se#cret@host:6379/0"),
                                                        ("search", "MAINSTEM_SEARCH_URL", "https://u:se#cret@host:9200"),
                                                        ("analytics", "MAINSTEM_ANALYTICS_URL", "http://u:se#cret@host:8123")])
def test_a_sink_that_is_given_such_an_address_says_so_and_ends(tmp_path: Path, store: str, variable: str, url: str) -> None:
    command = [sys.executable, "-m", "sinks.runner", "--store", store, "--kafka", "127.0.0.1:1", "--registry", "http://127.0.0.1:1",
               "--home", str(tmp_path)]
    done, told = (subprocess.run([*command, *more], capture_output=True, text=True, check=False, timeout=100,
                                 env={**os.environ, variable: url})
                  for more in ((), ("--help",)))
    assert (done.returncode, told.returncode) == (os.EX_CONFIG, 0)
    assert "%XX" in done.stderr
    said = done.stdout + done.stderr + told.stdout + told.stderr
    assert "cret" not in said and "'se'" not in said and "Traceback" not in said


def test_a_cluster_that_speaks_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its certificate must be vouched for; what is lost is noticed as without, and whoever speaks without is not answered."""
    made = Certificate(tmp_path)
    cluster = Cluster(tmp_path, 3, certificate=made)
    try:
        store = ClusterStore(cluster.url)
        with pytest.raises(StoreUnavailableError, match="SSLCertVerificationError"):
            store.open()
        monkeypatch.setenv("SSL_CERT_FILE", str(made.certificate))
        with pytest.raises(StoreUnavailableError):
            ClusterStore(cluster.url.replace("rediss", "redis")).open()
        assert store.open() == {}
        store.apply(ALL, {AT: 1})
        assert persons(CacheReader(cluster.url)) == list(PERSONS)
        cluster.kill(cluster.masters()[1])
        cluster.restart(cluster.ports[1])
        with pytest.raises(StoreMovedError):
            store.apply(Batch(), {AT: 2})
        assert store.open() == {}
        store.close()
    finally:
        cluster.close()
