"""Synthetic trusts as the reconcile stage hears of them: person events as the identity stage sends them, in the order of a load."""

from __future__ import annotations

from collections.abc import Iterator

from mainstem.model import Assertion, Assignment, Claim
from mainstem.person_events import PersonEvent
from mainstem.truth.told import Reader
from processors.identity.linker import assign
from processors.identity.stage import IdentityStage
from processors.lane.contract import Received
from processors.lane.memory import MemoryState
from processors.lane.slot import BATCH_RECORDS
from schemas import topics
from seeds.generate import Life, lives
from seeds.load import CHUNK
from seeds.profiles import profile
from seeds.rows import Row
from tests.strategies import KEY


def person_events(persons: int, seed: int = 1, name: str = "everyday") -> list[PersonEvent]:
    """What all is told of so many persons, by the trusts' own mappings, with everybody linked first."""
    reader = Reader()
    said: list[Assertion] = []
    claimed: list[Claim] = []
    for source, row in _rows(persons, seed, name):
        for item in reader.read(source, row):
            said += item.assertions
            claimed += item.claims
    stage, state = IdentityStage(KEY), MemoryState()
    stage.process([(Received(topics.ASSIGNMENTS, 0, at, at, None, None),
                    Assignment(subject=subject, person=one.person, epoch=at, reason=one.reason))
                   for at, (subject, one) in enumerate(sorted(assign(claimed, KEY).items()))], state)
    events: list[PersonEvent] = []
    for start in range(0, len(said), BATCH_RECORDS):
        batch = [(Received(topics.ASSERTIONS, 0, at, at, None, None), said[at])
                 for at in range(start, min(len(said), start + BATCH_RECORDS))]
        events += [output.value for output in stage.process(batch, state)]
    return events


def _rows(persons: int, seed: int, name: str) -> Iterator[tuple[str, Row]]:
    """Table by table for every `CHUNK` of persons, as `seeds.load` fills the databases."""
    chunk: list[Life] = []
    for life in lives(persons, seed, profile(name)):
        chunk.append(life)
        if len(chunk) == CHUNK:
            yield from _by_table(chunk)
            chunk.clear()
    yield from _by_table(chunk)


def _by_table(chunk: list[Life]) -> Iterator[tuple[str, Row]]:
    tables: dict[tuple[str, str], list[Row]] = {}
    for life in chunk:
        for source, row in life.rows:
            tables.setdefault((source, row.table), []).append(row)
    for (source, _), rows in tables.items():
        for row in rows:
            yield source, row
