"""Reading topics from the beginning to their end, as committed readers see them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas import topics
from schemas.topics import Topic

_BATCH = 5000
_LINGER = 0.05
"""Seconds a read waits for a batch to fill: most topics end long before it is full."""


class TruncatedReadError(TimeoutError):
    """A topic did not reach its end in time: a broker that does not answer, or a transaction left open."""

    def __init__(self, topic: str, seconds: float) -> None:
        super().__init__(f"{topic} was not read to its end within {seconds:.0f} s; is the broker up (`mainstem stack status`), "
                         "or is a transaction of a killed process still open (it times out within a minute)?")
        self.topic = topic


def read(bootstrap: str, topic: Topic, *, tail: int | None = None, seconds: float = 120) -> Iterator[Message]:
    """Every committed message of a topic up to its end at the time of the call, in offset order within a partition.

    `tail`: only about the last so many of each partition. Raises TruncatedReadError after `seconds` of silence.
    """
    consumer = _consumer(bootstrap)
    try:
        metadata = consumer.list_topics(topic.name, timeout=15).topics[topic.name]
        if metadata.error:
            return
        open_partitions = set(metadata.partitions)
        consumer.assign([TopicPartition(topic.name, p, _start(consumer, topic.name, p, tail)) for p in open_partitions])
        silent = 0.0
        while open_partitions:
            messages = consumer.consume(_BATCH, _LINGER)
            silent = 0.0 if messages else silent + _LINGER
            if silent >= seconds:
                raise TruncatedReadError(topic.name, seconds)
            for message in messages:
                fault = message.error()
                if fault is None:
                    yield message
                elif fault.code() == KafkaError._PARTITION_EOF:
                    open_partitions.discard(message.partition())
                else:
                    raise KafkaException(fault)
    finally:
        consumer.close()


def raw_topics(bootstrap: str) -> list[Topic]:
    """Every raw topic there is."""
    consumer = _consumer(bootstrap)
    try:
        names = sorted(name for name in consumer.list_topics(timeout=15).topics if re.fullmatch(topics.RAW_PATTERN, name))
        return [topics.raw_named(name) for name in names]
    finally:
        consumer.close()


class Ends:
    """Where topics end, as readers see it: the offset after the last committed message. Transaction markers are not messages.

    One consumer, and a memory of partitions that have not grown: cheap enough to poll.
    """

    def __init__(self, bootstrap: str) -> None:
        self._consumer = _consumer(bootstrap)
        self._seen: dict[tuple[str, int], tuple[int, int]] = {}

    def of(self, wanted: Iterable[Topic]) -> dict[str, int]:
        """`topic/partition` -> offset after the last message, 0 where there is none. A topic that does not exist is left out."""
        ends: dict[str, int] = {}
        for topic in wanted:
            metadata = self._consumer.list_topics(topic.name, timeout=15).topics[topic.name]
            if metadata.error is None:
                ends |= {f"{topic.name}/{p}": self._end(topic.name, p) for p in metadata.partitions}
        return ends

    def close(self) -> None:
        self._consumer.close()

    def _end(self, topic: str, partition: int) -> int:
        low, high = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=15)
        seen = self._seen.get((topic, partition))
        if seen is None or seen[0] != high:
            seen = self._seen[topic, partition] = (high, self._last(topic, partition, low, high) + 1)
        return seen[1]

    def _last(self, topic: str, partition: int, low: int, high: int) -> int:
        window = 16
        while high > low:
            start = max(low, high - window)
            self._consumer.assign([TopicPartition(topic, partition, start)])
            last = -1
            while True:
                message = self._consumer.poll(15.0)
                if message is None:
                    raise TruncatedReadError(topic, 15)
                if (message.topic(), message.partition()) != (topic, partition):
                    continue
                fault = message.error()
                if fault is None:
                    last = message.offset()
                elif fault.code() == KafkaError._PARTITION_EOF:
                    break
                else:
                    raise KafkaException(fault)
            if last >= 0 or start == low:
                return last
            window *= 8
        return -1


def _start(consumer: Consumer, topic: str, partition: int, tail: int | None) -> int:
    if tail is None:
        return OFFSET_BEGINNING
    low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=15)
    return max(low, high - tail)


def _consumer(bootstrap: str) -> Consumer:
    return Consumer({
        "bootstrap.servers": bootstrap, "group.id": f"mainstem-read-{uuid.uuid4()}", "enable.auto.commit": False,
        "isolation.level": "read_committed", "enable.partition.eof": True, "auto.offset.reset": "earliest",
        "queued.min.messages": 100_000, "fetch.wait.max.ms": 50,
    })
