"""The check of histories passes what the stages publish, and names each kind of fault done to it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from mainstem import canonical
from mainstem.model import Assertion, Claim, RawRef
from mainstem.person_events import Op
from mainstem.verify import history
from schemas import topics
from tests.processors.pipeline import Pipeline
from tests.strategies import AGENTS, KEY, NUMBERS, PATIENTS, SOURCES

Topics = dict[str, list[tuple[str, Any]]]
FLOW = (topics.ASSERTIONS, topics.PERSON_EVENTS, topics.ENTRIES, topics.CHANGES)


@pytest.fixture(scope="module")
def published() -> Topics:
    """What two sources' allergies of four patients come to, two of whom turn out to be one person, in four parts."""
    rng, pipeline, offset = random.Random(3), Pipeline(KEY), 0
    for _ in range(4):
        for _ in range(40):
            offset += 1
            source, patient = rng.choice(SOURCES), rng.choice(PATIENTS)
            raw, position = RawRef("raw.x.v1", 0, offset), f"{offset:016x}"
            if rng.random() < 0.1:
                body = canonical.encode({"nhs_number": rng.choice(NUMBERS), "verification": "01"})
                pipeline.publish(Claim(source=source, patient=patient, type="carries-number", position=position, body=body, raw=raw))
            else:
                content = canonical.encode({"agent": {"text": rng.choice(AGENTS)}, "note": str(rng.randrange(5))})
                pipeline.publish(Assertion(source=source, patient=patient, record=f"allergy/{rng.randrange(3)}", kind="allergy",
                                           position=position, content=content, raw=raw))
        pipeline.run(rng)
    return {topic.name: [(f"{topic.name} {at}", value) for at, value in enumerate(pipeline.published(topic))] for topic in FLOW}


def found(of: Topics) -> set[str]:
    checks = history.compare(*(of[topic.name] for topic in FLOW))
    assert all(check.compared for check in checks)
    return {check.name for check in checks if not check.passed}


def test_what_the_stages_publish_is_in_order(published: Topics) -> None:
    assert any(event.op is Op.ATTACH for _, event in published[topics.PERSON_EVENTS.name])
    assert found(published) == set()


def _lose(rows: list[Any], at: int) -> None:
    del rows[at]


def _double(rows: list[Any], at: int) -> None:
    rows.insert(at, rows[at])


def _invert(rows: list[Any], at: int) -> None:
    """The message at `at`, and the next one of its key, in each other's places."""
    key = _key(rows[at][1])
    other = next(i for i in range(at + 1, len(rows)) if _key(rows[i][1]) == key)
    rows[at], rows[other] = rows[other], rows[at]


def _key(value: Any) -> Any:
    return getattr(value, "op", None), value.person, getattr(value, "subject", getattr(value, "fact", None))


def _orphan(rows: list[Any], at: int) -> None:
    place, entry = rows[at]
    strange = msgspec.structs.replace(entry.provenance[0], raw=RawRef("raw.x.v1", 0, 10_000))
    rows[at] = (place, msgspec.structs.replace(entry, provenance=(strange,)))


@pytest.mark.parametrize(("topic", "fault", "expected"), [
    (topics.ASSERTIONS, _double, "no assertion is there twice"),
    (topics.PERSON_EVENTS, _lose, "every assertion reaches a person"),
    (topics.PERSON_EVENTS, _double, "no assertion reaches a person twice"),
    (topics.PERSON_EVENTS, _invert, "assertions of a source patient keep their order"),
    (topics.ENTRIES, _lose, "versions of an entry rise by one from 1"),
    (topics.ENTRIES, _double, "versions of an entry rise by one from 1"),
    (topics.ENTRIES, _invert, "versions of an entry rise by one from 1"),
    (topics.ENTRIES, _orphan, "every entry rests on assertions that are there"),
    (topics.CHANGES, _lose, "each change is told once, in unbroken sequence"),
    (topics.CHANGES, _double, "each change is told once, in unbroken sequence"),
])
def test_a_fault_is_named(published: Topics, topic: topics.Topic, fault: Callable[[list[Any], int], None], expected: str) -> None:
    of = {name: list(rows) for name, rows in published.items()}
    rows = of[topic.name]
    at = next(i for i, (_, value) in enumerate(rows)
              if getattr(value, "op", Op.APPLY) is Op.APPLY and getattr(value, "provenance", True)
              and (fault is not _invert or any(_key(later) == _key(value) for _, later in rows[i + 1:])))
    fault(rows, at)
    assert expected in found(of)
