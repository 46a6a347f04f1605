"""What the identity stage adds to an event whose source patient is assigned: `pytest tests/processors/identity/test_identity_share.py -s`.

Cores in processor time, state in memory: without the log and the codecs, which each stage pays alike.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest

from mainstem.truth.told import Reader
from processors.lane.contract import Stage
from processors.lane.memory import MemoryState
from schemas.topics import Topic
from seeds.generate import lives
from seeds.profiles import profile
from seeds.trusts import BY_SOURCE
from tests.processors.pipeline import Pipeline
from tests.strategies import KEY


class Timed(Pipeline):
    """One stage after another, in batches of 500; seconds a stage."""

    took: Counter[str]

    def drain(self) -> Counter[str]:
        self.took = Counter()
        while waiting := self._waiting():
            for stage, topic, p in waiting:
                outputs, read = self._batch(stage, topic, p, 500, self.states[stage.name, p])
                self.read[stage.name, topic.name, p] += read
                for output in outputs:
                    self._append(output.topic, output.partition_by, output.key, output.value)
        return self.took

    def _batch(self, stage: Stage, topic: Topic, p: int, count: int, state: MemoryState) -> tuple[list[Any], int]:
        begun = time.process_time()
        found = super()._batch(stage, topic, p, count, state)
        self.took[stage.name] += time.process_time() - begun
        return found


@pytest.mark.slow
def test_identity_adds_a_fifth_at_most() -> None:
    reader, pipeline, later = Reader(), Timed(KEY), []
    for life in lives(400, 4, profile("everyday")):
        for source, row in life.rows:
            if row.table == BY_SOURCE[source].patient_table:
                for item in reader.read(source, row):
                    for value in (*item.claims, *item.assertions):
                        pipeline.publish(value)
            else:
                later.append((source, row))
    pipeline.drain()
    begun = time.process_time()
    assertions = [assertion for source, row in later for item in reader.read(source, row) for assertion in item.assertions]
    reading = time.process_time() - begun
    for assertion in assertions:
        pipeline.publish(assertion)
    took = pipeline.drain()
    others = reading + took["reconcile"]
    print(f"\n{len(assertions):,} assertions: reading {1e6 * reading / len(assertions):.0f} us each, "
          f"identity {1e6 * took['identity'] / len(assertions):.0f}, "
          f"reconcile {1e6 * took['reconcile'] / len(assertions):.0f}: identity adds {took['identity'] / others:.1%}")
    assert took["linker"] < 0.01 * others, "clinical events concern no linker"
    assert took["identity"] / others <= 0.2
