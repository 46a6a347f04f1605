"""Another release comes into force while the stream runs: at the end every record is what a fold with the new one gives."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mainstem import canonical
from mainstem.model import Assertion, Known, RawRef
from mainstem.person_events import Op, PersonEvent
from processors.lane.contract import Received
from processors.lane.errors import ReleaseBehindError
from processors.lane.memory import MemoryState
from processors.reconcile import absence, edition, sweep
from processors.reconcile.stage import ReconcileStage
from schemas import topics
from tests.processors.pipeline import Pipeline
from tests.strategies import AGENTS, KEY, Terms, assertions, claims

INPUTS = st.lists(st.one_of(assertions, assertions, claims), min_size=1, max_size=25)


class Newer(Terms):
    """Knows latex, and holds peanut and penicillin to be one agent: groups split, join and get another key."""

    release = "newer"

    def agent(self, concept: dict[str, Any]) -> str | None:
        text = concept.get("text")
        return "one" if text in AGENTS[:2] else text if text in AGENTS else None


@pytest.fixture(autouse=True)
def small_slices() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep, "SCANNED", 2)
        patch.setattr(sweep, "RECORDS", 3)
        yield


def activate(stream: Pipeline, terms: Terms, *activations: str) -> None:
    """As the operator and the supervisor do: the workers end and start with the release, and each partition gets an event."""
    stream.terms, stream.activations = terms, activations
    stream.restart()
    for p in range(topics.PERSON_EVENTS.partitions):
        stream.clock += 1
        event = PersonEvent(op=Op.DERIVE, person="", subject=activations[-1], epoch=-1)
        stream.logs[topics.PERSON_EVENTS.name, p].append((stream.clock, b"", event))


def agrees(stream: Pipeline) -> None:
    records = stream.folded()
    assert stream.current() == {(r.person, e.fact): e.content for r in records.values() for e in r.entries}
    summaries = stream.summaries()
    assert {person: summaries[person].digest for person in records} == {person: record.digest for person, record in records.items()}
    for entries in stream.history().values():
        assert [entry.version for entry in entries] == list(range(1, len(entries) + 1))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(INPUTS, INPUTS, INPUTS, st.integers(0, 2**32))
def test_at_the_end_the_record_is_the_fold_with_the_release_in_force(before, meanwhile, after, seed):
    stream, rng = Pipeline(KEY, Terms()), random.Random(seed)
    for value in before:
        stream.publish(value)
    for _ in range(rng.randrange(60)):
        stream.step(rng, rng.choice([1, 3, 100]))
    activate(stream, Newer(), "first")
    for value in meanwhile:
        stream.publish(value)
    if rng.random() < 0.5:
        stream.run(rng)
        agrees(stream)
    else:
        for _ in range(rng.randrange(30)):
            stream.step(rng, rng.choice([1, 3, 100]))
    activate(stream, Terms(), "first", "second")
    for value in after:
        stream.publish(value)
    stream.run(rng)
    agrees(stream)


def person_event(person: str, text: str) -> PersonEvent:
    content = f'{{"agent":{{"text":"{text}"}}}}'.encode()
    assertion = Assertion(source="RXA/epr", patient=person, record="allergy/1", kind="allergy", position="1", content=content,
                          raw=RawRef("r", 0, 0))
    return PersonEvent(op=Op.APPLY, person=person, subject=assertion.subject, epoch=-1, items=(Known(assertion, 5, 0, 0),))


def processed(stage: ReconcileStage, state: MemoryState, *events: PersonEvent) -> list[Any]:
    return stage.process([(Received(topics.PERSON_EVENTS, 0, i, 0, b"", None), event) for i, event in enumerate(events)], state)


DERIVE = PersonEvent(op=Op.DERIVE, person="", subject="first", epoch=-1)


def test_a_worker_that_was_started_before_the_activation_ends() -> None:
    state = MemoryState()
    processed(ReconcileStage(Terms()), state, person_event("a", "latex"))
    held = dict(state.items())
    with pytest.raises(ReleaseBehindError, match="activation first"):
        processed(ReconcileStage(Terms()), state, DERIVE)
    assert dict(state.items()) == held


def test_whoever_is_touched_is_derived_anew_before_its_turn_and_only_once() -> None:
    state, stage = MemoryState(), ReconcileStage(Newer(), ("first",))
    processed(ReconcileStage(Terms()), state, *(person_event(person, "peanut") for person in "abcde"))
    first = processed(stage, state, person_event("e", "peanut"))
    assert {output.value.person for output in first if output.topic is topics.ENTRIES} == {"e"}
    found, event, slices = [], DERIVE, 0
    while event is not None:
        outputs = processed(stage, state, event)
        found += [output.value.person for output in outputs if output.topic is topics.ENTRIES and output.value.status == "current"]
        event = next((output.value for output in outputs if output.topic is topics.PERSON_EVENTS), None)
        slices += 1
    assert sorted(found) == list("abcd") and slices == 3
    assert not [output for output in processed(stage, state, DERIVE) if output.topic is not topics.PERSON_EVENTS]


def test_rules_of_another_edition_are_taken_up_by_every_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two allergies were absent by a rule that the next edition no longer has. Nobody says anything of them."""
    state, manifest = MemoryState(), canonical.encode({"kinds": ["allergy"], "records": ["allergy/2"]})
    export = Assertion(source="RXA/epr", patient="a", record="manifest", kind="manifest", position="2", content=manifest,
                       raw=RawRef("r", 0, 0))
    for person in "ab":
        told = msgspec.structs.replace(export, patient=person)
        processed(ReconcileStage(Terms()), state, person_event(person, "peanut"),
                  PersonEvent(op=Op.APPLY, person=person, subject=told.subject, epoch=-1, items=(Known(told, 6, 0, 1),)))
    monkeypatch.setattr(absence, "spared", lambda *_: True)
    assert not [output for output in processed(ReconcileStage(Terms(), ("first",)), state, DERIVE) if output.topic is topics.ENTRIES]
    monkeypatch.setattr(edition, "EDITION", edition.EDITION + 1)
    stage, event, found = ReconcileStage(Terms(), ("first",)), DERIVE, []
    while event is not None:
        outputs = processed(stage, state, event)
        found += [(output.value.person, output.value.status) for output in outputs if output.topic is topics.ENTRIES]
        event = next((output.value for output in outputs if output.topic is topics.PERSON_EVENTS), None)
    assert sorted(found) == [("a", "current"), ("b", "current")]


