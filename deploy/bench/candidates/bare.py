"""(c) The ceiling: one loop around confluent-kafka with the same decoding, core, state, changelog and commit, and nothing else.

No rebalances, no fencing of single partitions, no headers, no heartbeats, no metrics, no quarantine: what it lacks is what the lane costs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import Consumer, Message, Producer

from deploy.bench.candidates.core import PARTITIONS, Core
from deploy.bench.candidates.progress import Task, done, ready
from processors.lane.contract import Received
from processors.lane.overlay import Overlay
from processors.lane.slot import BATCH_RECORDS
from processors.lane.store import Store
from schemas import kafka
from schemas.codec import Codec
from schemas.partition import partition


def main() -> None:
    task = Task.given()
    consumer = kafka.consumer(task.kafka, task.topic)
    producer = kafka.producer(task.kafka, transactional_id=task.topic)
    producer.init_transactions(30)
    loop = _Loop(task, consumer, producer)
    consumer.subscribe([task.topic], on_assign=lambda _, found: ready(len(found)))
    taken = 0
    while taken < task.events:
        if messages := [each for each in consumer.consume(BATCH_RECORDS, 0.05) if each.error() is None]:
            loop.take(messages)
            taken += len(messages)
            done(taken)
    consumer.close()


class _Loop:
    def __init__(self, task: Task, consumer: Consumer, producer: Producer) -> None:
        codec, self._core = Codec(task.registry), Core(task.topic)
        self._consumer, self._producer = consumer, producer
        (self._input,) = self._core.inputs
        self._decode = codec.decoder(self._input)
        self._encoders: dict[str, Callable[[Any], bytes]] = {}
        self._codec = codec
        self._stores = [Store(task.folder / str(p), task.topic, _now()) for p in range(PARTITIONS)]

    def take(self, messages: list[Message]) -> None:
        batches: dict[int, list[Message]] = {}
        for message in messages:
            batches.setdefault(message.partition() or 0, []).append(message)
        self._producer.begin_transaction()
        overlays = {place: self._partition(place, batch) for place, batch in batches.items()}
        self._producer.send_offsets_to_transaction(self._consumer.position(self._consumer.assignment()),
                                                   self._consumer.consumer_group_metadata())
        self._producer.commit_transaction()
        for place, overlay in overlays.items():
            self._stores[place].apply(overlay.changes.items(), {}, 0, _now())

    def _partition(self, place: int, messages: list[Message]) -> Overlay:
        batch = []
        for message in messages:
            received = Received(self._input, place, message.offset() or 0, message.timestamp()[1], message.key(), message.value())
            batch.append((received, self._decode(received.value)))
        overlay = Overlay(self._stores[place])
        produce = self._producer.produce
        for output in self._core.process(batch, overlay):
            topic = output.topic
            if topic.name not in self._encoders:
                self._encoders[topic.name] = self._codec.encoder(topic)
            produce(topic.name, self._encoders[topic.name](output.value), output.key,
                    partition=partition(output.partition_by, topic.partitions))
        for key, value in overlay.changes.items():
            produce(self._core.changelog.name, value, key, partition=place)
        self._producer.poll(0)
        return overlay


def _now() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main()
