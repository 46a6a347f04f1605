"""What the handover of a source patient with 100,000 assertions takes: memory and CPU of the most costly batch at each end, on RocksDB.

`pytest -m slow -s tests/processors/identity/test_large_handover.py`. Without encoding and the broker.
"""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mainstem.model import Assignment
from mainstem.person_events import Attached, Op, PersonEvent
from processors.identity.persons import own_person
from processors.identity.stage import IdentityStage
from processors.lane.contract import Output, Received, Stage
from processors.lane.overlay import Overlay
from processors.lane.slot import BATCH_BYTES
from processors.lane.store import Store
from processors.reconcile.stage import ReconcileStage
from schemas import topics
from schemas.topics import Topic
from tests.processors.identity.counted import MOVES, told
from tests.strategies import KEY, Terms

OLD, NEW = own_person(KEY, MOVES), "f" * 32


class Cost(NamedTuple):
    """Of handing over, and of the batches that the load took to come."""

    batches: int
    cpu: float
    longest: float
    """CPU seconds of the longest batch."""
    most: int
    """Messages and changed keys of the largest transaction."""
    memory: int
    """MB that the process grew by at most."""


class Worker:
    """One stage on one partition, as its owner runs it."""

    def __init__(self, stage: Stage, path: Path) -> None:
        self._stage, self._store, self._offset = stage, Store(path, "x", 0), 0
        self.begin()

    def begin(self) -> None:
        self._batches, self._cpu, self._longest, self._most, self._before = 0, 0.0, 0.0, 0, _peak()

    def cost(self) -> Cost:
        return Cost(self._batches, round(self._cpu, 2), round(self._longest, 2), self._most, (_peak() - self._before) // 1024)

    def take(self, topic: Topic, values: Iterable[Any]) -> list[Output]:
        batch = []
        for value in values:
            self._offset += 1
            batch.append((Received(topic, 0, self._offset, self._offset, None, None), value))
        began, overlay = time.process_time(), Overlay(self._store)
        outputs = self._stage.process(batch, overlay)
        self._store.apply(overlay.changes.items(), {}, self._offset, 0)
        took = time.process_time() - began
        self._batches, self._cpu, self._longest = self._batches + 1, self._cpu + took, max(took, self._longest)
        self._most = max(self._most, len(outputs) + len(overlay.changes))
        return outputs


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def runs(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    found: list[Any] = []
    for value in values:
        found.append(value)
        if len(found) == size:
            yield found
            found = []
    if found:
        yield found


def batches(events: Iterable[PersonEvent]) -> Iterator[list[PersonEvent]]:
    """As many as a batch of the lane takes."""
    found: list[PersonEvent] = []
    size = 0
    for event in events:
        weight = sum(len(item.assertion.content) + 250 for item in event.items)
        if found and size + weight > BATCH_BYTES:
            yield found
            found, size = [], 0
        found.append(event)
        size += weight
    if found:
        yield found


def sends(path: Path, count: int, pipe: Any) -> None:
    """The identity stage: everything out again, to another person."""
    worker = Worker(IdentityStage(KEY), path)
    for some in runs(told(MOVES, count), 2000):
        worker.take(topics.ASSERTIONS, some)
    worker.begin()
    outputs = worker.take(topics.ASSIGNMENTS, [Assignment(subject=MOVES, person=NEW, epoch=1, reason="x")])
    while mine := [each.value for each in outputs if isinstance(each.value, Attached)]:
        outputs = worker.take(topics.ATTACHED, mine)
    pipe.send(worker.cost())


def takes(path: Path, count: int, pipe: Any) -> None:
    """The reconcile stage: what arrives, and then what leaves."""
    events: list[PersonEvent] = []
    source = Worker(IdentityStage(KEY), path / "identity")
    worker = Worker(ReconcileStage(Terms()), path / "reconcile")
    for some in runs(told(MOVES, count), 2000):
        source.take(topics.ASSERTIONS, some)
    outputs = source.take(topics.ASSIGNMENTS, [Assignment(subject=MOVES, person=NEW, epoch=1, reason="x")])
    while True:
        events += [each.value for each in outputs if isinstance(each.value, PersonEvent) and each.value.op is Op.ATTACH]
        if not (mine := [each.value for each in outputs if isinstance(each.value, Attached)]):
            break
        outputs = source.take(topics.ATTACHED, mine)
    outputs.clear()
    worker.begin()
    for batch in batches(events):
        worker.take(topics.PERSON_EVENTS, batch)
    pipe.send(worker.cost())
    events.clear()
    worker.begin()
    left = [PersonEvent(op=Op.DETACH, person=NEW, subject=MOVES, epoch=2)]
    while left:
        left = [each.value for each in worker.take(topics.PERSON_EVENTS, left) if isinstance(each.value, PersonEvent)]
    pipe.send(worker.cost())


def measured(target: Any, path: Path, count: int, answers: int) -> list[Cost]:
    """In a process of its own, for its memory."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=target, args=(path, count, theirs))
    process.start()
    found = [ours.recv() for _ in range(answers)]
    process.join()
    return found


@pytest.mark.slow
def test_a_hundred_thousand_assertions(tmp_path: Path) -> None:
    print(f"\n{'':22} {'batches':>8} {'CPU s':>7} {'longest':>8} {'largest transaction':>20} {'memory MB':>10}")
    for count in (10_000, 100_000):
        (sent,) = measured(sends, tmp_path / f"s{count}", count, 1)
        taken, left = measured(takes, tmp_path / f"t{count}", count, 2)
        for what, cost in (("sent", sent), ("taken over", taken), ("let go", left)):
            assert cost.most < 100_000
            print(f"{count:>10,} {what:11} {cost.batches:>8,} {cost.cpu:>7} {cost.longest:>8} {cost.most:>20,} {cost.memory:>10,}")
