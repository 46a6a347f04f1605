"""State in memory, the overlay and the store behave as one dict does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.keys import END
from processors.lane import ordered
from processors.lane.contract import State
from processors.lane.memory import MemoryState
from processors.lane.overlay import Overlay
from processors.lane.store import MARKERS, Store

tails = st.binary(max_size=3) | st.lists(st.sampled_from([b"a", b"b", END]), max_size=4).map(b"".join)
keys = tails.map(lambda tail: b"k" + tail)
values = st.binary(max_size=4)
prefixes = tails.map(lambda tail: b"k" + tail[:2]) | st.just(b"")
steps = st.lists(st.tuples(st.just("put"), keys, values) | st.tuples(st.just("delete"), keys, st.just(b""))
                 | st.tuples(st.just("prefix"), prefixes, st.just(b"")) | st.tuples(st.just("get"), keys, st.just(b""))
                 | st.tuples(st.just("beside"), keys, st.integers(1, 3).map(bytes)), max_size=40)


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def expected(model: dict[bytes, bytes], prefix: bytes) -> list[tuple[bytes, bytes]]:
    return sorted((key, value) for key, value in model.items() if key.startswith(prefix))


def play(state: State, model: dict[bytes, bytes], todo: list[tuple[str, bytes, bytes]]) -> None:
    for what, key, value in todo:
        if what == "put":
            state.put(key, value)
            model[key] = value
        elif what == "delete":
            state.delete(key)
            model.pop(key, None)
        elif what == "get":
            assert state.get(key) == model.get(key)
        elif what == "beside":
            within = key[:len(value)]
            pairs = expected(model, within)
            assert state.before(key, within) == max([pair for pair in pairs if pair[0] < key], default=None)
            assert state.after(key, within) == min([pair for pair in pairs if pair[0] > key], default=None)
        else:
            assert list(state.prefix(key)) == expected(model, key)
    wanted = [*sorted(model), b"k-absent"]
    assert state.multi_get(wanted) == [model.get(key) for key in wanted]
    assert list(state.prefix(b"")) == expected(model, b"")


@given(st.dictionaries(keys, values), steps, st.sampled_from([2, 1_000]))
def test_memory_is_a_dict(start: dict[bytes, bytes], todo: list[tuple[str, bytes, bytes]], many: int) -> None:
    with patch.object(ordered, "_MANY", many):
        play(MemoryState(start.items()), dict(start), todo)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(keys, values), st.lists(steps, min_size=1, max_size=3))
def test_overlay_on_a_store_is_a_dict(directory: Path, start: dict[bytes, bytes], batches: list[list[tuple[str, bytes, bytes]]]) -> None:
    """Over several batches, each written to the store when it is done."""
    store = Store(directory, "topic", 1)
    store.reset("topic", 0)
    model = dict(start)
    store.apply(start.items(), {"in": 0}, 1, 1)
    for number, todo in enumerate(batches):
        overlay = Overlay(store)
        play(overlay, model, todo)
        store.apply(overlay.changes.items(), {"in": number}, number, 1)
    assert list(store.prefix(b"")) == expected(model, b"")
    store.close()


@pytest.mark.parametrize("make", [MemoryState, lambda: Overlay(MemoryState([(b"b", b"1"), (b"c", b"1")]))])
def test_iteration_stands_while_the_state_changes(make: type[MemoryState]) -> None:
    state = make()
    state.put(b"a", b"1")
    state.put(b"b", b"1")
    seen = []
    for key, _ in state.prefix(b""):
        seen.append(key)
        state.delete(key)
        state.put(b"z" + key, b"1")
    assert seen[:2] == [b"a", b"b"]
    assert not any(key.startswith(b"z") for key in seen)


def test_a_store_keeps_markers_and_position(tmp_path: Path) -> None:
    store = Store(tmp_path / "s", "cluster/topic", 1_000)
    store.apply([(b"k", b"v")], {"in": 7}, 42, 1_000)
    store.close()
    again = Store(tmp_path / "s", "cluster/topic", 2_000)
    assert (again.markers, again.position, again.get(b"k")) == ({"in": 7}, 42, b"v")
    assert MARKERS not in dict(again.prefix(b""))
    again.close()


@pytest.mark.parametrize(("identity", "hours"), [("another/topic", 0), ("cluster/topic", 13), ("cluster/topic", -13)])
def test_a_foreign_or_old_copy_starts_empty(tmp_path: Path, identity: str, hours: int) -> None:
    """An old one could have missed deletions that the broker has compacted away since; how old one of a clock that was ahead is, nobody
    knows."""
    store = Store(tmp_path / "s", "cluster/topic", 0)
    store.apply([(b"k", b"v")], {"in": 7}, 42, 0)
    store.close()
    again = Store(tmp_path / "s", identity, hours * 3_600_000)
    assert (again.markers, again.position, again.get(b"k")) == ({}, 0, None)
    again.close()


def test_iterators_that_stand_together_keep_their_own_bounds(tmp_path: Path) -> None:
    """A bound that is let go is overwritten by the next one's, and the iterator then runs on into others' keys."""
    store = Store(tmp_path, "topic", 1)
    names = [b"cRXA/epr|%07d\xff" % number for number in range(3000)]
    store.apply([(name, b"") for name in names], {}, 1, 1)
    for at in range(0, 2900, 7):
        standing = [(name, store.prefix(name)) for name in names[at:at + 40]]
        for name, iterator in standing:
            assert list(iterator) == [(name, b"")]
    store.close()


def test_the_pairs_beside_a_key_may_have_gone_in_the_batch() -> None:
    state = Overlay(MemoryState([(b"a", b""), (b"k1", b"1"), (b"k2", b"2"), (b"k5", b"5"), (b"k6", b"6"), (b"l", b"")]))
    state.delete(b"k2")
    state.delete(b"k5")
    state.put(b"k3", b"3")
    assert (state.before(b"k4", b"k"), state.after(b"k4", b"k")) == ((b"k3", b"3"), (b"k6", b"6"))
    state.delete(b"k3")
    state.delete(b"k6")
    assert (state.before(b"k4", b"k"), state.after(b"k4", b"k")) == ((b"k1", b"1"), None)
