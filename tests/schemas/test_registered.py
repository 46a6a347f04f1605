"""A registry that does not know the messages that are there is not registered with: it would give their numbers to other schemas."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from schemas import registered, topics
from schemas.codec import Codec
from schemas.errors import RegistryLostError
from schemas.kafka import ensure_topics, producer
from schemas.topics import Purpose, Topic
from tests.schemas.test_codec import EXAMPLES

pytestmark = pytest.mark.stack
Holding = Callable[[Iterable[bytes]], Topic]


@pytest.fixture
def holding(kafka: str) -> Holding:
    """A topic of claims that holds these messages."""

    def made(messages: Iterable[bytes]) -> Topic:
        topic = replace(topics.CLAIMS, name=f"known-{uuid.uuid4().hex[:8]}")
        ensure_topics(kafka, [topic])
        sender = producer(kafka)
        for message in messages:
            sender.produce(topic.name, message, partition=0)
        sender.flush()
        return topic

    return made


def test_one_that_knows_some_of_the_last_is_the_right_one(kafka: str, registry: str, holding: Holding) -> None:
    codec = Codec(registry)
    good = codec.encoder(topics.CLAIMS)(EXAMPLES["Claim"])
    strange = b"\0\x7f\xff\xff\xff" + good[5:]
    for messages in ([], [good], [strange, good, strange, b"rubbish"], [b"", b"rubbish"]):
        registered.check(kafka, codec, [holding(messages)])
    registered.check(kafka, codec, [holding([strange]), holding([good])])
    registered.check(kafka, codec, [holding([good, *[strange] * 300])])


def test_one_that_knows_none_is_not(kafka: str, registry: str, holding: Holding) -> None:
    codec = Codec(registry)
    good, other = codec.encoder(topics.CLAIMS)(EXAMPLES["Claim"]), codec.encoder(topics.ASSERTIONS)(EXAMPLES["Assertion"])
    for messages in ([b"\0\x7f\xff\xff\xff" + good[5:]] * 3, [other, other, b"rubbish"]):
        topic = holding(messages)
        known = replace(holding([good]), purpose=Purpose.OPERATIONS)  # written by whoever was started first
        with pytest.raises(RegistryLostError, match=topic.name):
            registered.check(kafka, codec, [topic, known])