def test_a_release_that_changes_nothing_publishes_nothing() -> None:
    class Same(Terms):
        release = "same"

    state = MemoryState()
    processed(ReconcileStage(Terms()), state, *(person_event(person, "peanut") for person in "ab"))
    outputs = processed(ReconcileStage(Same(), ("first",)), state, DERIVE)
    assert {output.topic for output in outputs} == {topics.PERSON_EVENTS}


def test_what_deriving_anew_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "SCANNED", 2_000)
    monkeypatch.setattr(sweep, "RECORDS", 2_000)
    state, persons, records = MemoryState(), 200, 60
    for person in range(persons):
        name = f"{person:04}"
        items = tuple(Known(Assertion(source="RXA/epr", patient=name, record=f"allergy/{i}", kind="allergy", position="1",
                                      content=f'{{"agent":{{"text":"{AGENTS[i % 3]}"}},"note":"{i}"}}'.encode(),
                                      raw=RawRef("r", 0, 0)), 5, 0, 0)
                      for i in range(records))
        processed(ReconcileStage(Terms()), state, PersonEvent(op=Op.APPLY, person=name, subject=f"RXA/epr|{name}", epoch=-1, items=items))
    stage, event, slices = ReconcileStage(Newer(), ("first",)), DERIVE, []
    while event is not None:
        began = time.process_time()
        outputs = processed(stage, state, event)
        slices.append(time.process_time() - began)
        event = next((output.value for output in outputs if output.topic is topics.PERSON_EVENTS), None)
    each = sum(slices) / (persons * records)
    print(f"\nsweep: {persons * records:,} records, {each * 1e6:.0f} us of a core each, {len(slices)} slices, "
          f"the longest {max(slices):.3f} s")
    assert each < 500e-6 and len(slices) > 5
