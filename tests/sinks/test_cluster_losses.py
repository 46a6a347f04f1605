"""The live cache in a Redis Cluster: what one master loses is noticed, whenever it is lost, and read again."""

from __future__ import annotations

from itertools import count

import pytest

from sinks.cache import CacheReader, ClusterStore, layout, slots
from sinks.contract import Batch, Positions
from sinks.errors import StoreMovedError, StoreUnavailableError
from tests.sinks.caching import AFTER, ALL, AT, BEFORE, PERSONS, THIRD, Cut, cut_at, elsewhere, of, persons
from tests.sinks.made import entry, summary
from tests.sinks.redises import Cluster, emptied


@pytest.fixture
def place(own_cluster: Cluster) -> Cluster:
    """Of `cache` and `reader`: always the cluster."""
    emptied(own_cluster)
    return own_cluster


@pytest.mark.parametrize("which", range(3))
def test_one_master_emptied_is_noticed_though_the_batch_does_not_touch_it(cache: ClusterStore, reader: CacheReader, own_cluster: Cluster,
                                                                           which: int) -> None:
    cache.apply(ALL, {AT: 1})
    port = own_cluster.masters()[which]
    own_cluster.node(port).flushall()
    with pytest.raises(StoreMovedError):
        cache.apply(Batch((entry(elsewhere(own_cluster, port), "f2", 1),)), {AT: 2})
    lost = of(own_cluster, port)
    assert lost
    assert persons(reader) == [person for person in PERSONS if person not in lost], "what is still there stays readable"
    assert cache.open() == {}
    cache.apply(ALL, {AT: 1})
    assert persons(reader) == list(PERSONS)
    assert cache.open() == {AT: 1}


def test_a_master_that_is_killed_and_comes_back_empty(cache: ClusterStore, reader: CacheReader, own_cluster: Cluster) -> None:
    cache.apply(ALL, {AT: 1})
    port = own_cluster.masters()[1]
    reader.check()
    own_cluster.kill(port)
    for ask in (lambda: cache.apply(Batch(), {AT: 2}), cache.open, reader.check, lambda: reader.record(of(own_cluster, port)[0])):
        with pytest.raises(StoreUnavailableError):
            ask()
    own_cluster.restart(port)
    with pytest.raises(StoreMovedError):
        cache.apply(Batch(), {AT: 2})
    assert cache.open() == {}
    cache.apply(ALL, {AT: 1})
    assert persons(reader) == list(PERSONS)


def test_a_master_that_comes_back_older(cache: ClusterStore, reader: CacheReader, own_cluster: Cluster) -> None:
    """What it lost was written to other slots than the next batch writes to."""
    cache.apply(ALL, {AT: 1})
    port = own_cluster.masters()[2]
    mine = of(own_cluster, port)
    own_cluster.node(port).save()
    cache.apply(Batch((entry(mine[0], "f1", 2),)), {AT: 2})
    own_cluster.kill(port)
    own_cluster.restart(port)
    with pytest.raises(StoreMovedError):
        cache.apply(Batch((entry(mine[1], "f1", 2),)), {AT: 3})
    assert cache.open() == {}
    cache.apply(Batch((*ALL.entries, entry(mine[0], "f1", 2)), ALL.summaries), {AT: 2})
    assert {held.person: held.version for held in reader.contents()}[mine[0]] == 2


def test_a_slot_that_is_older_than_it_was_left_is_not_written_to(cache: ClusterStore, own_cluster: Cluster) -> None:
    """Though its master still has what was written to it last."""
    key = layout.record(PERSONS[0])
    master, mark = own_cluster.node(own_cluster.owner(key)), slots.keys(layout.MARK)[slots.of(key)]
    before = master.get(mark)
    cache.apply(Batch((entry(PERSONS[0], "f1", 1),)), {AT: 1})
    cache.apply(Batch(ALL.entries[1:]), {AT: 2})
    master.set(mark, before)
    with pytest.raises(StoreMovedError):
        cache.apply(Batch((entry(PERSONS[0], "f2", 1),)), {AT: 3})
    assert not master.hexists(key, "f2")


def test_what_was_written_last_to_a_master_is_what_is_looked_for(cache: ClusterStore, own_cluster: Cluster) -> None:
    """All but the last write is there, and the batch is for others."""
    cache.apply(ALL, {AT: 1})
    key = layout.record(PERSONS[0])
    port = own_cluster.owner(key)
    mark = slots.keys(layout.MARK)[slots.of(key)]
    before = own_cluster.node(port).get(mark)
    cache.apply(Batch((entry(PERSONS[0], "f1", 2),)), {AT: 2})
    own_cluster.node(port).set(mark, before)
    with pytest.raises(StoreMovedError):
        cache.apply(Batch((entry(elsewhere(own_cluster, port), "f2", 1),)), {AT: 3})


