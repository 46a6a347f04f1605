"""State that counts what is asked of it, and handovers of made-up people on the stream in memory."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence

from mainstem import canonical
from mainstem.model import Assertion, Claim, RawRef, Status
from processors.lane.memory import MemoryState
from tests.processors.identity.test_persons import N1, link, number
from tests.processors.pipeline import Pipeline
from tests.strategies import KEY, Terms

STAYS, MOVES = "RXA/epr|1", "RXC/x|2"
"""One carries the number that names the person of both; so the other is who moves."""


class Counted(MemoryState):
    """Every key read, written, deleted or passed over."""

    def __init__(self, state: MemoryState, counts: Counter[str]) -> None:
        super().__init__(state.items())
        self.counts = counts

    def get(self, key: bytes) -> bytes | None:
        self.counts["read"] += 1
        return super().get(key)

    def multi_get(self, keys: Sequence[bytes]) -> list[bytes | None]:
        self.counts["read"] += len(keys)
        return super().multi_get(keys)

    def prefix(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        for pair in super().prefix(prefix):
            self.counts["read"] += 1
            yield pair

    def before(self, key: bytes, within: bytes) -> tuple[bytes, bytes] | None:
        self.counts["read"] += 1
        return super().before(key, within)

    def after(self, key: bytes, within: bytes) -> tuple[bytes, bytes] | None:
        self.counts["read"] += 1
        return super().after(key, within)

    def put(self, key: bytes, value: bytes) -> None:
        self.counts["written"] += 1
        self.counts["bytes written"] += len(key) + len(value)
        super().put(key, value)

    def delete(self, key: bytes) -> None:
        self.counts["written"] += 1
        super().delete(key)


def allergy(subject: str, record: str, agent: str) -> Assertion:
    source, _, patient = subject.partition("|")
    content = canonical.encode({"agent": {"text": agent}, "clinical_status": "active", "note": f"said of {record}"})
    return Assertion(source=source, patient=patient, record=f"allergy/{record}", kind="allergy", position="01", content=content,
                     raw=RawRef("raw.x.v1", 0, 0))


def manifest(subject: str, records: list[str]) -> Assertion:
    source, _, patient = subject.partition("|")
    content = canonical.encode({"kinds": ["allergy"], "records": sorted(records)})
    return Assertion(source=source, patient=patient, record="manifest", kind="manifest", position="05", content=content,
                     raw=RawRef("raw.x.v1", 0, 0))


def told(subject: str, count: int, shared: str = "") -> list[Assertion]:
    """So many records, each a fact of its own; with `shared`, all of one canonical key."""
    return [allergy(subject, f"{n}", shared or f"{subject} thing {n}") for n in range(count)]


def joining() -> Claim:
    return link(STAYS, MOVES, position="08")


def parting() -> Claim:
    return link(STAYS, MOVES, position="09", status=Status.RETRACTED)


def loaded(stay: int, move: int, shared: str = "") -> Pipeline:
    """The two apart, each with what was said of it."""
    pipeline = Pipeline(KEY, Terms())
    for value in (number(STAYS, N1), *told(STAYS, stay, shared), *told(MOVES, move, shared)):
        pipeline.publish(value)
    settle(pipeline)
    return pipeline


def settle(pipeline: Pipeline) -> None:
    pipeline.run(random.Random(1), crashes=False)


def costs(pipeline: Pipeline, claim: Claim) -> dict[str, int]:
    """What the stages that hand over read and write on account of a claim, and how many messages they publish."""
    counts: Counter[str] = Counter()
    pipeline.states = {name: Counted(state, counts if name[0] != "linker" else Counter()) for name, state in pipeline.states.items()}
    before = {name: len(log) for name, log in pipeline.logs.items()}
    pipeline.publish(claim)
    settle(pipeline)
    counts["published"] = sum(len(log) - before.get(name, 0) for name, log in pipeline.logs.items()) - 1
    return dict(counts)
