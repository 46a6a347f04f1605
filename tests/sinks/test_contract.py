"""The contract of a store, run on every store."""

from __future__ import annotations

import hashlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainstem.model import Entry
from schemas import topics
from sinks.contract import Batch, Held, Place, Store
from tests.sinks.made import PERSONS, entries, entry, summary

AT = Place(topics.ENTRIES.name, 0)
P = PERSONS[0]


def held(store: Store) -> set[Held]:
    return set(store.contents())


def of(entry: Entry) -> Held:
    return Held(entry.person, entry.fact, entry.version, hashlib.sha256(entry.content).hexdigest())


def test_holds_what_it_was_given_and_where_it_stands(store: Store) -> None:
    one = entry(P, "f1", 1)
    store.apply(Batch((one,), (summary(P, 1),)), {AT: 5})
    assert held(store) == {of(one)}
    assert store.open() == {AT: 5}
    assert held(store) == {of(one)}


def test_an_older_version_never_overwrites(store: Store) -> None:
    new, old = entry(P, "f1", 2), entry(P, "f1", 1)
    store.apply(Batch((new,)), {AT: 1})
    store.apply(Batch((old,)), {AT: 2})
    assert held(store) == {of(new)}


def test_versions_compare_as_numbers(store: Store) -> None:
    new, old = entry(P, "f1", 10), entry(P, "f1", 9)
    store.apply(Batch((old,)), {AT: 1})
    store.apply(Batch((new,)), {AT: 2})
    store.apply(Batch((old,)), {AT: 3})
    assert held(store) == {of(new)}


def test_what_was_withdrawn_is_not_resurrected(store: Store) -> None:
    store.apply(Batch((entry(P, "f1", 1),)), {AT: 1})
    store.apply(Batch((entry(P, "f1", 2, status="withdrawn"),)), {AT: 2})
    assert held(store) == set()
    store.apply(Batch((entry(P, "f1", 1),)), {AT: 3})
    assert held(store) == set()
    again = entry(P, "f1", 3)
    store.apply(Batch((again,)), {AT: 4})
    assert held(store) == {of(again)}


def test_one_fact_of_two_persons_is_two_entries(store: Store) -> None:
    both = tuple(entry(person, "f1", 1) for person in PERSONS)
    store.apply(Batch(both), {AT: 1})
    store.apply(Batch((entry(PERSONS[0], "f1", 2, status="withdrawn"),)), {AT: 2})
    assert held(store) == {of(both[1])}


def test_a_gap_alone_moves_the_positions(store: Store) -> None:
    store.apply(Batch(), {AT: 9, Place(topics.SUMMARIES.name, 3): 2})
    assert store.open() == {AT: 9, Place(topics.SUMMARIES.name, 3): 2}


def test_cleared_it_is_as_new(store: Store) -> None:
    store.apply(Batch((entry(P, "f1", 5),), (summary(P, 5, ("9990000018",)),)), {AT: 1})
    store.clear()
    assert held(store) == set()
    assert store.open() == {}
    first = entry(P, "f1", 1)
    store.apply(Batch((first,)), {AT: 1})
    assert held(store) == {of(first)}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(log=st.lists(entries, max_size=12), data=st.data())
def test_any_order_duplication_and_batching_give_the_greatest_versions(store: Store, log: list[Entry], data: st.DataObject) -> None:
    store.clear()
    store.open()
    shuffled = data.draw(st.permutations(log + data.draw(st.lists(st.sampled_from(log), max_size=4) if log else st.just([]))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=3)))
    for n, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(shuffled)], strict=True)):
        store.apply(Batch(tuple(shuffled[start:end])), {AT: n + 1})
    greatest: dict[tuple[str, str], Entry] = {}
    for one in sorted(log, key=lambda e: e.version):
        greatest[one.person, one.fact] = one
    assert held(store) == {of(one) for one in greatest.values() if one.status == "current"}
