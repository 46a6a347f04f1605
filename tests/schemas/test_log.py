"""What a partition without a leader does to a reader: he asks again for a while, and only then."""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Callable

import pytest
from confluent_kafka import KafkaError, KafkaException

from schemas import log, topics
from schemas.kafka import ensure_topics, producer
from schemas.log import Stretch, patiently
from tests.eventually import eventually


def answering(*codes: int) -> Callable[[], int]:
    """Fails with each code in turn, then answers how often it was asked."""
    left, asked = list(codes), []

    def ask() -> int:
        asked.append(1)
        if left:
            raise KafkaException(KafkaError(left.pop(0)))
        return len(asked)

    return ask


def test_it_is_asked_again_while_there_is_no_leader():
    assert patiently(answering(KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)) == 3


@pytest.mark.parametrize("codes", [[KafkaError._ALL_BROKERS_DOWN], [KafkaError.NOT_LEADER_FOR_PARTITION] * 1_000])
def test_what_does_not_pass_is_raised(codes: list[int]):
    began = time.monotonic()
    with pytest.raises(KafkaException):
        patiently(answering(*codes), seconds=0.2)
    assert time.monotonic() - began < 2


@pytest.mark.stack
def test_a_topic_just_made_can_be_read(kafka: str):
    for _ in range(3):
        topic = topics.raw(f"log-test/{uuid.uuid4().hex[:8]}")
        ensure_topics(kafka, [topic])
        assert log.stretches(kafka, topic) == dict.fromkeys(range(topic.partitions), Stretch(0, 0))


@pytest.mark.stack
def test_ends_are_those_of_committed_messages_and_known_without_a_wait_for_each_partition(kafka: str):
    made = [dataclasses.replace(topics.raw(f"ends-test/{uuid.uuid4().hex[:8]}"), partitions=12) for _ in range(4)]
    ensure_topics(kafka, made)
    sender = producer(kafka, transactional_id=f"ends-test-{uuid.uuid4()}")
    sender.init_transactions()

    def send(count: int, *, kept: bool = True) -> None:
        sender.begin_transaction()
        for topic in made:
            for partition in range(1, topic.partitions):
                for _ in range(count):
                    sender.produce(topic.name, b"x", partition=partition)
        sender.flush()
        (sender.commit_transaction if kept else sender.abort_transaction)()

    ends = log.Ends(kafka)
    try:
        for count, kept, last in ((1, True, 1), (20, False, 1), (1, True, 24)):  # 23 is behind the mark of the second transaction
            send(count, kept=kept)
            wanted = {f"{topic.name}/{p}": last if p else 0 for topic in made for p in range(12)}
            eventually(lambda: ends.of(made) == wanted, "what was committed")  # noqa: B023 - marks come a moment after the answer
    finally:
        ends.close()
    anew, began = log.Ends(kafka), time.monotonic()
    try:
        assert anew.of(made) == wanted
        assert time.monotonic() - began < 48 * 0.05
    finally:
        anew.close()
