"""Reading topics as committed readers see them, from the beginning to their end."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas import topics
from schemas.topics import Topic

_BATCH = 5000
_PATIENCE_SECONDS = 10.0
_LEADERLESS = frozenset({KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError.UNKNOWN_TOPIC_OR_PART})
T = TypeVar("T")
Place = tuple[str, int]
"""Topic and partition."""
_TICK = 0.05
"""Seconds of one wait for a message."""


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
        places = _partitions(consumer, topic)
        consumer.assign([TopicPartition(topic.name, p, _start(consumer, topic.name, p, tail)) for p in places])
        yield from to_end(consumer, topic.name, dict.fromkeys(places, None), seconds)
    finally:
        consumer.close()


class Stretch(NamedTuple):
    """A part of a partition: from its first offset to the one before `end`."""

    first: int
    end: int


def stretches(bootstrap: str, topic: Topic, partitions: Iterable[int] | None = None) -> dict[int, Stretch]:
    """Partition -> all of its log, open transactions included. Empty where there is no topic."""
    consumer = _consumer(bootstrap, "read_uncommitted")
    try:
        wanted = set(_partitions(consumer, topic))
        wanted &= wanted if partitions is None else set(partitions)
        return {p: Stretch(*_bounds(consumer, topic.name, p)) for p in wanted}
    finally:
        consumer.close()


def read_stretches(bootstrap: str, topic: Topic, wanted: Mapping[int, Stretch], *, seconds: float = 120) -> Iterator[Message]:
    """Every committed message of these parts of a topic, in offset order within a partition.

    Waits for transactions open in them to end. Raises TruncatedReadError after `seconds` of silence.
    """
    ends = {p: stretch.end for p, stretch in wanted.items() if stretch.end > stretch.first}
    if not ends:
        return
    consumer = _consumer(bootstrap)
    try:
        consumer.assign([TopicPartition(topic.name, p, wanted[p].first) for p in ends])
        yield from to_end(consumer, topic.name, ends, seconds)
    finally:
        consumer.close()


def to_end(consumer: Consumer, topic: str, ends: Mapping[int, int | None], seconds: float,
           alive: Callable[[], None] = lambda: None) -> Iterator[Message]:
    """What is in the partitions assigned, all of one topic. `ends`: offset to end before; None: the end that a reader sees first.

    `alive` is called after each call to the broker. Raises TruncatedReadError after `seconds` of silence, KafkaException.
    """
    left = set(ends)
    silent = 0.0
    while left:
        first = consumer.poll(_TICK)  # `consume` alone would wait out its time at the end of a partition
        messages = [] if first is None else [first, *consumer.consume(_BATCH, 0.0)]
        alive()
        silent = 0.0 if any(message.error() is None for message in messages) else silent + _TICK
        if silent >= seconds:
            raise TruncatedReadError(topic, seconds)
        for message in messages:
            partition, offset = place(message)
            if message.topic() != topic or partition not in left:  # of an assignment before
                continue
            fault, end = message.error(), ends[partition]
            if fault is None and (end is None or offset < end):
                yield message
            elif fault is None:
                left.discard(partition)
                consumer.pause([TopicPartition(topic, partition)])
            elif fault.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(fault)
            elif end is None or offset >= end:
                left.discard(partition)


def _partitions(consumer: Consumer, topic: Topic) -> list[int]:
    """None where the topic does not exist."""
    metadata = consumer.list_topics(topic.name, timeout=15).topics[topic.name]
    return [] if metadata.error else sorted(metadata.partitions)


def place(message: Message) -> tuple[int, int]:
    """Partition and offset. The client types both as perhaps None; of a message read they never are."""
    return message.partition(), message.offset()  # type: ignore[return-value]


def raw_topics(bootstrap: str) -> list[Topic]:
    """Every raw topic there is."""
    consumer = _consumer(bootstrap)
    try:
        names = sorted(name for name in consumer.list_topics(timeout=15).topics if re.fullmatch(topics.RAW_PATTERN, name))
        return [topics.raw_named(name) for name in names]
    finally:
        consumer.close()


def log_ends(consumer: Consumer, places: Iterable[Place], seconds: float = 15) -> dict[Place, int]:
    """Where the log of each partition ends for this consumer, marks of transactions included: one question for all. Raises KafkaException.

    The broker answers a connection's questions in turn: of a consumer that is fetching, this waits until its fetch is answered."""
    asked = [TopicPartition(topic, partition, OFFSET_END) for topic, partition in places]
    found = consumer.offsets_for_times(asked, timeout=seconds) if asked else []
    for each in found:
        if each.error is not None:
            raise KafkaException(each.error)
    return {(each.topic, each.partition): each.offset for each in found}


