"""A broker that is killed while transactions end: none is left open, or readers would wait at it for ever."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.stack import down, endpoints, status, up
from tests.deploy.eventually import eventually

pytestmark = pytest.mark.stack
TOPIC, PARTITIONS, PRODUCERS = "ended", 4, 24
"""So many producers that at any moment some transactions are decided and not yet ended everywhere."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A broker of its own."""
    try:
        up(tmp_path, only=["kafka"])
        yield tmp_path
    finally:
        down(tmp_path)


def ends(bootstrap: str, isolation: str) -> list[int]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "look", "isolation.level": isolation, "log_level": 0})
    try:
        return [consumer.get_watermark_offsets(TopicPartition(TOPIC, partition), timeout=10)[1] for partition in range(PARTITIONS)]
    finally:
        consumer.close()


def commit(bootstrap: str, name: str, stop: threading.Event) -> None:
    """Transactions of a record in each partition, one after another, until the broker is gone."""
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": name, "transaction.timeout.ms": 5_000, "linger.ms": 0,
                         "log_level": 0})
    try:
        producer.init_transactions(20)
        while not stop.is_set():
            producer.begin_transaction()
            for partition in range(PARTITIONS):
                producer.produce(TOPIC, b"x", partition=partition)
            producer.commit_transaction(2)
    except KafkaException:
        pass


@pytest.mark.timeout(300)
def test_no_transaction_is_left_open_by_a_kill(home: Path) -> None:
    """Kafka 4.3 and 4.4 leave some (KAFKA-20734): a partition without a leader is taken for a deleted one, and not told of the end."""
    bootstrap = endpoints(home).kafka
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])[TOPIC].result()
    for kill in range(2):
        stop = threading.Event()
        producers = [threading.Thread(target=commit, args=(bootstrap, f"ends-{kill}-{number}", stop)) for number in range(PRODUCERS)]
        for producer in producers:
            producer.start()
        eventually(lambda before=sum(ends(bootstrap, "read_committed")): sum(ends(bootstrap, "read_committed")) > before + 2_000, "commits")
        os.kill(next(one.pid for one in status(home) if one.service == "kafka"), signal.SIGKILL)
        stop.set()
        for producer in producers:
            producer.join()
        time.sleep(0.5)
        up(home, only=["kafka"])
        assert endpoints(home).kafka == bootstrap
        eventually(lambda: ends(bootstrap, "read_committed") == ends(bootstrap, "read_uncommitted"), "the end of every transaction", 40)
