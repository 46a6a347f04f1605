"""The short ways of the reconcile core give what the long ones give: every output and every byte of state."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem import canonical
from mainstem.model import Assertion, RawRef
from mainstem.terminology import builtin
from processors.lane.memory import MemoryState
from processors.reconcile.groups import Groups
from processors.reconcile.layout import Gathered
from processors.reconcile.neighbours import Neighbours
from tests.processors.pipeline import Pipeline
from tests.processors.reconcile.fed import Stage, event, said
from tests.processors.reconcile.test_crowd import dense, mixed
from tests.strategies import KEY, SOURCES, positions, statuses

series = st.lists(st.builds(
    Assertion, source=st.sampled_from(SOURCES[:2]), patient=st.just("1"), record=st.integers(0, 12).map(lambda n: f"result/{n}"),
    kind=st.just("result"), status=statuses, position=positions, raw=st.just(RawRef("raw.x.v1", 0, 0)),
    content=st.builds(lambda test, hour, value: canonical.encode({
        "test": {"text": test}, "status": "final", "value": {"value": value}, "taken": f"2024-01-01T{hour:02}:00:00Z"}),
        st.sampled_from(["sodium", "potassium"]), st.integers(0, 9), st.sampled_from(["1", "2"]))), min_size=4, max_size=40)
"""One test again and again: results that stand side by side on a line."""


def test_a_group_s_first_member_and_a_place_beside_one_just_taken():
    taken = {"first": 0, "beside": 0}
    first, draw_in = Groups._first, Neighbours._draw_in

    def counting_first(self, of, moves):
        taken["first"] += 1
        first(self, of, moves)

    def counting_draw_in(self, moved):
        draw_in(self, moved)
        taken["beside"] += len(self._following)

    def long_first(self, of, moves):
        self._regroup(of, moves, Gathered())

    def long_draw_in(self, moved):
        draw_in(self, moved)
        self._following.clear()

    @settings(max_examples=25, deadline=None)
    @given(st.one_of(mixed, dense(), series), st.integers(0, 2**32))
    def holds(world: list[Any], seed: int) -> None:
        assert _told(world, seed, counting_first, counting_draw_in) == _told(world, seed, long_first, long_draw_in)

    holds()
    assert all(taken.values()), taken


class Watched(MemoryState):
    """Remembers of which rows it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = ""

    def get(self, key: bytes) -> bytes | None:
        self.asked += chr(key[0])
        return super().get(key)

    def multi_get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return [self.get(key) for key in keys]


def test_what_is_said_again_looks_at_no_fact_but_where_a_manifest_may_make_it_absent():
    stage = Stage()
    state = stage.state = Watched()
    stage.send(event(said(note="mild, at night")))
    state.asked = ""
    assert stage.send(event(said(position="02", note="mild - at night"))) == []
    assert not {"g", "f", "m"} & set(state.asked)
    [gone] = stage.send(event(said("manifest", "03", kind="manifest", kinds=["allergy"], records=["allergy/2"])))
    assert gone.status == "withdrawn"
    [back] = stage.send(event(said(position="04", note="mild, at night")))
    assert back.status == "current"


def test_a_mark_by_what_came_before_is_known_when_that_came_though_its_own_record_says_the_same_again():
    stage = Stage()
    hba1c = {"kind": "result", "test": {"text": "HbA1c"}, "value": {"value": "48"}}
    stage.send(event(said("result/2", taken="2024-03-01", **hba1c)))
    again = said("result/2", "02", known=2000, taken="2024-03-01", **hba1c)
    earlier = said("result/1", known=3000, taken="2024-02-20", **hba1c)
    [marked] = [entry for entry in stage.send(event(again, earlier)) if entry.version == 2]
    assert "repeat_of" in canonical.decode(marked.content)
    assert marked.known == 3000


def _told(world: list[Any], seed: int, first: Any, draw_in: Any) -> tuple[Any, ...]:
    """All that was published, and all state."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Groups, "_first", first)
        patch.setattr(Neighbours, "_draw_in", draw_in)
        rng, pipeline = random.Random(seed), Pipeline(KEY, builtin())
        for value in world:
            pipeline.publish(value)
            if rng.random() < 0.3:
                pipeline.run(rng)
        pipeline.run(rng)
    return dict(pipeline.logs), {name: list(state.items()) for name, state in pipeline.states.items()}