def test_where_the_end_was_lost_it_is_read_from_before_that(cache: ClusterStore, own_cluster: Cluster,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the places where it stood the last that stands for nothing that is lost; from the beginning where a slot has nothing left."""
    monkeypatch.setattr(ClusterStore, "remembers", 0.0)
    key = layout.record(PERSONS[0])
    master, mark = own_cluster.node(own_cluster.owner(key)), slots.keys(layout.MARK)[slots.of(key)]
    held = []
    for n in range(1, 5):
        cache.apply(Batch((entry(PERSONS[0], "f1", n),)), {AT: n})
        held.append(master.get(mark))
    master.set(mark, held[2])
    assert cache.open() == {AT: 3}, "the fourth was lost"
    assert cache.open() == {AT: 3}
    master.delete(mark)
    assert cache.open() == {}
    assert cache.open() == {}
    cache.apply(ALL, {AT: 7})
    master.set(mark, held[2])
    assert cache.open() == {}, "a mark of what was before"


def test_half_of_what_a_batch_wrote_to_a_slot_is_not_all_of_it(cache: ClusterStore, own_cluster: Cluster,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    """The set of a number and the record of who carries it lie in one slot: only the first of the two was kept."""
    monkeypatch.setattr(ClusterStore, "remembers", 0.0)
    key = layout.record(PERSONS[0])
    number = next(one for one in map("{:010}".format, count()) if slots.of(layout.number(one)) == slots.of(key))
    cache.apply(Batch((entry(PERSONS[0], "f1", 1),), (summary(PERSONS[0], 1, (number,)),)), {AT: 1})
    master, mark = own_cluster.node(own_cluster.owner(key)), slots.keys(layout.MARK)[slots.of(key)]
    whole = master.get(mark)
    assert whole is not None
    assert whole.endswith(b"2")
    master.set(mark, whole[:-1] + b"1")
    assert cache.open() == {}


def test_positions_of_before_a_rebuild_are_not_believed(cache: ClusterStore, own_cluster: Cluster) -> None:
    """The master that holds them lost that they began anew."""
    cache.apply(ALL, {AT: 1})
    home = own_cluster.node(own_cluster.owner(layout.STANDING))
    keys = (layout.STANDING, layout.MARKS, layout.EARLIER)
    before = [home.dump(key) for key in keys]
    own_cluster.node(next(port for port in own_cluster.masters() if port != own_cluster.owner(layout.STANDING))).flushall()
    assert cache.open() == {}
    for key, value in zip(keys, before, strict=True):
        home.restore(key, 0, value, replace=True)
    assert cache.open() == {}


def test_a_clearing_whose_beginning_was_lost_is_finished(cache: ClusterStore, reader: CacheReader, own_cluster: Cluster,
                                                         monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not cleared may be of a log that is no more, with versions that nothing overtakes."""
    cache.apply(ALL, {AT: 1})
    home = own_cluster.node(own_cluster.owner(layout.STANDING))
    before = home.get(layout.STANDING)
    with monkeypatch.context() as patched, pytest.raises(Cut):
        cut_at(patched, 2)
        cache.clear()
    assert before is not None
    home.set(layout.STANDING, before)
    assert cache.open() == {}
    assert persons(reader) == []


def test_it_is_noticed_by_the_next_process_as_well(cache: ClusterStore, own_cluster: Cluster) -> None:
    cache.apply(ALL, {AT: 1})
    own_cluster.node(own_cluster.masters()[0]).flushall()
    assert ClusterStore(own_cluster.url).open() == {}
    assert ClusterStore(own_cluster.url).open() == {}, "until it has been read again"


def test_a_rebuild_that_is_cut_short_begins_again(cache: ClusterStore, own_cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.apply(ALL, {AT: 1})
    own_cluster.node(own_cluster.masters()[0]).flushall()
    with monkeypatch.context() as patched, pytest.raises(Cut):
        cut_at(patched, 1)
        cache.open()
    assert ClusterStore(own_cluster.url).open() == {}


@pytest.mark.parametrize("step", range(5))
def test_a_master_lost_in_the_middle_of_a_batch(cache: ClusterStore, reader: CacheReader, own_cluster: Cluster, step: int,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed and back, empty, between two halves of a step: the positions never tell of what is gone. (A restart takes seconds: once.)"""
    cache.apply(BEFORE, {AT: 1})
    port = own_cluster.masters()[step % 3]

    def lose() -> None:
        if step == 1:
            own_cluster.kill(port)
            own_cluster.restart(port)
        else:
            own_cluster.node(port).flushall()

    with monkeypatch.context() as patched:
        cut_at(patched, step, lose)
        try:
            cache.apply(AFTER, {AT: 2})
        except (StoreMovedError, StoreUnavailableError):
            pass
        else:
            with pytest.raises(StoreMovedError):
                cache.apply(Batch(), {AT: 3})
    assert cache.open() == {}
    cache.apply(BEFORE, {AT: 1})
    cache.apply(AFTER, {AT: 2})
    assert persons(reader) == list(PERSONS[1:])
    assert reader.persons(THIRD) == list(PERSONS[:6])


def after_failover(cluster: Cluster, port: int, store: ClusterStore) -> Positions:
    """What the store says once another node serves the slots of the one at `port`."""
    cluster.kill(port)
    with pytest.raises(StoreUnavailableError):
        store.apply(Batch(), {AT: 9})
    cluster.take_over(port)
    return store.open()


def test_a_replica_takes_over(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One that has all, and one that lacks what was acknowledged last."""
    cluster = Cluster(tmp_path_factory.mktemp("followed"), 3, 3)
    try:
        store, reader = ClusterStore(cluster.url), CacheReader(cluster.url)
        store.open()
        first, second, _ = cluster.masters()
        cluster.node(first).config_resetstat()
        store.apply(ALL, {AT: 1})
        assert cluster.node(first).info("commandstats")["cmdstat_wait"]["calls"] >= 1
        assert after_failover(cluster, first, store) == {AT: 1}
        assert persons(reader) == list(PERSONS)
        mine = of(cluster, second)
        master = cluster.node(second)
        master.config_set("requirepass", "so that the replica does not come back")
        master.client_kill_filter(_type="replica")
        store.apply(Batch((entry(mine[0], "f1", 2),)), {AT: 2})
        assert after_failover(cluster, second, store) == {}
        assert persons(reader) == list(PERSONS)
        store.apply(Batch((*ALL.entries, entry(mine[0], "f1", 2))), {AT: 2})
        assert {held.person: held.version for held in reader.contents()}[mine[0]] == 2
    finally:
        cluster.close()
