"""A stage small enough to foresee every output: it counts assertions per source patient and publishes each count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mainstem.model import Assertion
from processors.lane.contract import Output, Received, State
from schemas.topics import Purpose, Topic


def topic(name: str, schema: str | None = None, *, partitions: int = 4, compacted: bool = False) -> Topic:
    return Topic(name=name, key="key", schema=schema, purpose=Purpose.OPERATIONS, partitions=partitions, compacted=compacted,
                 expires=False, what="a test's", writer="a test", readers="")


class Counter:
    """Each output is `<subject>=<count>`; state is the count per subject."""

    offsets_count = False
    partitions = 4

    def __init__(self, prefix: str) -> None:
        self.name = f"{prefix}-counter"
        self.source = topic(f"{prefix}.in.v1", "Assertion", partitions=self.partitions)
        self.inputs = (self.source,)
        self.changelog = topic(f"{prefix}.changelog.v1", compacted=True, partitions=self.partitions)
        self.out = topic(f"{prefix}.out.v1")

    def process(self, batch: Sequence[tuple[Received, Any]], state: State) -> list[Output]:
        outputs = []
        for received, assertion in batch:
            key = b"count|" + assertion.subject.encode()
            count = int(state.get(key) or 0) + 1
            state.put(key, str(count).encode())
            self.react(received, assertion)
            outputs.append(Output(self.out, assertion.subject.encode(), str(count).encode(), assertion.subject))
        return outputs

    def react(self, received: Received, assertion: Assertion) -> None:
        """For the subclasses of tests."""


class Single(Counter):
    """Of one partition, as the linker is."""

    partitions = 1


class Numbering(Counter):
    """Refuses an input that is another log, as the linker does."""

    offsets_count = True
