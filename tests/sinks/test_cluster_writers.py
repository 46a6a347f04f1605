"""The live cache in a Redis Cluster: what a crash cuts short, or another writer does, leaves nobody's record or numbers wrong."""

from __future__ import annotations

from typing import Any

import pytest

from sinks.cache import CacheReader, ClusterStore, layout, slots
from sinks.contract import Batch
from sinks.errors import StoreMovedError, StoreUnavailableError
from tests.sinks.caching import AFTER, ALL, AT, BEFORE, NUMBER, OTHER, PERSONS, THIRD, Cut, cut_at, persons
from tests.sinks.made import entry, summary
from tests.sinks.redises import Cluster, emptied


@pytest.fixture
def place(own_cluster: Cluster) -> Cluster:
    """Of `cache` and `reader`: always the cluster."""
    emptied(own_cluster)
    return own_cluster


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
