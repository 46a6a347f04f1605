"""What a batch comes to, without a broker: outputs, changelog records and quarantine, and which message a stage failed at."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from mainstem.model import Assertion, RawRef
from processors.lane.computing import Computing
from processors.lane.contract import Received
from processors.lane.errors import StageError
from processors.lane.meter import Meter
from processors.lane.store import Store
from processors.reconcile.stage import ReconcileStage
from schemas import topics
from schemas.codec import Codec
from tests.processors.lane.toy import Counter
from tests.processors.lane.toy_worker import Faulty
from tests.processors.reconcile.fed import event, said
from tests.schemas import subscriber

CODEC = Codec("mock://computing")


def received(stage: Counter, *records: str) -> list[Received]:
    """One message for each record; `?` is one that no codec of ours wrote."""
    encode = CODEC.encoder(stage.source)
    said = (Assertion(source="RXA/epr", patient="1", record=each, kind="allergy", position="1", committed=7, raw=RawRef("r", 0, 0))
            for each in records)
    return [Received(stage.source, 3, at, 0, each.subject.encode(), b"?" if each.record == "?" else encode(each))
            for at, each in enumerate(said)]


def computing(stage: Counter) -> Computing:
    return Computing(stage, 3, CODEC, Meter(stage.name, 3), threading.Event())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state", "topic", 0)


def test_what_cannot_be_decoded_is_quarantined_and_the_rest_processed(store: Store) -> None:
    stage = Counter("a")
    computed = computing(stage).of(received(stage, "allergy/1", "?", "allergy/2"), store)
    held, *counts = computed.outputs
    assert (held.topic, held.value.source, held.value.reason, held.value.raw) == (
        topics.QUARANTINE, "RXA/epr", "undecodable", RawRef(stage.source.name, 3, 1))
    assert [each.value for each in counts] == [b"1", b"2"]
    assert computed.changes == [(b"count|RXA/epr|1", b"2")]
    assert [(each.topic, each.partition) for each in computed.records if each.topic == stage.changelog.name] == [(stage.changelog.name, 3)]
    assert computed.committed == (7, 7)


def test_it_may_be_repeated_and_writes_nothing(store: Store) -> None:
    stage = Counter("b")
    messages = received(stage, "allergy/1", "allergy/2")
    one = computing(stage)
    assert one.of(messages, store).records == one.of(messages, store).records
    assert store.get(b"count|RXA/epr|1") is None


def test_what_subscribers_read_are_events_and_the_same_ones_when_a_batch_is_done_again(store: Store) -> None:
    encode = CODEC.encoder(topics.PERSON_EVENTS)
    told = event(said("allergy/1", agent={"text": "latex"}), said("allergy/2", agent={"text": "peanut"}))
    messages = [Received(topics.PERSON_EVENTS, 3, 0, 0, told.person.encode(), encode(told))]
    first, again = (Computing(ReconcileStage(), 3, CODEC, Meter("d", 3), threading.Event()).of(messages, store) for _ in range(2))
    assert first.records == again.records
    ids = set()
    for record, output in zip(first.records, first.outputs, strict=False):
        if record.topic in (topics.ENTRIES.name, topics.CHANGES.name):
            published = subscriber.received(record.headers.items(), record.key, record.value or b"")
            attributes = published.get_attributes()
            assert attributes | subscriber.expected(output.value, record.key) == attributes
            ids.add((published.get_source(), published.get_id()))
    assert len(ids) == 4
    assert sum(bool(record.headers) for record in first.records) == 4


def test_the_message_that_a_stage_fails_at_is_named_without_its_content(store: Store) -> None:
    stage = Faulty("c")
    with pytest.raises(StageError, match=r"stage c-counter .* on c\.in\.v1/3 offset 1;") as raised:
        computing(stage).of(received(stage, "allergy/1", "allergy/faulty", "allergy/2"), store)
    assert "allergy" not in str(raised.value)
