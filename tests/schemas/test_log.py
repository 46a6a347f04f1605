"""What a partition without a leader does to a reader: he asks again for a while, and only then."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

import pytest
from confluent_kafka import KafkaError, KafkaException

from schemas import log, topics
from schemas.kafka import ensure_topics
from schemas.log import Stretch, patiently


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
