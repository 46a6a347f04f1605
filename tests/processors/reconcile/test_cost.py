"""What an event costs. Run with `pytest -m slow -s tests/processors/reconcile/test_cost.py`; figures are of CPU time, on one core."""

from __future__ import annotations

import random
import time

import pytest

from mainstem import canonical
from mainstem.model import Assertion, Known, Op, PersonEvent, RawRef
from processors.identity.stage import IdentityStage
from processors.lane.contract import Received, Stage
from processors.lane.memory import MemoryState
from processors.reconcile.stage import ReconcileStage
from schemas import topics
from tests.strategies import KEY

CODE = {"codes": [{"system": "http://snomed.info/sct", "code": "38341003", "display": "Something coded"}]}
CONTENTS = {
    "allergy": {"agent": CODE, "clinical_status": "active", "recorded": "2024-01-01", "note": None},
    "medicine": {"view": "list", "product": CODE, "dose": "one daily", "status": "active", "start": "2023-01-01", "note": None},
    "problem": {"code": CODE, "status": "active", "onset": "2019"},
    "result": {"test": CODE, "value": {"value": "140", "unit": "mmol/L"}, "taken": "2024-01-01T10:00:00Z", "status": "final"},
}


def assertion(n: int, patient: int, record: int, kind: str) -> Assertion:
    content = canonical.encode({**CONTENTS[kind], "note": f"version {n}"})
    return Assertion(source="RXA/epr", patient=str(patient), record=f"{kind}/{record}", kind=kind, position=f"{n:016x}", content=content,
                     raw=RawRef("raw.rxa-epr.v1", 0, n), committed=n, recorded="2024-01-01T00:00:00Z")


def run(stage: Stage, topic, values: list, state: MemoryState, size: int = 1000) -> tuple[list, float]:
    outputs, spent = [], 0.0
    for start in range(0, len(values), size):
        batch = [(Received(topic, 0, start + i, start + i, None, None), value) for i, value in enumerate(values[start:start + size])]
        begun = time.process_time()
        found = stage.process(batch, state)
        spent += time.process_time() - begun
        if topic is topics.ASSERTIONS:
            outputs += [output.value for output in found]
    return outputs, spent


@pytest.mark.slow
def test_events_a_second():
    rng = random.Random(1)
    said = [assertion(n, rng.randrange(2000), rng.randrange(5000) if n % 5 == 0 else n, rng.choice(list(CONTENTS))) for n in range(20_000)]
    events, spent = run(IdentityStage(KEY), topics.ASSERTIONS, said, MemoryState())
    print(f"\nidentity  {len(said) / spent:9,.0f} assertions a second")
    _, spent = run(ReconcileStage(), topics.PERSON_EVENTS, events, MemoryState())
    print(f"reconcile {len(said) / spent:9,.0f} assertions a second, {len(events)} events")
    assert len(said) / spent > 3000


@pytest.mark.slow
def test_cost_by_size_of_the_person():
    costs = {}
    for size in (100, 100_000):
        stage, state = ReconcileStage(), MemoryState()
        known = [Known(assertion(n, 1, n, "problem"), n, 0, n) for n in range(size)]
        first = known[0].assertion
        run(stage, topics.PERSON_EVENTS, [_event(first, tuple(known[n:n + 500])) for n in range(0, size, 500)], state)
        updates = [_event(first, (Known(assertion(size + n, 1, n % 100, "problem"), size + n, 0, size + n),)) for n in range(2000)]
        _, spent = run(stage, topics.PERSON_EVENTS, updates, state, size=1)
        costs[size] = spent / len(updates)
        print(f"\n{size:7,} entries: {costs[size] * 1e6:6.0f} us an event")
    assert costs[100_000] < 2 * costs[100]


def _event(of: Assertion, items: tuple[Known, ...]) -> PersonEvent:
    return PersonEvent(op=Op.APPLY, person="p" * 32, subject=of.subject, epoch=-1, items=items)