class Ends:
    """Where topics end, as readers see it: the offset after the last committed message. Transaction markers are not messages.

    One consumer, and a memory of partitions that have not grown: cheap enough to poll.
    """

    def __init__(self, bootstrap: str) -> None:
        self._consumer = _consumer(bootstrap)
        self._seen: dict[Place, tuple[int, int]] = {}
        """Where the log ended, and the offset after the last message."""

    def of(self, wanted: Iterable[Topic]) -> dict[str, int]:
        """`topic/partition` -> offset after the last message, 0 where there is none. A topic that does not exist is left out."""
        places = [(topic.name, p) for topic in wanted for p in _partitions(self._consumer, topic)]
        logs = patiently(lambda: log_ends(self._consumer, places))
        grown = {place: end for place, end in logs.items() if self._seen.get(place, (0, 0))[0] != end}
        last = self._last(grown)
        self._seen |= {place: (end, last.get(place, -1) + 1) for place, end in grown.items()}
        return {f"{topic}/{p}": self._seen.get((topic, p), (0, 0))[1] for topic, p in places}

    def close(self) -> None:
        self._consumer.close()

    def _last(self, ends: Mapping[Place, int]) -> dict[Place, int]:
        """Offset of the last message, of partitions side by side; those that have none are left out."""
        window, found, left = 16, dict[Place, int](), dict(ends)
        while left:
            starts = {place: max(0, end - window) for place, end in left.items()}
            self._consumer.assign([TopicPartition(*place, start) for place, start in starts.items()])
            reading = set(left)
            while reading:
                message = self._consumer.poll(15.0)
                if message is None:
                    raise TruncatedReadError(min(reading)[0], 15)
                where, fault = (str(message.topic()), place(message)[0]), message.error()
                if fault is None:
                    found[where] = place(message)[1]
                elif fault.code() == KafkaError._PARTITION_EOF:
                    reading.discard(where)
                else:
                    raise KafkaException(fault)
            left = {where: end for where, end in left.items() if where not in found and starts[where] > 0}
            window *= 8
        self._consumer.unassign()  # else `log_ends` waits for a fetch
        return found


def _start(consumer: Consumer, topic: str, partition: int, tail: int | None) -> int:
    if tail is None:
        return OFFSET_BEGINNING
    low, high = _bounds(consumer, topic, partition)
    return max(low, high - tail)


def patiently(ask: Callable[[], T], seconds: float = _PATIENCE_SECONDS) -> T:
    """Ask again while a partition has no leader: for a moment after it was made, or while its broker restarts. Raises KafkaException."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except KafkaException as fault:
            if fault.args[0].code() not in _LEADERLESS or time.monotonic() > deadline:
                raise
        time.sleep(0.05)


def _bounds(consumer: Consumer, topic: str, partition: int) -> tuple[int, int]:
    return patiently(lambda: consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=15))


def _consumer(bootstrap: str, isolation: str = "read_committed") -> Consumer:
    return Consumer({
        "bootstrap.servers": bootstrap, "group.id": f"mainstem-read-{uuid.uuid4()}", "enable.auto.commit": False,
        "isolation.level": isolation, "enable.partition.eof": True, "auto.offset.reset": "earliest",
        "queued.min.messages": 100_000, "fetch.wait.max.ms": 50,
    })
