"""All that the core comes to on a given input, a line each: `python -m tests.processors.reconcile.told`. As it is read and compiled it is
to print the same (`tests/test_compiled.py`)."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator

from msgspec.structs import replace

from mainstem import canonical, compiled
from mainstem.model import Known
from mainstem.person_events import PersonEvent
from mainstem.terminology import builtin
from processors.lane.contract import Received
from processors.lane.memory import MemoryState
from processors.lane.overlay import Overlay
from processors.reconcile.fold import fold_by
from processors.reconcile.stage import ReconcileStage
from schemas import topics
from seeds.profiles import PROFILES
from tests.processors.reconcile.seeded import person_events
from tests.processors.reconcile.test_any_content import DATES, NUMBERS

PERSONS, BATCH = 40, 400
ABSURD = (None, True, 7, 1.5, "", [], {}, [[]], {"codes": "x"}, {"codes": [7], "text": 7}, {"text": ["x"]}, *NUMBERS, *DATES)


def told() -> Iterator[str]:
    yield f"compiled {compiled.in_use()}"
    for name in PROFILES:
        events = person_events(PERSONS, 3, name)
        yield from _folded(events)
        yield from _published(events)
        yield from _folded([_spoilt(event, random.Random(at)) for at, event in enumerate(events)])


def _folded(events: list[PersonEvent]) -> Iterator[str]:
    persons = {event.subject: event.person for event in events}
    for record in fold_by([known for event in events for known in event.items], persons.__getitem__, builtin()).values():
        yield from (canonical.encode(entry).decode() for entry in record.entries)
        yield f"{record.person} {record.digest} {canonical.encode(record.sources).decode()}"


def _published(events: list[PersonEvent]) -> Iterator[str]:
    """In batches, and the same said once more, later and in another order."""
    stage, state = ReconcileStage(builtin()), MemoryState()
    again = random.Random(1).sample(events, len(events) // 3)
    for start in range(0, len(events) + len(again), BATCH):
        batch = [(Received(topics.PERSON_EVENTS, 0, at, at, None, None), event)
                 for at, event in enumerate([*events, *again][start:start + BATCH], start)]
        overlay = Overlay(state)
        for output in stage.process(batch, overlay):
            yield canonical.encode(output.value).decode()
        for key, value in overlay.changes.items():
            state.delete(key) if value is None else state.put(key, value)
    yield f"state {canonical.digest(b''.join(key + value for key, value in state.items())).hex()}"


def _spoilt(event: PersonEvent, rng: random.Random) -> PersonEvent:
    """Each content with another value in one field or two, mostly of a type that the field has not."""
    return replace(event, items=tuple([_with_other(known, rng) for known in event.items]))


def _with_other(known: Known, rng: random.Random) -> Known:
    content = canonical.decode(known.assertion.content)
    for name in rng.sample(sorted(content), min(len(content), rng.randint(0, 2))):
        content[name] = rng.choice(ABSURD)
    return replace(known, assertion=replace(known.assertion, content=canonical.encode(content)))


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in told())
