"""What an event costs. Run with `pytest -m slow -s tests/processors/reconcile/test_cost.py`; figures are of CPU time, on one core."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Iterator, Sequence
from statistics import fmean, median
from typing import Any

import pytest

from mainstem import canonical, collector
from mainstem.model import Assertion, Known, RawRef
from mainstem.person_events import Op, PersonEvent
from mainstem.terminology import builtin
from processors.lane.contract import Received
from processors.lane.memory import MemoryState
from processors.reconcile.stage import ReconcileStage
from schemas import topics

KINDS: dict[str, Callable[[int], dict[str, Any]]] = {
    "allergy": lambda n: {"agent": {"text": "Penicillin"}, "clinical_status": "active", "note": f"version {n}"},
    "medicine": lambda n: {"view": "administration", "product": {"text": "Amlodipine"}, "status": "completed",
                           "start": f"20{n // 336 % 50:02d}-{n // 28 % 12 + 1:02d}-{n % 28 + 1:02d}T08:00:00Z"},
    "problem": lambda n: {"code": {"text": "asthma"}, "status": "active", "note": f"version {n}"},
    "result": lambda n: {"order_id": "1", "test": {"text": "sodium"}, "status": "final", "value": {"value": f"{130 + n % 20}"},
                         "taken": "2024-01-01T10:00:00Z"},
}
"""Contents that share one key: many notes, a dose given every day, one report sent again and again."""


class Person:
    """One person's events, each a batch of its own. The cost is that of the stage and its state, without decoding and commit."""

    def __init__(self) -> None:
        self._stage, self._state = ReconcileStage(builtin()), MemoryState()
        self._said = 0

    def told(self, kind: str, records: Sequence[int], content: Callable[[int], dict[str, Any]]) -> float:
        """Seconds that one event took."""
        items = []
        for record in records:
            n = self._said = self._said + 1
            at = f"2024-01-01T{n // 3600 % 24:02d}:{n // 60 % 60:02d}:{n % 60:02d}Z"
            items.append(Known(Assertion(
                source="RXA/epr", patient="1", record=f"{kind}/{record}", kind=kind, position=f"{n:016x}", committed=n, recorded=at,
                content=canonical.encode(content(n)), raw=RawRef("raw.rxa-epr.v1", 0, n)), n, 0, n))
        event = PersonEvent(op=Op.APPLY, person="p" * 32, subject="RXA/epr|1", epoch=-1, items=tuple(items))
        begun = time.process_time()
        self._stage.process([(Received(topics.PERSON_EVENTS, 0, n, n, None, None), event)], self._state)
        return time.process_time() - begun


def of_key(kind: str, sizes: Sequence[int], updates: int = 300) -> list[list[float]]:
    """For each size the costs of one more version of one of so many records that share a key. The sizes take turns, so that what else
    the machine does falls on all alike."""
    content, loaded = KINDS[kind], []
    for size in sizes:
        person = Person()
        for start in range(0, size, 500):
            person.told(kind, range(start, min(size, start + 500)), content)
        loaded.append((person, size, random.Random(1)))
    turns = [[person.told(kind, [rng.randrange(size)], lambda n, size=size: content(n % size))  # type: ignore[misc]
              for person, size, rng in loaded] for _ in range(updates)]
    return [list(costs) for costs in zip(*turns, strict=True)]


def of_person(size: int, updates: int = 2000) -> tuple[float, list[float]]:
    """Seconds to load so many entries, and costs of one more version of one of them."""
    person = Person()
    load = sum(person.told("problem", [record], _thing(record)) if size < 500 else
               person.told("problem", range(record, record + 500), _things(record)) for record in range(0, size, 1 if size < 500 else 500))
    return load, [person.told("problem", [n % 100], _thing(n % 100)) for n in range(updates)]


def _thing(record: int) -> Callable[[int], dict[str, Any]]:
    return lambda n: {"code": {"text": f"thing {record}"}, "status": "active", "note": f"version {n}"}


def _things(first: int) -> Callable[[int], dict[str, Any]]:
    return lambda n: {"code": {"text": f"thing {first + (n - 1) % 500}"}, "status": "active", "note": f"version {n}"}


@pytest.fixture
def settled() -> Iterator[None]:
    """The collector as a worker has it: Python's own setting looks through all that pytest has loaded, on account of some event."""
    thresholds = gc.get_threshold()
    collector.settle()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_a_key_of_a_thousand_does_not_cost_five_times_one_of_ten():
    of_ten, of_thousand = of_key("allergy", (10, 1000), 60)
    assert median(of_thousand) < 5 * median(of_ten)


def test_a_person_of_thousands_costs_what_one_of_a_hundred_costs():
    assert median(of_person(5000, 200)[1]) < 3 * median(of_person(100, 200)[1])


@pytest.mark.slow
@pytest.mark.usefixtures("settled")
def test_cost_by_size_of_the_key():
    sizes = (10, 100, 1000, 10_000)
    print(f"\n{'':10} " + "".join(f"{size:>20,}" for size in sizes) + "   mean (median) microseconds an event")
    missed = []
    for kind in KINDS:
        costs = of_key(kind, sizes)
        shown = "".join(f"{fmean(cost) * 1e6:12,.0f} ({median(cost) * 1e6:5,.0f})" for cost in costs)
        ratios = [of(costs[-1]) / of(costs[0]) for of in (fmean, median)]
        print(f"{kind:10} {shown}   10,000 costs {ratios[0]:.1f} x 10 (median {ratios[1]:.1f})")
        missed += [kind] if max(ratios) >= 3 else []
    assert not missed, "10,000 in one key cost three times what 10 cost"


@pytest.mark.slow
def test_cost_by_size_of_the_person():
    costs = {}
    for size in (100, 10_000, 100_000):
        load, cost = of_person(size)
        costs[size] = median(cost)
        print(f"\n{size:7,} entries: loaded in {load:5.1f} s, {fmean(cost) * 1e6:4.0f} us an event (median {median(cost) * 1e6:4.0f})")
    print(f"100,000 costs {costs[100_000] / costs[100]:.2f} x 100")
    assert costs[100_000] < 1.5 * costs[100]
