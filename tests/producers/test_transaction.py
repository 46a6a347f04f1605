"""What a failing transaction does: abort and read again, or end the process; never go on as if nothing were."""

from __future__ import annotations

import contextlib
import random
import threading
import uuid
from collections.abc import Iterator

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from producers.errors import AbortedError, FencedError, NotTakenError, QuarantineFailedError, StoppedError
from producers.transaction import Transactions
from schemas import kafka as clients
from schemas import log, topics
from schemas.transaction import Record

TOPIC = topics.raw("transaction/test")


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def transactional_id() -> str:
    return f"transaction-test-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def transactions(kafka: str, stop: threading.Event, transactional_id: str) -> Iterator[Transactions]:
    clients.ensure_topics(kafka, [TOPIC, topics.QUARANTINE])
    opened = Transactions(kafka, transactional_id, stop)
    opened.open()
    yield opened
    opened.close()


def committed(bootstrap: str, key: bytes) -> list[bytes | None]:
    return [message.value() for message in log.read(bootstrap, TOPIC) if message.key() == key]


def largest(bootstrap: str, size: int) -> None:
    """What the topic takes as one batch from now on."""
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, TOPIC.name, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(10)


def test_a_group_that_moved_on_aborts_and_leaves_nothing(kafka: str, transactions: Transactions) -> None:
    key, group = uuid.uuid4().bytes, f"group-{uuid.uuid4().hex[:8]}"
    joined = clients.consumer(kafka, group)
    joined.subscribe([TOPIC.name])
    while not joined.assignment():
        joined.poll(0.1)
    metadata = joined.consumer_group_metadata()
    joined.close()  # the generation is over
    with pytest.raises(AbortedError):
        transactions.commit([Record(TOPIC.name, 0, key, b"lost")], [TopicPartition(TOPIC.name, 0, 1)], metadata)
    alone = clients.consumer(kafka, f"{group}-alone")
    transactions.commit([Record(TOPIC.name, 0, key, b"kept")], [TopicPartition(TOPIC.name, 0, 1)], alone.consumer_group_metadata())
    alone.close()
    assert committed(kafka, key) == [b"kept"]


def test_a_newer_owner_fences(kafka: str, stop: threading.Event, transactions: Transactions, transactional_id: str) -> None:
    newer = Transactions(kafka, transactional_id, stop)
    newer.open()
    group = clients.consumer(kafka, "group-fenced")
    with pytest.raises(FencedError, match="start again"):
        transactions.commit([Record(TOPIC.name, 0, b"fenced", b"x")], [TopicPartition(TOPIC.name, 0, 1)], group.consumer_group_metadata())
    group.close()
    newer.close()
    assert committed(kafka, b"fenced") == []


def test_what_quarantine_does_not_take_ends_the_process(kafka: str, transactions: Transactions) -> None:
    key = uuid.uuid4().bytes
    group = clients.consumer(kafka, "group-quarantine")
    nowhere = Record(topics.QUARANTINE.name, topics.QUARANTINE.partitions + 5, b"k", b"v")
    with pytest.raises(QuarantineFailedError, match="must go to quarantine"):
        transactions.commit([Record(TOPIC.name, 0, key, b"lost"), nowhere], [TopicPartition(TOPIC.name, 0, 1)],
                            group.consumer_group_metadata())
    group.close()
    assert committed(kafka, key) == []


def test_what_a_topic_does_not_take_is_told_with_its_name_and_tried_again(kafka: str, transactions: Transactions) -> None:
    group, record = clients.consumer(kafka, "group-large"), Record(TOPIC.name, 0, uuid.uuid4().bytes, random.randbytes(5000))

    def commit() -> None:
        transactions.commit([record], [TopicPartition(TOPIC.name, 0, 1)], group.consumer_group_metadata())

    largest(kafka, 2000)
    try:
        with pytest.raises(NotTakenError, match=f"{TOPIC.name} does not take .*MSG_SIZE_TOO_LARGE"):
            commit()
    finally:
        largest(kafka, int(TOPIC.config["max.message.bytes"]))
    for _ in range(5):  # the client may need another attempt after a refusal
        with contextlib.suppress(AbortedError):
            commit()
            break
    group.close()
    assert committed(kafka, record.key) == [record.value]


def test_waiting_ends_when_told(stop: threading.Event) -> None:
    away = Transactions("127.0.0.1:1", "nobody", stop)
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(StoppedError):
        away.open()
    away.close()
