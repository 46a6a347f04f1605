"""The tree of a crowded key against a plain sorted list: whatever comes and goes, its rows, runs and those that matter are the list's."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem.kinds.facts import Place
from processors.lane.memory import MemoryState
from processors.reconcile import layout, tree
from processors.reconcile.clusters import runs
from processors.reconcile.layout import Gathered, Row
from processors.reconcile.tree import Tree

KEY = b"key"


def _choose(places: Sequence[Place]) -> list[Place]:
    """The least and the greatest: who is neither among some is neither among more."""
    return sorted({min(places), max(places)})


def _row(name: int, first: int, width: int, said: int) -> Row:
    ident = hash((name, first, width, said)) & (1 << 63) - 1
    return Row(first, Place("RXA/epr|1", f"r/{name}"), first + width if first >= 0 else -1, 1, said, ident)


def _opened(state: MemoryState, gap: int | None) -> Tree:
    """As the next batch finds it."""
    data = state.get(b"g")
    gathered = Gathered() if data is None else layout.decode_gathered(data)
    return Tree(KEY, gathered.stems, gathered.next, state, gap, _choose)


def _depth(found: Tree, stems: list) -> int:
    return max([1 + _depth(found, found._piece(stem.piece).stems) for stem in stems], default=0)


def _check(state: MemoryState, gap: int | None, model: dict[Place, Row]) -> int:
    """How deep the tree is."""
    found, rows = _opened(state, gap), sorted(model.values())
    assert list(found.rows()) == rows
    assert found.members == len(rows)
    assert all(found.find(place) == row for place, row in model.items())
    expected = [[rows[index] for index in indexes] for indexes in runs([row[:3:2] for row in rows], gap)]
    told = found.found()
    assert [(each.run.members, each.run.ident, each.run.behind, each.run.undated) for each in told] == [
        (len(run), sum(row.ident for row in run) % (1 << 64), sum(row.behind for row in run), any(row.first < 0 for row in run))
        for run in expected]
    assert [_choose(each.every()) for each in told] == [_choose([row.place for row in run]) for run in expected]
    pieces = [layout.decode_piece(value) for key, value in state.items() if key[:1] == b"c"]
    assert all(len(piece.rows) <= tree.LEAF and len(piece.stems) <= tree.BOUGH for piece in pieces)
    assert all(bool(piece.rows) != bool(piece.stems) for piece in pieces), "none is empty"
    return _depth(found, found.stems)


names = st.integers(0, 40)
batches = st.lists(st.lists(st.tuples(names, st.one_of(st.just(-1), st.integers(0, 60)), st.integers(0, 4), st.booleans()),
                            min_size=1, max_size=25), min_size=1, max_size=12)


@pytest.mark.parametrize(("leaf", "bough", "gap"), [(1, 3, 1), (2, 3, None), (3, 4, 2)])
def test_it_holds_what_the_list_holds(leaf, bough, gap, monkeypatch):
    monkeypatch.setattr(tree, "LEAF", leaf)
    monkeypatch.setattr(tree, "BOUGH", bough)
    deepest = 0

    @settings(max_examples=60, deadline=None)
    @given(batches)
    def holds(said: list[list[tuple[int, int, int, bool]]]) -> None:
        nonlocal deepest
        state, model = MemoryState(), {}
        for at, batch in enumerate(said):
            found, before = _opened(state, gap), dict(model)
            for name, first, width, stays in batch:
                row = _row(name, first if gap is not None else -1, width, at)
                model.pop(row.place, None)
                if stays:
                    model[row.place] = row
            touched = {Place("RXA/epr|1", f"r/{name}") for name, *_ in batch}
            found.alter([before[place] for place in touched & before.keys()], [model[place] for place in touched & model.keys()])
            state.put(b"g", layout.encode(Gathered(stems=found.stems, next=found.following)))
            deepest = max(deepest, _check(state, gap, model))
        found = _opened(state, gap)
        found.fell()
        assert [key for key, _ in state.items()] == [b"g"]

    holds()
    assert deepest > 1


def test_only_the_way_to_a_row_is_written(monkeypatch):
    monkeypatch.setattr(tree, "LEAF", 2)
    monkeypatch.setattr(tree, "BOUGH", 3)
    rows = [_row(name, name, 0, 0) for name in range(200)]
    state = MemoryState()
    found = _opened(state, 1)
    for row in rows:
        found.alter([], [row])
    state.put(b"g", layout.encode(Gathered(stems=found.stems, next=found.following)))
    before = dict(state.items())
    found = _opened(state, 1)
    found.alter([rows[100]], [rows[100]._replace(behind=7)])
    written = [key for key, value in state.items() if before.get(key) != value]
    assert len(written) == _depth(found, found.stems) > 3
