"""A capture process under test and what it left in the topics, for one source of its own on a shared broker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from mainstem.model import Assertion, Claim
from mainstem.operations import Heartbeat, Outcome, Quarantined
from producers.contract import RawMessage
from schemas import kafka, log, topics
from schemas.codec import Codec
from schemas.topics import Topic
from tests.eventually import eventually
from tests.producers.changes import SMALL


class Captured:
    """One source: its raw topic, its mapping, and the processes that capture it."""

    def __init__(self, bootstrap: str, registry: str, folder: Path) -> None:
        self.bootstrap, self.registry = bootstrap, registry
        name = uuid.uuid4().hex[:10]
        self.source, self.group = f"RX{name}/test", f"capture-{name}"
        self.raw = topics.raw(self.source)
        self.mappings = folder / "mappings"
        self.mappings.mkdir()
        (self.mappings / "test.yaml").write_text(SMALL.replace("RXX/test", self.source))
        self.log = folder / "capture.log"
        self.codec = Codec(registry)
        kafka.ensure_topics(bootstrap, [self.raw, topics.ASSERTIONS, topics.CLAIMS, topics.LEDGER, topics.QUARANTINE, topics.HEARTBEATS])
        self._producer = kafka.producer(bootstrap)
        self._started: list[subprocess.Popen[bytes]] = []

    def send(self, messages: list[RawMessage]) -> None:
        for message in messages:
            self._producer.produce(self.raw.name, message.value, message.key, partition=message.partition, headers=dict(message.headers))
        assert self._producer.flush(30) == 0

    def send_committed(self, messages: list[RawMessage]) -> None:
        """In one transaction, as Connect does."""
        producer = kafka.producer(self.bootstrap, transactional_id=self.group)
        producer.init_transactions(30)
        producer.begin_transaction()
        for message in messages:
            producer.produce(self.raw.name, message.value, message.key, partition=message.partition, headers=dict(message.headers))
        producer.commit_transaction(30)

    def ends(self) -> dict[str, int]:
        """As positions are told."""
        consumer = kafka.consumer(self.bootstrap, self.group + "-ends")
        try:
            return {f"{self.raw.name}/{number}": consumer.get_watermark_offsets(TopicPartition(self.raw.name, number), 10)[1]
                    for number in range(self.raw.partitions)}
        finally:
            consumer.close()

    def start(self, instance: str = "1") -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "producers.capture", "--kafka", self.bootstrap, "--registry", self.registry,
                   "--source", self.source, "--group", self.group, "--instance", instance, "--mappings", str(self.mappings)]
        with self.log.open("ab") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, "PYTHONUNBUFFERED": "1"})
        self._started.append(process)
        return process

    def forget(self, positions: dict[int, int]) -> None:
        """The group is where it was before. No process of it may run."""
        offsets = [TopicPartition(self.raw.name, number, offset) for number, offset in positions.items()]
        admin = AdminClient({"bootstrap.servers": self.bootstrap})

        def done() -> bool:
            try:
                told = admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(self.group, offsets)])[self.group].result()
            except KafkaException:  # a static member that ended is counted until its session is over
                return False
            return all(each.error is None for each in told.topic_partitions)

        eventually(done, "the group's positions set back")

    def close(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(10)

    def sent(self) -> list[RawMessage]:
        return [RawMessage(self.raw.name, each.partition() or 0, each.offset() or 0, 0, each.key(), each.value())
                for each in log.read(self.bootstrap, self.raw)]

    def outcomes(self) -> dict[tuple[int, int], list[Outcome]]:
        found: dict[tuple[int, int], list[Outcome]] = {}
        for ledger in self._values(topics.LEDGER):
            if ledger.topic == self.raw.name:
                for outcome in ledger.outcomes:
                    assert ledger.first <= outcome.offset <= ledger.last
                    found.setdefault((ledger.partition, outcome.offset), []).append(outcome)
        return found

    def assertions(self) -> Counter[Assertion]:
        return Counter(each for each in self._values(topics.ASSERTIONS) if each.source == self.source)

    def claims(self) -> Counter[Claim]:
        return Counter(each for each in self._values(topics.CLAIMS) if each.source == self.source)

    def quarantined(self) -> list[Quarantined]:
        return [each for each in self._values(topics.QUARANTINE) if each.source == self.source]

    def positions(self) -> dict[str, int]:
        """As the heartbeats of the last minutes tell."""
        beats: list[Heartbeat] = list(self._values(topics.HEARTBEATS))
        latest = max((each for each in beats if any(place.startswith(self.raw.name) for place in each.positions)),
                     key=lambda each: each.at, default=None)
        return latest.positions if latest else {}

    def _values(self, topic: Topic) -> Iterator[Any]:
        decode = self.codec.decoder(topic)
        for message in log.read(self.bootstrap, topic):
            yield decode(message.value())
