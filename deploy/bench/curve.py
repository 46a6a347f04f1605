"""What an event costs by the size of the person it is about (promise 8): processor time of the pure core on state in memory."""

from __future__ import annotations

import time
from statistics import median

from mainstem import canonical
from mainstem.model import Assertion, Known, RawRef
from mainstem.person_events import Op, PersonEvent
from mainstem.terminology import builtin
from processors.lane.contract import Received
from processors.lane.memory import MemoryState
from processors.reconcile.stage import ReconcileStage
from schemas import topics

_UPDATES = 300
_CHUNK = 500


def cost(size: int) -> float:
    """Microseconds of a single event, for a person with `size` problems from one source; median of three times 300 events."""
    stage, state = ReconcileStage(builtin()), MemoryState()
    for start in range(0, size, _CHUNK):
        _take(stage, state, tuple(_known(n, n) for n in range(start, min(size, start + _CHUNK))))
    spent = []
    for turn in range(3):
        first = size + turn * _UPDATES
        began = time.process_time()
        for n in range(first, first + _UPDATES):
            _take(stage, state, (_known(n, n % min(size, 100)),))
        spent.append(time.process_time() - began)
    return median(spent) / _UPDATES * 1e6


def _take(stage: ReconcileStage, state: MemoryState, items: tuple[Known, ...]) -> None:
    event = PersonEvent(op=Op.APPLY, person="p" * 32, subject=items[0].assertion.subject, epoch=-1, items=items)
    stage.process([(Received(topics.PERSON_EVENTS, 0, 0, 0, None, None), event)], state)


def _known(n: int, record: int) -> Known:
    code = {"system": "http://snomed.info/sct", "code": str(10_000_000 + record), "display": "Something coded"}
    content = canonical.encode({"code": {"codes": [code]}, "status": "active", "onset": "2019", "note": f"version {n}"})
    said = Assertion(source="RXA/epr", patient="1", record=f"problem/{record}", kind="problem", position=f"{n:016x}", content=content,
                     raw=RawRef("raw.rxa-epr.v1", 0, n), committed=n)
    return Known(said, n, 0, n)
