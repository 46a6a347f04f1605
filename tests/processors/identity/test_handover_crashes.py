"""A handover under kill -9, at each step and at both sides of its commit: it ends byte for byte as if nobody had died.

As the lane does it: a batch is worked out on an overlay; its messages, changed keys and position are committed together; then the local
store is written. Who dies before the commit leaves nothing; who dies after it and before the store is written finds the changed keys in
the changelog. `tests/processors/lane/test_crashes.py` kills real processes at these places.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mainstem import canonical
from mainstem.model import Assertion, Assignment, Claim, Status
from mainstem.person_events import Op
from processors.identity import stage as identity
from processors.identity.persons import own_person
from processors.lane.memory import MemoryState
from processors.lane.overlay import Overlay
from processors.reconcile import person as reconciling
from schemas import topics
from schemas.partition import partition
from tests.processors.convergence import check
from tests.processors.identity.counted import MOVES, STAYS, allergy, joining, manifest, told
from tests.processors.identity.test_persons import N1, link, number
from tests.processors.pipeline import Pipeline
from tests.strategies import KEY, Terms

COMPUTED, COMMITTED = "computed", "committed"
THIRD = "A82038/gp|3"


class Durable(Pipeline):
    """Takes a step at a time, and dies in one of them. Step n is the same whoever died before: what is drawn depends on n alone."""

    def __init__(self, dies: tuple[int, str] | None = None, seed: int = 0, most: int = 2) -> None:
        super().__init__(KEY, Terms())
        self._dies, self._seed, self._most = dies, seed, most
        self.steps = 0
        self.changelogs: dict[tuple[str, int], list[dict[bytes, bytes | None]]] = {name: [] for name in self.states}

    def take(self) -> bool:
        """False where nothing waits."""
        waiting = self._waiting()
        if not waiting:
            return False
        rng = random.Random(self._seed * 1_000_003 + self.steps)
        stage, topic, p = rng.choice(waiting)
        count, name = rng.randint(1, self._most), (stage.name, p)
        if self._dies == (self.steps, COMPUTED):
            self._batch(stage, topic, p, count, Overlay(self.states[name]))  # type: ignore[arg-type]
            self._recover()
            stage = next(each for each in self.stages if each.name == stage.name)
        overlay = Overlay(self.states[name])
        outputs, read = self._batch(stage, topic, p, count, overlay)  # type: ignore[arg-type]
        self.read[stage.name, topic.name, p] += read
        for output in outputs:
            self._append(output.topic, output.partition_by, output.key, output.value)
        self.changelogs[name].append(overlay.changes)
        if self._dies == (self.steps, COMMITTED):
            self._recover()
        else:
            _apply(self.states[name], overlay.changes)
        self.steps += 1
        return True

    def _recover(self) -> None:
        """New processes, with nothing but the changelogs."""
        self.stages = self._new_stages()
        for name, log in self.changelogs.items():
            state = self.states[name] = MemoryState()
            for changes in log:
                _apply(state, changes)


def _apply(state: MemoryState, changes: dict[bytes, bytes | None]) -> None:
    for key, value in changes.items():
        if value is None:
            state.delete(key)
        else:
            state.put(key, value)


BEFORE: list[Assertion | Claim] = [number(STAYS, N1), *told(STAYS, 3), *told(MOVES, 8), allergy(STAYS, "s", "penicillin"),
                                   allergy(MOVES, "s", "penicillin"), allergy(MOVES, "t", "penicillin")]
DURING: list[Assertion | Claim] = [
    joining(), allergy(MOVES, "new", "peanut"),
    link(MOVES, STAYS, position="09", status=Status.RETRACTED), allergy(MOVES, "newer", "latex"), link(THIRD, MOVES, position="10"),
    number(THIRD, "9990000026"), allergy(THIRD, "1", "peanut"), link(THIRD, MOVES, position="11", status=Status.RETRACTED)]
GONE = "no longer held"
LISTED = [f"allergy/{each}" for each in (*range(8), "0r", "1r", "2r", "s", "t", "new", "newer")]
BEFORE += [allergy(MOVES, "gone", GONE), manifest(MOVES, LISTED)]
"""A complete export leaves one of them out."""
for each in ("0r", "1r", "2r"):
    wrong = allergy(MOVES, each, GONE)
    BEFORE += [wrong, replace(wrong, position="06", status=Status.RETRACTED)]
EVERY = 6
"""Steps between what comes in while the handover is going on."""


def lived(dies: tuple[int, str] | None = None, seed: int = 0, most: int = 2) -> Durable:
    stream = Durable(dies, seed, most)
    for value in BEFORE:
        stream.publish(value)
    coming = list(DURING)
    while stream.take() or coming:
        assert stream.steps < 2000, "it goes on and on"
        if coming and (stream.steps % EVERY == 0 or not stream._waiting()):
            stream.publish(coming.pop(0))
    return stream


def everything(stream: Durable) -> tuple[Any, Any]:
    """All that was ever published, and all state."""
    return dict(stream.logs), {name: list(state.items()) for name, state in stream.states.items()}


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """And small slices: every handover here takes several transactions at both ends."""
    monkeypatch.setattr(identity, "CHUNK_ITEMS", 2)
    monkeypatch.setattr(identity, "SLICE_ITEMS", 4)
    monkeypatch.setattr(reconciling, "LET_GO", 4)


def test_killed_at_each_step_it_ends_byte_for_byte_as_if_nobody_had_died() -> None:
    whole = lived()
    check(whole)
    assert [each.op for each in whole.published(topics.PERSON_EVENTS)].count(Op.ATTACH) >= 8, "several chunks of several handovers"
    answers = [each.person == identity.GO_ON for each in whole.published(topics.ATTACHED)]
    assert answers.count(True) >= 4 and answers.count(False) >= 2, "in slices"
    assert [each.op for each in whole.published(topics.PERSON_EVENTS)].count(Op.DETACH) >= 4
    expected = everything(whole)
    for step in range(whole.steps):
        for place in (COMPUTED, COMMITTED):
            assert everything(lived((step, place))) == expected, f"killed at step {step}, {place}"


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**20), st.integers(1, 20), st.data())
def test_in_whatever_order_and_batches_and_wherever_it_is_killed_it_ends_the_same(seed: int, most: int, data: st.DataObject) -> None:
    whole = lived(seed=seed, most=most)
    step = data.draw(st.integers(0, whole.steps - 1))
    for place in (COMPUTED, COMMITTED):
        killed = lived((step, place), seed, most)
        assert everything(killed) == everything(whole)
    check(whole)
    assert whole.current() == lived().current()


def test_at_no_step_is_anything_hidden_or_back_and_what_is_shown_twice_says_so() -> None:
    """Shown twice is safe, hidden is not; and what an export no longer holds is news to nobody."""
    stream = Durable()
    for value in BEFORE:
        stream.publish(value)
    while stream.take():
        pass
    said = {"penicillin", *(f"{MOVES} thing {n}" for n in range(8))}
    coming, twice = list(DURING), 0
    while stream.take() or coming:
        shown: dict[str, set[str]] = {}
        for (person, _), entries in stream.history().items():
            if entries[-1].status == "current" and any(f"{one.source}|{one.patient}" == MOVES for one in entries[-1].provenance):
                shown.setdefault(person, set()).add(canonical.decode(entries[-1].content)["agent"]["text"])
        assert set().union(*shown.values()) >= said
        assert GONE not in set().union(*shown.values())
        assert any(person_said >= said for person_said in shown.values()), "whole in one of the records at any time"
        if len(shown) > 1:
            twice += 1
            summaries = stream.summaries()
            assert any(source.handover for person in shown for source in summaries[person].sources)
        if coming and (stream.steps % EVERY == 0 or not stream._waiting()):
            stream.publish(coming.pop(0))
    assert twice > 5


def test_while_the_old_record_has_read_nothing_of_it_the_new_one_says_that_it_is_going_on() -> None:
    """However far behind the old person's partition is, and whatever it shows meanwhile."""
    stream, old = Pipeline(KEY, Terms()), own_person(KEY, MOVES)
    count = topics.PERSON_EVENTS.partitions
    new = next(each for each in map(str, range(99)) if partition(each, count) != partition(old, count))

    def run(behind: int | None) -> list[bool]:
        """Whether the old record, and the new one, say so."""
        while waiting := [each for each in stream._waiting() if each[0].name != "reconcile" or each[2] != behind]:
            stage, topic, at = waiting[0]
            outputs, taken = stream._batch(stage, topic, at, 9, stream.states[stage.name, at])
            stream.read[stage.name, topic.name, at] += taken
            for each in outputs:
                stream._append(each.topic, each.partition_by, each.key, each.value)
        found = stream.summaries()
        return [any(source.handover for source in found[person].sources) for person in (old, new) if person in found]

    stream.publish(allergy(MOVES, "1", "peanut"))
    assert run(None) == [False]
    stream._append(topics.ASSIGNMENTS, MOVES, MOVES.encode(), Assignment(subject=MOVES, person=new, epoch=5, reason="test"))
    assert run(partition(old, count)) == [False, True]
    assert run(None) == [False, False] and not stream.summaries()[old].sources
