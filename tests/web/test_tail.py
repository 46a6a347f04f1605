"""Following a topic: from its beginning, across its coming late, and what is counted of it."""

from __future__ import annotations

import dataclasses
import uuid

from confluent_kafka import Message

from mainstem.web.tail import Tail
from schemas import kafka as clients
from schemas import topics
from tests.web.conftest import until


def test_a_topic_that_comes_late_is_followed_from_its_beginning(kafka: str) -> None:
    topic = dataclasses.replace(topics.QUARANTINE, name=f"test.tail-{uuid.uuid4()}")
    heard: list[bytes | None] = []
    restarts: list[int] = []

    def note(message: Message) -> None:
        heard.append(message.value())

    tail = Tail(kafka, topic, note, restart=lambda: restarts.append(1))
    tail.start()
    try:
        assert not tail.caught_up.wait(0.5)
        clients.ensure_topics(kafka, [topic])
        producer = clients.producer(kafka)
        for number in range(10):
            producer.produce(topic.name, str(number).encode(), partition=number % topic.partitions)
        assert producer.flush(20) == 0
        assert until(lambda: len(heard) == 10)
        assert tail.caught_up.wait(10)
    finally:
        tail.stop()
    assert sorted(heard) == [str(number).encode() for number in range(10)]
    assert len(restarts) == 1
