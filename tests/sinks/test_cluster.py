"""The live cache in a Redis Cluster: what one master loses, what a crash cuts short, what another writer does, is noticed and mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

import pytest

from sinks.cache import CacheReader, CacheStore, ClusterStore, layout, servers, slots
from sinks.cache.nodes import Nodes, Sent
from sinks.contract import Batch, Place, Positions
from sinks.errors import StoreMovedError, StoreUnavailableError
from tests.sinks.made import entry, summary
from tests.sinks.redises import Cluster, emptied

AT = Place("records.entries.v1", 0)
PERSONS = tuple(f"{n:032x}" for n in range(24))
"""So many that every master has some."""
NUMBER, OTHER, THIRD = "9990000018", "9990000026", "9990000034"
ALL = Batch(tuple(entry(person, "f1", 1) for person in PERSONS), tuple(summary(person, 1, (NUMBER,)) for person in PERSONS[:3]))


@pytest.fixture
def cache(own_cluster: Cluster) -> Iterator[ClusterStore]:
    emptied(own_cluster)
    store = ClusterStore(own_cluster.url)
    store.open()
    yield store
    store.close()


@pytest.fixture
def reader(own_cluster: Cluster) -> CacheReader:
    return CacheReader(own_cluster.url)


def persons(reader: CacheReader) -> list[str]:
    return sorted(held.person for held in reader.contents())


def of(cluster: Cluster, port: int) -> list[str]:
    return [person for person in PERSONS if cluster.owner(layout.record(person)) == port]


def elsewhere(cluster: Cluster, port: int) -> str:
    return next(person for person in PERSONS if cluster.owner(layout.record(person)) != port)


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


class Cut(Exception):
    """Where a process is killed."""


def cut_at(patched: pytest.MonkeyPatch, step: int, then: Callable[[], None] | None = None) -> None:
    """In the step-th write half is sent; then the process is killed, or something happens and it goes on."""
    send, seen = Nodes.send, [0]

    def sending(nodes: Nodes, sent: Sequence[Sent], *, writes: bool = True) -> list[Any]:
        seen[0] += bool(writes and sent)
        if writes and sent and seen[0] == step + 1:
            seen[0] += 100
            said = send(nodes, sent[:len(sent) // 2])
            if then is None:
                raise Cut
            then()
            return [*said, *send(nodes, sent[len(sent) // 2:])]
        return send(nodes, sent, writes=writes)

    patched.setattr(Nodes, "send", sending)


BEFORE = Batch(ALL.entries, tuple(summary(person, 1, (NUMBER, OTHER)) for person in PERSONS[:6]))
AFTER = Batch((*(entry(person, "f1", 2) for person in PERSONS), entry(PERSONS[0], "f1", 3, status="withdrawn")),
              tuple(summary(person, 2, (NUMBER, THIRD)) for person in PERSONS[:6]))


@pytest.mark.parametrize("step", range(6))
def test_killed_at_any_step_a_batch_is_applied_whole_by_the_next_process(cache: ClusterStore, reader: CacheReader, own_cluster: Cluster,
                                                                         step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets of numbers, records, sets, mended, positions: five writes; the sixth does not come."""
    cache.apply(BEFORE, {AT: 1})
    with monkeypatch.context() as patched:
        cut_at(patched, step)
        if step < 5:
            with pytest.raises(Cut):
                cache.apply(AFTER, {AT: 2})
        else:
            cache.apply(AFTER, {AT: 2})
    for person in PERSONS[:6]:
        seen = reader.by_person(person)
        assert seen is not None
        assert NUMBER in seen.nhs_numbers
        assert all(person in reader.persons(number) for number in seen.nhs_numbers), "nobody is hidden from a number that they carry"
    again = ClusterStore(own_cluster.url)
    assert again.open() == ({AT: 1} if step < 5 else {AT: 2})
    again.apply(AFTER, {AT: 2})
    again.apply(AFTER, {AT: 3})
    assert {held.version for held in reader.contents()} == {2}
    assert persons(reader) == list(PERSONS[1:])
    assert [reader.persons(number) for number in (NUMBER, OTHER, THIRD)] == [list(PERSONS[:6]), [], list(PERSONS[:6])]
    assert not own_cluster.node(own_cluster.owner(layout.number(OTHER))).exists(layout.number(OTHER))
    assert not any(node.hexists(key, layout.LEFT) for node in own_cluster.nodes() for key in node.scan_iter(layout.record("*")))


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


