"""Kafka clients with the project's defaults, and the topics made as `schemas.topics` describes them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from schemas.errors import KafkaUnavailableError, TopicDiffersError
from schemas.topics import Topic

MAX_BYTES = 16_000_000
"""Largest message; topics allow a little more."""
LARGEST_VALUE = MAX_BYTES - 8192
"""Of a message: the rest is for key, headers and framing."""
FETCH_WAIT_MS = 50
FETCH_BYTES = 64 << 10
"""For who reads all day: the broker answers a fetch when so much is there, or after that time. Else each transaction that ends
answers every fetch that waits, and at some hundred changes a second brokers and readers do little but answer and ask."""
LOOKING_ON_MS = 250
"""Of a fetch's wait, for who follows a topic of few messages to tell of it, not to pass anything on: a message is answered at once, and
a wait that ends without one costs broker and reader a question and an answer."""


def producer(bootstrap: str, **extra: Any) -> Producer:
    """Idempotent, acks=all, lz4. Settings by their Kafka names with `_` for `.`: `transactional_id="x"`.

    It never chooses a partition: produce with `partition=schemas.partition.partition(key, topic.partitions)`.
    """
    return Producer({
        "bootstrap.servers": bootstrap,
        "enable.idempotence": True,
        "acks": "all",
        "compression.type": "lz4",
        "linger.ms": 5,
        "message.max.bytes": MAX_BYTES,
        "queue.buffering.max.messages": 500_000,
        "queue.buffering.max.kbytes": 262_144,
        "log_level": 3,
    } | _dotted(extra))


def consumer(bootstrap: str, group: str, **extra: Any) -> Consumer:
    """Reads committed messages from the earliest, commits nothing by itself, waits little for fetches, so that it is soon told of the
    end. Who reads on all day waits longer: `FETCH_WAIT_MS`, `LOOKING_ON_MS`."""
    return Consumer({
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": 20,
        "fetch.error.backoff.ms": 50,
        "fetch.message.max.bytes": MAX_BYTES,
        "queued.min.messages": 20_000,
        "session.timeout.ms": 10_000,
        "heartbeat.interval.ms": 3_000,
        "log_level": 3,
    } | _dotted(extra))


def ensure_topics(bootstrap: str, topics: Iterable[Topic], *, seconds: float = 30) -> None:
    """Create what is missing, with its settings, and wait until every partition has a leader.

    Raises KafkaUnavailableError, and TopicDiffersError where a topic stands with another partition count.
    """
    wanted = {topic.name: topic for topic in topics}
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 3})
    have = _partitions(admin, bootstrap, seconds)
    missing = [topic for name, topic in wanted.items() if name not in have]
    if missing:
        _create(admin, bootstrap, missing, seconds)
    deadline = time.monotonic() + seconds
    while True:
        have = _partitions(admin, bootstrap, seconds)
        for topic in wanted.values():
            found = have.get(topic.name)
            if found is not None and found != topic.partitions:
                raise TopicDiffersError(topic.name, topic.partitions, found)
        if wanted.keys() <= have.keys():
            return
        if time.monotonic() > deadline:
            absent = ", ".join(sorted(wanted.keys() - have.keys()))
            raise KafkaUnavailableError(bootstrap, f"topics without a leader after {seconds:.0f} s: {absent}")
        time.sleep(0.05)


def _create(admin: AdminClient, bootstrap: str, topics: list[Topic], seconds: float) -> None:
    new = [NewTopic(topic.name, num_partitions=topic.partitions, replication_factor=-1, config=topic.config) for topic in topics]
    for future in admin.create_topics(new, operation_timeout=seconds, request_timeout=seconds).values():
        try:
            future.result()
        except KafkaException as fault:
            error: KafkaError = fault.args[0]
            if error.code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another process of ours was quicker
                raise KafkaUnavailableError(bootstrap, error.name()) from fault


def _partitions(admin: AdminClient, bootstrap: str, seconds: float) -> dict[str, int]:
    """Topics all of whose partitions have a leader -> partition count."""
    try:
        metadata = admin.list_topics(timeout=seconds)
    except KafkaException as fault:
        raise KafkaUnavailableError(bootstrap, fault.args[0].name()) from fault
    return {
        name: len(topic.partitions)
        for name, topic in metadata.topics.items()
        if topic.error is None and all(partition.leader >= 0 for partition in topic.partitions.values())
    }


def _dotted(settings: dict[str, Any]) -> dict[str, Any]:
    """`log_level` alone is spelt so by the library."""
    return {name if name == "log_level" else name.replace("_", "."): value for name, value in settings.items()}
