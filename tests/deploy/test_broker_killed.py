"""A broker that is killed while transactions end: none is left open, or readers would wait at it for ever."""

from __future__ import annotations

import contextlib
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
from tests.eventually import eventually

pytestmark = pytest.mark.stack
TOPIC, PARTITIONS, PRODUCERS = "ended", 4, 16
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
    """Of each partition; none while one has no leader."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "look", "isolation.level": isolation, "log_level": 0})
    try:
        return [consumer.get_watermark_offsets(TopicPartition(TOPIC, partition), timeout=10)[1] for partition in range(PARTITIONS)]
    except KafkaException:
        return []
    finally:
        consumer.close()


def commit(bootstrap: str, name: str, stop: threading.Event) -> None:
    """Transactions of a record in each partition, one after another; the last is waited for through the broker's absence."""
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": name, "transaction.timeout.ms": 5_000, "linger.ms": 0,
                         "log_level": 0})
    with contextlib.suppress(KafkaException):
        producer.init_transactions(60)
        while not stop.is_set():
            producer.begin_transaction()
            for partition in range(PARTITIONS):
                producer.produce(TOPIC, b"x", partition=partition)
            producer.commit_transaction(60)


@pytest.mark.timeout(400)
def test_no_transaction_is_left_open_by_a_kill(home: Path) -> None:
    """Kafka 4.3 and 4.4 leave some (KAFKA-20734): a partition without a leader is taken for a deleted one, and not told of the end."""
    bootstrap = endpoints(home).kafka
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])[TOPIC].result()
    for kill in range(2):
        stop, before = threading.Event(), sum(eventually(lambda: ends(bootstrap, "read_committed"), "a leader of each partition"))
        producers = [threading.Thread(target=commit, args=(bootstrap, f"ends-{kill}-{number}", stop), daemon=True)
                     for number in range(PRODUCERS)]
        for producer in producers:
            producer.start()
        eventually(lambda before=before: sum(ends(bootstrap, "read_committed")) > before + 100 * PRODUCERS, "commits", 120)
        os.kill(next(one.pid for one in status(home) if one.service == "kafka"), signal.SIGKILL)
        stop.set()
        time.sleep(0.5)
        up(home, only=["kafka"])
        assert endpoints(home).kafka == bootstrap
        for producer in producers:
            producer.join(60)
        eventually(lambda: (seen := ends(bootstrap, "read_committed")) and seen == ends(bootstrap, "read_uncommitted"),
                   "the end of every transaction", 60)