def test_who_was_paused_does_not_hide_a_person_from_their_number(cache: ClusterStore, reader: CacheReader, own_cluster: Cluster,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it takes the person out of the set of a number, another has put them in."""
    cache.apply(Batch((), (summary(PERSONS[0], 1, (NUMBER,)),)), {AT: 1})
    other = ClusterStore(own_cluster.url)
    late = [False]

    def another(store: ClusterStore, *given: Any) -> None:
        if not late[0]:
            late[0] = True
            other.open()
            other.apply(Batch((), (summary(PERSONS[0], 3, (NUMBER,)),)), {AT: 3})
        mend(store, *given)

    mend = ClusterStore._mend
    with monkeypatch.context() as patched:
        patched.setattr(ClusterStore, "_mend", another)
        with pytest.raises(StoreMovedError):
            cache.apply(Batch((), (summary(PERSONS[0], 2, ()),)), {AT: 2})
    assert reader.persons(NUMBER) == [PERSONS[0]]
    assert other.open() == {AT: 3}


def test_who_was_paused_does_not_write_over_what_was_cleared(cache: ClusterStore, reader: CacheReader, own_cluster: Cluster,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    other = ClusterStore(own_cluster.url)
    check = ClusterStore._check

    def paused(store: ClusterStore) -> None:
        check(store)
        if store is cache:
            other.open()
            other.clear()

    monkeypatch.setattr(ClusterStore, "_check", paused)
    with pytest.raises(StoreMovedError):
        cache.apply(Batch((entry(PERSONS[0], "f1", 9),)), {AT: 9})
    assert persons(reader) == []


def test_persons_on_several_masters_are_found_by_one_number(cache: ClusterStore, reader: CacheReader, own_cluster: Cluster) -> None:
    cache.apply(ALL, {AT: 1})
    assert len({own_cluster.owner(layout.record(person)) for person in PERSONS[:3]}) > 1
    assert reader.persons(NUMBER) == list(PERSONS[:3])
    cache.apply(Batch((), (summary(PERSONS[1], 2, ()),)), {AT: 2})
    assert reader.persons(NUMBER) == [PERSONS[0], PERSONS[2]]


def test_slots_may_move(cache: ClusterStore, reader: CacheReader, own_cluster: Cluster) -> None:
    cache.apply(ALL, {AT: 1})
    slot = slots.of(layout.record(PERSONS[0]))
    here = own_cluster.owner_of(slot)
    to = next(port for port in own_cluster.masters() if port != here)
    newer = Batch((entry(PERSONS[0], "f1", 2),))
    own_cluster.move(slot, to, whole=False)
    for _ in range(2):
        with pytest.raises(StoreUnavailableError, match="AskError"):
            cache.apply(newer, {AT: 2})
    own_cluster.move(slot, to)
    with pytest.raises(StoreUnavailableError, match="MovedError"):
        cache.apply(newer, {AT: 2})
    assert cache.open() == {AT: 1}
    cache.apply(newer, {AT: 2})
    assert persons(reader) == list(PERSONS)
    own_cluster.move(slot, here)


def test_what_lies_there_of_one_redis_is_not_taken_for_a_clusters(cache: ClusterStore, own_cluster: Cluster) -> None:
    emptied(own_cluster)
    own_cluster.node(own_cluster.owner(layout.POSITIONS)).set(layout.POSITIONS, b'{"records.entries.v1/0": 7}')
    assert cache.open() == {}


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
